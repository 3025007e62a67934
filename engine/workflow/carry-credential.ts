import { problem, Refusal } from '../model/diagnostic.ts'
import { dpopNonceAsked } from '../oauth/token-refused.ts'
import type { Working } from './run-time.ts'

export interface BareRequest {
  readonly url: URL
  /** In capitals. */
  readonly method: string
  /** Without the credential. */
  readonly headers: Headers
  /** Body, signal and whatever else the caller gave. */
  readonly init: RequestInit
}

/** Sends requests with a credential, and remembers what services want to see in the proofs of keys. */
export interface Carrier {
  /** Never follows a redirect. Throws a Refusal: PROVIDER_UNAVAILABLE where no answer came, CREDENTIAL_UNSENDABLE. */
  readonly send: (working: Working, request: BareRequest) => Promise<Response>
}

export function openCarrier(): Carrier {
  /** By origin (RFC 9449, section 9). */
  const nonces = new Map<string, string>()
  const once = async (working: Working, request: BareRequest): Promise<Response> => {
    const answer = await carry(working, request, nonces.get(request.url.origin) ?? null)
    const nonce = answer.headers.get('dpop-nonce')
    if (nonce !== null) nonces.set(request.url.origin, nonce)
    return answer
  }
  return {
    send: async (working, request) => {
      const answer = await once(working, request)
      if (dpopNonceAsked(answer) === null || isStream(request.init.body)) return answer
      await answer.body?.cancel()
      return once(working, request)
    }
  }
}

/** Whether a request can be sent a second time: a stream is read once. */
export function isRepeatable(body: RequestInit['body']): boolean {
  return (
    body === undefined ||
    body === null ||
    typeof body === 'string' ||
    body instanceof URLSearchParams ||
    body instanceof FormData ||
    body instanceof Blob ||
    body instanceof ArrayBuffer ||
    ArrayBuffer.isView(body)
  )
}

function isStream(body: RequestInit['body']): boolean {
  return !isRepeatable(body)
}

async function carry(
  { target, credential }: Working,
  { url: bare, method, headers: own, init }: BareRequest,
  nonce: string | null
): Promise<Response> {
  const { sendCredential } = await import('../oauth/send-credential.ts')
  const sent = await sendCredential(target, credential, { method, url: bare.href }, nonce)
  const url = new URL(bare)
  refuseTaken(target.linkName, url, Object.keys(sent.query))
  for (const [name, value] of Object.entries(sent.query)) url.searchParams.set(name, value)
  const headers = new Headers(own)
  for (const [name, value] of Object.entries(sent.headers)) headers.set(name, value)
  const answer = await fetchBare(url, { ...init, method, headers })
  return url.href === bare.href ? answer : shownAs(answer, bare)
}

function refuseTaken(linkName: string, url: URL, names: readonly string[]): void {
  const name = names.find(each => url.searchParams.has(each))
  if (name === undefined) return
  throw new Refusal(
    problem(
      'PARAMETER_TAKEN',
      'This parameter is set by tieline',
      `The address of a request of ${linkName} has its own "${name}" in the query. tieline sends the credential that belongs there, so nothing was sent. Leave it out.`
    )
  )
}

async function fetchBare(url: URL, init: RequestInit): Promise<Response> {
  const { fetchFor } = await import('../oauth/proxy.ts')
  const { fetch: chosen } = await fetchFor(url.href)
  const request = {
    ...init,
    redirect: 'manual' as const,
    // Node wants to be told that a body comes in pieces.
    ...(isStream(init.body) ? { duplex: 'half' as const } : {})
  }
  try {
    if (chosen === globalThis.fetch) return await fetch(url, request)
    return await fetchBy(chosen as typeof fetch, url, request)
  } catch (error) {
    // Aborted, or a request that cannot be made: both are the caller's own.
    const isOwn = error instanceof TypeError && error.cause === undefined
    if (init.signal?.aborted === true || isOwn) throw error
    throw unanswered(url, error)
  }
}

/** By another implementation, which knows its own classes only: caller and answer see those of Node. */
async function fetchBy(other: typeof fetch, url: URL, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers)
  let { body = null } = init
  if (body instanceof FormData) {
    const form = new Response(body)
    headers.set('content-type', form.headers.get('content-type') ?? '')
    body = await form.arrayBuffer()
  }
  const answer = await other(url.href, { ...init, headers: [...headers], body })
  const { status, statusText } = answer
  return shownAs(
    new Response(answer.body, { status, statusText, headers: [...answer.headers] }),
    url
  )
}

/** An answer tells its address, which is logged more readily than a header: it is the one without the credential. */
function shownAs(answer: Response, { href }: URL): Response {
  return Object.defineProperty(answer, 'url', { value: href })
}

/** Only the code: messages of fetch repeat what was sent. */
function unanswered({ host }: URL, error: unknown): Refusal {
  const cause: unknown = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const detail = /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? ` (${code})` : ''
  return new Refusal(
    problem(
      'PROVIDER_UNAVAILABLE',
      'The service is not available',
      `There was no answer from ${host}${detail}. What was authorized stays as it was. Try again later.`
    )
  )
}
