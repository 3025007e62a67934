import {
  authorizationCodeGrantRequest,
  nopkce,
  processAuthorizationCodeResponse,
  type TokenEndpointResponse
} from 'oauth4webapi'
import type { Clock } from '../model/ports.ts'
import { askTokenEndpoint, type TokenEndpoint } from './ask-token-endpoint.ts'
import type { AuthorizationRequest } from './authorization-request.ts'
import { checkedCallback } from './check-callback.ts'
import { dpopHandle } from './dpop.ts'
import { identityIn } from './id-token.ts'
import { readTokens, type TokenGrant } from './read-tokens.ts'
import type { OAuth2Target, OAuthClient } from './resolve-client.ts'
import type { FoundAccount } from './test-request.ts'

export interface Exchange {
  readonly client: OAuthClient
  readonly request: AuthorizationRequest
  /** What came to the redirect address. */
  readonly callback: URLSearchParams
  readonly clock: Clock
  /** Awaited right before the code is sent: from then on a grant may exist at the provider. */
  readonly onGrantRequested?: (() => void | Promise<void>) | undefined
}

/** What a person's consent gave. */
export interface ConsentGrant extends TokenGrant {
  /** Whose it is, as far as an id token tells. */
  readonly identity: FoundAccount
}

/**
 * Checks what came to the redirect address and exchanges its code for tokens (RFC 6749, section 4.1.3). Throws a
 * ProviderFailure, or a Refusal if the answer names a host that is not allowed.
 */
export async function exchangeCode(
  target: OAuth2Target,
  exchange: Exchange
): Promise<ConsentGrant> {
  const { client, request, callback, clock, onGrantRequested } = exchange
  const { state, codeVerifier, nonce, dpopKey } = request
  const checked = checkedCallback(target, client, state, callback)
  const secrets = [state, codeVerifier ?? '', nonce ?? '', ...callback.getAll('code')]
  const dpop = dpopKey === null ? null : await dpopHandle(dpopKey)
  await onGrantRequested?.()
  const askedAt = clock.now()
  const answer = await askTokenEndpoint(
    target,
    client,
    { secrets, clock, dpop },
    async endpoint => {
      const response = await authorizationCodeGrantRequest(
        endpoint.server,
        endpoint.client,
        endpoint.authentication,
        checked,
        request.redirectUri,
        codeVerifier ?? nopkce,
        endpoint.options
      )
      return processed(target, request, endpoint, response)
    }
  )
  const grant = readTokens(target, answer, { askedAt, callback, dpopKey })
  return { ...grant, identity: identityIn(target, answer) }
}

/**
 * An id token that came is checked, its nonce included. One that did not come is missed only where nothing else ties the code to
 * this attempt (RFC 9700, section 2.1.1); services take `openid` for a scope and know nothing of id tokens.
 */
async function processed(
  { way }: OAuth2Target,
  { nonce, codeVerifier }: AuthorizationRequest,
  { server, client }: TokenEndpoint,
  response: Response
): Promise<TokenEndpointResponse> {
  const hasIdToken = Object.hasOwn(Object(await response.clone().json()), 'id_token')
  const isExpected = way.issuer !== undefined && (hasIdToken || codeVerifier === null)
  const options = nonce === null || !isExpected ? {} : { expectedNonce: nonce }
  return processAuthorizationCodeResponse(server, client, response, options)
}
