import { problem, Refusal } from '../model/diagnostic.ts'

/** For `catch`: throws a Refusal where the disk does not take what must be on it before a service, or a person, is asked. */
export function unwritable(error: unknown, consequence: string = notRenewed): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const reason = reasons[code]
  if (reason === undefined) throw error
  throw new Refusal(
    problem(
      'VAULT_UNWRITABLE',
      'The vault cannot be written',
      `${reason} ${consequence} Nothing was changed.`
    )
  )
}

const notRenewed =
  'The service was not asked for a new token: it could replace the one that is stored, and the new one would be lost.'

/** Like `unwritable`; false where the folder went away meanwhile, with the credential whose leases it held. */
export function unlessForgotten(error: unknown): false {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
  return unwritable(error)
}

const reasons: Readonly<Record<string, string | undefined>> = {
  ENOSPC: 'There is no room on the disk of the vault.',
  EDQUOT: 'Your quota on the disk of the vault is used up.',
  EROFS: 'The disk of the vault can only be read.',
  EACCES: 'The folder of the vault is not yours to write.',
  EPERM: 'The folder of the vault is not yours to write.'
}
