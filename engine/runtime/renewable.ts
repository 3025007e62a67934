import type { Credential } from '../model/credential.ts'
import { isOwnRight } from '../model/grants.ts'
import type { Target } from '../model/target.ts'

/** Whether tokens are got without a person, and again in the same way: then nothing is lost with a token. */
export function isOwnGrant({ way }: Target): boolean {
  return way.kind === 'oauth2' && isOwnRight(way)
}

/** Whether a new access token can be had without a person. */
export function isRenewable(secret: Credential['secret'], target: Target): boolean {
  return isOwnGrant(target) || (secret.kind === 'oauth2' && secret.refreshToken !== null)
}
