import type { OAuth2Secret } from '../model/credential.ts'

/** Time for the request that the token is wanted for. */
const marginSeconds = 60

/**
 * Whether an access token has run out, or is about to: in its last minute, or in the last tenth of a life shorter than ten
 * minutes. One that nobody knows the end of has not.
 */
export function isExpired(secret: OAuth2Secret, now: Date): boolean {
  if (secret.expiresAt === null) return false
  const lifetime = secret.lifetime ?? Number.POSITIVE_INFINITY
  const margin = Math.min(marginSeconds, lifetime / 10) * 1000
  return Date.parse(secret.expiresAt) - margin <= now.getTime()
}
