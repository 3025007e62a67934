import type { OAuth2Secret } from '../model/credential.ts'
import type { Clock } from '../model/ports.ts'
import { ownTokens } from './own-tokens.ts'
import type { OAuth2Target, OAuthClient } from './resolve-client.ts'

/**
 * Gets a new access token where no refresh token is needed: client_credentials and jwt_bearer ask again as they asked first. What
 * the answer leaves out goes on as before. Throws a ProviderFailure.
 */
export async function renewTokens(
  target: OAuth2Target,
  client: OAuthClient,
  secret: OAuth2Secret,
  clock: Clock
): Promise<OAuth2Secret> {
  return (await ownTokens(target, client, { clock, previous: secret })).secret
}
