import {
  OperationProcessingError,
  ResponseBodyError,
  UnsupportedOperationError,
  WWWAuthenticateChallengeError
} from 'oauth4webapi'
import type { Clock } from '../model/ports.ts'
import { cleanText, secretsIn } from './clean-text.ts'
import { type Members, type NormalAnswer, readBody } from './normalise-answer.ts'
import { type FailureKind, kindOfError, ProviderFailure } from './provider-failure.ts'
import type { Answer } from './send-request.ts'

const longestWaitMs = 3_600_000

export interface Classifying {
  /** What was sent and is secret. */
  readonly secrets: readonly string[]
  readonly clock: Clock
}

/** What failed according to an answer of a provider's endpoint; null for a success (RFC 6749, section 5.2). */
export function failureOf(
  answer: Answer,
  normal: NormalAnswer,
  { secrets: sent, clock }: Classifying
): ProviderFailure | null {
  const { status, body } = normal
  if (status >= 200 && status < 300) return null
  if (status >= 300 && status < 400) {
    return new ProviderFailure(
      'broken-answer',
      'the endpoint redirects elsewhere, and no redirect is followed with a credential'
    )
  }
  const retryAfterMs = retryAfter(answer, clock)
  const error = typeof body?.error === 'string' ? body.error : null
  if (body === null || error === null) {
    const isWordless = [400, 401, 403].includes(status) && saysNothing(answer, body)
    return new ProviderFailure(...withoutCode(answer), null, retryAfterMs, isWordless)
  }
  const secrets = [...sent, ...secretsIn(readBody(answer) ?? {})]
  const said = errorText(error, descriptionIn(body), secrets) || `status ${status}`
  const code = cleanText(error, secrets)
  return isOverloaded(status)
    ? new ProviderFailure('try-again', `status ${status}, ${said}`, code, retryAfterMs)
    : new ProviderFailure(kindOf(error, status), said, code, retryAfterMs)
}

/** Too slow, too early, too many, or out of order. */
export function isOverloaded(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500
}

/**
 * Only an answer in the form of the standard says that a grant is gone: whatever stands between us and the provider may answer
 * with another status.
 */
function kindOf(error: string, status: number): FailureKind {
  const kind = kindOfError(error)
  return kind === 'grant-gone' && ![400, 401, 403, 422].includes(status) ? 'refused' : kind
}

function withoutCode({ status, headers }: Answer): readonly [FailureKind, string] {
  if (isOverloaded(status)) return ['try-again', `status ${status}`]
  // A page is not the provider's word: a proxy or a log-in page of the network has answered.
  const isPage = headers.get('content-type')?.toLowerCase().includes('html') ?? false
  const isChallenge = status === 401 && headers.get('www-authenticate') !== null
  if (isChallenge && !isPage) return ['client-wrong', `status ${status}`]
  const mayBeClient = (status === 401 || status === 403) && !isPage
  const hint = mayBeClient ? ', which may mean that the client id or secret is wrong' : ''
  return ['broken-answer', `status ${status} without an error code${hint}`]
}

/** A message that we cannot read may be that of a gateway between us and the provider, so it is no silence. */
function saysNothing({ text }: Answer, body: Members | null): boolean {
  return body === null ? text.trim() === '' : Object.keys(body).length === 0
}

/** Retry-After as seconds or as a date (RFC 9110, section 10.2.3), at most an hour; null where there is none. */
export function retryAfter({ headers }: Answer, clock: Clock): number | null {
  const value = headers.get('retry-after')?.trim() ?? ''
  const isSeconds = /^\d{1,15}$/.test(value)
  const ms = isSeconds ? Number(value) * 1000 : dateOf(value) - clock.now().getTime()
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), longestWaitMs)
}

/** Date.parse reads much else, such as "5" or "-1" as a month or a year. */
function dateOf(value: string): number {
  return /[a-z]{3}.*:\d\d/i.test(value) ? Date.parse(value) : Number.NaN
}

function descriptionIn(body: Members): unknown {
  return body.error_description ?? body.error_message ?? body.message
}

/** An error code and its description (RFC 6749, section 5.2), fit to be shown. */
export function errorText(error: string, description: unknown, secrets: readonly string[]): string {
  const code = cleanText(error, secrets)
  if (typeof description !== 'string' || description === '') return code
  const whole = cleanText(code === '' ? description : `${error}: ${description}`, secrets)
  return whole === '' ? code : whole
}

/** The library's errors carry the whole answer as their cause, so only their message goes on. */
export function asFailure(error: unknown, secrets: readonly string[]): unknown {
  if (error instanceof ResponseBodyError) {
    const said = errorText(error.error, error.error_description, secrets)
    return new ProviderFailure(kindOfError(error.error), said, cleanText(error.error, secrets))
  }
  if (error instanceof WWWAuthenticateChallengeError) {
    return new ProviderFailure('client-wrong', `status ${error.status}`)
  }
  const isLibrarys =
    error instanceof OperationProcessingError || error instanceof UnsupportedOperationError
  return isLibrarys
    ? new ProviderFailure('broken-answer', cleanText(error.message, secrets))
    : error
}
