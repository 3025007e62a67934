import { createServer, type RequestListener, type Server } from 'node:http'
import type { Redirect } from '../model/generated/types.ts'

/** A server on this machine alone (RFC 8252, section 7.3). */
export interface LoopbackListener {
  readonly port: number
  /** Stops listening and ends every connection. */
  readonly close: () => Promise<void>
}

/**
 * Starts to listen where the redirect will arrive. For `localhost` both loopback addresses are taken, so that nobody else can
 * take the other one. `onBroken` hears of what is no HTTP, too long or too slow. null if the port is in use.
 */
export async function listenOnLoopback(
  { host, port }: Redirect,
  onRequest: RequestListener,
  onBroken: () => void
): Promise<LoopbackListener | null> {
  const addresses = host === 'localhost' ? ['127.0.0.1', '::1'] : ['127.0.0.1']
  // Any port: one that is free on the first address may be taken on the second.
  for (let tries = port === 'any' ? 10 : 1; tries > 0; tries--) {
    const listener = await listenOnAll(addresses, port === 'any' ? 0 : port, onRequest, onBroken)
    if (listener !== null) return listener
  }
  return null
}

/** null if the port is taken on one of them. */
async function listenOnAll(
  addresses: readonly string[],
  wanted: number,
  onRequest: RequestListener,
  onBroken: () => void
): Promise<LoopbackListener | null> {
  const servers: Server[] = []
  const close = async (): Promise<void> => {
    await Promise.all(servers.map(closeServer))
  }
  let port = wanted
  for (const address of addresses) {
    const result = await listen(address, port, onRequest, onBroken)
    if (result === 'taken') {
      await close()
      return null
    }
    if (result === 'no such address') continue
    servers.push(result.server)
    port = result.port
  }
  return { port, close }
}

async function listen(
  address: string,
  port: number,
  onRequest: RequestListener,
  onBroken: () => void
): Promise<{ readonly server: Server; readonly port: number } | 'taken' | 'no such address'> {
  // A callback is short, comes at once and needs one connection; browsers open a few more.
  const server = createServer(
    {
      maxHeaderSize: 16 * 1024,
      headersTimeout: 10_000,
      requestTimeout: 10_000,
      connectionsCheckingInterval: 1000
    },
    onRequest
  )
  server.maxConnections = 50
  server.on('clientError', (error, socket) => {
    onBroken()
    if (!socket.writable || socket.destroyed) return
    const lines = ['Connection: close', 'Content-Length: 0', '', '']
    socket.end([`HTTP/1.1 ${brokenStatus(error)}`, ...lines].join('\r\n'), () => socket.destroy())
  })
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: address, port, exclusive: true }, resolve)
    })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE' || code === 'EACCES') return 'taken'
    if (address === '::1' && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT'))
      return 'no such address'
    throw error
  }
  const bound = server.address()
  return { server, port: typeof bound === 'object' && bound !== null ? bound.port : port }
}

function brokenStatus(error: Error): string {
  const code = 'code' in error ? error.code : undefined
  if (code === 'HPE_HEADER_OVERFLOW') return '431 Request Header Fields Too Large'
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request'
}

function closeServer(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
