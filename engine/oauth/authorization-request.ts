import {
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomNonce,
  generateRandomState
} from 'oauth4webapi'
import { problem, Refusal } from '../model/diagnostic.ts'
import type { Clock } from '../model/ports.ts'
import { dpopHandle, newDpopKey } from './dpop.ts'
import { pushRequest } from './push-request.ts'
import type { OAuth2Target, OAuthClient } from './resolve-client.ts'
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
  /** What the id token must hold; null where none is asked for. */
  readonly nonce: string | null
  /** The private key that the code and its tokens are bound to, as a JWK's JSON text; null without DPoP. */
  readonly dpopKey: string | null
}

export interface Requesting {
  readonly client: OAuthClient
  readonly redirectUri: string
  readonly clock: Clock
}

/**
 * Makes an authorization request with new random values (RFC 6749, section 4.1.1; RFC 7636, section 4.3; OpenID Connect Core 1.0,
 * section 3.1.2.1; RFC 9449, section 10), and pushes it to the provider where the connector says so (RFC 9126). Throws a
 * ProviderFailure if it is not taken, or a Refusal if an address may not be used.
 */
export async function authorizationRequest(
  target: OAuth2Target,
  { client, redirectUri, clock }: Requesting
): Promise<AuthorizationRequest> {
  const { way, need } = target
  if (way.authorizeUrl === undefined || !isSafe(way.authorizeUrl)) throw unsafe(target)
  const state = generateRandomState()
  const codeVerifier = way.pkce === 'S256' ? generateRandomCodeVerifier() : null
  const nonce = need.scopes.includes('openid') ? generateRandomNonce() : null
  const dpopKey = way.dpop === true ? await newDpopKey() : null
  const scope = need.scopes.join(way.scopeSeparator)
  const parameters = {
    ...way.authorizeParameters,
    response_type: 'code',
    client_id: client.id,
    redirect_uri: redirectUri,
    ...(scope === '' ? {} : { scope }),
    state,
    ...(nonce === null ? {} : { nonce }),
    ...(codeVerifier === null ? {} : await challenge(codeVerifier)),
    ...(dpopKey === null
      ? {}
      : { dpop_jkt: await (await dpopHandle(dpopKey)).calculateThumbprint() })
  }
  const secrets = [state, nonce ?? '', codeVerifier ?? '']
  const sent =
    way.pushedUrl === undefined
      ? parameters
      : {
          client_id: client.id,
          request_uri: await pushRequest(target, client, parameters, { secrets, clock })
        }
  const url = withQuery(way.authorizeUrl, sent)
  return { url, redirectUri, state, codeVerifier, nonce, dpopKey }
}

async function challenge(codeVerifier: string): Promise<Readonly<Record<string, string>>> {
  return {
    code_challenge: await calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256'
  }
}

function withQuery(address: string, parameters: Readonly<Record<string, string>>): string {
  const url = new URL(address)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  // A space as %20 is read alike by all; some services read the plus sign as itself.
  url.search = url.search.replaceAll('+', '%20')
  return url.href
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
