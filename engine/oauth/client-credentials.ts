import { clientCredentialsGrantRequest, processClientCredentialsResponse } from 'oauth4webapi'
import { askTokenEndpoint } from './ask-token-endpoint.ts'
import { dpopHandle, newDpopKey } from './dpop.ts'
import type { OwnRequest } from './own-tokens.ts'
import { readTokens, type TokenGrant } from './read-tokens.ts'
import type { OAuth2Target, OAuthClient } from './resolve-client.ts'

/**
 * Asks for tokens in the client's own name (RFC 6749, section 4.4). Throws a ProviderFailure, or a Refusal if the answer names a
 * host that is not allowed.
 */
export async function clientCredentialsTokens(
  target: OAuth2Target,
  client: OAuthClient,
  { clock, previous = null }: OwnRequest
): Promise<TokenGrant> {
  const { need, way } = target
  const dpopKey = previous?.dpopKey ?? (way.dpop === true ? await newDpopKey() : null)
  const dpop = dpopKey === null ? null : await dpopHandle(dpopKey)
  const scope = need.scopes.join(way.scopeSeparator)
  const askedAt = clock.now()
  const answer = await askTokenEndpoint(
    target,
    client,
    { secrets: [], clock, dpop },
    async ({ server, client: named, authentication, options }) => {
      const response = await clientCredentialsGrantRequest(
        server,
        named,
        authentication,
        { ...options.additionalParameters, ...(scope === '' ? {} : { scope }) },
        options
      )
      return processClientCredentialsResponse(server, named, response)
    }
  )
  return readTokens(target, answer, { askedAt, previous, dpopKey })
}
