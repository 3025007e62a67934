import type { Credential } from '../model/credential.ts'
import type { Target } from '../model/target.ts'
import { ProviderFailure } from '../oauth/provider-failure.ts'
import {
  authorizationRefusal,
  authorizeCommand,
  refusal,
  unavailable
} from '../oauth/provider-refusal.ts'
import { type FoundAccount, testRequest } from '../oauth/test-request.ts'

/** What an authorization yielded. Nothing of it has been stored yet. */
export interface Authorized {
  readonly secret: Credential['secret']
  /** Scopes granted, sorted. Empty without OAuth2. */
  readonly granted: readonly string[]
  /** null where the service does not tell. */
  readonly account: FoundAccount
  /** The OAuth2 client id itself; null without OAuth2. */
  readonly clientId: string | null
  /** What the person should know; null if there is nothing. */
  readonly note: string | null
}

/**
 * Has the test request decide. Throws a Refusal unless it passes, or may be skipped. `identity` is what an id token tells: it counts
 * where the test request does not tell the account.
 */
export async function proven(
  target: Target,
  authorized: Omit<Authorized, 'account' | 'note'>,
  identity: FoundAccount = { id: null, name: null }
): Promise<Authorized> {
  const result = await testRequest(target, authorized)
  switch (result.outcome) {
    case 'passed':
      return { ...authorized, account: told(result.account, identity), note: null }
    case 'skipped': {
      const account = told(result.account, identity)
      return { ...authorized, account, note: account.id === null ? result.note : null }
    }
    case 'try-again':
      throw unavailable(target, result.reason)
    case 'refused':
      throw testRefused(target, result.reason)
  }
}

/** Never half of each: they may spell the same account in two ways. */
function told(account: FoundAccount, identity: FoundAccount): FoundAccount {
  return account.id === null && identity.id !== null ? identity : account
}

function testRefused(target: Target, reason: string) {
  const { linkName, service, api } = target
  return refusal(
    'TEST_REFUSED',
    'The service does not accept the credential',
    `${service} refused the test request of connection "${linkName}" (${reason}). Nothing was stored. ` +
      `Check that the account may use its API${needs(api.test.scopes)}, and authorize again:\n${authorizeCommand(target)}`
  )
}

function needs(scopes: readonly string[] | undefined): string {
  return scopes === undefined ? '' : `, and that one of ${scopes.join(', ')} was granted`
}

/** Turns what a provider did wrong into what a person is told. */
export async function asRefusal<T>(target: Target, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof ProviderFailure ? authorizationRefusal(target, error) : error
  }
}
