import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Redirect } from '../model/generated/types.ts'
import { listenOnLoopback } from './loopback-listener.ts'
import { callbackPath } from './oauth-options.ts'
import { type Page, safeHeaders, sendPage } from './page.ts'

/** The one answer to an authorization request that was accepted. */
export interface Callback {
  readonly parameters: URLSearchParams
  /** Shows the person's browser how it ended. Never rejects. */
  readonly reply: (page: Page) => Promise<void>
}

export interface CallbackServer {
  readonly redirectUri: string
  /**
   * Sends whoever asks first for the returned local address on to `url`, and waits for the answer that carries `state`. Any
   * other request gets an error page and changes nothing.
   */
  readonly expect: (
    url: string,
    state: string
  ) => { readonly start: string; readonly callback: Promise<Callback> }
  readonly close: () => Promise<void>
}

/** Listens where the redirect will arrive. null if the registered port is in use. */
export async function openCallbackServer(redirect: Redirect): Promise<CallbackServer | null> {
  let handle = (_request: IncomingMessage, response: ServerResponse): void => {
    void sendPage(response, pages.notFound)
  }
  const listener = await listenOnLoopback(redirect, (request, response) =>
    handle(request, response)
  )
  if (listener === null) return null
  const { port } = listener
  return {
    redirectUri: `http://${redirect.host}:${port}${callbackPath}`,
    expect: (url, state) => {
      const startPath = `/start/${randomBytes(24).toString('base64url')}`
      const callback = new Promise<Callback>(resolve => {
        handle = callbackHandler({ url, state, startPath, redirect, port }, resolve)
      })
      return { start: `http://127.0.0.1:${port}${startPath}`, callback }
    },
    close: listener.close
  }
}

interface Expected {
  readonly url: string
  readonly state: string
  readonly startPath: string
  readonly redirect: Redirect
  readonly port: number
}

function callbackHandler(expected: Expected, accept: (callback: Callback) => void) {
  let isStarted = false
  let isAnswered = false
  return (request: IncomingMessage, response: ServerResponse): void => {
    const url = requested(request, expected)
    if (typeof url !== 'string') {
      if (url.pathname === expected.startPath) {
        if (isStarted) return void sendPage(response, pages.startedBefore)
        isStarted = true
        response.writeHead(302, { ...safeHeaders, Location: expected.url }).end()
        return
      }
      // Compared before anything else of it is looked at (RFC 6749, section 10.12).
      if (!isSame(url.searchParams.getAll('state'), expected.state)) {
        return void sendPage(response, pages.foreignState)
      }
      if (isAnswered) return void sendPage(response, pages.answeredBefore)
      isAnswered = true
      accept({ parameters: url.searchParams, reply: page => sendPage(response, page) })
      return
    }
    void sendPage(response, pages[url])
  }
}

/** The address that was asked for, or the page that says what is wrong with the request. */
function requested(
  request: IncomingMessage,
  expected: Expected
): URL | 'notFound' | 'wrongMethod' | 'wrongHost' {
  const { port, redirect, startPath } = expected
  const target = request.url ?? ''
  // The second slash would make it an address of another host.
  if (!target.startsWith('/') || target.startsWith('//')) return 'notFound'
  const base = `http://${redirect.host}:${port}`
  if (!URL.canParse(target, base)) return 'notFound'
  const url = new URL(target, base)
  if (url.pathname !== startPath && url.pathname !== callbackPath) return 'notFound'
  if (request.method !== 'GET') return 'wrongMethod'
  // A page elsewhere whose name was pointed at this machine shows up here (DNS rebinding).
  const host = url.pathname === startPath ? '127.0.0.1' : redirect.host
  return request.headers.host?.toLowerCase() === `${host}:${port}` ? url : 'wrongHost'
}

function isSame(given: readonly string[], state: string): boolean {
  const [one = '', ...more] = given
  const [a, b] = [Buffer.from(one), Buffer.from(state)]
  return more.length === 0 && a.length === b.length && timingSafeEqual(a, b)
}

const pages = {
  notFound: {
    status: 404,
    title: 'Nothing here',
    text: 'This address is not part of an authorization.'
  },
  wrongMethod: {
    status: 405,
    title: 'Not like this',
    text: 'An authorization arrives as a GET request.'
  },
  wrongHost: {
    status: 421,
    title: 'Wrong address',
    text: 'This server answers to its own address only.'
  },
  foreignState: {
    status: 400,
    title: 'This answer belongs to another attempt',
    text: 'It was not asked for here, so it was ignored. Go on in the window that was opened last.'
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
