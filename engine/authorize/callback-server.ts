import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Redirect } from '../model/generated/types.ts'
import type { CallbackFault } from '../oauth/check-callback.ts'
import { listenOnLoopback } from './loopback-listener.ts'
import { type Page, safeHeaders, sendPage } from './page.ts'

/** The one answer to an authorization request that was accepted. */
export interface Callback {
  readonly parameters: URLSearchParams
  /** Shows the person's browser how it ended. Never rejects. */
  readonly reply: (page: Page) => Promise<void>
}

/** Why a request was turned away. It changes nothing: the right answer is still waited for, or being worked on. */
export type RefusedRequest = keyof typeof pages

export interface Awaited {
  /** Where whoever asks first for the start address is sent on to. */
  readonly url: string
  /** null for the answer to the request. */
  readonly faultOf: (callback: URLSearchParams) => CallbackFault | null
  readonly onRefused: (request: RefusedRequest) => void
}

export interface CallbackServer {
  readonly redirectUri: string
  /** Waits for the answer. `start` is a local address that works once and holds nothing to protect. */
  readonly expect: (awaited: Awaited) => {
    readonly start: string
    readonly callback: Promise<Callback>
  }
  readonly close: () => Promise<void>
}

/** Listens where the redirect will arrive. null if the port is in use. */
export async function openCallbackServer(
  redirect: Required<Redirect>
): Promise<CallbackServer | null> {
  let handle = (_request: IncomingMessage, response: ServerResponse): void => {
    void sendPage(response, pages.unknownPath)
  }
  let onRefused: Awaited['onRefused'] = () => {}
  const listener = await listenOnLoopback(
    redirect,
    (request, response) => handle(request, response),
    () => onRefused('broken')
  )
  if (listener === null) return null
  const { port } = listener
  return {
    redirectUri: `http://${redirect.host}:${port}${redirect.path}`,
    expect: awaited => {
      const startPath = `/start/${randomBytes(24).toString('base64url')}`
      onRefused = awaited.onRefused
      const callback = new Promise<Callback>(resolve => {
        handle = callbackHandler({ ...awaited, startPath, redirect, port }, resolve)
      })
      return { start: `http://127.0.0.1:${port}${startPath}`, callback }
    },
    close: listener.close
  }
}

interface Expected extends Awaited {
  readonly startPath: string
  readonly redirect: Required<Redirect>
  readonly port: number
}

function callbackHandler(expected: Expected, accept: (callback: Callback) => void) {
  let isStarted = false
  let isAnswered = false
  const answer = (url: URL, response: ServerResponse): RefusedRequest | null => {
    if (url.pathname === expected.startPath) {
      if (isStarted) return 'startedBefore'
      isStarted = true
      response.writeHead(302, { ...safeHeaders, Location: expected.url }).end()
      return null
    }
    const fault = expected.faultOf(url.searchParams)
    if (fault !== null) return fault
    if (isAnswered) return 'answeredBefore'
    isAnswered = true
    accept({ parameters: url.searchParams, reply: page => sendPage(response, page) })
    return null
  }
  return (request: IncomingMessage, response: ServerResponse): void => {
    const url = requested(request, expected)
    const refused = typeof url === 'string' ? url : answer(url, response)
    if (refused === null) return
    expected.onRefused(refused)
    void sendPage(response, pages[refused])
  }
}

/** The address that was asked for, or what is wrong with the request. */
function requested(request: IncomingMessage, expected: Expected): URL | RefusedRequest {
  const { port, redirect, startPath } = expected
  const target = request.url ?? ''
  // With a scheme, or a second slash, it would be an address of another host.
  if (!target.startsWith('/') || target.startsWith('//')) return 'unknownPath'
  const base = `http://${redirect.host}:${port}`
  if (!URL.canParse(target, base)) return 'unknownPath'
  const url = new URL(target, base)
  if (url.pathname !== startPath && url.pathname !== redirect.path) return 'unknownPath'
  if (request.method !== 'GET') return 'method'
  // A page elsewhere whose name was pointed at this machine shows up here (DNS rebinding).
  const host = url.pathname === startPath ? '127.0.0.1' : redirect.host
  const [given = '', ...more] = request.headersDistinct.host ?? []
  if (given.toLowerCase() !== `${host}:${port}` || more.length > 0) return 'host'
  return isDecodable(url.search) ? url : 'broken'
}

/** URLSearchParams would read what is no percent encoding, or no UTF-8, as something else. */
function isDecodable(query: string): boolean {
  try {
    decodeURIComponent(query)
    return true
  } catch {
    return false
  }
}

const pages = {
  unknownPath: {
    status: 404,
    title: 'Nothing here',
    text: 'This address is not part of an authorization.'
  },
  method: {
    status: 405,
    title: 'Not like this',
    text: 'An authorization arrives as a GET request.'
  },
  host: {
    status: 421,
    title: 'Wrong address',
    text: 'This server answers to its own address only.'
  },
  broken: {
    status: 400,
    title: 'This address is damaged',
    text: 'It cannot be read, so it was ignored. Go on in the window that was opened last.'
  },
  state: {
    status: 400,
    title: 'This answer belongs to another attempt',
    text: 'It was not asked for here, so it was ignored. Go on in the window that was opened last.'
  },
  issuer: {
    status: 400,
    title: 'This answer comes from another provider',
    text:
      'It is not from the one that was asked, so it was ignored. Nothing was authorized with it. If you did not expect this, ' +
      'stop the command in your terminal.'
  },
  malformed: {
    status: 400,
    title: 'This answer is incomplete',
    text: 'It has neither one code nor one error in it, so it was ignored.'
  },
  startedBefore: {
    status: 410,
    title: 'This address was used before',
    text: 'It works once. If that was not you, stop the command in your terminal and start again.'
  },
  answeredBefore: {
    status: 409,
    title: 'This authorization was answered before',
    text: 'Your terminal shows how it ended.'
  }
} satisfies Record<string, Page>
