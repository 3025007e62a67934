import { processRefreshTokenResponse, refreshTokenGrantRequest } from 'oauth4webapi'
import type { OAuth2Secret } from '../model/credential.ts'
import type { Clock } from '../model/ports.ts'
import { askTokenEndpoint } from './ask-token-endpoint.ts'
import { dpopHandle } from './dpop.ts'
import { openAddress } from './open-address.ts'
import { readTokens } from './read-tokens.ts'
import type { OAuth2Target, OAuthClient } from './resolve-client.ts'

/**
 * Gets a new access token for a refresh token (RFC 6749, section 6), bound to the key that the tokens were bound to. The refresh
 * token before goes on if no new one comes. Throws a ProviderFailure; `grant-gone` if the refresh token is not valid any more.
 */
export async function refreshTokens(
  target: OAuth2Target,
  client: OAuthClient,
  secret: OAuth2Secret & { readonly refreshToken: string },
  clock: Clock
): Promise<OAuth2Secret> {
  const { refreshUrl, refreshParameters: parameters } = target.way
  const url = refreshUrl === undefined ? undefined : openAddress(target, refreshUrl, secret)
  const { refreshToken, accessToken, dpopKey } = secret
  const dpop = dpopKey === null ? null : await dpopHandle(dpopKey)
  const askedAt = clock.now()
  const answer = await askTokenEndpoint(
    target,
    client,
    { secrets: [refreshToken, accessToken], clock, url, parameters, dpop },
    async endpoint => {
      const response = await refreshTokenGrantRequest(
        endpoint.server,
        endpoint.client,
        endpoint.authentication,
        refreshToken,
        endpoint.options
      )
      return processRefreshTokenResponse(endpoint.server, endpoint.client, response)
    }
  )
  return readTokens(target, answer, { askedAt, previous: secret, dpopKey }).secret
}
