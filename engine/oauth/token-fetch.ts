import type { Clock } from '../model/ports.ts'
import { failureOf } from './classify-answer.ts'
import { normaliseAnswer, readBody } from './normalise-answer.ts'
import { ProviderFailure } from './provider-failure.ts'
import type { OAuth2Target } from './resolve-client.ts'
import { type Answer, sendRequest } from './send-request.ts'

export interface FetchOptions {
  /** What is sent and is secret: masked in every message. */
  readonly secrets: readonly string[]
  /** For Retry-After. */
  readonly clock: Clock
}

/** What oauth4webapi's `customFetch` takes. */
export type ProviderFetch = (
  url: string,
  request: {
    readonly method: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: URLSearchParams
  }
) => Promise<Response>

/**
 * Asks a token endpoint the way the connector says (`tokenHeaders`, `tokenBody`, `answer`) and gives the library an answer as
 * RFC 6749, section 5.1, has it: always status 200 and JSON. Everything else is thrown as a ProviderFailure; but the demand for a
 * DPoP nonce (RFC 9449, section 8) is handed on, for the library to answer.
 */
export function tokenFetch(target: OAuth2Target, options: FetchOptions): ProviderFetch {
  const { way, need } = target
  return async (url, { method, headers, body }) => {
    const answer = await sendRequest(url, { method, ...written(way, headers, body) })
    const isRefresh = body.get('grant_type') === 'refresh_token'
    const normal = normaliseAnswer(answer, {
      pointers: way.answer,
      isRefresh,
      // After a refresh nobody reads it, and for one that is broken the new tokens would be lost.
      idToken: !isRefresh && way.issuer !== undefined && need.scopes.includes('openid')
    })
    const nonce = nonceHeader(answer)
    if (asksForNonce(answer)) {
      return Response.json({ error: 'use_dpop_nonce' }, { status: 400, headers: nonce })
    }
    const failure = failureOf(answer, normal, options) ?? brokenTokens(normal.body)
    if (failure !== null) throw failure
    return Response.json(normal.body, { headers: nonce })
  }
}

/**
 * Asks another endpoint of the provider and hands on a success as it came, but for a status that says no more than 200; for
 * PAR (RFC 9126, section 2.2) that is 201. Failures are thrown and demands for a nonce handed on as in `tokenFetch`.
 */
export function endpointFetch(options: FetchOptions, success: 200 | 201 = 200): ProviderFetch {
  return async (url, { method, headers, body }) => {
    const answer = await sendRequest(url, { method, headers, body: body.toString() })
    const nonce = nonceHeader(answer)
    if (asksForNonce(answer)) {
      return Response.json({ error: 'use_dpop_nonce' }, { status: 400, headers: nonce })
    }
    const failure = failureOf(answer, normaliseAnswer(answer), options)
    if (failure !== null) throw failure
    const type = answer.headers.get('content-type') ?? 'application/json'
    const isJson = readBody(answer) !== null
    return new Response(answer.text, {
      status: success,
      headers: { ...nonce, 'content-type': isJson ? 'application/json' : type }
    })
  }
}

/** Tokens that no request could carry (RFC 6749, appendix A) are refused here, before they replace good ones. */
function brokenTokens(body: Readonly<Record<string, unknown>> | null): ProviderFailure | null {
  const broken = (what: string): ProviderFailure => new ProviderFailure('broken-answer', what)
  if (body === null) return broken('the answer is neither JSON nor a form')
  const { access_token: accessToken, refresh_token: refreshToken } = body
  if (typeof accessToken !== 'string') return broken('the answer has no access token')
  const tokens = [accessToken, ...(typeof refreshToken === 'string' ? [refreshToken] : [])]
  return tokens.every(each => /^[\u0020-\u007e]+$/.test(each))
    ? null
    : broken('a token has characters that no request can carry')
}

function asksForNonce(answer: Answer): boolean {
  const isError = answer.status === 400 || answer.status === 401
  return (
    isError &&
    answer.headers.get('dpop-nonce') !== null &&
    readBody(answer)?.error === 'use_dpop_nonce'
  )
}

function nonceHeader({ headers }: Answer): Readonly<Record<string, string>> {
  const nonce = headers.get('dpop-nonce')
  return nonce === null ? {} : { 'dpop-nonce': nonce }
}

/** Headers and body as the connector says; what proves who asks is never replaced. */
function written(
  { tokenBody, tokenHeaders = {} }: OAuth2Target['way'],
  made: Readonly<Record<string, string>>,
  body: URLSearchParams
): { readonly headers: Readonly<Record<string, string>>; readonly body: string } {
  const isJson = tokenBody === 'json'
  const headers = new Headers({ 'User-Agent': 'tieline', ...made })
  if (isJson) headers.set('Content-Type', 'application/json')
  for (const [name, value] of Object.entries(tokenHeaders)) {
    const isOurs = ['authorization', 'content-type', 'dpop'].includes(name.toLowerCase())
    if (!(isOurs && headers.has(name))) headers.set(name, value)
  }
  return {
    headers: Object.fromEntries(headers),
    body: isJson ? JSON.stringify(Object.fromEntries(body)) : body.toString()
  }
}
