import type { Credential } from '../model/credential.ts'
import { keepRenewed } from './keep-renewed.ts'
import { nextOf, type Renewal } from './renewal.ts'

/**
 * What another process got from the service and could not store, for this credential or a copy of it. The vault takes one next
 * generation only, whoever brings it, so this needs no lease. null if it is of no use.
 */
export async function takeRescued(
  renewal: Omit<Renewal, 'lease'> & { readonly sealed: string }
): Promise<Credential | null> {
  const { sealed, before, copies, options } = renewal
  const found = await options.vault.unseal(sealed).catch(() => null)
  const isNext = [before, ...copies].some(
    each => each.id === found?.id && each.generation + 1 === found.generation
  )
  if (!isNext || found?.secret.kind !== 'oauth2') return null
  return keepRenewed(nextOf(before, found.secret), { ...renewal, lease: null })
}
