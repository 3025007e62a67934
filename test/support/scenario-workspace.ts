/** A small workspace with services of its own on this machine, and everything a test does to it. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { dirname, join } from 'node:path'
import { digestOf } from '../../engine/model/digest.ts'
import { slotsIn } from '../../engine/model/documents.ts'
import type { Environment, Plan, Slot, State } from '../../engine/model/generated/types.ts'
import { openFileState } from '../../engine/state/open-file-state.ts'
import { type ApplyResult, applyWorkflow } from '../../engine/workflow/apply.ts'
import { authorizeWorkflow } from '../../engine/workflow/authorize.ts'
import type {
  AuthorizeRequest,
  AuthorizeResult,
  Conversation
} from '../../engine/workflow/authorize-scene.ts'
import { everything, type Planned, planWorkflow } from '../../engine/workflow/plan.ts'
import { statusWorkflow } from '../../engine/workflow/status.ts'
import type { Surroundings } from '../../engine/workflow/surroundings.ts'
import { temporaryFolder } from './assert.ts'
import { type OAuthServer, startOAuthServer } from './oauth-server.ts'
import { type Running, start } from './scenario-program.ts'
import { keys } from './scenario-service.ts'

export interface Scenario {
  /** The workspace, and beside it the configuration of the person. */
  readonly folder: string
  readonly configFolder: string
  /** Of every process that is started in it. */
  readonly env: NodeJS.ProcessEnv
  readonly around: Surroundings
  readonly write: (file: string, text: string) => void
  readonly remove: (file: string) => void
  readonly state: (slot: Slot) => State | null
  /** Ids of the credentials that are stored. */
  readonly stored: () => readonly string[]
  /** A copy of everything, elsewhere. */
  readonly copy: () => Scenario
  readonly plan: (environment: Environment) => Promise<Planned>
  readonly apply: (
    environment: Environment,
    options?: { readonly promised?: Plan | null; readonly talk?: Partial<Conversation> }
  ) => Promise<ApplyResult>
  readonly authorize: (
    connection: string,
    environments: readonly Environment[],
    options?: Partial<AuthorizeRequest>,
    talk?: Partial<Conversation>
  ) => Promise<AuthorizeResult>
}

export const variables = {
  ONE: keys.one,
  TWO: keys.two,
  OAUTH_CLIENT: 'tieline-test',
  OAUTH_SECRET: 'a secret of the client'
} as const

/** A real OAuth server that knows the client of the scenarios. */
export function startScenarioServer(): Promise<OAuthServer> {
  return startOAuthServer({
    scopes: ['read', 'write'],
    clients: [
      {
        id: variables.OAUTH_CLIENT,
        secret: variables.OAUTH_SECRET,
        authentication: 'client_secret_post',
        redirectUris: ['http://127.0.0.1/callback']
      }
    ]
  })
}

/** Files of a workspace: paths and texts. */
export type Files = Readonly<Record<string, string>>

export function makeScenario(files: Files): Scenario {
  const scenario = scenarioIn(temporaryFolder())
  for (const [file, text] of Object.entries(files)) scenario.write(file, text)
  return scenario
}

function scenarioIn(home: string): Scenario {
  const folder = join(home, 'app')
  const config = join(home, 'config')
  const own = { ...variables, TIELINE_ACTOR: 'ana@example.com' }
  const around: Surroundings = {
    folder,
    variables: own,
    configFolder: join(config, 'tieline'),
    packageFolder: join(import.meta.dirname, '../..'),
    clock: { now: () => new Date() },
    actor: undefined
  }
  return {
    folder,
    configFolder: around.configFolder,
    env: {
      ...own,
      PATH: process.env.PATH,
      HOME: home,
      XDG_CONFIG_HOME: config,
      NO_COLOR: '1',
      GIT_CEILING_DIRECTORIES: dirname(home)
    },
    around,
    write: (file, text) => {
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), text)
    },
    remove: file => rmSync(join(folder, file)),
    state: slot => {
      const file = join(folder, 'state', `${slot.replace(/^client/, 'clients')}.json`)
      return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null
    },
    stored: () =>
      list(join(folder, '.tieline/vault')).flatMap(
        name => /^([0-9a-f-]{36})\.\d+\.json$/.exec(name)?.[1] ?? []
      ),
    copy: () => {
      const other = temporaryFolder()
      cpSync(home, other, { recursive: true })
      return scenarioIn(other)
    },
    plan: async environment => {
      const { plans } = await planWorkflow(around, environment, everything)
      const [planned] = plans
      if (planned === undefined) throw new Error('No plan')
      return planned
    },
    apply: async (environment, { promised = null, talk } = {}) => {
      const request = {
        environment,
        promised,
        selection: promised?.selection ?? everything,
        note: null,
        authorize: talk !== undefined,
        place: { hasDisplay: true, isRemote: false },
        signal: new AbortController().signal
      }
      const result = await applyWorkflow(around, request, {
        ...nobody,
        ...talk,
        confirm: async () => true,
        step: (_what, work) => work()
      })
      if (result === null) throw new Error('Nothing was applied')
      return result
    },
    authorize: (connection, environments, options = {}, talk = {}) =>
      authorizeWorkflow(
        around,
        {
          connection,
          environments,
          user: undefined,
          method: undefined,
          place: { hasDisplay: true, isRemote: false },
          port: undefined,
          from: {},
          switchAccount: false,
          ...options
        },
        { ...nobody, ...talk }
      )
  }
}

/** Where nobody can be asked. */
const nobody: Conversation = {
  showAddress: () => {
    throw new Error('Nobody was expected to be asked')
  },
  showRefused: () => {},
  showDevice: () => {
    throw new Error('Nobody was expected to be asked')
  },
  readRedirect: async () => null,
  askFields: async () => {
    throw new Error('Nobody was expected to be asked')
  }
}

/** Names in a folder that does not have to exist. */
export function list(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : []
}

/** Starts tieline in the scenario's workspace; `program` is its main file. */
export function startTieline(
  { folder, env }: Scenario,
  program: string,
  args: readonly string[],
  more: { readonly node?: readonly string[]; readonly env?: NodeJS.ProcessEnv } = {}
): Running {
  const node = [...(more.node ?? []), program, ...args]
  return start(process.execPath, node, { cwd: folder, env: { ...env, ...more.env } })
}

/**
 * All that must be the same after any run: state documents, published versions and status, without what is different in every run.
 * Credentials are named by what their records say, entries by their link names.
 */
export async function outcomeOf(scenario: Scenario): Promise<unknown> {
  const { folder, around } = scenario
  const store = openFileState(folder, 'state', '.tieline/locks', {
    actor: 'x',
    clock: around.clock
  })
  const found = (await store.read()).documents
  const documents = slotsIn(found).map(slot => found[slot] ?? null)
  const labels = new Map(
    documents.flatMap(document =>
      Object.entries(document?.authorizations ?? {}).map(([id, record]): [string, string] => [
        id,
        `${document?.environment} ${JSON.stringify(record, (key, value) => (key === 'at' ? '' : value))}`
      ])
    )
  )
  const { status } = await statusWorkflow(around, [], 'ana@example.com')
  const versions = Object.entries(scenario.state('stage')?.versions ?? {}).map(
    ([number, digest]) => {
      const file = join(folder, 'state/versions', `${number}.json`)
      const version: unknown = JSON.parse(readFileSync(file, 'utf8'))
      if (digestOf(version) !== digest) throw new Error(`Version ${number} is not what stage names`)
      return version
    }
  )
  const without = ['serial', 'lineage', 'digest', 'at', 'versions', 'source', 'definitions']
  const text = JSON.stringify(
    {
      documents,
      numbers: documents.map(document => Object.keys(document?.versions ?? {})),
      stored: scenario.stored(),
      published: versions,
      status
    },
    (key, value) => {
      if (without.includes(key) && !Array.isArray(value)) return undefined
      if (key === 'vault' && value !== null) return 'this vault'
      return value
    }
  )
  const named = [...labels].reduce(
    (all, [id, label]) => all.replaceAll(`"${id}"`, JSON.stringify(label)),
    text
  )
  return sorted(JSON.parse(named.replaceAll(/\b([a-z][a-z_]*)\.\d+(?=[\\"])/g, '$1')))
}

/** Keys in order, and lists of texts too. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(sorted)
    return items.every(each => typeof each === 'string') ? items.sort() : items
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)])
  )
}

/** Two connections on a service that takes keys, one for all environments and one for each, and a component that uses both. */
export function keyFiles(origin: string): Files {
  return {
    'tieline.yaml': 'app: { name: Test }\nconnectors: { custom: true }\n',
    'connectors/board.yaml': boardConnector(origin),
    'connections/hub.yaml': 'connector: board\nauthorization: shared\n',
    'connections/pager.yaml': 'connector: board\nauthorization: separate\n',
    'components/desk.yaml': 'kind: form\nname: Desk\nuses: [hub, pager]\n'
  }
}

/** Its parameter `area` changes what an authorization is for; `tone` changes nothing. */
export function boardConnector(origin: string, path = 'me'): string {
  const account = path === 'me' ? '\n    account: { id: /id, name: /name }' : ''
  return `id: board
service: Board
category: Tests
docs: https://board.example/docs
levels: [administrator, logged-in-user]
parameters:
  area: { title: Area, default: east, affectsAuthorization: true, pattern: '[a-z]+' }
  tone: { title: Tone, default: low, affectsAuthorization: false, pattern: '[a-z]+' }
auth:
  - id: api-key
    kind: api-key
    fields: { key: { title: Key, secret: true } }
    send: { in: header, name: X-Key, value: '{key}' }
api:
  baseUrl: '${origin}/{area}'
  test:
    method: GET
    url: '${origin}/{area}/${path}'
    success: { status: [200] }${account}
sources:
  - { url: https://board.example/docs, read: 2026-11, facts: Everything. }
`
}

/** One connection on an OAuth2 server. */
export function oauthFiles(origin: string, connection = ''): Files {
  return {
    'tieline.yaml': 'app: { name: Test }\nconnectors: { custom: true }\n',
    'connectors/forge.yaml': forgeConnector(origin),
    'connections/forge.yaml': forgeConnection('[offline_access, read]', connection),
    'components/desk.yaml': 'kind: form\nname: Desk\nuses: [forge]\n'
  }
}

export function forgeConnection(scopes: string, more = 'authorization: separate'): string {
  return `connector: forge
scopes: ${scopes}
client: { id: env:OAUTH_CLIENT, secret: env:OAUTH_SECRET }
${more}
`
}

function forgeConnector(origin: string): string {
  return `id: forge
service: Forge
category: Tests
docs: https://forge.example/docs
levels: [administrator, logged-in-user]
auth:
  - id: oauth2
    kind: oauth2
    issuer: ${origin}
    authorizeUrl: ${origin}/auth
    authorizeParameters: { prompt: consent }
    tokenUrl: ${origin}/token
    clientAuthentication: post
    pkce: S256
    scopeSeparator: ' '
    scopes: { read: Read things., write: Write things., offline_access: Stay connected. }
    all: [offline_access, read, write]
    revocation: { ends: none }
    redirect: { host: 127.0.0.1, port: any }
    send: { in: header, name: Authorization, value: 'Bearer {access_token}' }
api:
  baseUrl: ${origin}
  test:
    method: GET
    url: ${origin}/whoami
    success: { status: [200] }
    account: { id: /sub, name: /name }
sources:
  - { url: https://forge.example/docs, read: 2026-11, facts: Everything. }
`
}
