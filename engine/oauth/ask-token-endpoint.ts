import {
  type AuthorizationServer,
  allowInsecureRequests,
  type ClientAuth,
  customFetch,
  type DPoPHandle,
  isDPoPNonceError,
  type TokenEndpointRequestOptions,
  type TokenEndpointResponse
} from 'oauth4webapi'
import { isLoopback } from '../model/address.ts'
import type { StringMap } from '../model/generated/types.ts'
import type { Clock } from '../model/ports.ts'
import type { OAuth2TargetWay } from '../model/target.ts'
import { checkDestination } from './check-destination.ts'
import { asFailure } from './classify-answer.ts'
import { clientAuthentication, withClientHint } from './client-authentication.ts'
import { ProviderFailure } from './provider-failure.ts'
import { clientSecrets, type OAuth2Target, type OAuthClient } from './resolve-client.ts'
import { tokenFetch } from './token-fetch.ts'

/** What the library needs for one token request. */
export interface TokenEndpoint {
  readonly server: AuthorizationServer
  readonly client: { readonly client_id: string }
  readonly authentication: ClientAuth
  readonly options: TokenEndpointRequestOptions & { readonly additionalParameters: StringMap }
}

export interface TokenEndpointRequest {
  /** What is sent and is secret, beside the client's own: masked in every message. */
  readonly secrets: readonly string[]
  readonly clock: Clock
  /** Where it goes, if not to the token endpoint. */
  readonly url?: string | undefined
  /** Parameters beside those of every request. */
  readonly parameters?: StringMap | undefined
  /** What the tokens are bound to; see `dpopHandle`. Without it they must be bearer tokens. */
  readonly dpop?: DPoPHandle | null | undefined
}

/** The provider as the library wants it. Without an issuer in the connector, its origin stands for it. */
export function authorizationServer(way: OAuth2TargetWay): AuthorizationServer {
  const { authorizeUrl, pushedUrl, deviceUrl, introspectionUrl } = way
  return {
    issuer: way.issuer ?? new URL(way.tokenUrl).origin,
    token_endpoint: way.tokenUrl,
    ...(authorizeUrl === undefined ? {} : { authorization_endpoint: authorizeUrl }),
    ...(pushedUrl === undefined ? {} : { pushed_authorization_request_endpoint: pushedUrl }),
    ...(deviceUrl === undefined ? {} : { device_authorization_endpoint: deviceUrl }),
    ...(introspectionUrl === undefined ? {} : { introspection_endpoint: introspectionUrl }),
    id_token_signing_alg_values_supported: signatures
  }
}

/** Of id tokens. They come from the token endpoint itself, so any will do (OpenID Connect Core 1.0, section 3.1.3.7, rule 6). */
const signatures = ['RS', 'PS', 'ES', 'HS']
  .flatMap(family => [256, 384, 512].map(bits => `${family}${bits}`))
  .concat('EdDSA', 'Ed25519')

/**
 * Asks the token endpoint and returns its answer, mended and checked; a second time where the first answer is that it wants to see
 * its nonce in the proof of our key (RFC 9449, section 8). Throws a ProviderFailure in which all that is secret is masked, or a
 * Refusal if the connection may not send its credential there.
 */
export async function askTokenEndpoint(
  target: OAuth2Target,
  client: OAuthClient,
  request: TokenEndpointRequest,
  ask: (endpoint: TokenEndpoint) => Promise<TokenEndpointResponse>
): Promise<TokenEndpointResponse> {
  const { way } = target
  const { url = way.tokenUrl, dpop = null, clock } = request
  checkDestination(target, url)
  const secrets = [...request.secrets, ...clientSecrets(client)]
  const endpoint: TokenEndpoint = {
    server: { ...authorizationServer(way), token_endpoint: url },
    client: { client_id: client.id },
    authentication: clientAuthentication(target, client, url),
    options: {
      [customFetch]: tokenFetch(target, { secrets, clock }),
      [allowInsecureRequests]: isLoopback(new URL(url).hostname),
      additionalParameters: { ...way.tokenParameters, ...request.parameters },
      ...(dpop === null ? {} : { DPoP: dpop })
    }
  }
  const answer = await ask(endpoint)
    .catch((error: unknown) => {
      if (dpop !== null && isDPoPNonceError(error)) return ask(endpoint)
      throw error
    })
    .catch((error: unknown) => {
      throw withClientHint(asFailure(error, secrets), target, client)
    })
  checkBinding(answer, dpop !== null)
  return answer
}

/** A token for everybody instead of one for our key would be a silent loss of protection (RFC 9449, section 5). */
function checkBinding(answer: TokenEndpointResponse, isBound: boolean): void {
  if ((answer.token_type === 'dpop') === isBound) return
  throw new ProviderFailure(
    'broken-answer',
    isBound
      ? 'the token is not bound to the key that was shown'
      : 'the token is bound to a key that nobody asked for'
  )
}
