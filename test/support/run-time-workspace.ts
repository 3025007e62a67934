/** A workspace as it stands at run time: settings, state and vault, without specs; and a service that it talks to. */
import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { dirname, join } from 'node:path'
import type { Credential } from '../../engine/model/credential.ts'
import { digestOf } from '../../engine/model/digest.ts'
import type { StateContent } from '../../engine/model/documents.ts'
import type {
  AuthorizationRecord,
  Connection,
  Connector,
  Environment,
  Slot,
  VaultCommitment
} from '../../engine/model/generated/types.ts'
import type { Vault } from '../../engine/model/ports.ts'
import { needOf } from '../../engine/resolve/need-of.ts'
import { formatDocument } from '../../engine/state/format-document.ts'
import { openFileVault } from '../../engine/vault/file-vault.ts'
import { type Identity, personIdentity } from '../../engine/vault/person-identity.ts'
import { temporaryFolder } from './assert.ts'
import { aConnection, aState } from './builders.ts'

/** One that answers as the test says, and remembers what it was asked. */
export interface Service {
  readonly origin: string
  readonly seen: readonly Seen[]
  readonly close: () => Promise<void>
}

export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export type Answering = (request: Seen, response: ServerResponse) => void

export async function startService(answer: Answering): Promise<Service> {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { method = '', url = '', headers } = request
    const one = { method, url, headers, body: Buffer.concat(chunks).toString() }
    seen.push(one)
    answer(one, response)
  })
  await new Promise<void>(settle => server.listen(0, '127.0.0.1', settle))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    origin: `http://127.0.0.1:${port}`,
    seen,
    close: () =>
      new Promise(settle => {
        server.close(() => settle())
        server.closeAllConnections()
      })
  }
}

/** OAuth2, a key in the query, and a key in a header. */
export function aConnector(origin: string): Connector {
  return {
    id: 'hub',
    service: 'Hub',
    category: 'Tests',
    docs: 'https://hub.example/docs',
    levels: ['administrator', 'logged-in-user'],
    auth: [
      {
        id: 'oauth2',
        kind: 'oauth2',
        authorizeUrl: `${origin}/authorize`,
        tokenUrl: `${origin}/token`,
        clientAuthentication: 'post',
        scopeSeparator: ' ',
        scopes: { read: 'Read.', write: 'Write.' },
        all: ['read', 'write'],
        revocation: { ends: 'none' },
        send: { in: 'header', name: 'Authorization', value: 'Bearer {access_token}' }
      },
      {
        id: 'query',
        kind: 'api-key',
        fields: { key: { title: 'Key', secret: true } },
        send: { in: 'query', name: 'api_key', value: '{key}' }
      },
      {
        id: 'basic',
        kind: 'basic',
        fields: {
          name: { title: 'Name', secret: false },
          key: { title: 'Key', secret: true }
        },
        send: { in: 'basic', username: '{name}', password: '{key}' }
      }
    ],
    api: {
      baseUrl: `${origin}/api/v1`,
      headers: { 'X-Version': '7' },
      test: { method: 'GET', url: `${origin}/api/v1/me`, success: { status: [200] } }
    },
    sources: [{ url: 'https://hub.example/docs', read: '2026-11', facts: 'Everything.' }]
  }
}

export interface RunTimeWorkspace {
  readonly folder: string
  readonly configFolder: string
  readonly vault: Vault
  /** The same vault as somebody else sees it, who cannot read it: what they store is a deposit. */
  readonly vaultOf: (email: string, own: Identity, isMember?: boolean) => Vault
  /** Writes tieline.yaml anew. */
  readonly settings: (yaml: string) => void
  /** Records connections, by link name. */
  readonly record: (
    environment: Environment,
    connections: Readonly<Record<string, Connection>>
  ) => void
  /** Writes a state document whose content is that of the last time with these changes. */
  readonly state: (slot: Slot, content: Partial<StateContent>) => void
  /** Stores a credential; an administrator's is recorded, and serves. */
  readonly authorize: (
    environment: Environment,
    linkName: string,
    overrides?: Partial<Credential>,
    record?: Partial<AuthorizationRecord>,
    into?: Vault
  ) => Promise<Credential>
}

export const secret = 'canary-access-token-1'

/** Good for ten hours. */
export function anOAuthSecret(
  overrides: Partial<Extract<Credential['secret'], { kind: 'oauth2' }>> = {}
) {
  return {
    kind: 'oauth2' as const,
    accessToken: secret,
    refreshToken: 'canary-refresh-token-1',
    obtainedAt: new Date().toISOString(),
    expiresAt: new Date(Date.now() + 36_000_000).toISOString(),
    lifetime: 36_000,
    scopes: ['read'],
    learnt: {},
    dpopKey: null,
    ...overrides
  }
}

export function aHub(overrides: Partial<Connection> = {}): Connection {
  return aConnection({
    id: 'hub.1',
    name: 'Hub Connection',
    connector: 'hub',
    auth: 'oauth2',
    scopes: ['read'],
    client: { id: 'env:HUB_ID', secret: 'env:HUB_SECRET' },
    ...overrides
  })
}

/** `others` (age1...) read every slot beside its owner. */
export function aWorkspace(connector: Connector, others: readonly string[] = []): RunTimeWorkspace {
  const folder = temporaryFolder()
  const app = join(folder, 'app')
  const configFolder = join(folder, 'config', 'tieline')
  const contents = new Map<Slot, Partial<StateContent>>()
  const commitments = new Map<Slot, VaultCommitment | null>()
  const identity = personIdentity({ variable: undefined, configFolder })
  const digest = digestOf(connector)
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(app, file)), { recursive: true })
    writeFileSync(join(app, file), text)
  }
  const settings = (yaml: string): void => write('tieline.yaml', yaml)
  settings('app: { name: Test }\n')
  const vaultFolder = join(app, '.tieline/vault')
  const committed = async (slot: Slot) => commitments.get(slot) ?? null
  const vault = openFileVault(vaultFolder, {
    identity,
    committed,
    readers: async () => [(await identity.ensure()).recipient, ...others],
    actor: 'ana@example.com',
    memberKey: () => undefined
  })
  const state = (slot: Slot, content: Partial<StateContent>): void => {
    const all = { ...contents.get(slot), ...content }
    contents.set(slot, all)
    write(`state/${slot}.json`, formatDocument(aState(slot, all)))
  }
  return {
    folder: app,
    configFolder,
    vault,
    vaultOf: (email, own, isMember = true) =>
      openFileVault(vaultFolder, {
        identity: { find: async () => own, ensure: async () => own },
        committed,
        readers: null,
        actor: email,
        memberKey: name => (isMember && name === email ? own.recipient : undefined)
      }),
    settings,
    state,
    record: (environment, connections) => {
      const named = Object.entries(connections).map(
        ([linkName, each]) => [linkName, { ...each, connectorDigest: digest }] as const
      )
      state(environment, {
        connections: Object.fromEntries(named),
        connectors: { [digest]: connector }
      })
    },
    authorize: async (environment, linkName, overrides = {}, recorded = {}, into = vault) => {
      const connection = contents.get(environment)?.connections?.[linkName]
      if (connection === undefined) throw new Error(`${linkName} is not recorded`)
      const need = needOf(connection, connector, environment)
      const record: AuthorizationRecord = {
        connection: need.connection,
        level: need.level,
        basis: need.basis,
        asked: need.scopes,
        granted: need.scopes,
        account: { id: '1', name: 'ops@example.com' },
        by: 'ana@example.com',
        at: '2026-01-01T00:00:00.000Z',
        ended: null,
        ...recorded
      }
      const credential: Credential = {
        formatVersion: 1,
        id: randomUUID(),
        slot: need.slot,
        connection: need.connection,
        user: null,
        generation: 1,
        record,
        clientId: 'hub-client',
        dead: null,
        secret: anOAuthSecret(),
        ...overrides
      }
      await into.store(credential)
      const commitment = await vault.commitment(need.slot)
      commitments.set(need.slot, commitment)
      if (credential.user !== null) {
        state(need.slot, { vault: commitment })
        return credential
      }
      const serving = { ...contents.get(environment)?.serving, [need.connection]: credential.id }
      const authorizations = {
        ...contents.get(need.slot)?.authorizations,
        [credential.id]: record
      }
      state(need.slot, { vault: commitment, authorizations })
      state(environment, { serving })
      return credential
    }
  }
}
