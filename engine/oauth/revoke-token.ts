import { allowInsecureRequests, customFetch, revocationRequest } from 'oauth4webapi'
import { isLoopback } from '../model/address.ts'
import type { OAuth2Secret } from '../model/credential.ts'
import type { Clock } from '../model/ports.ts'
import { authorizationServer } from './ask-token-endpoint.ts'
import { checkDestination } from './check-destination.ts'
import { asFailure, failureOf } from './classify-answer.ts'
import { clientAuthentication } from './client-authentication.ts'
import { normaliseAnswer } from './normalise-answer.ts'
import { openAddress } from './open-address.ts'
import { type FailureKind, ProviderFailure } from './provider-failure.ts'
import { clientSecrets, type OAuth2Target, type OAuthClient } from './resolve-client.ts'
import { type SentCredential, sendCredential } from './send-credential.ts'
import { sendRequest } from './send-request.ts'
import { endpointFetch } from './token-fetch.ts'

/** What became of tokens at the service. A reason is fit to be shown. */
export type Revocation =
  | { readonly outcome: 'revoked' }
  /** The service has no way to revoke. */
  | { readonly outcome: 'not-offered' }
  | { readonly outcome: 'refused'; readonly kind: FailureKind; readonly reason: string }

/**
 * Ends tokens at the service: by RFC 7009, or by the connector's own verb. The refresh token first, so that no new access token can
 * come; then the access token where each has to be ended by itself. A token that the service does not know is as good as ended.
 * Throws a Refusal, before anything is sent, if the address is not one the tokens may be sent to.
 */
export async function revokeToken(
  target: OAuth2Target,
  client: OAuthClient,
  secret: OAuth2Secret,
  clock: Clock
): Promise<Revocation> {
  const { revocation } = target.way
  if (revocation.ends === 'none' || revocation.url === undefined) return { outcome: 'not-offered' }
  const url = openAddress(target, revocation.url, secret, { client_id: client.id })
  checkDestination(target, url)
  const request = { client, secret, clock, url }
  for (const [name, token] of tokensToEnd(target, secret)) {
    const failure = await endToken(target, request, token)
    if (failure !== null) {
      const { kind, message } = failure
      return { outcome: 'refused', kind, reason: `the ${name} token was not ended: ${message}` }
    }
  }
  return { outcome: 'revoked' }
}

type NamedToken = readonly [name: 'refresh' | 'access', token: string]

function tokensToEnd(
  { way }: OAuth2Target,
  { refreshToken, accessToken }: OAuth2Secret
): readonly NamedToken[] {
  const { token, ends } = way.revocation
  const access: NamedToken = ['access', accessToken]
  if (token === 'access' || refreshToken === null) return [access]
  const refresh: NamedToken = ['refresh', refreshToken]
  return ends === 'token' && token === undefined ? [refresh, access] : [refresh]
}

interface EndRequest {
  readonly client: OAuthClient
  readonly secret: OAuth2Secret
  readonly clock: Clock
  readonly url: string
}

/** null once the service will not take the token any more. */
async function endToken(
  target: OAuth2Target,
  request: EndRequest,
  token: string
): Promise<ProviderFailure | null> {
  const { secret, client } = request
  const tokens = [token, secret.accessToken, secret.refreshToken ?? '']
  const secrets = [...tokens, ...clientSecrets(client)]
  try {
    if (isStandard(target)) await byStandard(target, request, token, secrets)
    else await byOwnVerb(target, request, token, secrets)
    return null
  } catch (thrown) {
    const error = asFailure(thrown, secrets)
    if (!(error instanceof ProviderFailure)) throw error
    return error.kind === 'grant-gone' ? null : error
  }
}

function isStandard({ way }: OAuth2Target): boolean {
  const { method = 'POST', in: place = 'form', parameter = 'token', client = true } = way.revocation
  return method === 'POST' && place === 'form' && parameter === 'token' && client
}

/** RFC 7009, section 2.1. */
async function byStandard(
  target: OAuth2Target,
  { client, clock, url }: EndRequest,
  token: string,
  secrets: readonly string[]
): Promise<void> {
  await revocationRequest(
    { ...authorizationServer(target.way), revocation_endpoint: url },
    { client_id: client.id },
    clientAuthentication(target, client, url),
    token,
    {
      [customFetch]: endpointFetch({ secrets, clock }),
      [allowInsecureRequests]: isLoopback(new URL(url).hostname)
    }
  )
}

async function byOwnVerb(
  target: OAuth2Target,
  request: EndRequest,
  token: string,
  secrets: readonly string[]
): Promise<void> {
  const { method = 'POST', in: place = 'form', parameter = 'token' } = target.way.revocation
  const carried = place === 'credential' ? await asCredential(target, request, token) : nothing
  const headers = new Headers({ Accept: 'application/json', 'User-Agent': 'tieline' })
  for (const [name, value] of Object.entries(carried.headers)) headers.set(name, value)
  const members = await clientMembers(target, request, headers)
  if (place === 'form' || place === 'json') members.set(parameter, token)
  const query = new URLSearchParams(carried.query)
  if (place === 'query') query.set(parameter, token)
  // A GET has no body.
  if (method === 'GET') for (const [name, value] of members) query.set(name, value)
  const body = method === 'GET' ? null : written(members, place === 'json', headers)
  const url = new URL(request.url)
  for (const [name, value] of query) url.searchParams.set(name, value)
  const answer = await sendRequest(url.href, {
    method,
    headers: Object.fromEntries(headers),
    ...(body === null ? {} : { body })
  })
  const failure = failureOf(answer, normaliseAnswer(answer), { secrets, clock: request.clock })
  if (failure !== null) throw failure
}

const nothing: SentCredential = { headers: {}, query: {} }

/** The token as the request's own credential, with the headers that every request to the service needs. */
async function asCredential(
  target: OAuth2Target,
  { client, secret, url }: EndRequest,
  token: string
): Promise<SentCredential> {
  const { method = 'POST' } = target.way.revocation
  const named = { secret: { ...secret, accessToken: token }, clientId: client.id }
  const sent = await sendCredential(target, named, { method, url })
  return { headers: { ...target.api.headers, ...sent.headers }, query: sent.query }
}

/** How the client names itself: as parameters, or in a header that is set here. */
async function clientMembers(
  target: OAuth2Target,
  { client, url }: EndRequest,
  headers: Headers
): Promise<URLSearchParams> {
  const { in: place, client: isNamed = place !== 'credential' } = target.way.revocation
  const members = new URLSearchParams()
  if (!isNamed) return members
  const authenticate = clientAuthentication(target, client, url)
  await authenticate(authorizationServer(target.way), { client_id: client.id }, members, headers)
  return members
}

/** null without anything to write. */
function written(members: URLSearchParams, isJson: boolean, headers: Headers): string | null {
  if (members.size === 0) return null
  headers.set('Content-Type', isJson ? 'application/json' : 'application/x-www-form-urlencoded')
  return isJson ? JSON.stringify(Object.fromEntries(members)) : members.toString()
}
