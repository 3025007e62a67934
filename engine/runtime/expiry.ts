import type { OAuth2Secret } from '../model/credential.ts'

/** Time for the request that the token is wanted for. */
const marginSeconds = 60

/** Seconds that all access tokens of a service live (`accessTokenLifetime`): it counts where the answer named no end. */
export type UsualLifetime = number | undefined

/**
 * Whether an access token is to be renewed: in its last minute, or in the last tenth of a life shorter than ten minutes. One
 * that nobody knows the end of is not.
 */
export function isExpiring(secret: OAuth2Secret, usual: UsualLifetime, now: Date): boolean {
  const lifetime = secret.lifetime ?? usual ?? Number.POSITIVE_INFINITY
  const margin = Math.min(marginSeconds, lifetime / 10) * 1000
  return (endOf(secret, usual) ?? Number.POSITIVE_INFINITY) - margin <= now.getTime()
}

/** Whether it has run out for good. */
export function hasExpired(secret: OAuth2Secret, usual: UsualLifetime, now: Date): boolean {
  return (endOf(secret, usual) ?? Number.POSITIVE_INFINITY) <= now.getTime()
}

/** When it ends, in milliseconds since 1970; null where nobody knows. */
export function endOf(
  { expiresAt, obtainedAt }: OAuth2Secret,
  usual: UsualLifetime
): number | null {
  if (expiresAt !== null) return Date.parse(expiresAt)
  return usual === undefined ? null : Date.parse(obtainedAt) + usual * 1000
}
