import type { Credential } from '../model/credential.ts'
import type { Target } from '../model/target.ts'
import { ProviderFailure } from '../oauth/provider-failure.ts'
import { answerBroken, clientRejected, unavailable } from '../oauth/provider-refusal.ts'
import { refreshTokens } from '../oauth/refresh-tokens.ts'
import { isOAuth2, resolveClient } from '../oauth/resolve-client.ts'
import { destinationChanged, needsReauthorization, refreshRefused } from './runtime-refusal.ts'
import type { ValidCredentialOptions } from './valid-credential.ts'

/**
 * Gets the next generation of an OAuth2 credential and stores it. `grant gone` if the service does not know the refresh token
 * any more. Throws a Refusal otherwise; then nothing has been stored, and the credential is as good as before.
 */
export async function refreshCredential(
  credential: Credential,
  options: Omit<ValidCredentialOptions, 'credential'>
): Promise<Credential | 'grant gone'> {
  const { target, resolve, clock, vault } = options
  const { secret } = credential
  if (secret.kind !== 'oauth2' || !isOAuth2(target))
    throw new Error('Only OAuth2 tokens are refreshed')
  const { refreshToken } = secret
  if (refreshToken === null) {
    throw needsReauthorization(target, 'its access token has expired and there is no refresh token')
  }
  const client = await resolveClient(target, resolve)
  if (client.id !== credential.clientId) throw destinationChanged(target, 'OAuth2 client')
  try {
    const next = await refreshTokens(target, client, { ...secret, refreshToken }, clock)
    const refreshed = { ...credential, generation: credential.generation + 1, secret: next }
    await vault.store(refreshed)
    if (next.refreshToken !== refreshToken) await passOn(credential, refreshed, vault)
    return refreshed
  } catch (error) {
    if (!(error instanceof ProviderFailure)) throw error
    if (error.kind === 'grant-gone') return 'grant gone'
    throw refreshRefusal(target, error)
  }
}

/**
 * One consent may have been stored in several slots. A refresh token that was replaced ends all copies of it (RFC 9700, 4.14.2), so
 * they get the new one too.
 */
async function passOn(
  before: Credential,
  refreshed: Credential,
  vault: ValidCredentialOptions['vault']
): Promise<void> {
  const { files } = await vault.list()
  const others = files.filter(
    each =>
      each.id !== before.id &&
      each.connection === before.connection &&
      each.user === before.user &&
      each.refreshable
  )
  for (const { id } of others) {
    const other = await vault.open(id).catch(() => null)
    const isCopy =
      other?.secret.kind === 'oauth2' &&
      before.secret.kind === 'oauth2' &&
      other.secret.refreshToken === before.secret.refreshToken
    if (!isCopy) continue
    await vault.store({ ...other, generation: other.generation + 1, secret: refreshed.secret })
  }
}

function refreshRefusal(target: Target, failure: ProviderFailure): Error {
  switch (failure.kind) {
    case 'try-again':
      return unavailable(target, failure.message)
    case 'client-wrong':
      return clientRejected(target, failure.message)
    case 'broken-answer':
      return answerBroken(target, failure.message)
    default:
      return refreshRefused(target, failure.message)
  }
}
