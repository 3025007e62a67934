import {
  AuthorizationResponseError,
  OperationProcessingError,
  validateAuthResponse
} from 'oauth4webapi'
import { authorizationServer } from './ask-token-endpoint.ts'
import { asFailure, errorText } from './classify-answer.ts'
import { kindOfError, ProviderFailure } from './provider-failure.ts'
import { clientSecrets, type OAuth2Target, type OAuthClient } from './resolve-client.ts'

/**
 * Why something that came to the redirect address is no answer to a request.
 * - `state`: it belongs to another attempt, or to none (RFC 6749, section 10.12)
 * - `issuer`: another provider answers than the one that was asked (RFC 9207, section 2.4)
 * - `malformed`: it is neither one code nor one error (RFC 6749, sections 4.1.2 and 4.1.2.1)
 */
export type CallbackFault = 'state' | 'issuer' | 'malformed'

/**
 * null if it is the answer. Whoever waits for an answer goes on waiting after a fault: what was made up or misdirected must not end
 * the wait for the right one, not even where its maker has learnt the state.
 */
export function callbackFault(
  { way }: OAuth2Target,
  state: string,
  callback: URLSearchParams
): CallbackFault | null {
  if (!isOnly(callback.getAll('state'), each => isSame(each, state))) return 'state'
  const issuers = callback.getAll('iss')
  // Without an issuer in the connector there is nothing to compare it with.
  if (way.issuer !== undefined && issuers.some(each => each !== way.issuer)) return 'issuer'
  const [errors, codes] = [callback.getAll('error'), callback.getAll('code')]
  const answers = errors.length > 0 ? errors : codes
  const isPlain = ['response', 'id_token', 'token'].every(name => !callback.has(name))
  return isPlain && issuers.length <= 1 && isOnly(answers, each => each !== '') ? null : 'malformed'
}

/** In a time that tells nothing about where they differ. */
function isSame(given: string, state: string): boolean {
  const encoder = new TextEncoder()
  const [a, b] = [encoder.encode(given), encoder.encode(state)]
  if (a.length !== b.length) return false
  return a.reduce((difference, byte, index) => difference | (byte ^ (b[index] ?? 0)), 0) === 0
}

function isOnly(values: readonly string[], fits: (value: string) => boolean): boolean {
  return values.length === 1 && values.every(fits)
}

/**
 * The answer to an authorization request, for the library to exchange. Throws a ProviderFailure if it is none, or an error; what
 * of it is secret is masked.
 */
export function checkedCallback(
  target: OAuth2Target,
  client: OAuthClient,
  state: string,
  callback: URLSearchParams
): URLSearchParams {
  const fault = callbackFault(target, state, callback)
  if (fault !== null) throw new ProviderFailure('refused', faults[fault])
  const parameters = new URLSearchParams(callback)
  if (target.way.issuer === undefined) parameters.delete('iss')
  const secrets = [state, ...callback.getAll('code'), ...clientSecrets(client)]
  const server = authorizationServer(target.way)
  try {
    return validateAuthResponse(server, { client_id: client.id }, parameters, state)
  } catch (error) {
    if (error instanceof AuthorizationResponseError) {
      const said = errorText(error.error, error.error_description, secrets)
      const code = errorText(error.error, '', secrets)
      throw new ProviderFailure(kindOfCallback(error.error), said, code)
    }
    throw error instanceof OperationProcessingError
      ? new ProviderFailure('refused', error.message)
      : asFailure(error, secrets)
  }
}

const faults: Readonly<Record<CallbackFault, string>> = {
  state: 'the answer belongs to another attempt',
  issuer: 'the answer comes from another provider than the one that was asked',
  malformed: 'the answer to the authorization request must have one code'
}

/** There is no grant yet that could be gone. */
function kindOfCallback(error: string): ReturnType<typeof kindOfError> {
  const kind = kindOfError(error)
  return kind === 'grant-gone' ? 'refused' : kind
}
