import type { OAuth2Way } from './generated/types.ts'

/** Whether the application acts for itself: no person signs in, and no refresh token is given (RFC 6749, 4.4; RFC 7523). */
export function isOwnRight({ grant }: Pick<OAuth2Way, 'grant'>): boolean {
  return grant === 'client_credentials' || grant === 'jwt_bearer'
}

/** Whether assertions are signed, so that `client.secret` refers to a private key. */
export function signsAssertions(way: Pick<OAuth2Way, 'grant' | 'clientAuthentication'>): boolean {
  return way.clientAuthentication === 'private_key_jwt' || way.grant === 'jwt_bearer'
}
