import type { Credential } from '../model/credential.ts'
import type { RuntimeVault } from './valid-credential.ts'

/**
 * One consent may have been stored in several slots. A refresh token that is replaced ends all copies of it (RFC 9700, section
 * 4.14.2). So those that we can read are renewed as one: under the lease of one of them, and each gets the new token. `known` are
 * copies that were found before; they stay as they were then, so that it shows whether somebody renewed one of them.
 */
export async function copiesOf(
  credential: Credential,
  vault: RuntimeVault,
  known: readonly Credential[] = []
): Promise<readonly Credential[]> {
  const refreshToken = refreshTokenOf(credential)
  if (refreshToken === null) return []
  const { files } = await vault.list()
  const others = files.filter(
    each =>
      each.id !== credential.id &&
      known.every(copy => copy.id !== each.id) &&
      each.connection === credential.connection &&
      each.user === credential.user &&
      each.refreshable &&
      each.dead === null
  )
  const opened = await Promise.all(others.map(({ id }) => vault.open(id).catch(() => null)))
  const found = opened.filter(
    (each): each is Credential => each !== null && refreshTokenOf(each) === refreshToken
  )
  return [...known, ...found]
}

/** The one whose lease stands for all of them: the same for everybody who can read them. */
export function leadOf(credential: Credential, copies: readonly Credential[]): Credential {
  return [credential, ...copies].reduce((lead, each) => (each.id < lead.id ? each : lead))
}

/** Gives the copies a new token. One that somebody else wrote meanwhile, or that cannot be written, is left. */
export async function passOn(
  renewed: Credential,
  copies: readonly Credential[],
  vault: RuntimeVault
): Promise<void> {
  const refreshToken = refreshTokenOf(renewed)
  for (const copy of copies) {
    if (refreshTokenOf(copy) === refreshToken) continue
    const next = { ...copy, generation: copy.generation + 1, secret: renewed.secret }
    await vault.replace(next).catch(() => {})
  }
}

export function refreshTokenOf({ secret }: Credential): string | null {
  return secret.kind === 'oauth2' ? secret.refreshToken : null
}
