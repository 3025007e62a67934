import type { Credential, OAuth2Secret } from '../model/credential.ts'
import type { RefreshLease } from '../model/ports.ts'
import { authorizationRevoked } from './runtime-refusal.ts'
import { storedCredential } from './unsaved.ts'
import type { ValidCredentialOptions } from './valid-credential.ts'

/** One attempt to renew, by the one process that may. */
export interface Renewal {
  readonly lease: RefreshLease
  /** As it was before the lease was got. */
  readonly before: Credential
  /** Others with the same refresh token. */
  readonly copies: readonly Credential[]
  readonly options: ValidCredentialOptions
}

/** Looks at the vault once more, now that nobody else writes. */
export async function hasMovedOn({ before, options }: Renewal): Promise<boolean> {
  const stored = await storedCredential(options)
  if (stored !== null) return stored.generation !== before.generation
  await options.leases.forget(before.id).catch(() => {})
  throw authorizationRevoked(options.target, before.user)
}

export function nextOf(before: Credential, secret: OAuth2Secret): Credential {
  return { ...before, generation: before.generation + 1, secret }
}
