/** A team: roles, who reads what, deposits and their adoption, through the command line. */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fingerprintOf } from '../../engine/model/fingerprint.ts'
import { type RunResult, run, temporaryFolder } from '../support/assert.ts'
import { cleanEnvironment, writeFiles } from '../support/cli-run.ts'
import { programFile } from '../support/scenario-program.ts'
import { type KeyService, keys, startKeyService } from '../support/scenario-service.ts'
import { operationsOf } from '../support/state-workspace.ts'

interface Person {
  readonly key: string
  readonly secret: string
}

interface Team {
  readonly folder: string
  readonly people: Readonly<Record<string, Person>>
  /** Runs a command as somebody, with that person's own key; `env` comes on top. */
  readonly as: (
    who: string,
    args: readonly string[],
    env?: Readonly<Record<string, string>>
  ) => Promise<RunResult>
  readonly service: KeyService
}

const names = ['sue', 'ada', 'dev', 'uwe', 'app', 'new'] as const

async function aPerson(): Promise<Person> {
  const secret = await generateX25519Identity()
  return { secret, key: await identityToRecipient(secret) }
}

function workspace(people: Team['people'], without: readonly string[] = []): string {
  const roles = { sue: 'super-admin', ada: 'admin', dev: 'developer', uwe: 'user' }
  const members = Object.entries(roles)
    .filter(([name]) => !without.includes(name))
    .map(([name, role]) => {
      // A plain user may do without a key.
      const key = name === 'uwe' ? '' : `, key: ${people[name]?.key}`
      return `  ${name}@example.com: { role: ${role}${key} }`
    })
  return [
    'app: { name: Team }',
    'connectors: { custom: true }',
    `runtime: { prod: [${people.app?.key}] }`,
    'members:',
    ...members,
    ''
  ].join('\n')
}

async function aTeam(): Promise<Team> {
  const entries = await Promise.all(names.map(async name => [name, await aPerson()] as const))
  const people: Team['people'] = Object.fromEntries(entries)
  const service = await startKeyService()
  const [folder, home] = [temporaryFolder(), temporaryFolder()]
  const connector = (id: string, levels: string) => `id: ${id}
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
  baseUrl: ${service.origin}/${id}
  test: { method: GET, url: '${service.origin}/${id}/me', success: { status: [200] }, account: { id: /id, name: /name } }
sources: [{ url: 'https://example.com/', read: 2026-11, facts: Made up for tests. }]
`
  writeFiles(folder, {
    'tieline.yaml': workspace(people),
    'connectors/pager.yaml': connector('pager', '[administrator]'),
    'connectors/inbox.yaml': connector('inbox', '[logged-in-user]'),
    'connections/pager.yaml': 'connector: pager\nauthorization: separate\n',
    'connections/inbox.yaml': 'connector: inbox\nlevel: logged-in-user\nauthorization: separate\n',
    'components/page.yaml': 'kind: page\nname: Page\nuses: [pager, inbox]\n'
  })
  const as: Team['as'] = (who, args, env = {}) =>
    run(process.execPath, [programFile(), ...args], {
      cwd: folder,
      env: {
        ...cleanEnvironment(home),
        TIELINE_ACTOR: `${who}@example.com`,
        TIELINE_IDENTITY: people[who]?.secret,
        PAGER_ONE: keys.one,
        PAGER_TWO: keys.two,
        ...env
      }
    })
  return { folder, people, as, service }
}

/** Keys for every slot, and the connections recorded in all three environments. */
async function aReadyTeam(): Promise<Team> {
  const team = await aTeam()
  const { people, as } = team
  const expected = ['ada', 'dev', 'app'].flatMap(name => [
    '--expect',
    fingerprintOf(people[name]?.key ?? '')
  ])
  succeeded(await as('sue', ['vault', 'init', ...expected]))
  succeeded(await as('dev', ['apply', '--road', 'stage', '--auto-approve', '--no-authorize']))
  succeeded(await as('ada', ['apply', '-e', 'prod', '--auto-approve', '--no-authorize']))
  return team
}

function succeeded(result: RunResult): RunResult {
  assert.is(result.code, 0, `${result.stdout}${result.stderr}`)
  return result
}

function refused(result: RunResult, code: string): void {
  assert.is(result.code, 1, result.stdout)
  const { diagnostics } = JSON.parse(result.stdout)
  assert.equal(
    diagnostics.map((each: { code: string }) => each.code),
    [code]
  )
}

const json = ['--format', 'json']
const authorizeProd = ['authorize', 'pager', '-e', 'prod', '--from', 'key=env:PAGER_ONE']

async function statusOf({ as }: Team, who: string, connection: string) {
  const result = succeeded(await as(who, ['status', '-e', 'prod', ...json]))
  const [{ connections }] = JSON.parse(result.stdout).environments
  return connections.find((each: { connection: string }) => each.connection === connection)
}

async function keyInUse({ as }: Team, who: string): Promise<string | undefined> {
  const result = await as(who, ['token', 'pager', '-e', 'prod', ...json])
  return result.code === 0 ? JSON.parse(result.stdout).headers['X-Key'] : undefined
}

test('nobody stores anything before somebody was named who can read it', async () => {
  const team = await aTeam()
  try {
    succeeded(await team.as('dev', ['apply', '--auto-approve', '--no-authorize']))
    refused(
      await team.as('dev', ['authorize', 'pager', '--from', 'key=env:PAGER_ONE', ...json]),
      'NO_READER'
    )
  } finally {
    await team.service.close()
  }
})

test('a key is not taken in until somebody has compared its fingerprint', async () => {
  const team = await aTeam()
  try {
    const refusal = await team.as('sue', ['vault', 'init', ...json])
    refused(refusal, 'RECIPIENT_UNCONFIRMED')
    assert.equal(vaultFiles(team, 'keys'), [])
    refused(await team.as('dev', ['vault', 'init', ...json]), 'ROLE_REFUSED')

    // The command that it shows confirms all of them at once.
    const { detail } = JSON.parse(refusal.stdout).diagnostics[0]
    const flags = [...detail.matchAll(/--expect "([0-9a-f ]+)"/g)].map(([, each]) => each)
    assert.ok(flags.length > 1, detail)
    const expected = flags.flatMap(each => ['--expect', each])
    succeeded(await team.as('sue', ['vault', 'init', ...expected, ...json]))
    assert.ok(vaultFiles(team, 'keys').length > 0)
  } finally {
    await team.service.close()
  }
})

test('a developer authorizes in prod without being able to read it; a reader adopts it at the next use', async () => {
  const team = await aReadyTeam()
  try {
    const { as } = team
    succeeded(await as('dev', authorizeProd))
    const deposited = await statusOf(team, 'dev', 'pager')
    assert.equal([deposited.status, deposited.adopted], ['connected', false])
    assert.is(deposited.by, 'dev@example.com')
    refused(await as('dev', ['token', 'pager', '-e', 'prod', ...json]), 'ROLE_REFUSED')

    assert.is(await keyInUse(team, 'app'), keys.one)
    assert.is((await statusOf(team, 'dev', 'pager')).adopted, true)
  } finally {
    await team.service.close()
  }
})

test('until a deposit is adopted, what was used before stays in use', async () => {
  const team = await aReadyTeam()
  try {
    const { as, folder } = team
    succeeded(await as('ada', authorizeProd))
    succeeded(
      await as('dev', [
        ...['authorize', 'pager', '-e', 'prod', '--from', 'key=env:PAGER_TWO'],
        '--switch-account'
      ])
    )
    // Tampered with, it is refused, and the one before goes on.
    const [deposit = ''] = vaultFiles(team, '').filter(each => each.endsWith('.deposit.json'))
    const path = join(folder, '.tieline/vault', deposit)
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, text.replace('dev@example.com', 'sue@example.com'))
    assert.is(await keyInUse(team, 'app'), keys.one)
    writeFileSync(path, text)
    assert.is(await keyInUse(team, 'app'), keys.two)
    // The record that it replaced goes as soon as a reader applies.
    succeeded(await as('ada', ['apply', '-e', 'prod', '--auto-approve', '--no-authorize']))
    const state = JSON.parse(readFileSync(join(folder, 'state/prod.json'), 'utf8'))
    assert.is(Object.keys(state.authorizations).length, 1)
  } finally {
    await team.service.close()
  }
})

test('a plain user without a key authorizes for themselves, and not for others', async () => {
  const team = await aReadyTeam()
  try {
    const { as, people } = team
    const own = ['authorize', 'inbox', '-e', 'prod', '--from', 'key=env:PAGER_ONE']
    const strange = { TIELINE_IDENTITY: people.new?.secret ?? '' }
    refused(
      await as('uwe', [...own, '--user', 'ada@example.com', ...json], strange),
      'ROLE_REFUSED'
    )
    refused(await as('uwe', [...authorizeProd, ...json], strange), 'ROLE_REFUSED')
    succeeded(await as('uwe', own, strange))
    const token = ['token', 'inbox', '-e', 'prod', '--user', 'uwe@example.com', ...json]
    const result = succeeded(await as('app', token))
    assert.is(JSON.parse(result.stdout).headers['X-Key'], keys.one)
  } finally {
    await team.service.close()
  }
})

test('who leaves takes no new key along, and it is said what they could read', async () => {
  const team = await aReadyTeam()
  try {
    const { as, folder, people } = team
    succeeded(await as('ada', authorizeProd))
    const before = readFileSync(join(folder, '.tieline/vault/keys/prod.json'), 'utf8')
    writeFileSync(join(folder, 'tieline.yaml'), workspace(people, ['ada']))
    const { stdout } = succeeded(await as('sue', ['vault', 'recipients']))
    assert.match(stdout, 'Whoever goes could read, and may have kept: pager (Account one)')
    assert.is((await operationsOf(folder, 'prod')).at(-1), 'vault recipients')
    assert.is.not(readFileSync(join(folder, '.tieline/vault/keys/prod.json'), 'utf8'), before)

    // Made a member again by hand, she still has no key that opens it.
    writeFileSync(join(folder, 'tieline.yaml'), workspace(people))
    const token = await as('ada', ['token', 'pager', '-e', 'prod', ...json])
    refused(token, 'VAULT_KEY_WRONG')
    assert.match(token.stdout, 'What was authorized for pager in prod is sealed to other keys')
    assert.is(await keyInUse(team, 'app'), keys.one)
  } finally {
    await team.service.close()
  }
})

test('new keys for the same readers leave everything in use', async () => {
  const team = await aReadyTeam()
  try {
    const { as } = team
    succeeded(await as('ada', authorizeProd))
    succeeded(await as('sue', ['vault', 'rotate', 'prod']))
    const { folder } = team
    assert.equal(await operationsOf(folder, 'stage'), ['vault init', 'apply stage'])
    assert.is((await operationsOf(folder, 'prod')).at(-1), 'vault rotate')
    assert.is(await keyInUse(team, 'app'), keys.one)
    assert.is((await statusOf(team, 'dev', 'pager')).status, 'connected')
  } finally {
    await team.service.close()
  }
})

test('another key set than state commits to is neither read nor written', async () => {
  const [team, other] = [await aReadyTeam(), await aReadyTeam()]
  try {
    const { as, folder } = team
    succeeded(await as('ada', authorizeProd))
    const stored = vaultFiles(team, '')
    const keys = join(folder, '.tieline/vault/keys/prod.json')
    rmSync(keys)
    // Made anew they would hide what happened.
    refused(await as('sue', ['vault', 'recipients', ...json]), 'VAULT_ELSEWHERE')
    cpSync(join(other.folder, '.tieline/vault/keys/prod.json'), keys)
    refused(await as('app', ['token', 'pager', '-e', 'prod', ...json]), 'VAULT_KEY_CHANGED')
    refused(await as('dev', [...authorizeProd, ...json]), 'VAULT_KEY_CHANGED')
    assert.equal(vaultFiles(team, ''), stored)
  } finally {
    await team.service.close()
    await other.service.close()
  }
})

test('keys that were planted before state named any are not sealed to', async () => {
  const [team, other] = [await aTeam(), await aReadyTeam()]
  try {
    const { as, folder, people } = team
    succeeded(await as('dev', ['apply', '--auto-approve', '--no-authorize']))
    cpSync(join(other.folder, '.tieline/vault'), join(folder, '.tieline/vault'), {
      recursive: true
    })
    const authorize = ['authorize', 'pager', '--from', 'key=env:PAGER_ONE', ...json]
    refused(await as('dev', authorize), 'NO_READER')
    const expected = ['ada', 'dev', 'app'].flatMap(name => [
      '--expect',
      fingerprintOf(people[name]?.key ?? '')
    ])
    refused(await as('sue', ['vault', 'recipients', ...expected, ...json]), 'VAULT_KEY_WRONG')
    succeeded(await as('sue', ['vault', 'init', '--replace', '--auto-approve', ...expected]))
    succeeded(await as('dev', authorize))
  } finally {
    await team.service.close()
    await other.service.close()
  }
})

function vaultFiles({ folder }: Team, part: string): readonly string[] {
  try {
    const files = readdirSync(join(folder, '.tieline/vault', part), { withFileTypes: true })
    return files.flatMap(each => (each.isFile() ? [each.name] : [])).sort()
  } catch {
    return []
  }
}

test.run()
