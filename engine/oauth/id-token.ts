import { getValidatedIdTokenClaims, type TokenEndpointResponse } from 'oauth4webapi'
import { cleanText, oneLine } from './clean-text.ts'
import { valueAt } from './json-pointer.ts'
import type { OAuth2Target } from './resolve-client.ts'
import type { FoundAccount } from './test-request.ts'

/**
 * The account that the answer's id token names, by the connector's rule. The token came from the token endpoint itself and has been
 * checked (OpenID Connect Core 1.0, section 3.1.3.7). Unknown where there is none.
 */
export function identityIn(
  { way }: OAuth2Target,
  answer: TokenEndpointResponse | null
): FoundAccount {
  const claims = answer?.id_token === undefined ? undefined : getValidatedIdTokenClaims(answer)
  if (answer === null || claims === undefined || way.identity === undefined) {
    return { id: null, name: null }
  }
  const { id, name } = way.identity
  const { access_token, refresh_token = '', id_token = '' } = answer
  const secrets = [access_token, refresh_token, id_token].filter(each => each !== '')
  return {
    id: claimText(valueAt(claims, id), secrets),
    name: name === undefined ? null : claimText(valueAt(claims, name), secrets)
  }
}

/** Shown to people and recorded in state, so in one line, not without end, and never the credential. */
function claimText(value: unknown, secrets: readonly string[]): string | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null
  const text = oneLine(String(value))
  if (text === '' || cleanText(text, secrets) !== cleanText(text, [])) return null
  return text.slice(0, 200)
}
