/**
 * What went wrong between us and a provider.
 * - `grant-gone`: the code or refresh token is not valid any more
 * - `client-wrong`: the provider does not accept the OAuth2 client
 * - `try-again`: nobody answered, or the provider is overloaded or out of order; the grant still stands
 * - `broken-answer`: the answer cannot be understood
 * - `refused`: the provider, or the person there, said no
 */
export type FailureKind = 'grant-gone' | 'client-wrong' | 'try-again' | 'broken-answer' | 'refused'

/** A provider conversation that failed. Its message is fit to be shown: it holds no secret. */
export class ProviderFailure extends Error {
  readonly kind: FailureKind
  /** The provider's error code, for example `access_denied`; null where it gave none. */
  readonly error: string | null

  constructor(kind: FailureKind, message: string, error: string | null = null) {
    super(message)
    this.name = 'ProviderFailure'
    this.kind = kind
    this.error = error
  }
}

/** Codes beside those of RFC 6749, section 5.2, that services use for the same. */
const kinds: Readonly<Record<string, FailureKind>> = {
  invalid_grant: 'grant-gone',
  invalid_code: 'grant-gone',
  code_expired: 'grant-gone',
  bad_verification_code: 'grant-gone',
  invalid_refresh_token: 'grant-gone',
  bad_refresh_token: 'grant-gone',
  token_expired: 'grant-gone',
  token_revoked: 'grant-gone',
  invalid_client: 'client-wrong',
  unauthorized_client: 'client-wrong',
  invalid_client_id: 'client-wrong',
  bad_client_id: 'client-wrong',
  invalid_client_secret: 'client-wrong',
  bad_client_secret: 'client-wrong',
  incorrect_client_credentials: 'client-wrong',
  server_error: 'try-again',
  temporarily_unavailable: 'try-again',
  slow_down: 'try-again',
  rate_limited: 'try-again',
  ratelimited: 'try-again'
}

/** The kind of failure that a provider's error code stands for. */
export function kindOfError(error: string): FailureKind {
  return Object.hasOwn(kinds, error) ? (kinds[error] ?? 'refused') : 'refused'
}
