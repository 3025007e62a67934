import type { Credential } from '../model/credential.ts'
import type { Clock, RefreshLeases, SecretResolver, Vault } from '../model/ports.ts'
import type { Target } from '../model/target.ts'
import { checkPinned } from './check-pinned.ts'
import { isExpiring } from './expiry.ts'

export interface ValidCredentialOptions {
  /** As it was read from the vault. */
  readonly credential: Credential
  /** The connection as the environment has it recorded. */
  readonly target: Target
  /** Asked only if the service is to be asked. */
  readonly resolve: SecretResolver
  readonly clock: Clock
  /** The same object at every call: callers of one vault share what they wait for. */
  readonly vault: RuntimeVault
  readonly leases: RefreshLeases
  /** The generation whose access token the service has refused (401): it is renewed, unless somebody did meanwhile. */
  readonly force?: number
}

export type RuntimeVault = Pick<Vault, 'list' | 'open' | 'replace' | 'seal' | 'unseal'>

/**
 * A credential that works now: the given one, or its next generation if the access token has run out or is about to. However many
 * callers and processes ask, the service is asked once, and what it gives is durable before it is returned.
 *
 * Throws a Refusal: DESTINATION_CHANGED (nothing was sent), NEEDS_REAUTHORIZATION, AUTHORIZATION_EXPIRED, AUTHORIZATION_REVOKED, or
 * what the service would not do just now (PROVIDER_UNAVAILABLE, CLIENT_REJECTED, PROVIDER_ANSWER_BROKEN, REFRESH_REFUSED), by which
 * nothing is lost. A token that is still good for a moment is handed out rather than one of the latter thrown.
 */
export async function validCredential(options: ValidCredentialOptions): Promise<Credential> {
  if (works(options.credential, options)) return options.credential
  // Most calls need nothing of what renewing loads.
  const { renewedCredential } = await import('./renewed-credential.ts')
  return renewedCredential(options)
}

/** What has to be done before a credential may be handed out. */
export type Due = 'nothing' | 'renew' | 'ask for its end'

/** Whether it may be handed out as it is. Throws a Refusal if it may not be used at all. */
export function works(credential: Credential, options: ValidCredentialOptions): boolean {
  checkPinned(credential, options.target)
  return credential.dead === null && dueOf(credential, options) === 'nothing'
}

export function dueOf(credential: Credential, options: ValidCredentialOptions): Due {
  const { secret } = credential
  const { target, clock } = options
  const { way } = target
  if (secret.kind !== 'oauth2' || way.kind !== 'oauth2') return 'nothing'
  if (isRefused(credential, options)) return 'renew'
  const now = clock.now()
  if (isExpiring(secret, way.accessTokenLifetime, now)) return 'renew'
  const isOpen =
    secret.expiresAt === null &&
    way.accessTokenLifetime === undefined &&
    way.introspectionUrl !== undefined
  return isOpen && !isEndlessFor(credential, now) ? 'ask for its end' : 'nothing'
}

/** Whether the service has refused this one, as the caller knows. */
export function isRefused({ generation }: Credential, { force = 0 }: ValidCredentialOptions) {
  return generation <= force
}

/** Access tokens whose end the service did not tell, and until when it is not asked again: by id and generation. */
const endless = new Map<string, number>()

function isEndlessFor({ id, generation }: Credential, now: Date): boolean {
  return (endless.get(`${id} ${generation}`) ?? 0) > now.getTime()
}

/** Remembers, in this process, that the service does not tell when an access token ends. */
export function rememberEndless({ id, generation }: Credential, until: number): void {
  // Whoever has so many has asked for them long ago.
  if (endless.size >= 1000) endless.clear()
  endless.set(`${id} ${generation}`, until)
}
