/** Looking at state and mending it by hand, through the command line. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { History, StateList } from '../../engine/model/generated/types.ts'
import { validateHistory } from '../../engine/model/generated/validators/history.js'
import { validateStateList } from '../../engine/model/generated/validators/state-list.js'
import { type RunResult, run } from '../support/assert.ts'
import { programFile } from '../support/scenario-program.ts'
import { type KeyService, keys, startKeyService } from '../support/scenario-service.ts'
import { keyFiles, makeScenario, type Scenario } from '../support/scenario-workspace.ts'

let service: KeyService
test.before(async () => {
  service = await startKeyService()
})
test.after(() => service.close())

const one = { from: { key: 'env:ONE' } }
const renamed = {
  'connections/centre.yaml': 'connector: board\nauthorization: shared\n',
  'components/desk.yaml': 'kind: form\nname: Desk\nuses: [centre, pager]\n'
}

/** Everything published up to prod; hub is authorized for all, pager in dev alone. */
async function published(): Promise<Scenario> {
  const scenario = makeScenario(keyFiles(service.origin))
  await scenario.apply('dev')
  await scenario.authorize('hub', ['dev'], one)
  await scenario.authorize('pager', ['dev'], one)
  await scenario.apply('stage')
  await scenario.apply('prod')
  return scenario
}

async function tieline({ folder, env }: Scenario, ...args: readonly string[]): Promise<RunResult> {
  const result = await run(process.execPath, [programFile(), ...args], { cwd: folder, env })
  const said = `${args.join(' ')}\n${result.stdout}${result.stderr}`
  for (const secret of Object.values(keys)) assert.not.match(said, secret)
  assert.not.match(said, 'INTERNAL_ERROR')
  return result
}

async function json<T>(scenario: Scenario, ...args: readonly string[]): Promise<T> {
  const { stdout, stderr } = await tieline(scenario, ...args, '--format', 'json')
  assert.is(stderr, '')
  return JSON.parse(stdout) as T
}

async function codes(scenario: Scenario, ...args: readonly string[]): Promise<readonly string[]> {
  const { diagnostics } = await json<{ diagnostics: { code: string }[] }>(scenario, ...args)
  return diagnostics.map(each => each.code)
}

test('state list and show tell what is recorded, and history who wrote it', async () => {
  const scenario = await published()
  const list = await json<StateList>(scenario, 'state', 'list')
  assert.ok(validateStateList(list))
  assert.equal(
    list.documents.map(each => [each.document, each.connections.length, each.version]),
    [
      ['shared', 0, null],
      ['dev', 2, null],
      ['stage', 2, 1],
      ['prod', 2, 1]
    ]
  )
  const [record] = list.documents[0]?.authorizations ?? []
  assert.equal(record?.usedIn, ['dev', 'stage', 'prod'])
  assert.is(record?.account.name, 'Account one')
  const text = await tieline(scenario, 'state', 'list', '-e', 'stage')
  assert.match(text.stdout, /connection\s+hub\s+hub\.1/)
  assert.not.match(text.stdout, 'prod')

  const shown = await tieline(scenario, 'state', 'show', 'hub', '-e', 'stage')
  assert.match(shown.stdout, 'connection hub in stage')
  assert.match(shown.stdout, 'id: hub.1')
  assert.match(shown.stdout, 'Account one')
  const id = record?.credential ?? ''
  const whole = await json<{ credential: string }>(
    scenario,
    ...['state', 'show', `authorization/${id.slice(0, 8)}`, '-e', 'shared']
  )
  assert.is(whole.credential, id)
  assert.equal(await codes(scenario, 'state', 'show', 'hbu'), ['ENTRY_UNKNOWN'])

  const history = await json<History>(scenario, 'state', 'history')
  assert.ok(validateHistory(history), JSON.stringify(validateHistory.errors))
  assert.equal(
    history.entries.map(each => `${each.document} ${each.entry.serial}`),
    ['prod 1', 'stage 1', 'dev 3', 'shared 1', 'dev 2', 'dev 1']
  )
  const short = await tieline(scenario, 'state', 'history', '-e', 'dev', '--limit', '1')
  assert.match(short.stdout, 'authorization of pager given')
  assert.match(short.stdout, '2 older writes')
})

test('a move is shown, asked for, and taken back; stage and prod get the name by publish', async () => {
  const scenario = await published()
  const before = scenario.state('dev')
  const dry = await tieline(scenario, 'state', 'mv', 'hub', 'centre', '--dry-run')
  assert.is(dry.code, 0)
  assert.match(dry.stdout, 'connections.hub → connections.centre')
  assert.match(dry.stdout, '1 to rename')
  assert.equal(await codes(scenario, 'state', 'mv', 'hub', 'centre'), ['APPROVAL_NEEDED'])
  assert.equal(scenario.state('dev'), before)

  const done = await tieline(scenario, 'state', 'mv', 'hub', 'centre', '--auto-approve')
  assert.match(done.stdout, 'tieline state undo 4 -e dev')
  const dev = scenario.state('dev')
  assert.equal(dev?.components.desk?.uses, ['centre', 'pager'])
  assert.is(dev?.connections.centre?.id, 'hub.1')
  assert.equal(dev?.serving, before?.serving)
  const back = await tieline(scenario, 'state', 'undo', '--auto-approve')
  assert.is(back.code, 0)
  const { serial, digest, ...after } = scenario.state('dev') ?? {}
  assert.equal(after, without(before))
  assert.equal([serial, typeof digest], [5, 'string'])

  await tieline(scenario, 'state', 'mv', 'hub', 'centre', '--auto-approve')
  scenario.remove('connections/hub.yaml')
  for (const [file, text] of Object.entries(renamed)) scenario.write(file, text)
  assert.is((await scenario.plan('dev')).plan.summary.delete, 0)
  const { plan } = await scenario.plan('stage')
  assert.equal([plan.summary.rename, plan.summary.add, plan.summary.delete], [1, 0, 0])
  assert.equal(await codes(scenario, 'state', 'verify'), [])
})

function without(state: object | null): object {
  const { serial: _s, digest: _d, ...rest } = (state ?? {}) as Record<string, unknown>
  return rest
}

test('what was renamed in the specs alone is made the same thing again', async () => {
  const scenario = await published()
  scenario.remove('connections/hub.yaml')
  for (const [file, text] of Object.entries(renamed)) scenario.write(file, text)
  await scenario.apply('dev')
  assert.is((await scenario.plan('stage')).plan.summary.delete, 1)
  const moved = await tieline(scenario, 'state', 'mv', 'hub', 'centre', '--auto-approve')
  assert.is(moved.code, 0)
  const { plan } = await scenario.plan('stage')
  assert.equal([plan.summary.rename, plan.summary.add, plan.summary.delete], [1, 0, 0])
  assert.equal(
    plan.authorizations.filter(each => each.connection === 'centre').map(each => each.action),
    ['keep']
  )

  // Once it was authorized as something new, it stays that.
  await tieline(scenario, 'state', 'undo', '--auto-approve')
  await scenario.authorize('centre', ['dev'], one)
  assert.equal(await codes(scenario, 'state', 'mv', 'hub', 'centre'), ['MOVE_TARGET_TAKEN'])
})

test('what is removed is forgotten in one environment, and the next plan says what becomes of it', async () => {
  const scenario = await published()
  assert.equal(await codes(scenario, 'state', 'rm', 'hub', '-e', 'stage'), ['ENTRY_REFERENCED'])
  await tieline(scenario, 'state', 'rm', 'component/desk', '-e', 'stage', '--auto-approve')
  const gone = await tieline(scenario, 'state', 'rm', 'hub', '-e', 'stage', '--auto-approve')
  assert.match(gone.stdout, 'Its authorization stays recorded')
  assert.is(scenario.stored().length, 2)
  const { plan } = await scenario.plan('stage')
  assert.equal(
    plan.changes.map(each => `${each.action} ${each.linkName}`),
    ['add hub', 'add desk']
  )
  for (const _ of [1, 2]) await tieline(scenario, 'state', 'undo', '-e', 'stage', '--auto-approve')
  assert.equal((await scenario.plan('stage')).plan.changes, [])
  assert.equal(await codes(scenario, 'state', 'undo', '-e', 'stage'), ['UNDO_NOTHING'])

  scenario.write('connections/hub.yaml', 'connector: board\nauthorization: shared\nprotect: true\n')
  await scenario.apply('dev')
  await tieline(scenario, 'state', 'rm', 'component/desk', '--auto-approve')
  const refused = await tieline(scenario, 'state', 'rm', 'hub')
  assert.is(refused.code, 3)
  assert.match(refused.stderr, 'PROTECTED')
})

test("a client's installation moves with its authorizations and history, and back", async () => {
  const scenario = await published()
  const spec = 'name: Acme\nmembers: { it@acme.example: { role: admin } }\n'
  scenario.write('clients/acme.yaml', spec)
  await scenario.apply('client/acme')
  const before = JSON.parse(readFileSync(join(scenario.folder, 'state/clients/acme.json'), 'utf8'))
  const names = ['client/acme', 'acme_corp'] as const
  const dry = await tieline(scenario, 'state', 'mv', ...names, '--dry-run')
  assert.match(dry.stdout.replaceAll(/\s+/g, ' '), 'There is no clients/acme_corp.yaml yet')
  scenario.remove('clients/acme.yaml')
  scenario.write('clients/acme_corp.yaml', spec)
  assert.is((await tieline(scenario, 'state', 'mv', ...names, '--auto-approve')).code, 0)
  const list = await tieline(scenario, 'state', 'list')
  assert.match(list.stdout, /client\/acme_corp\s+version 1/)
  const history = await json<History>(scenario, 'state', 'history', '-e', 'client/acme_corp')
  assert.equal(
    history.entries.map(({ entry }) => [entry.document, entry.lineage]),
    [
      ['client/acme_corp', before.lineage],
      ['client/acme', before.lineage]
    ]
  )
  assert.equal((await scenario.plan('client/acme_corp')).plan.changes, [])
  assert.equal(await codes(scenario, 'state', 'verify'), [])

  const back = await tieline(scenario, 'state', 'undo', '-e', 'client/acme_corp', '--auto-approve')
  assert.is(back.code, 0, back.stderr)
  const after = JSON.parse(readFileSync(join(scenario.folder, 'state/clients/acme.json'), 'utf8'))
  assert.is(after.lineage, before.lineage)
  assert.equal(await codes(scenario, 'state', 'show', 'hub', '-e', 'client/acme_corp'), [
    'CLIENT_NOT_INSTALLED'
  ])
})

test('what somebody wrote meanwhile is not overwritten by a move that was shown before', async () => {
  const scenario = await published()
  const { surgeryWorkflow } = await import('../../engine/workflow/state-surgery.ts')
  let thrown: unknown = null
  try {
    await surgeryWorkflow(
      scenario.around,
      { kind: 'mv', from: 'hub', to: 'centre', environment: undefined },
      {
        confirm: async () => {
          await scenario.authorize('pager', ['dev'], {
            from: { key: 'env:TWO' },
            switchAccount: true
          })
          return true
        }
      }
    )
  } catch (error) {
    thrown = error
  }
  assert.match(String(thrown), 'SURGERY_STALE')
  assert.ok(scenario.state('dev')?.connections.hub)
})

test.run()
