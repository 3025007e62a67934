import {
  type AuthorizationServer,
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretPost,
  customFetch,
  None,
  OperationProcessingError,
  type TokenEndpointRequestOptions,
  type TokenEndpointResponse,
  UnsupportedOperationError
} from 'oauth4webapi'
import { isLoopback } from '../model/address.ts'
import type { OAuth2Way } from '../model/generated/types.ts'
import { checkDestination } from './check-destination.ts'
import { cleanText, secretsIn } from './clean-text.ts'
import { type NormalAnswer, normaliseAnswer } from './normalise-answer.ts'
import { kindOfError, ProviderFailure } from './provider-failure.ts'
import { basicPair, clientSecrets, type OAuth2Target, type OAuthClient } from './resolve-client.ts'
import { sendRequest } from './send-request.ts'

/** What the library needs for one token request. */
export interface TokenEndpoint {
  readonly server: AuthorizationServer
  readonly client: { readonly client_id: string }
  readonly authentication: ClientAuth
  readonly options: TokenEndpointRequestOptions
}

/** The provider as the library wants it. Without an issuer in the connector, its origin stands for it. */
export function authorizationServer(way: OAuth2Way): AuthorizationServer {
  return {
    issuer: way.issuer ?? new URL(way.tokenUrl).origin,
    authorization_endpoint: way.authorizeUrl,
    token_endpoint: way.tokenUrl
  }
}

/**
 * Asks the token endpoint and returns its answer, mended and checked. Throws a ProviderFailure in which `secrets`, and what
 * the answer holds of that sort, are masked; or a Refusal if the connection may not send its credential there.
 */
export async function askTokenEndpoint(
  target: OAuth2Target,
  client: OAuthClient,
  sent: readonly string[],
  ask: (endpoint: TokenEndpoint) => Promise<TokenEndpointResponse>
): Promise<TokenEndpointResponse> {
  const { way } = target
  checkDestination(target, way.tokenUrl)
  const secrets = [...sent, ...clientSecrets(client)]
  const answer = await ask({
    server: authorizationServer(way),
    client: { client_id: client.id },
    authentication: clientAuthentication(way, client),
    options: {
      [customFetch]: (url, request) => fetchTokens(url, request, secrets),
      [allowInsecureRequests]: isLoopback(new URL(way.tokenUrl).hostname),
      additionalParameters: way.tokenParameters ?? {}
    }
  }).catch((error: unknown) => {
    throw asFailure(error, secrets)
  })
  if (answer.token_type === 'bearer') return answer
  throw new ProviderFailure('broken-answer', 'the token is bound to a key that nobody asked for')
}

/** How the client names itself (RFC 6749, section 2.3.1). */
function clientAuthentication(way: OAuth2Way, client: OAuthClient): ClientAuth {
  if (client.secret === null || way.clientAuthentication === 'none') return None()
  return way.clientAuthentication === 'basic'
    ? basic(client.secret)
    : ClientSecretPost(client.secret)
}

/**
 * The library's own escapes `-`, `_` and `.` as well: right for those who unescape, but many services compare what came. This
 * leaves alone what the form encoding leaves alone, so it is right for both.
 */
function basic(secret: string): ClientAuth {
  return (_server, client, _body, headers) => {
    headers.set('authorization', `Basic ${basicPair(client.client_id, secret)}`)
  }
}

async function fetchTokens(
  url: string,
  request: { readonly body: URLSearchParams; readonly headers: Readonly<Record<string, string>> },
  secrets: readonly string[]
): Promise<Response> {
  const { headers, body } = request
  const answer = normaliseAnswer(
    await sendRequest(url, { method: 'POST', headers, body: body.toString() })
  )
  const failure = failureOf(answer, secrets)
  if (failure !== null) throw failure
  return Response.json(answer.body)
}

function failureOf(
  { status, body }: NormalAnswer,
  sent: readonly string[]
): ProviderFailure | null {
  if (status >= 300 && status < 400) {
    return new ProviderFailure(
      'broken-answer',
      'the token endpoint redirects elsewhere, and no redirect is followed with a credential'
    )
  }
  const secrets = body === null ? sent : [...sent, ...secretsIn(body)]
  const error = typeof body?.error === 'string' ? body.error : null
  const said =
    error === null ? `status ${status}` : errorText(error, body?.error_description, secrets)
  if (status === 408 || status === 429 || status >= 500) {
    return new ProviderFailure('try-again', error === null ? said : `status ${status}, ${said}`)
  }
  if (error !== null) {
    return new ProviderFailure(kindOfError(error), said, cleanText(error, secrets))
  }
  if (status === 401) return new ProviderFailure('client-wrong', said)
  if (status !== 200) return new ProviderFailure('broken-answer', `${said} without an error code`)
  return body === null
    ? new ProviderFailure('broken-answer', 'the answer is neither JSON nor a form')
    : null
}

/** An error code and its description (RFC 6749, section 5.2), fit to be shown. */
export function errorText(error: string, description: unknown, secrets: readonly string[]): string {
  return cleanText(
    typeof description === 'string' && description !== '' ? `${error}: ${description}` : error,
    secrets
  )
}

/** The library's errors carry the whole answer as their cause, so only their message goes on. */
export function asFailure(error: unknown, secrets: readonly string[]): unknown {
  const isLibrarys =
    error instanceof OperationProcessingError || error instanceof UnsupportedOperationError
  return isLibrarys
    ? new ProviderFailure('broken-answer', cleanText(error.message, secrets))
    : error
}
