/** An app in prod, and clients of it that are installed one by one, through the command line. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import * as assert from 'uvu/assert'
import type { Diagnostic } from '../../engine/model/diagnostic.ts'
import { type ClientEnvironment, emptyContent } from '../../engine/model/documents.ts'
import { fingerprintOf } from '../../engine/model/fingerprint.ts'
import type { State } from '../../engine/model/generated/types.ts'
import type { WriteAbout } from '../../engine/model/ports.ts'
import { ensureClientKeys } from '../../engine/workflow/client-keys.ts'
import { openState, openWorkspace, soundDocuments } from '../../engine/workflow/open-workspace.ts'
import type { Surroundings } from '../../engine/workflow/surroundings.ts'
import { type RunOptions, type RunResult, run, temporaryFolder } from './assert.ts'
import { cleanEnvironment, writeFiles } from './cli-run.ts'
import { programFile } from './scenario-program.ts'
import { type KeyService, keys, startKeyService } from './scenario-service.ts'

export const emails = {
  sue: 'sue@example.com',
  ada: 'ada@example.com',
  it: 'it@acme.example',
  jo: 'jo@acme.example',
  bo: 'bo@beta.example',
  app: 'app@example.com',
  new: 'new@acme.example'
} as const

export type Name = keyof typeof emails

interface Person {
  readonly key: string
  readonly secret: string
}

export interface ClientScene {
  readonly folder: string
  readonly people: Readonly<Record<Name, Person>>
  readonly as: (
    who: Name,
    args: readonly string[],
    more?: Pick<RunOptions, 'env' | 'input'>
  ) => Promise<RunResult>
  readonly around: (who: Name) => Surroundings
  /** All that was printed so far. */
  readonly said: string[]
}

export const [acme, beta] = ['client/acme', 'client/beta'] as const

export function acmeSpec(people: ClientScene['people'], more: string = ''): string {
  return `name: Acme
members:
  it@acme.example: { role: admin, key: ${people.it.key} }
  jo@acme.example: { role: user, key: ${people.jo.key} }
${more}`
}

let service: Promise<KeyService> | undefined

/** For the end of a test file. */
export async function closeClientScenes(): Promise<void> {
  await (await service)?.close()
}

const begun = new Map<boolean, Promise<ClientScene>>()

/** Two clients, of which nothing is recorded, and an app in prod. Alone, nobody else works on it, and acme names no members. */
export async function aClientScene({ isAlone = false } = {}): Promise<ClientScene> {
  service ??= startKeyService()
  const first = begun.get(isAlone) ?? begin((await service).origin, isAlone)
  begun.set(isAlone, first)
  const { folder: before, people } = await first
  const folder = temporaryFolder()
  cpSync(before, folder, { recursive: true })
  return sceneIn(folder, people)
}

async function begin(origin: string, isAlone: boolean): Promise<ClientScene> {
  const entries = await Promise.all(
    Object.keys(emails).map(async name => {
      const secret = await generateX25519Identity()
      return [name, { secret, key: await identityToRecipient(secret) }] as const
    })
  )
  const people = Object.fromEntries(entries) as ClientScene['people']
  const members = `members:
  sue@example.com: { role: super-admin, key: ${people.sue.key} }
  ada@example.com: { role: admin, key: ${people.ada.key} }
runtime: { prod: [${people.app.key}], clients: [${people.app.key}] }
`
  const scene = sceneIn(temporaryFolder(), people)
  writeFiles(scene.folder, {
    'tieline.yaml': `app: { name: Clients }\nconnectors: { custom: true }\n${isAlone ? '' : members}`,
    'connectors/pager.yaml': connector(origin, 'pager', '[administrator]'),
    'connectors/inbox.yaml': connector(origin, 'inbox', '[logged-in-user]'),
    'connections/pager.yaml': 'connector: pager\nauthorization: separate\n',
    'connections/inbox.yaml': 'connector: inbox\nlevel: logged-in-user\nauthorization: separate\n',
    'components/page.yaml': 'kind: page\nname: Page\nuses: [pager, inbox]\n',
    'clients/acme.yaml': isAlone ? 'name: Acme\n' : acmeSpec(people),
    'clients/beta.yaml': `name: Beta
members: { bo@beta.example: { role: admin, key: ${people.bo.key} } }
`
  })
  const expected = [people.ada, people.app].flatMap(each => ['--expect', fingerprintOf(each.key)])
  if (!isAlone) succeeded(await scene.as('sue', ['vault', 'init', ...expected]))
  const apply = ['apply', '--road', 'prod', '--auto-approve', '--no-authorize']
  succeeded(await scene.as('sue', apply))
  return scene
}

function connector(origin: string, id: string, levels: string): string {
  return `id: ${id}
service: Pager ${id}
category: Test
docs: https://example.com/
levels: ${levels}
auth:
  - id: key
    kind: api-key
    fields: { key: { title: Key, secret: true } }
    send: { in: header, name: X-Key, value: '{key}' }
api:
  baseUrl: ${origin}/${id}
  test: { method: GET, url: '${origin}/${id}/me', success: { status: [200] }, account: { id: /id, name: /name } }
sources: [{ url: 'https://example.com/', read: 2026-11, facts: Made up for tests. }]
`
}

function sceneIn(folder: string, people: ClientScene['people']): ClientScene {
  const home = temporaryFolder()
  const said: string[] = []
  return {
    folder,
    people,
    said,
    as: async (who, args, { env, input } = {}) => {
      const result = await run(process.execPath, [programFile(), ...args], {
        cwd: folder,
        ...(input === undefined ? {} : { input }),
        env: {
          ...cleanEnvironment(home),
          TIELINE_ACTOR: emails[who],
          TIELINE_IDENTITY: people[who].secret,
          PAGER_ONE: keys.one,
          PAGER_TWO: keys.two,
          ...env
        }
      })
      said.push(`${result.stdout}${result.stderr}`)
      return result
    },
    around: who => ({
      folder,
      variables: { TIELINE_IDENTITY: people[who].secret, TIELINE_ACTOR: emails[who] },
      configFolder: join(home, '.config/tieline'),
      packageFolder: join(import.meta.dirname, '../..'),
      clock: { now: () => new Date() },
      actor: undefined
    })
  }
}

/** What applying a client writes the first time, and then the keys. */
export async function install(
  scene: ClientScene,
  client: ClientEnvironment,
  about: WriteAbout = {}
): Promise<readonly Diagnostic[]> {
  const around = scene.around('ada')
  const { settings } = await openWorkspace(around)
  const state = openState(around, settings, emails.ada)
  await state.withLock('apply', async writer => {
    const { prod } = await writer.read()
    if (prod === null) throw new Error('prod has nothing')
    const { connectors, connections, components, version } = prod
    await writer.write(
      {
        ...emptyContent(client),
        ...{ connectors, connections, components, version },
        had: [version ?? 1]
      },
      about
    )
  })
  return ensureClientKeys(around, settings, state, client)
}

export async function documentOf(scene: ClientScene, client: ClientEnvironment): Promise<State> {
  const around = scene.around('ada')
  const { settings } = await openWorkspace(around)
  const document = (await soundDocuments(openState(around, settings, emails.ada)))[client]
  if (document === undefined) throw new Error(`${client} is not installed`)
  return document
}

export function succeeded(result: RunResult): RunResult {
  assert.is(result.code, 0, `${result.stdout}${result.stderr}`)
  return result
}

export function refused(result: RunResult, code: string): string {
  assert.is(result.code, 1, `${result.stdout}${result.stderr}`)
  const { diagnostics } = JSON.parse(result.stdout)
  assert.equal(
    diagnostics.map((each: Diagnostic) => each.code),
    [code],
    result.stdout
  )
  return diagnostics[0].detail
}

export const json = ['--format', 'json']
export const authorize = (connection: string, client: string) => [
  ...['authorize', connection, '-e', client],
  ...['--from', 'key=env:PAGER_ONE']
]

export async function tokenOf(
  { as }: ClientScene,
  who: Name,
  connection: string,
  client: string,
  more: readonly string[] = []
): Promise<string | undefined> {
  const result = await as(who, ['token', connection, '-e', client, ...more, ...json])
  return result.code === 0 ? JSON.parse(result.stdout).headers['X-Key'] : undefined
}

/** Nothing that was printed tells a secret, or calls a client by what the vault calls it. */
export async function expectWellSaid(scene: ClientScene, ...clients: readonly ClientEnvironment[]) {
  const text = scene.said.join('\n')
  for (const each of [keys.one, keys.two]) {
    const shown = text.split('\n').filter(line => line.includes(each) && !line.includes('X-Key'))
    assert.equal(shown, [])
  }
  assert.not.match(text, 'AGE-SECRET-KEY')
  assert.not.match(text, 'INTERNAL_ERROR')
  for (const client of clients) {
    const { lineage } = await documentOf(scene, client)
    const plain = text.replaceAll(`keys/client/${lineage}.json (${client})`, '')
    assert.not.ok(plain.includes(lineage), `Its lineage was told of ${client}`)
  }
}
