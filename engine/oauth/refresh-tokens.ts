import { processRefreshTokenResponse, refreshTokenGrantRequest } from 'oauth4webapi'
import type { OAuth2Secret } from '../model/credential.ts'
import type { Clock } from '../model/ports.ts'
import { askTokenEndpoint } from './ask-token-endpoint.ts'
import { readTokens } from './read-tokens.ts'
import type { OAuth2Target, OAuthClient } from './resolve-client.ts'

/**
 * Gets a new access token for a refresh token (RFC 6749, section 6). The refresh token before goes on if no new one comes.
 * Throws a ProviderFailure; `grant-gone` if the refresh token is not valid any more.
 */
export async function refreshTokens(
  target: OAuth2Target,
  client: OAuthClient,
  secret: OAuth2Secret & { readonly refreshToken: string },
  clock: Clock
): Promise<OAuth2Secret> {
  const secrets = [secret.refreshToken, secret.accessToken]
  // Before the request, so that a slow answer shortens the lifetime rather than stretching it.
  const asked = clock.now()
  const answer = await askTokenEndpoint(target, client, secrets, async endpoint => {
    const response = await refreshTokenGrantRequest(
      endpoint.server,
      endpoint.client,
      endpoint.authentication,
      secret.refreshToken,
      endpoint.options
    )
    return processRefreshTokenResponse(endpoint.server, endpoint.client, response)
  })
  return readTokens(target, answer, asked, secret).secret
}
