import type { OAuth2Secret } from '../model/credential.ts'
import { isOwnRight } from '../model/grants.ts'
import type { Clock } from '../model/ports.ts'
import { clientCredentialsTokens } from './client-credentials.ts'
import { jwtBearerTokens } from './jwt-bearer.ts'
import type { TokenGrant } from './read-tokens.ts'
import type { OAuth2Target, OAuthClient } from './resolve-client.ts'

export interface OwnRequest {
  readonly clock: Clock
  /** The secret that is renewed; null for a first one. */
  readonly previous?: OAuth2Secret | null
}

/** Asks for tokens that need no person. A refresh token is of no use then (RFC 6749, section 4.4.3), so none is kept. */
export async function ownTokens(
  target: OAuth2Target,
  client: OAuthClient,
  request: OwnRequest
): Promise<TokenGrant> {
  if (!isOwnRight(target.way)) throw new Error(`${target.way.grant} needs a person`)
  const ask = target.way.grant === 'jwt_bearer' ? jwtBearerTokens : clientCredentialsTokens
  const grant = await ask(target, client, request)
  return { ...grant, secret: { ...grant.secret, refreshToken: null } }
}
