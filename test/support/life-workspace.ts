/** A workspace on disk that lives the life of life-model.ts: its files, its commands, and what is recorded and stored in it. */
import { createServer } from 'node:http'
import { join } from 'node:path'
import { Refusal } from '../../engine/model/diagnostic.ts'
import type { Environment, Selection } from '../../engine/model/generated/types.ts'
import { applyWorkflow } from '../../engine/workflow/apply.ts'
import { authorizeWorkflow } from '../../engine/workflow/authorize.ts'
import { everything } from '../../engine/workflow/plan.ts'
import { revokeWorkflow } from '../../engine/workflow/revoke.ts'
import { surgeryWorkflow } from '../../engine/workflow/state-surgery.ts'
import { verify } from '../../engine/workflow/state-verify.ts'
import type { Surroundings } from '../../engine/workflow/surroundings.ts'
import type { Connection, Env, Presence, Spec, Tree, Wish } from './life-model.ts'
import { makeScenario, type Scenario } from './scenario-workspace.ts'

/** A service that gives everybody what they ask for: tokens by client credentials, and the account of whoever has one, or a key. */
export async function startLifeService(): Promise<{
  readonly origin: string
  readonly close: () => Promise<void>
}> {
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', chunk => {
      body += chunk
    })
    request.on('end', () => {
      const isToken = request.url?.endsWith('/token') === true
      const isGood =
        isToken ||
        request.headers.authorization !== undefined ||
        request.headers['x-key'] === goodKey
      const answer = isToken
        ? {
            access_token: `token-${Math.random()}`,
            token_type: 'Bearer',
            expires_in: 3600,
            scope: new URLSearchParams(body).get('scope') ?? ''
          }
        : { id: 'one', name: 'Account one' }
      response.writeHead(isGood ? 200 : 401, { 'Content-Type': 'application/json' })
      response.end(JSON.stringify(isGood ? answer : { error: 'unknown key' }))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

const goodKey = 'a-key-that-is-good-5Rw2'

function connectors(origin: string): Readonly<Record<string, unknown>> {
  const common = (id: string) => ({
    id,
    service: id,
    category: 'Tests',
    docs: 'https://life.example/docs',
    parameters: {
      area: { title: 'Area', default: 'east', affectsAuthorization: true, pattern: '[a-z]+' },
      tone: { title: 'Tone', default: 'low', affectsAuthorization: false, pattern: '[a-z]+' }
    },
    api: {
      baseUrl: `${origin}/{area}`,
      test: {
        method: 'GET',
        url: `${origin}/{area}/me`,
        success: { status: [200] },
        account: { id: '/id', name: '/name' }
      }
    },
    sources: [{ url: 'https://life.example/docs', read: '2026-11', facts: 'Everything.' }]
  })
  return {
    board: {
      ...common('board'),
      levels: ['administrator', 'logged-in-user'],
      auth: [
        {
          id: 'api-key',
          kind: 'api-key',
          fields: { key: { title: 'Key', secret: true } },
          send: { in: 'header', name: 'X-Key', value: '{key}' }
        }
      ]
    },
    forge: {
      ...common('forge'),
      levels: ['administrator'],
      auth: [
        {
          id: 'oauth2',
          kind: 'oauth2',
          grant: 'client_credentials',
          tokenUrl: `${origin}/{area}/token`,
          clientAuthentication: 'post',
          scopeSeparator: ' ',
          scopes: { read: 'Read things.', write: 'Write things.', admin: 'Do all.' },
          all: ['admin', 'read', 'write'],
          revocation: { ends: 'none' },
          send: { in: 'header', name: 'Authorization', value: 'Bearer {access_token}' }
        }
      ]
    }
  }
}

/** What a command came to. */
export type Outcome =
  | { readonly refused: readonly string[] }
  | { readonly pending: readonly string[]; readonly outcomes: readonly string[] }

export interface LifeWorkspace {
  readonly scenario: Scenario
  /** Time goes on with every look at the clock. */
  readonly around: Surroundings
  /** Brings the files to what the tree says. */
  readonly write: (tree: Tree) => void
  readonly apply: (wish: Wish, presence: Presence | null) => Promise<Outcome>
  readonly authorize: (link: string, envs: readonly Env[], user: string | null) => Promise<Outcome>
  readonly revoke: (link: string, env: Env, user: string | null) => Promise<Outcome>
  readonly move: (subject: 'connection' | 'component', from: string, to: string) => Promise<Outcome>
  readonly undo: () => Promise<Outcome>
  readonly verify: () => ReturnType<typeof verify>
}

export function makeLifeWorkspace(origin: string): LifeWorkspace {
  const scenario = makeScenario({
    'tieline.yaml': 'app: { name: Life }\nconnectors: { custom: true }\n',
    ...Object.fromEntries(
      Object.entries(connectors(origin)).map(([id, each]) => [
        `connectors/${id}.yaml`,
        JSON.stringify(each)
      ])
    )
  })
  let seconds = 0
  const around: Surroundings = {
    ...scenario.around,
    clock: { now: () => new Date(Date.UTC(2026, 10, 1) + 1000 * seconds++) }
  }
  let files: Readonly<Record<string, string>> = {}
  return {
    scenario,
    around,
    write: tree => {
      const now = filesOf(tree)
      for (const file of Object.keys(files)) if (now[file] === undefined) scenario.remove(file)
      for (const [file, text] of Object.entries(now)) {
        if (files[file] !== text) scenario.write(file, text)
      }
      files = now
    },
    apply: (wish, presence) => outcome(() => applyTo(around, wish, presence)),
    authorize: (link, envs, user) =>
      outcome(async () => {
        // Nobody signs in for somebody else.
        await authorizeWorkflow(
          user === null ? around : { ...around, actor: user },
          {
            connection: link,
            environments: envs,
            user: undefined,
            method: undefined,
            place: { hasDisplay: false, isRemote: false },
            port: undefined,
            from: {},
            switchAccount: false
          },
          { ...silence, askFields: async () => ({ key: goodKey }) }
        )
        return done
      }),
    revoke: (link, env, user) =>
      outcome(async () => {
        const request = { connection: link, environment: env, user: user ?? undefined }
        await revokeWorkflow(around, request, { confirm: async () => true })
        return done
      }),
    move: (subject, from, to) =>
      outcome(async () => {
        const request = { kind: 'mv', from: `${subject}/${from}`, to, environment: 'dev' } as const
        await surgeryWorkflow(around, request, { confirm: async () => true })
        return done
      }),
    undo: () =>
      outcome(async () => {
        const request = { kind: 'undo', serial: null, slot: 'dev' } as const
        await surgeryWorkflow(around, request, { confirm: async () => true })
        return done
      }),
    verify: () => verify(around)
  }
}

const done = { pending: [], outcomes: [] } as const

async function outcome(work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { refused: error.diagnostics.map(each => each.code) }
  }
}

const silence = {
  showAddress: () => {},
  showRefused: () => {},
  showDevice: () => {},
  readRedirect: async () => null
}

export function selectionOf({ selection, version }: Wish): Selection {
  return { ...everything, ...(selection ?? {}), version }
}

async function applyTo(
  around: Surroundings,
  wish: Wish,
  presence: Presence | null
): Promise<Outcome> {
  const result = await applyWorkflow(
    around,
    {
      environment: wish.env as Environment,
      selection: selectionOf(wish),
      promised: null,
      note: null,
      authorize: presence !== null,
      place: { hasDisplay: false, isRemote: false },
      signal: new AbortController().signal
    },
    {
      ...silence,
      askFields: async ({ linkName }) => ({
        key: presence?.(linkName, 'board') === true ? goodKey : 'wrong'
      }),
      confirm: async () => true,
      step: (_what, work) => work()
    }
  )
  return {
    pending: result?.pending.map(each => each.connection) ?? [],
    outcomes: result?.steps.map(each => each.outcome) ?? []
  }
}

function filesOf({ connections, components, clients }: Tree): Readonly<Record<string, string>> {
  const files: Record<string, string> = {}
  for (const [link, each] of Object.entries(connections)) {
    files[`connections/${link}.yaml`] = JSON.stringify(connectionSpec(each))
  }
  for (const [link, { previously, ...each }] of Object.entries(components)) {
    const spec = { kind: 'form', ...each, ...(previously === null ? {} : { previously }) }
    files[`components/${link}.yaml`] = JSON.stringify(spec)
  }
  for (const [link, { version, areas, previously }] of Object.entries(clients)) {
    const own = Object.entries(areas).map(([name, area]) => [name, { parameters: { area } }])
    files[`clients/${link}.yaml`] = JSON.stringify({
      name: `Client ${link}`,
      ...(version === null ? {} : { version }),
      ...(own.length === 0 ? {} : { connections: Object.fromEntries(own) }),
      ...(previously === null ? {} : { previously })
    })
  }
  return files
}

function connectionSpec(spec: Spec<Connection>): unknown {
  const { name, connector, level, separate, scopes, area, tone, areas, protect, previously } = spec
  const overrides = Object.entries(areas).map(([env, own]) => [env, { parameters: { area: own } }])
  return {
    connector,
    name,
    level,
    authorization: separate ? 'separate' : 'shared',
    parameters: { area, tone },
    ...(connector === 'forge'
      ? { scopes, client: { id: 'env:OAUTH_CLIENT', secret: 'env:OAUTH_SECRET' } }
      : {}),
    ...(overrides.length === 0 ? {} : { environments: Object.fromEntries(overrides) }),
    ...(protect ? { protect } : {}),
    ...(previously === null ? {} : { previously })
  }
}

/** Where the file of a document's history lies. */
export function historyFile({ folder }: Scenario, slot: string): string {
  return join(folder, 'state/history', `${slot.replace(/^client/, 'clients')}.jsonl`)
}
