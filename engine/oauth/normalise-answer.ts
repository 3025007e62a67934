import type { Answer } from './send-request.ts'

/** A token endpoint's answer in the shape that RFC 6749, sections 5.1 and 5.2, asks for. */
export interface NormalAnswer {
  /** 200 for every success; 400 where an answer with 200 is an error. */
  readonly status: number
  /** null where the body is neither a JSON object nor a form. */
  readonly body: Readonly<Record<string, unknown>> | null
}

/** Beyond this nobody means what he says, and dates end. */
const longestLifetime = 100 * 366 * 24 * 3600

/** Mends what services get wrong but mean well. What cannot be mended stays as it is, for others to refuse. */
export function normaliseAnswer(answer: Answer): NormalAnswer {
  const { status, contentType, text } = answer
  const read = readObject(text) ?? readForm(text, contentType)
  if (read === null) return { status, body: null }
  const failed = typeof read.error === 'string' ? read : { ...read, ...nestedError(read.error) }
  if (typeof failed.error === 'string' && failed.error !== '') {
    return { status: status >= 200 && status < 300 ? 400 : status, body: failed }
  }
  return status >= 200 && status < 300 ? { status: 200, body: mend(read) } : { status, body: read }
}

/** Whatever its content type says. */
function readObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function readForm(text: string, contentType: string | null): Record<string, unknown> | null {
  const isForm = contentType?.toLowerCase().startsWith('application/x-www-form-urlencoded') ?? false
  if (!isForm && !/^[\w.-]+=[^\s<>{}]*$/.test(text.trim())) return null
  const form = new URLSearchParams(text.trim())
  return form.has('access_token') || form.has('error') ? Object.fromEntries(form) : null
}

/** `{"error": {"code": "...", "message": "..."}}` */
function nestedError(error: unknown): Readonly<Record<string, unknown>> {
  if (!isObject(error)) return {}
  const code = [error.code, error.type, error.status].find(each => typeof each === 'string')
  const said = typeof error.message === 'string' ? { error_description: error.message } : {}
  return { error: code ?? 'error', ...said }
}

function mend(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  // An id token is not what we are after, and services send unreadable ones unasked.
  const { id_token: _, refresh_token: refreshToken, expires_in: lifetime, scope, ...rest } = body
  const type = typeof body.token_type === 'string' ? body.token_type.toLowerCase() : ''
  const seconds =
    typeof lifetime === 'string' && lifetime.trim() !== '' ? Number(lifetime) : lifetime
  const isLifetime = typeof seconds === 'number' && seconds > 0 && seconds <= longestLifetime
  const scopes = scopeText(scope)
  return {
    ...rest,
    token_type: type === 'dpop' ? 'dpop' : 'bearer',
    ...(isLifetime ? { expires_in: seconds } : {}),
    ...(scopes === '' ? {} : { scope: scopes }),
    ...(refreshToken === null || refreshToken === '' || refreshToken === undefined
      ? {}
      : { refresh_token: refreshToken })
  }
}

/** Scopes with one space between them, whether they come as a text with spaces or commas or as a list. */
function scopeText(scope: unknown): string {
  const text = Array.isArray(scope)
    ? scope.filter(each => typeof each === 'string').join(' ')
    : scope
  return typeof text === 'string' ? text.replace(/[\s,]+/g, ' ').trim() : ''
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
