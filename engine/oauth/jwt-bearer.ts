import { genericTokenEndpointRequest, processGenericTokenEndpointResponse } from 'oauth4webapi'
import { askTokenEndpoint } from './ask-token-endpoint.ts'
import { signAssertion } from './assertion.ts'
import { dpopHandle, newDpopKey } from './dpop.ts'
import type { OwnRequest } from './own-tokens.ts'
import { readTokens, type TokenGrant } from './read-tokens.ts'
import type { OAuth2Target, OAuthClient } from './resolve-client.ts'

const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/**
 * Asks for tokens with an assertion that our key signed (RFC 7523, section 2.1). Throws a ProviderFailure, or a Refusal if the key
 * cannot be used or the answer names a host that is not allowed.
 */
export async function jwtBearerTokens(
  target: OAuth2Target,
  client: OAuthClient,
  { clock, previous = null }: OwnRequest
): Promise<TokenGrant> {
  const { need, way } = target
  const assertion = await signAssertion(target, client, clock)
  const dpopKey = previous?.dpopKey ?? (way.dpop === true ? await newDpopKey() : null)
  const dpop = dpopKey === null ? null : await dpopHandle(dpopKey)
  const scope = way.signing?.scopeClaim === true ? '' : need.scopes.join(way.scopeSeparator)
  const askedAt = clock.now()
  const answer = await askTokenEndpoint(
    target,
    client,
    { secrets: [assertion], clock, dpop },
    async ({ server, client: named, authentication, options }) => {
      const response = await genericTokenEndpointRequest(
        server,
        named,
        authentication,
        grantType,
        { ...options.additionalParameters, assertion, ...(scope === '' ? {} : { scope }) },
        options
      )
      return processGenericTokenEndpointResponse(server, named, response)
    }
  )
  return readTokens(target, answer, { askedAt, previous, dpopKey })
}
