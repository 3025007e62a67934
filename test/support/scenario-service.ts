/** A small service on this machine that checks a key, and can keep an answer back. */
import { createServer, type ServerResponse } from 'node:http'

export interface KeyService {
  readonly origin: string
  /** Paths that were asked for with a good key. */
  readonly accepted: readonly string[]
  /** Keeps the next answer back: `arrived` resolves when it is asked for, `release` lets it go. */
  readonly hold: () => { readonly arrived: Promise<void>; readonly release: () => void }
  readonly close: () => Promise<void>
}

/** Keys that it takes, each with the name of its account. */
export const keys = { one: 'key-of-one-k3Yp4Wq', two: 'key-of-two-7Hs9Lm2' } as const

/** `/<anything>/me` tells the account of the key in X-Key, `/<anything>/ping` nothing but that the key is good. */
export async function startKeyService(): Promise<KeyService> {
  const accepted: string[] = []
  let held: ((answer: () => void) => void) | null = null
  const server = createServer((request, response) => {
    const answer = (): void => respond(request.headers['x-key'], request.url ?? '', response)
    if (held !== null) held(answer)
    else answer()
  })
  function respond(key: unknown, path: string, response: ServerResponse): void {
    const account = Object.entries(keys).find(([, each]) => each === key)?.[0]
    const json = { 'Content-Type': 'application/json', Connection: 'close' }
    if (account === undefined) {
      response.writeHead(401, json).end('{"error":"unknown key"}')
      return
    }
    accepted.push(path)
    const body = path.endsWith('/me') ? { id: `id-${account}`, name: `Account ${account}` } : {}
    response.writeHead(200, json).end(JSON.stringify(body))
  }
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    origin: `http://127.0.0.1:${port}`,
    accepted,
    hold: () => {
      let release = (): void => {}
      const arrived = new Promise<void>(resolve => {
        held = answer => {
          held = null
          release = answer
          resolve()
        }
      })
      return { arrived, release: () => release() }
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}
