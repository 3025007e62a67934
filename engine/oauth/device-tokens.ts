import { deviceCodeGrantRequest, processDeviceCodeResponse } from 'oauth4webapi'
import type { Clock } from '../model/ports.ts'
import { askTokenEndpoint, type TokenEndpointRequest } from './ask-token-endpoint.ts'
import type { DeviceAuthorization } from './device-authorization.ts'
import { dpopHandle, newDpopKey } from './dpop.ts'
import type { ConsentGrant } from './exchange-code.ts'
import { identityIn } from './id-token.ts'
import { ProviderFailure } from './provider-failure.ts'
import { readTokens } from './read-tokens.ts'
import type { OAuth2Target, OAuthClient } from './resolve-client.ts'

export interface DeviceWait {
  readonly device: DeviceAuthorization
  readonly clock: Clock
  /** Ends the wait. A question that is on its way is finished: its answer may hold the tokens. */
  readonly signal?: AbortSignal | undefined
  /** Resolves after that many milliseconds, or when the signal comes. */
  readonly sleep?: ((ms: number, signal?: AbortSignal) => Promise<void>) | undefined
}

/** Seconds; beyond this a provider that does not answer is not left alone for longer. */
const longestPause = 60

/**
 * Asks for the tokens until the person has decided (RFC 8628, sections 3.4 and 3.5). `expired` and `cancelled` say that nobody has.
 * Throws a ProviderFailure if the person said no or the provider will not go on; where it cannot be reached the wait goes on.
 */
export async function deviceTokens(
  target: OAuth2Target,
  client: OAuthClient,
  wait: DeviceWait
): Promise<ConsentGrant | 'expired' | 'cancelled'> {
  const { device, clock, signal, sleep = sleepFor } = wait
  const dpopKey = target.way.dpop === true ? await newDpopKey() : null
  const dpop = dpopKey === null ? null : await dpopHandle(dpopKey)
  const request = { secrets: [device.deviceCode], clock, dpop }
  let { interval } = device
  let pause = interval
  for (;;) {
    await sleep(pause * 1000, signal)
    if (signal?.aborted === true) return 'cancelled'
    const askedAt = clock.now()
    if (askedAt >= device.expiresAt) return 'expired'
    const answer = await askOnce(target, client, device.deviceCode, request)
    switch (answer.outcome) {
      case 'tokens': {
        const grant = readTokens(target, answer.tokens, { askedAt, dpopKey })
        return { ...grant, identity: identityIn(target, answer.tokens) }
      }
      case 'expired_token':
        return 'expired'
      case 'slow_down':
        interval += 5
        pause = interval
        break
      case 'authorization_pending':
        pause = interval
        break
      case 'no answer':
        pause = Math.max(Math.min(pause * 2, longestPause), answer.retryAfterMs / 1000)
    }
  }
}

type Answer =
  | { readonly outcome: 'tokens'; readonly tokens: Awaited<ReturnType<typeof askTokenEndpoint>> }
  | { readonly outcome: 'authorization_pending' | 'slow_down' | 'expired_token' }
  | { readonly outcome: 'no answer'; readonly retryAfterMs: number }

async function askOnce(
  target: OAuth2Target,
  client: OAuthClient,
  deviceCode: string,
  request: TokenEndpointRequest
): Promise<Answer> {
  try {
    const tokens = await askTokenEndpoint(target, client, request, async endpoint => {
      const { server, client: named, authentication, options } = endpoint
      const response = await deviceCodeGrantRequest(
        server,
        named,
        authentication,
        deviceCode,
        options
      )
      return processDeviceCodeResponse(server, named, response)
    })
    return { outcome: 'tokens', tokens }
  } catch (error) {
    if (!(error instanceof ProviderFailure)) throw error
    switch (error.error) {
      case 'authorization_pending':
      case 'slow_down':
      case 'expired_token':
        return { outcome: error.error }
    }
    if (error.kind !== 'try-again') throw error
    return { outcome: 'no answer', retryAfterMs: error.retryAfterMs ?? 0 }
  }
}

function sleepFor(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
    if (signal?.aborted === true) done()
  })
}
