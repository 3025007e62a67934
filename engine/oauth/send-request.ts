import { isLoopback } from '../model/address.ts'
import { ProviderFailure } from './provider-failure.ts'
import { fetchFor } from './proxy.ts'

const usualLimitMs = 30_000
const sizeLimit = 1024 * 1024

export interface Request {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** For everything up to the last byte of the answer; 30 seconds if not given. */
  readonly timeLimitMs?: number
}

export interface Answer {
  readonly status: number
  readonly headers: Pick<Headers, 'get'>
  /** Decoded from UTF-8, without a byte order mark. */
  readonly text: string
}

/**
 * Sends one request that may carry a credential, through the proxy that the environment names, if any. A redirect is an answer
 * like any other and is never followed. Throws a ProviderFailure: `try-again` if there is no answer in time, `broken-answer` if it
 * is larger than 1 MiB once it is unpacked, or cannot be unpacked. Neither tells the address, which may hold a secret. Throws a
 * Refusal (PROXY_INVALID) if the environment names a proxy that is none.
 */
export async function sendRequest(url: string, request: Request): Promise<Answer> {
  if (!isSafe(url)) throw new ProviderFailure('broken-answer', 'the address is not https')
  const { timeLimitMs = usualLimitMs, ...rest } = request
  const { fetch, knowsProxy } = await fetchFor(url)
  const controller = new AbortController()
  const { signal } = controller
  return withinTime(timeLimitMs, controller, async () => {
    const response = await fetch(url, { ...rest, redirect: 'manual', signal }).catch(
      (error: unknown) => {
        throw noAnswer(
          error,
          knowsProxy ? 'no connection with the proxy that the environment names' : 'no connection'
        )
      }
    )
    const { status, headers } = response
    const text = await readCapped(response).catch((error: unknown) => {
      throw noAnswer(error, 'the connection broke off')
    })
    return { status, headers, text }
  })
}

/** https, or http to this machine (RFC 8252, section 8.3). */
export function isSafe(address: string): boolean {
  if (!URL.canParse(address)) return false
  const url = new URL(address)
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}

/** Settles in time even where aborting does not end the work. */
async function withinTime<T>(
  timeLimitMs: number,
  controller: AbortController,
  work: () => Promise<T>
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(
        new ProviderFailure(
          'try-again',
          `no answer within ${Math.ceil(timeLimitMs / 1000)} seconds`
        )
      )
      controller.abort()
    }, timeLimitMs)
  })
  try {
    return await Promise.race([work(), tooLate])
  } finally {
    clearTimeout(timer)
  }
}

async function readCapped(response: Pick<Response, 'body'>): Promise<string> {
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
      // Not awaited: a stream that does not end well is no reason to wait.
      reader.cancel().catch(() => {})
      throw new ProviderFailure('broken-answer', 'the answer is larger than 1 MiB')
    }
    text += decoder.decode(value, { stream: true })
  }
}

function noAnswer(error: unknown, what: string): ProviderFailure {
  if (error instanceof ProviderFailure) return error
  const code = codeOf(error) ?? (error instanceof Error ? codeOf(error.cause) : null) ?? ''
  // What came, but is no HTTP or cannot be unpacked.
  if (/^(Z_|HPE_|ERR__ERROR_FORMAT|UND_ERR_HEADERS_OVERFLOW)/.test(code)) {
    return new ProviderFailure('broken-answer', `the answer cannot be read (${code})`)
  }
  // Only the code: messages of fetch repeat what was sent, for example a header that it finds invalid.
  return new ProviderFailure('try-again', code === '' ? what : `${what} (${code})`)
}

function codeOf(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : null
}
