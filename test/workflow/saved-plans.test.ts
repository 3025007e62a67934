import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Plan } from '../../engine/model/generated/types.ts'
import { programFile } from '../support/scenario-program.ts'
import { type KeyService, startKeyService } from '../support/scenario-service.ts'
import {
  boardConnector,
  keyFiles,
  makeScenario,
  outcomeOf,
  type Scenario,
  startTieline
} from '../support/scenario-workspace.ts'
import { refuses } from '../support/state-workspace.ts'

let service: KeyService
test.before(async () => {
  service = await startKeyService()
})
test.after(() => service.close())

const withKey = { from: { key: 'env:ONE' } }

function aWorkspace(): Scenario {
  return makeScenario(keyFiles(service.origin))
}

/** As it comes back from a file. */
async function savedPlan(scenario: Scenario, environment: 'dev' | 'stage' | 'prod'): Promise<Plan> {
  return JSON.parse(JSON.stringify((await scenario.plan(environment)).plan))
}

const files = ['dev', 'stage', 'prod', 'shared'] as const

function serials(scenario: Scenario): readonly (number | undefined)[] {
  return files.map(each => scenario.state(each)?.serial)
}

/** Expects a refusal that changes nothing. */
async function refusesPlan(scenario: Scenario, promised: Plan, code: string): Promise<string> {
  const before = serials(scenario)
  const refusal = await refuses(() => scenario.apply(promised.environment, { promised }), code)
  assert.equal(serials(scenario), before)
  return refusal.diagnostics[0]?.detail ?? ''
}

test('a saved plan does what a plan made now would do', async () => {
  const [saved, plain] = [aWorkspace(), aWorkspace()]
  for (const environment of ['dev', 'stage', 'prod'] as const) {
    await saved.apply(environment, { promised: await savedPlan(saved, environment) })
    await plain.apply(environment)
  }
  assert.equal(await outcomeOf(saved), await outcomeOf(plain))
})

test('a plan of dev is stale when a spec was edited since', async () => {
  const scenario = aWorkspace()
  const promised = await savedPlan(scenario, 'dev')
  scenario.write('components/desk.yaml', 'kind: form\nname: Front Desk\nuses: [hub, pager]\n')
  const detail = await refusesPlan(scenario, promised, 'PLAN_STALE')
  assert.match(detail, 'specs or the connectors have changed')
  assert.match(detail, '\n    tieline plan ')
})

test('a plan of dev is stale when a connector of the workspace was edited since', async () => {
  const scenario = aWorkspace()
  const promised = await savedPlan(scenario, 'dev')
  scenario.write('connectors/board.yaml', boardConnector(service.origin, 'ping'))
  await refusesPlan(scenario, promised, 'PLAN_STALE')
})

test('a plan does not care for comments, the order of keys, and edits undone', async () => {
  const scenario = aWorkspace()
  const promised = await savedPlan(scenario, 'dev')
  scenario.write('components/desk.yaml', '# the desk\nname: Desk\nkind: form\nuses: [pager, hub]\n')
  await scenario.apply('dev', { promised })
})

test('a stale plan tells the serial it was made from and the one that is there now', async () => {
  const scenario = aWorkspace()
  await scenario.apply('dev')
  const promised = await savedPlan(scenario, 'stage')
  scenario.write('components/desk.yaml', 'kind: form\nname: Front Desk\nuses: [hub, pager]\n')
  await scenario.apply('dev')
  const detail = await refusesPlan(scenario, promised, 'PLAN_STALE')
  assert.match(detail, /dev at serial 1, which is now at 2/)
})

test('a plan cannot be applied twice', async () => {
  const scenario = aWorkspace()
  const promised = await savedPlan(scenario, 'dev')
  await scenario.apply('dev', { promised })
  await refusesPlan(scenario, promised, 'PLAN_STALE')
})

test('a plan of another state is refused, though all serials are the same', async () => {
  const [one, other] = [aWorkspace(), aWorkspace()]
  for (const each of [one, other]) {
    await each.apply('dev')
    await each.apply('stage')
  }
  const change = 'kind: form\nname: Front Desk\nuses: [hub, pager]\n'
  for (const each of [one, other]) each.write('components/desk.yaml', change)
  await refusesPlan(other, await savedPlan(one, 'dev'), 'PLAN_STALE')
})

const alterations: readonly (readonly [string, (plan: Plan) => Plan])[] = [
  ['a change taken out', plan => ({ ...plan, changes: plan.changes.slice(1) })],
  [
    'another value in a field',
    plan => ({
      ...plan,
      changes: plan.changes.map(each => ({
        ...each,
        fields: each.fields.map(field =>
          field.path === '/name' ? { ...field, after: 'Altered' } : field
        )
      }))
    })
  ],
  [
    'another id',
    plan => ({ ...plan, changes: plan.changes.map(each => ({ ...each, id: 'x.9' })) })
  ],
  [
    'an authorization taken out',
    plan => ({ ...plan, authorizations: plan.authorizations.slice(1) })
  ],
  [
    'another slot to authorize',
    plan => ({
      ...plan,
      authorizations: plan.authorizations.map(each => ({ ...each, slot: 'stage' as const }))
    })
  ],
  ['another version', plan => ({ ...plan, version: { ...plan.version, to: 7 } })],
  [
    'another source',
    plan => ({ ...plan, source: { ...plan.source, definitions: `sha256:${'0'.repeat(64)}` } })
  ]
]

for (const [what, alter] of alterations) {
  test(`an edited plan is refused: ${what}`, async () => {
    const scenario = aWorkspace()
    const altered = alter(await savedPlan(scenario, 'dev'))
    await refusesPlan(scenario, altered, 'PLAN_ALTERED')
  })
}

test('an authorization given meanwhile counts as done', async () => {
  const scenario = aWorkspace()
  await scenario.apply('dev')
  await scenario.apply('stage')
  await scenario.authorize('pager', ['stage'], withKey)
  scenario.write('components/desk.yaml', 'kind: form\nname: Front Desk\nuses: [hub, pager]\n')
  await scenario.apply('dev')
  const promised = await savedPlan(scenario, 'stage')
  assert.equal(
    promised.authorizations.map(each => each.connection),
    ['hub']
  )
  await scenario.authorize('hub', ['dev'], withKey)
  await scenario.authorize('pager', ['stage'], withKey)
  const { pending } = await scenario.apply('stage', { promised })
  assert.equal(pending, [])
  assert.is(scenario.state('stage')?.version, 2)
})

test('an authorization given meanwhile moves dev on, and what the plan adds keeps its ids', async () => {
  const scenario = aWorkspace()
  await scenario.apply('dev')
  scenario.write('connections/extra.yaml', 'connector: board\nauthorization: separate\n')
  const promised = await savedPlan(scenario, 'dev')
  await scenario.authorize('pager', ['dev'], withKey)
  await scenario.authorize('hub', ['dev'], withKey)
  const serial = scenario.state('dev')?.serial ?? 0
  assert.ok(serial > 1)
  await scenario.apply('dev', { promised })
  const { id } = promised.changes.find(each => each.linkName === 'extra') ?? {}
  assert.is(id, 'extra.2')
  assert.is(scenario.state('dev')?.connections.extra?.id, id)
})

test('what a plan of dev adds is not confused with what came to the same name meanwhile', async () => {
  const scenario = aWorkspace()
  await scenario.apply('dev')
  scenario.write('connections/extra.yaml', 'connector: board\nauthorization: separate\n')
  const promised = await savedPlan(scenario, 'dev')
  await scenario.apply('dev')
  await refusesPlan(scenario, promised, 'PLAN_STALE')
})

test('of two applies of one plan one is told that the other was first', async () => {
  const scenario = aWorkspace()
  const promised = await savedPlan(scenario, 'dev')
  const results = await Promise.allSettled([1, 2].map(() => scenario.apply('dev', { promised })))
  assert.equal(results.map(each => each.status).sort(), ['fulfilled', 'rejected'])
  assert.is(scenario.state('dev')?.serial, 1)
})

test('two applies from the command line end in order or with a lock, and never mixed', async () => {
  const scenario = aWorkspace()
  await scenario.apply('dev')
  const args = ['apply', '-e', 'stage', '--auto-approve']
  const results = await Promise.all(
    [1, 2, 3].map(() => startTieline(scenario, programFile(), args).ends)
  )
  for (const { code, stderr } of results) {
    if (code !== 0) assert.match(stderr, /STATE_LOCKED|PLAN_STALE/)
  }
  assert.ok(results.some(each => each.code === 0))
  const stage = scenario.state('stage')
  assert.equal([stage?.serial, stage?.version, Object.keys(stage?.versions ?? {})], [1, 1, ['1']])
})

test('a plan goes through a file', async () => {
  const scenario = aWorkspace()
  const planned = await tieline(scenario, 'plan', '--out', 'plan.json')
  assert.is(planned.code, 0, planned.stderr)
  const applied = await tieline(scenario, 'apply', 'plan.json')
  assert.is(applied.code, 0, applied.stderr)
  assert.is(scenario.state('dev')?.serial, 1)
  const again = await tieline(scenario, 'apply', 'plan.json')
  assert.is(again.code, 1)
  assert.match(again.stderr, 'PLAN_STALE')
})

test('a refused plan is not written to a file', async () => {
  const scenario = aWorkspace()
  await scenario.apply('dev')
  const args = ['plan', '-e', 'stage', '--connection', 'hub', '--out', 'plan.json']
  const { code } = await tieline(scenario, ...args)
  assert.is(code, 3)
  assert.not(existsSync(join(scenario.folder, 'plan.json')))
})

test('a file that is no plan is refused, and so is one that is not there', async () => {
  const scenario = aWorkspace()
  await tieline(scenario, 'plan', '--out', 'plan.json')
  const file = join(scenario.folder, 'plan.json')
  const text = readFileSync(file, 'utf8')
  const newer = text.replace('"formatVersion": 1', '"formatVersion": 2')
  assert.is.not(newer, text)
  for (const broken of ['', '{}', 'null', '[]', text.slice(0, -20), newer]) {
    writeFileSync(file, broken)
    const { code, stderr } = await tieline(scenario, 'apply', 'plan.json')
    assert.equal([code, /PLAN_UNREADABLE/.test(stderr)], [1, true], `${stderr} for ${broken}`)
  }
  const { code, stderr } = await tieline(scenario, 'apply', 'missing.json')
  assert.equal([code, /PLAN_UNREADABLE/.test(stderr)], [1, true])
  assert.is(scenario.state('dev'), null)
})

function tieline(scenario: Scenario, ...args: string[]) {
  const running = startTieline(scenario, programFile(), args)
  running.child.stdin?.end()
  return running.ends
}

test.run()
