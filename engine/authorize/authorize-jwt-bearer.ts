import type { Target } from '../model/target.ts'
import { authorizeInOwnName } from './authorize-in-own-name.ts'
import type { Authorized } from './authorized.ts'
import type { OAuthOptions } from './oauth-options.ts'

/**
 * Authorizes with an assertion that the client's private key signs (RFC 7523, section 2.1): nobody is asked. Throws a Refusal;
 * GRANT_NOT_FOR_USERS for a connection of logged-in users, SIGNING_KEY_INVALID for a key that cannot sign.
 */
export function authorizeJwtBearer(target: Target, options: OAuthOptions): Promise<Authorized> {
  return authorizeInOwnName('jwt_bearer', target, options)
}
