import type { Credential } from '../model/credential.ts'
import { passOn } from './copies.ts'
import type { Renewal } from './renewal.ts'
import { revokeUnstored } from './revoke-unstored.ts'
import { authorizationRevoked } from './runtime-refusal.ts'
import { keepUnsaved } from './unsaved.ts'

/**
 * Stores what the service gave, before anybody gets it. null: somebody else was faster, so it is dropped. Without a lease: it was given to
 * another process, which left it sealed.
 */
export async function keepRenewed(
  next: Credential,
  renewal: Omit<Renewal, 'lease'> & { readonly lease: Renewal['lease'] | null }
): Promise<Credential | null> {
  const { lease, copies, options } = renewal
  const { vault, target } = options
  let outcome: Awaited<ReturnType<typeof vault.replace>>
  try {
    outcome = await vault.replace(next)
  } catch {
    await keepUnsaved({ next, copies, lease, options })
    return next
  }
  switch (outcome) {
    case 'stored':
      await passOn(next, copies, vault)
      await lease?.done()
      return next
    case 'superseded':
      await lease?.done()
      return null
    case 'ended': {
      const left = await revokeUnstored(next, options)
      throw authorizationRevoked(target, next.user, left)
    }
  }
}
