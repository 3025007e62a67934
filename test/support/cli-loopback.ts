/** Workspace connectors whose service is on this machine, so that credentials really travel. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Files } from './cli-run.ts'

export interface Heard {
  readonly request: IncomingMessage
  /** Of the request, as text. */
  readonly body: string
}

export type Answerer = (heard: Heard, response: ServerResponse) => void

export interface LoopbackServer {
  readonly origin: string
  readonly heard: readonly Heard[]
  /** What it answers from now on. */
  readonly answers: (answerer: Answerer) => void
  readonly close: () => Promise<void>
}

/** A server on a free port that answers what it is told. */
export async function startLoopbackServer(first: Answerer = ok): Promise<LoopbackServer> {
  const heard: Heard[] = []
  let answerer = first
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    heard.push({ request, body })
    answerer({ request, body }, response)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port')
  return {
    origin: `http://127.0.0.1:${address.port}`,
    heard,
    answers: next => {
      answerer = next
    },
    close: () =>
      new Promise(done => {
        server.close(() => done())
        server.closeAllConnections()
      })
  }
}

export function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
}

function ok(_: Heard, response: ServerResponse): void {
  json(response, 200, { sub: 'ana', name: 'Ana' })
}

/** A workspace of four connections over three connectors: `crm` (OAuth2), `board` (API key), `files` (basic). */
export function loopbackWorkspace(origin: string): Files {
  return {
    'tieline.yaml': 'app: { name: Loopback }\nconnectors: { custom: true }\n',
    'connectors/crm.yaml': connector('crm', origin, oauth2(origin)),
    'connectors/board.yaml': connector('board', origin, apiKey),
    'connectors/files.yaml': connector('files', origin, basic),
    'connections/crm.yaml':
      'connector: crm\nscopes: [read, offline_access]\nclient: { id: env:CRM_ID, secret: env:CRM_SECRET }\n',
    'connections/board.yaml': 'connector: board\n',
    'connections/files.yaml': 'connector: files\n',
    'components/form.yaml': 'kind: form\nname: Form\nuses: [board, crm, files]\n',
    '.gitignore': '.tieline/\n'
  }
}

const apiKey = `  - id: api-key
    kind: api-key
    fields:
      key: { title: Key, secret: true }
    send: { in: header, name: X-Key, value: '{key}' }
`

const basic = `  - id: basic
    kind: basic
    fields:
      user: { title: User, secret: false }
      password: { title: Password, secret: true }
    send: { in: basic, username: '{user}', password: '{password}' }
`

function oauth2(origin: string): string {
  return `  - id: oauth2
    kind: oauth2
    authorizeUrl: ${origin}/auth
    authorizeParameters: { prompt: consent }
    tokenUrl: ${origin}/token
    clientAuthentication: basic
    pkce: S256
    scopeSeparator: ' '
    scopes: { read: Read., offline_access: Stay connected. }
    all: [read, offline_access]
    refreshScopes: [offline_access]
    revocation: { ends: none }
    redirect: { host: 127.0.0.1, port: any }
    send: { in: header, name: Authorization, value: 'Bearer {access_token}' }
`
}

function connector(id: string, origin: string, way: string): string {
  return `id: ${id}
service: Service ${id}
category: Test
docs: https://example.com/${id}
levels: [administrator, logged-in-user]
auth:
${way}api:
  baseUrl: ${origin}/api
  test:
    method: GET
    url: ${origin}/whoami
    success: { status: [200] }
    account: { id: /sub, name: /name }
sources:
  - { url: https://example.com/${id}, read: 2026-11, facts: None. }
`
}
