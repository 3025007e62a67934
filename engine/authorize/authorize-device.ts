import type { Target } from '../model/target.ts'
import { requestDeviceCode } from '../oauth/device-authorization.ts'
import { type DeviceWait, deviceTokens } from '../oauth/device-tokens.ts'
import { resolveClient } from '../oauth/resolve-client.ts'
import { type Authorized, asRefusal, proven } from './authorized.ts'
import { cancelled, timedOut } from './nobody-authorized.ts'
import { type OAuthOptions, oauth2Target } from './oauth-options.ts'

/** What a person needs to authorize on another device. */
export interface ShownCode {
  readonly userCode: string
  readonly verificationUri: string
  /** The address with the code in it; null where the provider gives none. */
  readonly complete: string | null
  /** Seconds for which the code can be entered. */
  readonly expiresIn: number
}

export interface DeviceOptions extends OAuthOptions {
  readonly onCode: (shown: ShownCode) => void | Promise<void>
  /** Waits between two questions to the provider; with timers if not given. */
  readonly sleep?: DeviceWait['sleep']
}

/**
 * Authorizes with a code that the person enters in a browser on any device (RFC 8628). Throws a Refusal: AUTHORIZATION_TIMEOUT when
 * the code has run out, AUTHORIZATION_DENIED when the person said no.
 */
export async function authorizeDevice(
  anyTarget: Target,
  options: DeviceOptions
): Promise<Authorized> {
  const target = oauth2Target(anyTarget)
  const { clock, signal, sleep } = options
  const client = await resolveClient(target, options.resolve)
  if (signal?.aborted === true) throw cancelled(target)
  return asRefusal(target, async () => {
    const device = await requestDeviceCode(target, client, clock)
    const expiresIn = Math.round((device.expiresAt.getTime() - clock.now().getTime()) / 1000)
    const { userCode, verificationUri, verificationUriComplete: complete } = device
    await options.onCode({ userCode, verificationUri, complete, expiresIn })
    await options.onGrantRequested?.()
    const grant = await deviceTokens(target, client, { device, clock, signal, sleep })
    if (grant === 'expired') throw timedOut(target, expiresIn)
    if (grant === 'cancelled') throw cancelled(target)
    const { secret, granted, identity } = grant
    return proven(target, { secret, granted, clientId: client.id }, identity)
  })
}
