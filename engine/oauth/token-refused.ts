/** As much of an answer as says what became of the token that it answers to. */
export interface TokenAnswering {
  readonly status: number
  readonly headers: Pick<Headers, 'get'>
}

/**
 * Whether a service says that an access token is not valid (RFC 6750, section 3.1), so that a fresh one may help: 401, or another
 * refusal that says so. Not where it lacks a scope, or a proof lacks the nonce.
 */
export function isTokenRefused(answer: TokenAnswering): boolean {
  const { status } = answer
  if (status < 400 || status > 499 || dpopNonceAsked(answer) !== null) return false
  const error = challengeError(answer)
  return error === 'invalid_token' || (status === 401 && error !== 'insufficient_scope')
}

/** The nonce that a service wants to see in the proof of a key (RFC 9449, section 9); null where it asks for none. */
export function dpopNonceAsked(answer: TokenAnswering): string | null {
  const isAsked = answer.status === 401 && challengeError(answer) === 'use_dpop_nonce'
  return isAsked ? answer.headers.get('dpop-nonce') : null
}

/** The error of the WWW-Authenticate header (RFC 6750, section 3); null where it has none. */
function challengeError({ headers }: TokenAnswering): string | null {
  const challenge = headers.get('www-authenticate') ?? ''
  return /(?:^|[\s,])error\s*=\s*"?([a-z_]{1,50})/i.exec(challenge)?.[1]?.toLowerCase() ?? null
}
