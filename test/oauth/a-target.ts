/** Targets, and servers that answer as told, for tests of authorization and run time. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Credential, OAuth2Secret } from '../../engine/model/credential.ts'
import { Refusal } from '../../engine/model/diagnostic.ts'
import type { Api, Basis, Fields, Send } from '../../engine/model/generated/types.ts'
import type { Clock, SecretResolver } from '../../engine/model/ports.ts'
import type { Need, OAuth2TargetWay, Target } from '../../engine/model/target.ts'
import type { OAuth2Target } from '../../engine/oauth/resolve-client.ts'

export const clock: Clock = { now: () => new Date() }

export function aBasis(origin: string, overrides: Partial<Basis> = {}): Basis {
  return {
    connector: 'example',
    auth: 'oauth2',
    origins: [origin],
    parameters: {},
    clientId: 'env:EXAMPLE_ID',
    ...overrides
  }
}

function aNeed(basis: Basis, scopes: readonly string[]): Need {
  return { connection: 'example.1', level: 'administrator', slot: 'dev', basis, scopes }
}

export interface OAuthParts {
  readonly way?: Partial<OAuth2TargetWay>
  readonly api?: Partial<Api>
  readonly basis?: Partial<Basis>
  readonly scopes?: readonly string[]
  readonly target?: Partial<Target>
}

/** An OAuth2 connection whose service is at `origin`. */
export function anOAuthTarget(origin: string, parts: OAuthParts = {}): OAuth2Target {
  const way: OAuth2TargetWay = {
    id: 'oauth2',
    kind: 'oauth2',
    grant: 'authorization_code',
    authorizeUrl: `${origin}/auth`,
    authorizeParameters: { prompt: 'consent' },
    tokenUrl: `${origin}/token`,
    clientAuthentication: 'post',
    pkce: 'S256',
    scopeSeparator: ' ',
    scopes: { read: 'Reads.', write: 'Writes.', offline_access: 'Stays.' },
    all: ['read', 'write', 'offline_access'],
    revocation: { ends: 'none' },
    redirect: { host: '127.0.0.1', port: 'any', path: '/callback' },
    send: [{ in: 'header', name: 'Authorization', value: 'Bearer {access_token}' }],
    ...parts.way
  }
  return {
    linkName: 'example',
    name: 'Example Connection',
    environment: 'dev',
    service: 'Example',
    need: aNeed(aBasis(origin, parts.basis), parts.scopes ?? ['offline_access', 'read', 'write']),
    client: { id: 'env:EXAMPLE_ID', secret: 'env:EXAMPLE_SECRET' },
    origin: null,
    api: anApi(origin, parts.api),
    docs: 'https://example.com/docs',
    ...parts.target,
    way
  }
}

function anApi(origin: string, overrides: Partial<Api> = {}): Api {
  return {
    baseUrl: origin,
    test: {
      method: 'GET',
      url: `${origin}/whoami`,
      success: { status: [200] },
      account: { id: '/sub', name: '/name' }
    },
    ...overrides
  }
}

/** A connection with fields whose service is at `origin`. */
export function aFieldsTarget(
  origin: string,
  kind: 'basic' | 'api-key',
  fields: Fields,
  send: Send | readonly Send[],
  api: Partial<Api> = {}
): Target {
  const basis = aBasis(origin, { auth: kind, clientId: null })
  return {
    linkName: 'example',
    name: 'Example Connection',
    environment: 'dev',
    service: 'Example',
    need: aNeed(basis, []),
    client: null,
    origin: null,
    way: { id: kind, kind, fields, send: 'in' in send ? [send] : send },
    api: anApi(origin, api),
    docs: 'https://example.com/docs'
  }
}

export function resolverOf(values: Readonly<Record<string, string>>): SecretResolver {
  return async reference => {
    const value = values[reference]
    if (value === undefined) throw new Error(`${reference} was not expected to be read`)
    return value
  }
}

export const clientResolver = resolverOf({
  'env:EXAMPLE_ID': 'app-1.example_x',
  'env:EXAMPLE_SECRET': 'canary client+secret/%'
})

export type RefreshableSecret = OAuth2Secret & { readonly refreshToken: string }

/** Tokens with canaries in them. */
export function anOAuthSecret(overrides: Partial<RefreshableSecret> = {}): RefreshableSecret {
  return {
    kind: 'oauth2',
    accessToken: 'canary-access-token',
    refreshToken: 'canary-refresh-token',
    obtainedAt: '2026-01-01T00:00:00.000Z',
    expiresAt: null,
    lifetime: null,
    scopes: ['offline_access', 'read', 'write'],
    learnt: {},
    dpopKey: null,
    ...overrides
  }
}

export function aCredential(target: Target, secret: Credential['secret']): Credential {
  return {
    formatVersion: 1,
    id: '11111111-2222-4333-8444-555555555555',
    slot: target.need.slot,
    connection: target.need.connection,
    user: null,
    generation: 1,
    record: {
      connection: target.need.connection,
      level: target.need.level,
      basis: target.need.basis,
      asked: target.need.scopes,
      granted: target.need.scopes,
      account: { id: '1', name: 'Ana' },
      by: 'ana@example.com',
      at: '2026-01-01T00:00:00Z',
      ended: null
    },
    clientId: secret.kind === 'oauth2' ? 'app-1.example_x' : null,
    dead: null,
    secret
  }
}

export interface SmallServer {
  readonly origin: string
  readonly requests: readonly SeenRequest[]
  readonly close: () => Promise<void>
}

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A real HTTP server that answers as told. */
export async function startServer(
  answer: (request: SeenRequest, response: ServerResponse) => void
): Promise<SmallServer> {
  const requests: SeenRequest[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const { method = '', url = '', headers } = request
    const seen = { method, path: url, headers, body }
    requests.push(seen)
    answer(seen, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const close = (): Promise<void> =>
    new Promise(resolve => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { origin: `http://127.0.0.1:${port}`, requests, close }
}

/** Answers every request with this JSON. */
export function json(status: number, body: unknown) {
  return (_request: SeenRequest, response: ServerResponse): void => {
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
  }
}

/** For `rejects`: a refusal with this code. */
export function withCode(code: string): (error: Error) => boolean {
  return error => error instanceof Refusal && error.diagnostics.some(each => each.code === code)
}

/** All that a person would see of an error. */
export function shownOf(error: Error): string {
  const diagnostics = error instanceof Refusal ? error.diagnostics : []
  return JSON.stringify([error.message, error.stack, error.cause, diagnostics])
}
