import type { Target } from '../model/target.ts'
import { authorizeInOwnName } from './authorize-in-own-name.ts'
import type { Authorized } from './authorized.ts'
import type { OAuthOptions } from './oauth-options.ts'

/**
 * Authorizes with the client's own right (RFC 6749, section 4.4): nobody is asked. Throws a Refusal; GRANT_NOT_FOR_USERS for a
 * connection of logged-in users, whom such a token is not for.
 */
export function authorizeClientCredentials(
  target: Target,
  options: OAuthOptions
): Promise<Authorized> {
  return authorizeInOwnName('client_credentials', target, options)
}
