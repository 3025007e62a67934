import type { TokenEndpointResponse } from 'oauth4webapi'
import type { OAuth2Secret } from '../model/credential.ts'
import { sortedUnique } from '../model/record.ts'
import { learnAddresses, relearnAddresses } from './learnt-addresses.ts'
import { longestLifetime } from './normalise-answer.ts'
import type { OAuth2Target } from './resolve-client.ts'

/** What a token endpoint gave. */
export interface TokenGrant {
  readonly secret: OAuth2Secret
  /** Scopes granted, sorted. */
  readonly granted: readonly string[]
}

/** What an answer alone does not say. */
export interface TokenRequest {
  /** Taken before the request, so that a slow answer shortens the lifetime rather than stretching it. */
  readonly askedAt: Date
  /** The secret that was refreshed: what the answer leaves out goes on as before (RFC 6749, section 6). null for a first one. */
  readonly previous?: OAuth2Secret | null
  /** What came to the redirect address, where there was one. */
  readonly callback?: URLSearchParams | null
  /** The private key that the tokens are bound to, as a JWK's JSON text; null for bearer tokens. */
  readonly dpopKey?: string | null
}

/** Reads the tokens of an answer. Throws a Refusal if a first answer names a host or value that the connector does not allow. */
export function readTokens(
  target: OAuth2Target,
  answer: TokenEndpointResponse,
  { askedAt, previous = null, callback = null, dpopKey = null }: TokenRequest
): TokenGrant {
  const lifetime = answer.expires_in ?? target.way.accessTokenLifetime ?? null
  const scopes = scopesIn(answer, previous) ?? previous?.scopes ?? sortedUnique(target.need.scopes)
  const secret: OAuth2Secret = {
    kind: 'oauth2',
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token ?? previous?.refreshToken ?? null,
    obtainedAt: askedAt.toISOString(),
    expiresAt: lifetime === null ? null : after(askedAt, lifetime),
    lifetime,
    scopes,
    learnt:
      previous === null
        ? learnAddresses(target, { token: answer, callback })
        : relearnAddresses(target, answer, previous.learnt),
    dpopKey
  }
  return { secret, granted: scopes }
}

function after(start: Date, seconds: number): string {
  return new Date(start.getTime() + Math.min(seconds, longestLifetime) * 1000).toISOString()
}

/**
 * The scopes that an answer names; null where it names none, which grants what was asked (RFC 6749, section 5.1). They are recorded and
 * shown, so a token is none of them, nor is what the standard's grammar does not know (section 3.3).
 */
function scopesIn(
  { scope = '', access_token, refresh_token = '' }: TokenEndpointResponse,
  previous: OAuth2Secret | null
): readonly string[] | null {
  const tokens = [access_token, refresh_token, previous?.accessToken, previous?.refreshToken]
  const scopes = scope
    .split(/[\s,]+/)
    .filter(each => /^[\u0021-\u007e]+$/.test(each) && !tokens.includes(each))
  return scopes.length === 0 ? null : sortedUnique(scopes)
}
