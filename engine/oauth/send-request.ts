import { isLoopback } from '../model/address.ts'
import { ProviderFailure } from './provider-failure.ts'

const timeLimitMs = 30_000
const sizeLimit = 1024 * 1024

export interface Request {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Answer {
  readonly status: number
  readonly contentType: string | null
  readonly text: string
}

/**
 * Sends one request that may carry a credential. A redirect is an answer like any other and is never followed. Throws a
 * ProviderFailure: `try-again` if there is no answer within 30 seconds, `broken-answer` if it is larger than 1 MiB. Neither
 * tells the address, which may hold a secret.
 */
export async function sendRequest(url: string, request: Request): Promise<Answer> {
  if (!isSafe(url)) throw new ProviderFailure('broken-answer', 'the address is not https')
  const signal = AbortSignal.timeout(timeLimitMs)
  try {
    const response = await fetch(url, { ...request, redirect: 'manual', signal })
    const contentType = response.headers.get('content-type')
    return { status: response.status, contentType, text: await readCapped(response) }
  } catch (error) {
    throw error instanceof ProviderFailure ? error : noAnswer(error)
  }
}

/** https, or http to this machine (RFC 8252, section 8.3). */
export function isSafe(address: string): boolean {
  if (!URL.canParse(address)) return false
  const url = new URL(address)
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}

async function readCapped(response: Response): Promise<string> {
  const reader = response.body?.getReader()
  if (reader === undefined) return ''
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    size += value.byteLength
    if (size > sizeLimit) {
      await reader.cancel()
      throw new ProviderFailure('broken-answer', 'the answer is larger than 1 MiB')
    }
    text += decoder.decode(value, { stream: true })
  }
}

function noAnswer(error: unknown): ProviderFailure {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return new ProviderFailure('try-again', `no answer within ${timeLimitMs / 1000} seconds`)
  }
  const cause: unknown = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  // Only the code: messages of fetch repeat what was sent, for example a header that it finds invalid.
  const detail = /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? ` (${code})` : ''
  return new ProviderFailure('try-again', `no connection${detail}`)
}
