import {
  AuthorizationResponseError,
  authorizationCodeGrantRequest,
  nopkce,
  OperationProcessingError,
  processAuthorizationCodeResponse,
  validateAuthResponse
} from 'oauth4webapi'
import type { Clock } from '../model/ports.ts'
import {
  asFailure,
  askTokenEndpoint,
  authorizationServer,
  errorText
} from './ask-token-endpoint.ts'
import type { AuthorizationRequest } from './authorization-request.ts'
import { kindOfError, ProviderFailure } from './provider-failure.ts'
import { readTokens, type TokenGrant } from './read-tokens.ts'
import { clientSecrets, type OAuth2Target, type OAuthClient } from './resolve-client.ts'

export interface Exchange {
  readonly client: OAuthClient
  readonly request: AuthorizationRequest
  /** What came to the redirect address. */
  readonly callback: URLSearchParams
  readonly clock: Clock
  /** Awaited right before the code is sent: from then on a grant may exist at the provider. */
  readonly onGrantRequested?: (() => void | Promise<void>) | undefined
}

/**
 * Checks what came to the redirect address and exchanges its code for tokens (RFC 6749, section 4.1.3). Throws a
 * ProviderFailure, or a Refusal if the answer names a host that is not allowed.
 */
export async function exchangeCode(target: OAuth2Target, exchange: Exchange): Promise<TokenGrant> {
  const { client, request, callback, clock, onGrantRequested } = exchange
  const codes = callback.getAll('code')
  const secrets = [request.state, request.codeVerifier ?? '', ...codes]
  const checked = checkCallback(target, exchange, [...secrets, ...clientSecrets(client)])
  if (codes.length !== 1 || codes[0] === '') {
    const message = 'the answer to the authorization request must have one code'
    throw new ProviderFailure('broken-answer', message)
  }
  await onGrantRequested?.()
  // Before the request, so that a slow answer shortens the lifetime rather than stretching it.
  const asked = clock.now()
  const answer = await askTokenEndpoint(target, client, secrets, async endpoint => {
    const response = await authorizationCodeGrantRequest(
      endpoint.server,
      endpoint.client,
      endpoint.authentication,
      checked,
      request.redirectUri,
      request.codeVerifier ?? nopkce,
      endpoint.options
    )
    return processAuthorizationCodeResponse(endpoint.server, endpoint.client, response)
  })
  return readTokens(target, answer, asked, null)
}

/** State (RFC 6749, section 10.12), issuer (RFC 9207, section 2.4) and error answers (RFC 6749, section 4.1.2.1). */
function checkCallback(
  { way }: OAuth2Target,
  { client, request, callback }: Exchange,
  secrets: readonly string[]
): URLSearchParams {
  const parameters = new URLSearchParams(callback)
  // Nothing to compare it with: the connector does not say who the issuer is.
  if (way.issuer === undefined) parameters.delete('iss')
  const server = authorizationServer(way)
  try {
    return validateAuthResponse(server, { client_id: client.id }, parameters, request.state)
  } catch (error) {
    if (error instanceof AuthorizationResponseError) {
      const said = errorText(error.error, error.error_description, secrets)
      throw new ProviderFailure(
        kindOfCallback(error.error),
        said,
        errorText(error.error, '', secrets)
      )
    }
    // Another state or issuer: the answer belongs elsewhere, which is a refusal and no defect of the provider.
    throw error instanceof OperationProcessingError
      ? new ProviderFailure('refused', error.message)
      : asFailure(error, secrets)
  }
}

function kindOfCallback(error: string): ReturnType<typeof kindOfError> {
  const kind = kindOfError(error)
  return kind === 'grant-gone' ? 'refused' : kind
}
