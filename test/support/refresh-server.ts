/** A service with rotating refresh tokens that ends the whole grant when an old one comes again (RFC 9700, section 4.14.2). */
import { createServer, type ServerResponse } from 'node:http'

export interface RefreshServerOptions {
  /** What an old refresh token does: it ends the grant (the default), or is taken as well, as where a service grants some grace. */
  readonly reuse?: 'ends the grant' | 'is accepted'
  /** Called with the number of the request, after the tokens were replaced: the answer waits for it. */
  readonly beforeAnswer?: (number: number) => Promise<void> | undefined
  /** Another answer than tokens, for this request. */
  readonly answer?: (number: number) => Answer | undefined
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

export interface RefreshServer {
  readonly origin: string
  /** The refresh tokens that came, in order. */
  readonly refreshes: readonly string[]
  /** What was revoked, in order. */
  readonly revoked: readonly string[]
  readonly isAlive: () => boolean
  /** Whether the service takes an access token. */
  readonly takes: (accessToken: string) => boolean
  readonly endGrant: () => void
  readonly close: () => Promise<void>
}

/** The refresh token that the grant begins with; the next are `canary-refresh-2` and so on. */
export const firstRefreshToken = 'canary-refresh-1'

/** Endpoints: /token, /revoke and /introspect. Access tokens live an hour. */
export async function startRefreshServer(
  options: RefreshServerOptions = {}
): Promise<RefreshServer> {
  const refreshes: string[] = []
  const revoked: string[] = []
  const accessTokens = new Set<string>()
  let current = firstRefreshToken
  let isAlive = true

  const refresh = (refreshToken: string): Answer => {
    const isOld = refreshToken !== current
    if (isOld && options.reuse !== 'is accepted') isAlive = false
    if (!isAlive) return { status: 400, body: { error: 'invalid_grant' } }
    current = `canary-refresh-${refreshes.length + 1}`
    const accessToken = `canary-access-${refreshes.length}`
    accessTokens.add(accessToken)
    const body = {
      access_token: accessToken,
      refresh_token: current,
      token_type: 'bearer',
      expires_in: 3600
    }
    return { status: 200, body }
  }

  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const form = new URLSearchParams(body)
    if (request.url === '/revoke') {
      revoked.push(form.get('token') ?? '')
      answer(response, { status: 200, body: {} })
      return
    }
    refreshes.push(form.get('refresh_token') ?? '')
    const number = refreshes.length
    const given = options.answer?.(number) ?? refresh(refreshes.at(-1) ?? '')
    await options.beforeAnswer?.(number)
    answer(response, given)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    origin: `http://127.0.0.1:${port}`,
    refreshes,
    revoked,
    isAlive: () => isAlive,
    takes: accessToken => isAlive && accessTokens.has(accessToken),
    endGrant: () => {
      isAlive = false
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

function answer(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
  response.end(JSON.stringify(body ?? {}))
}
