/** A team that has installed its app at two clients, each with people of its own, and a service that all of them authorize at. */
import { join } from 'node:path'
import type { Diagnostic } from '../../engine/model/diagnostic.ts'
import type { ClientEnvironment } from '../../engine/model/documents.ts'
import type { Environment } from '../../engine/model/generated/types.ts'
import { authorizeWorkflow } from '../../engine/workflow/authorize.ts'
import type { AuthorizeRequest, AuthorizeResult } from '../../engine/workflow/authorize-scene.ts'
import { revokeWorkflow } from '../../engine/workflow/revoke.ts'
import type { Surroundings } from '../../engine/workflow/surroundings.ts'
import { recipientsWorkflow, vaultKeyWorkflow } from '../../engine/workflow/vault.ts'
import { temporaryFolder } from './assert.ts'
import { atBrowser, forgeFiles } from './check-workspace.ts'
import type { ConsentOptions, OAuthServer } from './oauth-server.ts'
import { forgeConnection, makeScenario, type Scenario } from './scenario-workspace.ts'

/** Ours by their role; of acme an admin and two users, of beta an admin. The application has a key for every client. */
const names = ['ana', 'ada', 'dev', 'uwe', 'it', 'jo', 'kim', 'ib', 'app'] as const
export type Name = (typeof names)[number]

const addresses: Readonly<Record<Name, string>> = {
  ana: 'ana@example.com',
  ada: 'ada@example.com',
  dev: 'dev@example.com',
  uwe: 'uwe@example.com',
  it: 'it@acme.example',
  jo: 'jo@acme.example',
  kim: 'kim@acme.example',
  ib: 'ib@beta.example',
  app: 'app@example.com'
}

export interface Clients {
  readonly scenario: Scenario
  /** A person at a machine of their own. */
  readonly as: (name: Name) => Surroundings
  readonly address: (name: Name) => string
  readonly keyOf: (name: Name) => string
  readonly write: {
    readonly workspace: (more?: string) => void
    readonly acme: (more?: string) => void
    readonly beta: (more?: string) => void
  }
  readonly authorize: (
    name: Name,
    connection: string,
    environments: readonly Environment[],
    options?: Partial<AuthorizeRequest>,
    consent?: ConsentOptions
  ) => Promise<AuthorizeResult>
  readonly revoke: (
    name: Name,
    connection: string,
    environment: Environment,
    user?: string
  ) => ReturnType<typeof revokeWorkflow>
}

export const acme: ClientEnvironment = 'client/acme'
export const beta: ClientEnvironment = 'client/beta'

interface Made {
  readonly scenario: Scenario
  readonly configs: Readonly<Record<string, string>>
  readonly keys: Readonly<Record<string, string>>
}

const made = new Map<string, Promise<Made>>()

/**
 * `forge` is authorized by an administrator and shared here, `inbox` by each user; installed everywhere, authorized nowhere. Alone, nobody
 * is named as a member of anything.
 */
export async function makeClients(
  { origin }: OAuthServer,
  isAlone: boolean = false
): Promise<Clients> {
  const key = `${origin} ${isAlone}`
  const first = made.get(key) ?? make(origin, isAlone)
  made.set(key, first)
  const { scenario: original, configs, keys } = await first
  const scenario = original.copy()
  const as = (name: Name): Surroundings => ({
    ...scenario.around,
    // Of her own, and a part of what was copied.
    configFolder: name === 'ana' ? scenario.configFolder : (configs[name] ?? ''),
    actor: addresses[name]
  })
  const keyOf = (name: Name): string => keys[name] ?? ''
  return {
    scenario,
    as,
    address: name => addresses[name],
    keyOf,
    write: writersOf(scenario, keyOf, isAlone),
    authorize: (name, connection, environments, options = {}, consent = {}) =>
      authorizeWorkflow(
        as(name),
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
        {
          showAddress: atBrowser({ account: name, ...consent }).showAddress ?? (() => {}),
          showDevice: () => {},
          showRefused: () => {},
          readRedirect: async () => null,
          askFields: async () => ({})
        }
      ),
    revoke: (name, connection, environment, user) =>
      revokeWorkflow(as(name), { connection, environment, user }, { confirm: async () => true })
  }
}

async function make(origin: string, isAlone: boolean): Promise<Made> {
  const scenario = makeScenario({
    ...forgeFiles(origin, { ends: 'grant', connection: 'authorization: shared' }),
    'connections/inbox.yaml': forgeConnection(
      '[offline_access, read]',
      'level: logged-in-user\nauthorization: shared'
    ),
    'components/desk.yaml': 'kind: form\nname: Desk\nuses: [forge, inbox]\n'
  })
  const configs: Record<string, string> = {}
  const keys: Record<string, string> = {}
  for (const name of names) {
    const configFolder = name === 'ana' ? scenario.configFolder : join(temporaryFolder(), 'tieline')
    configs[name] = configFolder
    keys[name] = (await vaultKeyWorkflow({ ...scenario.around, configFolder })).key
  }
  const write = writersOf(scenario, name => keys[name] ?? '', isAlone)
  write.workspace()
  write.acme()
  write.beta()
  const ana = { ...scenario.around, actor: addresses.ana }
  if (!isAlone) await shareOut(ana)
  for (const each of ['dev', 'stage', 'prod', acme, beta] as const) await scenario.apply(each)
  if (!isAlone) await shareOut(ana)
  return { scenario, configs, keys }
}

function writersOf(
  { write }: Scenario,
  keyOf: Clients['keyOf'],
  isAlone: boolean
): Clients['write'] {
  return {
    workspace: (more = `runtime: { clients: [${keyOf('app')}] }\n`) =>
      write('tieline.yaml', workspace(keyOf, isAlone) + more),
    acme: (more = '') =>
      write('clients/acme.yaml', `name: Acme\n${isAlone ? '' : acmeMembers(keyOf)}${more}`),
    beta: (more = '') =>
      write('clients/beta.yaml', `name: Beta\n${isAlone ? '' : betaMembers(keyOf)}${more}`)
  }
}

function acmeMembers(keyOf: Clients['keyOf']): string {
  return `members:
  it@acme.example: { role: admin, key: ${keyOf('it')} }
  jo@acme.example: { role: user, key: ${keyOf('jo')} }
  kim@acme.example: { role: user }
`
}

function betaMembers(keyOf: Clients['keyOf']): string {
  return `members: { ib@beta.example: { role: admin, key: ${keyOf('ib')} } }\n`
}

function workspace(keyOf: Clients['keyOf'], isAlone: boolean): string {
  const start = 'app: { name: Test }\nconnectors: { custom: true }\n'
  if (isAlone) return start
  return `${start}members:
  ana@example.com: { role: super-admin, key: ${keyOf('ana')} }
  ada@example.com: { role: admin, key: ${keyOf('ada')} }
  dev@example.com: { role: developer, key: ${keyOf('dev')} }
  uwe@example.com: { role: user }
`
}

async function shareOut(around: Surroundings): Promise<void> {
  const yes = async () => true
  await recipientsWorkflow(around, [], { show: () => {}, areReaders: yes, confirm: yes })
}

export function codesOf(diagnostics: readonly Diagnostic[]): readonly string[] {
  return diagnostics.map(each => each.code)
}
