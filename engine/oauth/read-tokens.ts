import type { TokenEndpointResponse } from 'oauth4webapi'
import type { OAuth2Secret } from '../model/credential.ts'
import { learnAddresses, relearnAddresses } from './learnt-addresses.ts'
import type { OAuth2Target } from './resolve-client.ts'

/** What a token endpoint gave. */
export interface TokenGrant {
  readonly secret: OAuth2Secret
  /** Scopes granted, sorted. */
  readonly granted: readonly string[]
}

/**
 * Reads the tokens of an answer. `previous` is the secret that was refreshed: what the answer leaves out goes on as before
 * (RFC 6749, section 6).
 */
export function readTokens(
  target: OAuth2Target,
  answer: TokenEndpointResponse,
  now: Date,
  previous: OAuth2Secret | null
): TokenGrant {
  const lifetime = answer.expires_in ?? target.way.accessTokenLifetime ?? null
  const learnt =
    previous === null
      ? learnAddresses(target, answer)
      : relearnAddresses(target, answer, previous.learnt)
  return {
    secret: {
      kind: 'oauth2',
      accessToken: answer.access_token,
      refreshToken: answer.refresh_token ?? previous?.refreshToken ?? null,
      expiresAt: lifetime === null ? null : new Date(now.getTime() + lifetime * 1000).toISOString(),
      learnt,
      lifetime
    },
    granted: grantedScopes(answer, target.need.scopes)
  }
}

/** An answer without scopes grants what was asked (RFC 6749, section 5.1). They are recorded, so a token is none of them. */
function grantedScopes(
  { scope = '', access_token, refresh_token = '' }: TokenEndpointResponse,
  asked: readonly string[]
): readonly string[] {
  const tokens = [access_token, refresh_token]
  const scopes = scope.split(/[\s,]+/).filter(each => each !== '' && !tokens.includes(each))
  return scopes.length === 0 ? asked : [...new Set(scopes)].sort()
}
