import type { Credential, OAuth2Secret } from '../model/credential.ts'
import { introspect } from '../oauth/introspect.ts'
import { ProviderFailure } from '../oauth/provider-failure.ts'
import type { OAuth2Target, OAuthClient } from '../oauth/resolve-client.ts'
import { keepRenewed } from './keep-renewed.ts'
import { isRenewable } from './renewable.ts'
import { nextOf, type Renewal } from './renewal.ts'
import { authorizationExpired } from './runtime-refusal.ts'
import { rememberEndless } from './valid-credential.ts'

/** For how long a service is not asked again that did not tell, and one that did not answer. */
const endlessMs = 10 * 60_000
const unansweredMs = 60_000

/**
 * Asks when an access token ends, of which nobody knows, and stores the answer (RFC 7662). `over` if the token is not good any
 * more and another one can be had.
 */
export async function askForEnd(
  renewal: Renewal,
  secret: OAuth2Secret,
  target: OAuth2Target,
  client: OAuthClient
): Promise<Credential | null | 'over'> {
  const { before, lease, options } = renewal
  const now = options.clock.now().getTime()
  let told: Awaited<ReturnType<typeof introspect>>
  try {
    told = await introspect(target, client, secret, options.clock)
  } catch (error) {
    if (!(error instanceof ProviderFailure)) throw error
    // It may well be good: whoever uses it will see.
    rememberEndless(before, now + unansweredMs)
    await lease.release()
    return before
  }
  if (told?.active === false) {
    if (isRenewable(secret, target)) return 'over'
    throw authorizationExpired(target, before.user)
  }
  if (told === null || told.expiresAt === null) {
    rememberEndless(before, now + endlessMs)
    await lease.release()
    return before
  }
  const lifetime = Math.round((Date.parse(told.expiresAt) - Date.parse(secret.obtainedAt)) / 1000)
  const next = { ...secret, expiresAt: told.expiresAt, lifetime: Math.max(lifetime, 1) }
  return keepRenewed(nextOf(before, next), renewal)
}
