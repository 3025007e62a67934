import type { Credential } from '../model/credential.ts'
import { problem, Refusal } from '../model/diagnostic.ts'
import type { Target } from '../model/target.ts'
import { isTokenRefused } from '../oauth/token-refused.ts'
import { type Carrier, isRepeatable, openCarrier } from './carry-credential.ts'
import { requestAddress } from './request-address.ts'
import type { RunTime, Working, WorkingRequest } from './run-time.ts'

/** Sends requests of one application. */
export interface Requests {
  /**
   * Sends a request with the connection's credential and gives the answer as it came, whatever its status. `path` stands below the
   * connector's base URL, or is a whole address at one of the credential's own origins.
   *
   * Where the answer says that the token is not valid (401), it is renewed once and the request repeated, if its body can be sent
   * again. A GET or HEAD that
   * is redirected within the same origin is followed, up to five times; every other redirect is an answer. Throws a Refusal
   * (REQUEST_ELSEWHERE, HEADER_TAKEN, PROVIDER_UNAVAILABLE, and those of `RunTime.working`), and what `init.signal` was aborted
   * with.
   */
  readonly send: (
    wanted: WorkingRequest,
    path: string | URL,
    init?: RequestInit
  ) => Promise<Response>
}

export function openRequests(runTime: RunTime): Requests {
  const carrier = openCarrier()
  /** Generations that were renewed because they were refused, and then refused all the same: what is wrong is not the token. */
  const hopeless = new Map<string, number>()
  return {
    send: async (wanted, path, init = {}) => {
      const working = await runTime.working(wanted)
      const request = { path: String(path), init, headers: ownHeaders(working.target, init) }
      const answer = await sendWith(carrier, working, request)
      const { credential } = working
      if (!isTokenRefused(answer) || credential.secret.kind !== 'oauth2') return answer
      if (hopeless.get(credential.id) === credential.generation) return answer
      const renewed = await renew(runTime, wanted, credential)
      if (renewed === null || !isRepeatable(init.body)) return answer
      await answer.body?.cancel()
      const second = await sendWith(carrier, renewed, request)
      if (isTokenRefused(second)) hopeless.set(credential.id, renewed.credential.generation)
      return second
    }
  }
}

/** null where it could not be renewed just now: then the service's own answer says more. */
async function renew(
  runTime: RunTime,
  wanted: WorkingRequest,
  refused: Credential
): Promise<Working | null> {
  try {
    const renewed = await runTime.working({ ...wanted, refused })
    return renewed.credential.generation === refused.generation ? null : renewed
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (error.diagnostics.some(each => isOver.has(each.code))) throw error
    return null
  }
}

/** Here the refusal is the news: every further request would be refused in the same way. */
const isOver = new Set(['AUTHORIZATION_REVOKED', 'NEEDS_REAUTHORIZATION', 'DESTINATION_CHANGED'])

interface OwnRequest {
  readonly path: string
  readonly init: RequestInit
  readonly headers: Headers
}

const longestChain = 5

async function sendWith(
  carrier: Carrier,
  working: Working,
  { path, init, headers }: OwnRequest
): Promise<Response> {
  const method = (init.method ?? 'GET').toUpperCase()
  let url = requestAddress(working.target, working.credential.secret, path)
  for (let hops = 0; ; hops += 1) {
    const answer = await carrier.send(working, { url, method, headers, init })
    const next = isFollowed(method, init, hops) ? redirectOf(answer, url, working.target) : null
    if (next === null) return answer
    await answer.body?.cancel()
    url = next
  }
}

/** Only where nothing is sent but the credential, and that to the same origin as before. */
function isFollowed(method: string, { redirect }: RequestInit, hops: number): boolean {
  const isPlain = method === 'GET' || method === 'HEAD'
  return isPlain && (redirect ?? 'follow') === 'follow' && hops < longestChain
}

function redirectOf({ status, headers }: Response, from: URL, { way }: Target): URL | null {
  const location = headers.get('location')
  if (![301, 302, 303, 307, 308].includes(status) || location === null) return null
  if (!URL.canParse(location, from.href)) return null
  const url = new URL(location, from)
  const isSame = url.origin === from.origin && url.username === '' && url.password === ''
  if (!isSame) return null
  // A service may repeat what it was sent in the query: it is added again.
  for (const each of way.send) if (each.in === 'query') url.searchParams.delete(each.name)
  return url
}

/** What carries a credential is ours to set: two of them would be a mistake, and one could be the wrong one. */
function ownHeaders(target: Target, init: RequestInit): Headers {
  const headers = new Headers(target.api.headers)
  const given = givenHeaders(init)
  for (const [name, value] of given) headers.set(name, value)
  const taken = ['authorization', 'proxy-authorization', 'dpop', 'host', ...sentNames(target)]
  const refused = [...given.keys()].find(each => taken.includes(each))
  if (refused === undefined) return headers
  throw new Refusal(
    problem(
      'HEADER_TAKEN',
      'This header is set by tieline',
      `A request of ${target.linkName} came with its own "${refused}" header. tieline sends the credential that belongs there, so nothing was sent. Leave the header out.`
    )
  )
}

/** The message of Headers itself would repeat the value. */
function givenHeaders({ headers }: RequestInit): Headers {
  try {
    return new Headers(headers)
  } catch {
    throw new Refusal(
      problem(
        'HEADER_INVALID',
        'A header cannot be sent',
        'A header of the request has a name or a value that HTTP does not allow, for example a line break. Nothing was sent.'
      )
    )
  }
}

function sentNames({ way }: Target): readonly string[] {
  return way.send.flatMap(each => (each.in === 'header' ? [each.name.toLowerCase()] : []))
}
