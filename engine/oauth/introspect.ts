import {
  allowInsecureRequests,
  customFetch,
  type IntrospectionResponse,
  introspectionRequest,
  processIntrospectionResponse
} from 'oauth4webapi'
import { isLoopback } from '../model/address.ts'
import type { OAuth2Secret } from '../model/credential.ts'
import type { StringMap } from '../model/generated/types.ts'
import type { Clock } from '../model/ports.ts'
import { sortedUnique } from '../model/record.ts'
import { authorizationServer } from './ask-token-endpoint.ts'
import { checkDestination } from './check-destination.ts'
import { asFailure } from './classify-answer.ts'
import { clientAuthentication } from './client-authentication.ts'
import { openAddress } from './open-address.ts'
import { ProviderFailure } from './provider-failure.ts'
import { clientSecrets, type OAuth2Target, type OAuthClient } from './resolve-client.ts'
import { endpointFetch } from './token-fetch.ts'

/** What a service knows of a token. */
export interface Introspection {
  readonly active: boolean
  /** RFC 3339; null where it does not say. */
  readonly expiresAt: string | null
  /** Sorted; null where it does not say. */
  readonly scopes: readonly string[] | null
}

/**
 * Asks what the service knows of the access token (RFC 7662). null where the connector has no such endpoint. Throws a ProviderFailure, or a
 * Refusal, before anything is sent, if the address is not one the token may be sent to.
 */
export function introspect(
  target: OAuth2Target,
  client: OAuthClient,
  secret: OAuth2Secret,
  clock: Clock
): Promise<Introspection | null> {
  return ask(target, client, secret, { clock, token: secret.accessToken, additionalParameters: {} })
}

/** The same of the refresh token. null also where there is none. */
export async function introspectRefreshToken(
  target: OAuth2Target,
  client: OAuthClient,
  secret: OAuth2Secret,
  clock: Clock
): Promise<Introspection | null> {
  const { refreshToken: token } = secret
  if (token === null) return null
  const additionalParameters = { token_type_hint: 'refresh_token' }
  return ask(target, client, secret, { clock, token, additionalParameters })
}

interface Question {
  readonly token: string
  readonly additionalParameters: StringMap
  readonly clock: Clock
}

async function ask(
  target: OAuth2Target,
  client: OAuthClient,
  secret: OAuth2Secret,
  { token, additionalParameters, clock }: Question
): Promise<Introspection | null> {
  const { introspectionUrl } = target.way
  if (introspectionUrl === undefined) return null
  const url = openAddress(target, introspectionUrl, secret)
  checkDestination(target, url)
  const server = { ...authorizationServer(target.way), introspection_endpoint: url }
  const named = { client_id: client.id }
  const secrets = [secret.accessToken, secret.refreshToken ?? '', ...clientSecrets(client)]
  const options = {
    additionalParameters,
    [customFetch]: endpointFetch({ secrets, clock }),
    [allowInsecureRequests]: isLoopback(new URL(url).hostname)
  }
  try {
    const authentication = clientAuthentication(target, client, url)
    const response = await introspectionRequest(server, named, authentication, token, options)
    return read(await processIntrospectionResponse(server, named, response))
  } catch (thrown) {
    const error = asFailure(thrown, secrets)
    throw error instanceof ProviderFailure ? withoutVerdict(error) : error
  }
}

/** An error of this endpoint speaks of the request (RFC 7662, section 2.3), so it never says that a grant is gone. */
function withoutVerdict(failure: ProviderFailure): ProviderFailure {
  const { kind, message, error, retryAfterMs } = failure
  return kind === 'grant-gone'
    ? new ProviderFailure('refused', message, error, retryAfterMs)
    : failure
}

function read({ active, exp, scope }: IntrospectionResponse): Introspection {
  return { active, expiresAt: expiryOf(exp), scopes: scopesOf(scope) }
}

/** Some services send the number as text. */
function expiryOf(exp: unknown): string | null {
  const seconds = typeof exp === 'string' && exp.trim() !== '' ? Number(exp) : exp
  const date = new Date(typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : Number.NaN)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

function scopesOf(scope: unknown): readonly string[] | null {
  const listed = Array.isArray(scope)
    ? scope
    : typeof scope === 'string'
      ? scope.split(/[\s,]+/)
      : []
  const scopes = listed.filter(
    (each): each is string => typeof each === 'string' && /^[\u0021-\u007e]+$/.test(each)
  )
  return scopes.length === 0 ? null : sortedUnique(scopes)
}
