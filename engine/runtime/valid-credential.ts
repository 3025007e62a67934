import type { Credential } from '../model/credential.ts'
import type { Clock, SecretResolver, Vault } from '../model/ports.ts'
import type { Target } from '../model/target.ts'
import { checkPinned } from './check-pinned.ts'
import { isExpired } from './expiry.ts'
import { needsReauthorization } from './runtime-refusal.ts'

export interface ValidCredentialOptions {
  /** As it was read from the vault. */
  readonly credential: Credential
  /** The connection as the environment has it recorded. */
  readonly target: Target
  /** Asked only if a refresh is due. */
  readonly resolve: SecretResolver
  readonly clock: Clock
  readonly vault: Pick<Vault, 'list' | 'open' | 'store'>
}

/**
 * A credential that works now: the given one, or its next generation if the access token has run out. That is durable in the
 * vault before it is returned. Throws a Refusal: DESTINATION_CHANGED (nothing was sent), NEEDS_REAUTHORIZATION, or what the
 * service would not do just now (PROVIDER_UNAVAILABLE, CLIENT_REJECTED, PROVIDER_ANSWER_BROKEN, REFRESH_REFUSED), by which
 * nothing is lost.
 */
export async function validCredential(options: ValidCredentialOptions): Promise<Credential> {
  const given = options.credential
  if (isUsable(given, options)) return given
  // Another process may have refreshed it: a refresh token that was used before can end the whole grant (RFC 9700, 4.14.2).
  const stored = await options.vault.open(given.id)
  if (stored === null) throw needsReauthorization(options.target, 'it was removed from the vault')
  const newest = stored.generation > given.generation ? stored : given
  if (newest !== given && isUsable(newest, options)) return newest
  // The OAuth2 library is loaded only here: most calls need none of it.
  const { refreshCredential } = await import('./refresh-credential.ts')
  const refreshed = await refreshCredential(newest, options)
  if (refreshed !== 'grant gone') return refreshed
  return succeeded(newest, options)
}

/** Throws a Refusal if it may not be used at all. */
function isUsable(credential: Credential, { target, clock }: ValidCredentialOptions): boolean {
  checkPinned(credential, target)
  return credential.secret.kind === 'fields' || !isExpired(credential.secret, clock.now())
}

/** The refresh token was not valid any more: right, if somebody else refreshed in between. */
async function succeeded(before: Credential, options: ValidCredentialOptions): Promise<Credential> {
  const stored = await options.vault.open(before.id)
  if (stored !== null && stored.generation > before.generation && isUsable(stored, options)) {
    return stored
  }
  throw needsReauthorization(options.target, 'the service has ended its authorization')
}
