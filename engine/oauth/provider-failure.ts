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
  /** How long the provider asks to be left alone, at most an hour; null where it does not say. */
  readonly retryAfterMs: number | null
  /** Whether the provider refused the request (400, 401 or 403) and said nothing at all about why. */
  readonly isWordless: boolean

  constructor(
    kind: FailureKind,
    message: string,
    error: string | null = null,
    retryAfterMs: number | null = null,
    isWordless = false
  ) {
    super(message)
    this.name = 'ProviderFailure'
    this.kind = kind
    this.error = error
    this.retryAfterMs = retryAfterMs
    this.isWordless = isWordless
  }
}

/** Codes beside those of RFC 6749, section 5.2, that services use for the same. */
const kinds: Readonly<Record<string, FailureKind>> = {
  invalid_grant: 'grant-gone',
  invalid_code: 'grant-gone',
  code_expired: 'grant-gone',
  bad_verification_code: 'grant-gone',
  // RFC 8628, section 3.5.
  expired_token: 'grant-gone',
  invalid_token: 'grant-gone',
  invalid_refresh_token: 'grant-gone',
  bad_refresh_token: 'grant-gone',
  expired_refresh_token: 'grant-gone',
  refresh_token_expired: 'grant-gone',
  token_expired: 'grant-gone',
  token_revoked: 'grant-gone',
  // Nothing but the person in front of a browser helps (OpenID Connect Core 1.0, section 3.1.2.6).
  interaction_required: 'grant-gone',
  login_required: 'grant-gone',
  consent_required: 'grant-gone',
  invalid_client: 'client-wrong',
  unauthorized_client: 'client-wrong',
  invalid_client_id: 'client-wrong',
  bad_client_id: 'client-wrong',
  invalid_client_secret: 'client-wrong',
  bad_client_secret: 'client-wrong',
  incorrect_client_credentials: 'client-wrong',
  server_error: 'try-again',
  internal_error: 'try-again',
  internal_failure: 'try-again',
  temporarily_unavailable: 'try-again',
  service_unavailable: 'try-again',
  // RFC 8628, section 3.5.
  authorization_pending: 'try-again',
  slow_down: 'try-again',
  rate_limited: 'try-again',
  ratelimited: 'try-again',
  rate_limit_exceeded: 'try-again',
  too_many_requests: 'try-again'
}

/** The kind of failure that a provider's error code stands for. */
export function kindOfError(error: string): FailureKind {
  const code = error.trim().toLowerCase()
  return Object.hasOwn(kinds, code) ? (kinds[code] ?? 'refused') : 'refused'
}
