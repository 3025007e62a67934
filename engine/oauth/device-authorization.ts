import {
  allowInsecureRequests,
  customFetch,
  type DeviceAuthorizationResponse,
  deviceAuthorizationRequest,
  processDeviceAuthorizationResponse
} from 'oauth4webapi'
import { isLoopback } from '../model/address.ts'
import type { Clock } from '../model/ports.ts'
import { authorizationServer } from './ask-token-endpoint.ts'
import { checkDestination } from './check-destination.ts'
import { asFailure } from './classify-answer.ts'
import { oneLine } from './clean-text.ts'
import { clientAuthentication, withClientHint } from './client-authentication.ts'
import { ProviderFailure } from './provider-failure.ts'
import { clientSecrets, type OAuth2Target, type OAuthClient } from './resolve-client.ts'
import { isSafe } from './send-request.ts'
import { endpointFetch } from './token-fetch.ts'

/** A code that a person enters on another device. */
export interface DeviceAuthorization {
  /** Secret: whoever has it gets the tokens. */
  readonly deviceCode: string
  /** What the person enters. */
  readonly userCode: string
  /** Where. */
  readonly verificationUri: string
  /** The same with the code in it; null where the provider gives none. */
  readonly verificationUriComplete: string | null
  /** Seconds to wait between two questions. */
  readonly interval: number
  readonly expiresAt: Date
}

/** Seconds, where the provider does not say (RFC 8628, section 3.2). */
const usualInterval = 5
/** Seconds; the standard wants the provider to say. */
const usualLifetime = 600

/**
 * Asks the provider for a code (RFC 8628, section 3.1). Throws a ProviderFailure, or a Refusal if the connection may not send its
 * client's secret there.
 */
export async function requestDeviceCode(
  target: OAuth2Target,
  client: OAuthClient,
  clock: Clock
): Promise<DeviceAuthorization> {
  const { deviceUrl = '', authorizeParameters, scopeSeparator } = target.way
  checkDestination(target, deviceUrl)
  const secrets = clientSecrets(client)
  const server = authorizationServer(target.way)
  const scope = target.need.scopes.join(scopeSeparator)
  const fetching = endpointFetch({ secrets, clock })
  const askedAt = clock.now().getTime()
  try {
    const response = await deviceAuthorizationRequest(
      server,
      { client_id: client.id },
      clientAuthentication(target, client, deviceUrl),
      { ...authorizeParameters, ...(scope === '' ? {} : { scope }) },
      {
        [customFetch]: async (url, request) => mended(await fetching(url, request)),
        [allowInsecureRequests]: isLoopback(new URL(deviceUrl).hostname)
      }
    )
    const read = await processDeviceAuthorizationResponse(
      server,
      { client_id: client.id },
      response
    )
    return deviceAuthorization(read, askedAt)
  } catch (error) {
    throw withClientHint(asFailure(error, secrets), target, client)
  }
}

/** Some say verification_url, numbers as text, or no lifetime. */
async function mended(response: Response): Promise<Response> {
  const text = await response.text()
  const { status } = response
  try {
    const body: Readonly<Record<string, unknown>> = { ...JSON.parse(text) }
    const { verification_uri, verification_url, interval, expires_in, ...rest } = body
    return Response.json(
      {
        ...rest,
        verification_uri: verification_uri ?? verification_url,
        interval: positive(interval, usualInterval),
        expires_in: positive(expires_in, usualLifetime)
      },
      { status, headers: response.headers }
    )
  } catch {
    return new Response(text, { status, headers: response.headers })
  }
}

function positive(value: unknown, usual: number): number {
  const number = Number(value)
  return Number.isFinite(number) && number > 0 ? Math.min(number, 24 * 3600) : usual
}

function deviceAuthorization(
  read: DeviceAuthorizationResponse,
  askedAt: number
): DeviceAuthorization {
  const { verification_uri: address, verification_uri_complete: complete } = read
  const userCode = oneLine(read.user_code)
  // Shown to a person, who will open it.
  if (!isSafe(address) || userCode === '' || userCode.length > 100) {
    const message = 'the code, or the address to enter it at, is not one that can be shown'
    throw new ProviderFailure('broken-answer', message)
  }
  return {
    deviceCode: read.device_code,
    userCode,
    verificationUri: new URL(address).href,
    verificationUriComplete:
      complete === undefined || !isSafe(complete) ? null : new URL(complete).href,
    interval: read.interval ?? usualInterval,
    expiresAt: new Date(askedAt + read.expires_in * 1000)
  }
}
