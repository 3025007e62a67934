/** What the stand-ins share: a server on loopback, and answers in JSON. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse
} from 'node:http'

/** A service that listens on this machine until it is closed. */
export interface Service {
  /** For example `http://localhost:4710`, as `origin` in a connection wants it. */
  readonly origin: string
  /** Ends open connections too. Resolves when the port is free again; a second call changes nothing. */
  readonly close: () => Promise<void>
}

/** Listens on 127.0.0.1. `handler` is made once the origin is known. Port 0 takes any free one. */
export async function startService(
  port: number,
  makeHandler: (origin: string) => RequestListener | Promise<RequestListener>
): Promise<Service> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  const taken = typeof address === 'object' && address !== null ? address.port : port
  const origin = `http://localhost:${taken}`
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= new Promise(resolve => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
    return closed
  }
  try {
    server.on('request', await makeHandler(origin))
    return { origin, close }
  } catch (error) {
    await close()
    throw error
  }
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json;charset=UTF-8' })
  response.end(JSON.stringify(body))
}

/** What was asked for. Only path and query mean anything. */
export function urlOf(request: IncomingMessage): URL {
  return new URL(`http://localhost${request.url ?? '/'}`)
}

/** The path without its query. */
export function pathOf(request: IncomingMessage): string {
  return urlOf(request).pathname
}

/** User name and password of HTTP Basic (RFC 7617, section 2); null if the request has none. */
export function basicOf(
  request: IncomingMessage
): readonly [user: string, password: string] | null {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(request.headers.authorization ?? '') ?? []
  if (encoded === undefined) return null
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? null : [text.slice(0, colon), text.slice(colon + 1)]
}
