import {
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomState
} from 'oauth4webapi'
import { problem, Refusal } from '../model/diagnostic.ts'
import type { OAuth2Target } from './resolve-client.ts'
import { isSafe } from './send-request.ts'

/** An authorization that a person has been asked for. Secret: whoever knows it can take part in it. */
export interface AuthorizationRequest {
  /** Where the person goes. */
  readonly url: string
  readonly redirectUri: string
  /** What the answer must bring back, once. */
  readonly state: string
  /** null without PKCE. */
  readonly codeVerifier: string | null
}

/** Makes an authorization request with new random values (RFC 6749, section 4.1.1; RFC 7636, section 4.3). */
export async function authorizationRequest(
  target: OAuth2Target,
  clientId: string,
  redirectUri: string
): Promise<AuthorizationRequest> {
  const { way, need } = target
  if (!isSafe(way.authorizeUrl)) throw unsafe(target)
  const state = generateRandomState()
  const codeVerifier = way.pkce === 'S256' ? generateRandomCodeVerifier() : null
  const scope = need.scopes.join(way.scopeSeparator)
  const parameters = {
    ...way.authorizeParameters,
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    ...(scope === '' ? {} : { scope }),
    state,
    ...(codeVerifier === null ? {} : await challenge(codeVerifier))
  }
  const url = new URL(way.authorizeUrl)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return { url: url.href, redirectUri, state, codeVerifier }
}

async function challenge(codeVerifier: string): Promise<Readonly<Record<string, string>>> {
  return {
    code_challenge: await calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256'
  }
}

function unsafe({ linkName, need }: OAuth2Target): Refusal {
  return new Refusal(
    problem(
      'ADDRESS_UNSAFE',
      'An address is neither https nor on this machine',
      `The authorization address of connection "${linkName}" must be https, or http on a loopback address. ` +
        'Check the connector and the parameters:\n' +
        `    tieline connectors show ${need.basis.connector}`
    )
  )
}
