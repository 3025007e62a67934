import type { TokenAnswer } from '../model/generated/types.ts'
import { valueAt } from './json-pointer.ts'
import type { Answer } from './send-request.ts'

/** A token endpoint's answer in the shape that RFC 6749, sections 5.1 and 5.2, asks for. */
export interface NormalAnswer {
  /** 200 for every success; 400 where an answer with 200 is an error. */
  readonly status: number
  /** Members that are text, numbers or booleans. null where the body is neither a JSON object nor a form. */
  readonly body: Members | null
}

export type Members = Readonly<Record<string, unknown>>

export interface Reading {
  /** Where the connector says that the members are. */
  readonly pointers?: TokenAnswer | undefined
  /**
   * Whether the answer is to a refresh. It speaks of the refreshed token alone, so there the usual places count as well; in the
   * answer to a code they may hold the token of somebody else, such as a bot.
   */
  readonly isRefresh?: boolean
  /** Whether an id token is wanted. Services send unreadable ones unasked. */
  readonly idToken?: boolean
}

/** Beyond this nobody means what he says, and dates end. */
export const longestLifetime = 100 * 366 * 24 * 3600

/** Mends what services get wrong but mean well. What cannot be mended stays as it is, for others to refuse. */
export function normaliseAnswer(answer: Answer, reading: Reading = {}): NormalAnswer {
  const { status } = answer
  const read = readBody(answer)
  if (read === null) return { status, body: null }
  const isSuccess = status >= 200 && status < 300
  const error = errorIn(read)
  if (error !== null) return { status: isSuccess ? 400 : status, body: { ...flat(read), ...error } }
  return isSuccess ? { status: 200, body: mend(read, reading) } : { status, body: flat(read) }
}

/** The members of a body, whatever its content type says; null where it is neither a JSON object nor a form. */
export function readBody({ text, headers }: Answer): Members | null {
  const body = text.replace(/^\ufeff/, '')
  return readObject(body) ?? readForm(body, headers.get('content-type'))
}

function readObject(text: string): Members | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function readForm(text: string, contentType: string | null): Members | null {
  const isForm = contentType?.toLowerCase().startsWith('application/x-www-form-urlencoded') ?? false
  if (!isForm && !/^[\w.-]+=[^\s<>{}]*$/.test(text.trim())) return null
  const form = new URLSearchParams(text.trim())
  return form.has('access_token') || form.has('error') ? Object.fromEntries(form) : null
}

/** Error code and description; null where the body has no error. Some services send `"error": ""` or `false` with success. */
function errorIn(body: Members): Members | null {
  const { error, errors } = body
  if (typeof error === 'string') return error.trim() === '' ? null : { error: error.trim() }
  if (isObject(error)) return nestedError(error)
  const first: unknown = Array.isArray(errors) && body.access_token === undefined ? errors[0] : null
  return isObject(first) ? nestedError(first) : null
}

/** `{"error": {"code": "...", "message": "..."}}`, `{"errors": [{"errorType": "...", "message": "..."}]}` */
function nestedError(error: Members): Members {
  const codes = [error.code, error.errorType, error.type, error.status]
  const code = codes.find(each => typeof each === 'string' && each.trim() !== '') ?? 'error'
  return {
    error: String(code).trim(),
    ...(typeof error.message === 'string' ? { error_description: error.message } : {})
  }
}

function mend(body: Members, reading: Reading): Members {
  const { pointers, isRefresh = false } = reading
  const member = (name: string, pointer: string | undefined): unknown => {
    if (pointer === undefined) return body[name]
    return valueAt(body, pointer) ?? (isRefresh ? body[name] : undefined)
  }
  const type = typeof body.token_type === 'string' ? body.token_type.trim().toLowerCase() : ''
  const {
    access_token: _access,
    refresh_token: _refresh,
    expires_in: _lifetime,
    scope: _scope,
    id_token: _idToken,
    ...rest
  } = flat(body)
  return {
    ...rest,
    ...given('access_token', member('access_token', pointers?.accessToken)),
    token_type: type === 'dpop' ? 'dpop' : 'bearer',
    ...given('expires_in', seconds(member('expires_in', pointers?.expiresIn))),
    ...given('scope', scopeText(member('scope', pointers?.scope))),
    ...given('refresh_token', member('refresh_token', pointers?.refreshToken)),
    ...(reading.idToken === true ? given('id_token', body.id_token) : {})
  }
}

/** Nothing for null and the empty text, which services send for what they do not give. */
function given(name: string, value: unknown): Members {
  return value === undefined || value === null || value === '' ? {} : { [name]: value }
}

function seconds(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  const isLifetime = typeof number === 'number' && number >= 1 && number <= longestLifetime
  return isLifetime ? Math.floor(number) : undefined
}

/** Scopes with one space between them, whether they come as a text with spaces or commas or as a list. */
function scopeText(scope: unknown): string {
  const text = Array.isArray(scope)
    ? scope.filter(each => typeof each === 'string').join(' ')
    : scope
  return typeof text === 'string' ? text.replace(/[\s,]+/g, ' ').trim() : ''
}

/** Without lists and objects: nothing reads them here, and nested deep enough they cannot be written as JSON again. */
function flat(body: Members): Members {
  return Object.fromEntries(
    Object.entries(body).filter(([, value]) => typeof value !== 'object' || value === null)
  )
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
