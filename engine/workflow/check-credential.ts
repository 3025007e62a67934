import type { Credential } from '../model/credential.ts'
import { Refusal } from '../model/diagnostic.ts'
import type { Account } from '../model/generated/types.ts'
import { without } from '../model/record.ts'
import type { Target } from '../model/target.ts'
import type { AuthorizeScene } from './authorize-scene.ts'

/** What the service says about one authorization. Reasons are fit to be shown. */
export type Verdict =
  | { readonly outcome: 'works' }
  /** The service does not know it any more, and nothing but a person helps. */
  | { readonly outcome: 'gone' }
  /** It works, with less than was recorded. */
  | { readonly outcome: 'scopes-lost'; readonly scopes: readonly string[] }
  /** It works, for somebody else than was recorded. */
  | { readonly outcome: 'account-changed'; readonly account: Account }
  /** Nothing was found out, and nothing changes. */
  | { readonly outcome: 'unknown'; readonly reason: string }

export type CheckScene = Pick<AuthorizeScene, 'around' | 'vault' | 'leases' | 'secrets'>

/**
 * Asks the service about one credential: renews it where that is due, makes the connector's test request and introspects it (RFC
 * 7662) where the connector says how. Only a service that says so clearly makes it gone: an answer that is broken, an error of the
 * service or a refusal for another reason does not. What is gone is marked so in the vault. Never throws for what a service does.
 */
export async function checkCredential(
  scene: CheckScene,
  target: Target,
  id: string
): Promise<Verdict> {
  try {
    const stored = await scene.vault.open(id)
    // Ended, or replaced, since it was listed.
    if (stored === null) return { outcome: 'works' }
    if (stored.dead !== null) return { outcome: 'gone' }
    return await check(scene, target, stored)
  } catch (error) {
    if (error instanceof Refusal) return { outcome: 'unknown', reason: reasonOf(error) }
    throw error
  }
}

async function check(scene: CheckScene, target: Target, stored: Credential): Promise<Verdict> {
  const credential = await validOrGone(scene, target, stored, undefined)
  if (credential === null) return ended(scene, stored)
  const first = await probe(scene, target, credential)
  if (first.outcome !== 'token-refused') return first
  // A fresh token tells a token that ended early from a grant that is gone.
  const { isRenewable } = await import('../runtime/renewable.ts')
  if (!isRenewable(credential.secret, target)) return ended(scene, credential)
  const fresh = await validOrGone(scene, target, credential, credential.generation)
  if (fresh === null) return ended(scene, credential)
  const second = await probe(scene, target, fresh)
  return second.outcome === 'token-refused' ? { ...second, outcome: 'unknown' } : second
}

/** null if nothing but a person helps. Throws a Refusal that says what the service would not do just now. */
async function validOrGone(
  { around, vault, leases, secrets }: CheckScene,
  target: Target,
  credential: Credential,
  refused: number | undefined
): Promise<Credential | null> {
  const { validCredential } = await import('../runtime/valid-credential.ts')
  try {
    return await validCredential({
      ...{ credential, target, vault, leases },
      resolve: secrets,
      clock: around.clock,
      ...(refused === undefined ? {} : { force: refused })
    })
  } catch (error) {
    const gone = ['NEEDS_REAUTHORIZATION', 'AUTHORIZATION_EXPIRED']
    if (error instanceof Refusal && error.diagnostics.some(each => gone.includes(each.code))) {
      return null
    }
    throw error
  }
}

/** Marks it in the vault, unless that was done, or somebody has renewed it in this moment. */
async function ended({ vault, around }: CheckScene, { id }: Credential): Promise<Verdict> {
  const newest = await vault.open(id)
  if (newest === null) return { outcome: 'works' }
  if (newest.dead !== null) return { outcome: 'gone' }
  const dead = { cause: 'grant-gone', at: around.clock.now().toISOString() } as const
  const outcome = await vault.replace({ ...newest, generation: newest.generation + 1, dead })
  return { outcome: outcome === 'stored' ? 'gone' : 'works' }
}

type Probed = Exclude<Verdict, { outcome: 'gone' }> | TokenRefused

interface TokenRefused {
  readonly outcome: 'token-refused'
  readonly reason: string
}

async function probe(scene: CheckScene, target: Target, credential: Credential): Promise<Probed> {
  const { record } = credential
  const { testRequest } = await import('../oauth/test-request.ts')
  // What was asked decides which requests are allowed, not what is needed by now.
  const asked = { ...target, need: { ...target.need, scopes: record.asked } }
  const tested = await testRequest(asked, credential)
  if (tested.outcome === 'try-again') return { outcome: 'unknown', reason: tested.reason }
  if (tested.outcome === 'refused') {
    const outcome = tested.status === 401 ? 'token-refused' : 'unknown'
    return { outcome, reason: `it refused the test request: ${tested.reason}` }
  }
  const { account } = tested
  const isOther =
    account.id !== null && record.account.id !== null && account.id !== record.account.id
  if (isOther) {
    const name = account.name ?? account.id ?? ''
    return { outcome: 'account-changed', account: { id: account.id, name } }
  }
  const told = await introspected(scene, target, credential)
  if (told !== null && 'outcome' in told) return told
  const lost = lostScopes(target, credential, told)
  return lost.length === 0 ? { outcome: 'works' } : { outcome: 'scopes-lost', scopes: lost }
}

/** The scopes that the service knows of; null where it tells nothing. */
async function introspected(
  { secrets, around }: CheckScene,
  target: Target,
  { secret }: Credential
): Promise<readonly string[] | null | Probed> {
  const [{ isOAuth2, resolveClient }, { introspect }, { ProviderFailure }] = await Promise.all([
    import('../oauth/resolve-client.ts'),
    import('../oauth/introspect.ts'),
    import('../oauth/provider-failure.ts')
  ])
  if (secret.kind !== 'oauth2' || !isOAuth2(target)) return null
  if (target.way.introspectionUrl === undefined) return null
  try {
    const client = await resolveClient(target, secrets)
    const told = await introspect(target, client, secret, around.clock)
    if (told?.active === false) {
      return { outcome: 'token-refused', reason: 'it says that the token is not active' }
    }
    return told?.scopes ?? null
  } catch (error) {
    if (!(error instanceof ProviderFailure)) throw error
    return { outcome: 'unknown', reason: error.message }
  }
}

/**
 * What was granted and is not named any more. Scopes that bring a refresh token are left out: services differ in whether an access
 * token has them.
 */
function lostScopes(
  { way }: Target,
  { record, secret }: Credential,
  told: readonly string[] | null
): readonly string[] {
  if (secret.kind !== 'oauth2' || way.kind !== 'oauth2') return []
  const now = told ?? secret.scopes
  if (now.length === 0) return []
  return without(record.granted, [...now, ...(way.refreshScopes ?? [])])
}

function reasonOf(refusal: Refusal): string {
  return refusal.diagnostics.map(each => each.detail).join('\n')
}
