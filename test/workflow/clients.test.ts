import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Conversation } from '../../engine/workflow/authorize-scene.ts'
import { everything } from '../../engine/workflow/plan.ts'
import { planRoad } from '../../engine/workflow/plan-road.ts'
import { type KeyService, keys, startKeyService } from '../support/scenario-service.ts'
import { keyFiles, makeScenario, type Scenario } from '../support/scenario-workspace.ts'
import { refuses } from '../support/state-workspace.ts'

let service: KeyService
test.before(async () => {
  service = await startKeyService()
})
test.after(() => service.close())

const me: Partial<Conversation> = { askFields: async () => ({ key: keys.one }) }
const acme = 'client/acme'

/** An app that prod runs, fully authorized, and a client that is in the specs. */
async function running(client = 'name: Acme\n'): Promise<Scenario> {
  const scenario = makeScenario(keyFiles(service.origin))
  for (const environment of ['dev', 'stage', 'prod'] as const) {
    await scenario.apply(environment, { talk: me })
  }
  scenario.write('clients/acme.yaml', client)
  return scenario
}

/** Publishes the present specs and deploys them. */
async function release(scenario: Scenario): Promise<void> {
  for (const environment of ['dev', 'stage', 'prod'] as const) {
    await scenario.apply(environment, { talk: me })
  }
}

function due(plan: Awaited<ReturnType<Scenario['plan']>>['plan']): readonly string[] {
  return plan.authorizations.map(each => `${each.action} ${each.connection} ${each.slot}`)
}

test('a client installs what prod runs, and authorizes all of it itself, shared connections too', async () => {
  const scenario = await running()
  const { plan, asks } = await scenario.plan(acme)
  assert.equal(plan.version, { from: null, to: 1, pinned: false })
  assert.equal([plan.source.environment, asks], ['prod', true])
  assert.equal(due(plan), [`authorize hub ${acme}`, `authorize pager ${acme}`])
  // Alone, a person acts for a client that names nobody; one that has people of its own is theirs.
  const who = async () => (await scenario.plan(acme)).plan.authorizations.map(each => each.who)
  assert.equal(await who(), [[], []])
  scenario.write('clients/acme.yaml', 'name: Acme\nmembers: { it@acme.example: { role: admin } }\n')
  assert.equal(await who(), [['admin'], ['admin']])
  scenario.write('clients/acme.yaml', 'name: Acme\n')
  await scenario.apply(acme, { talk: me })
  const state = scenario.state(acme)
  assert.equal([state?.version, state?.pinned, state?.had], [1, false, [1]])
  assert.is(Object.keys(state?.authorizations ?? {}).length, 2)
  assert.not.ok((await scenario.plan(acme)).asks)
})

test('a client that names a version stays at it, also when prod moves on, and is upgraded by its spec', async () => {
  const scenario = await running('name: Acme\nversion: 1\n')
  await scenario.apply(acme, { talk: me })
  scenario.write(
    'connections/pager.yaml',
    'connector: board\nauthorization: separate\nparameters: { area: west }\n'
  )
  await release(scenario)
  assert.not.ok((await scenario.plan(acme)).asks)

  scenario.write('clients/acme.yaml', 'name: Acme\nversion: 2\n')
  const { plan } = await scenario.plan(acme)
  assert.equal(plan.version, { from: 1, to: 2, pinned: true })
  assert.equal(due(plan), [`reauthorize pager ${acme}`, `revoke pager ${acme}`])
  await scenario.apply(acme, { talk: me })

  scenario.write('clients/acme.yaml', 'name: Acme\nversion: 1\n')
  const back = await scenario.plan(acme)
  assert.equal(due(back.plan), [`reauthorize pager ${acme}`])
  assert.ok(back.plan.diagnostics.some(each => each.code === 'GOES_BACK'))
})

test('a client cannot run what prod has never run', async () => {
  const scenario = await running('name: Acme\nversion: 2\n')
  await refuses(() => scenario.plan(acme), 'VERSION_NOT_HAD')
})

test('the parameters that a client sets are its own, and what they change only it authorizes again', async () => {
  const scenario = await running()
  await scenario.apply(acme, { talk: me })
  scenario.write(
    'clients/acme.yaml',
    'name: Acme\nconnections: { pager: { parameters: { area: north } } }\n'
  )
  const { plan } = await scenario.plan(acme)
  assert.equal(due(plan), [`reauthorize pager ${acme}`, `revoke pager ${acme}`])
  assert.not.ok((await scenario.plan('prod')).asks)
})

test('a client that is renamed keeps what it authorized, and its old name can be taken anew', async () => {
  const scenario = await running()
  await scenario.apply(acme, { talk: me })
  const before = scenario.state(acme)
  scenario.remove('clients/acme.yaml')
  scenario.write('clients/acme_corp.yaml', 'name: Acme Corp\npreviously: acme\n')
  const { plan, asks } = await scenario.plan('client/acme_corp')
  assert.equal([plan.renamedFrom, asks, due(plan)], [acme, true, []])
  assert.ok(plan.diagnostics.some(each => each.code === 'CLIENT_TAKES_OVER'))
  await scenario.apply('client/acme_corp')
  assert.is(scenario.state(acme), null)
  const after = scenario.state('client/acme_corp')
  assert.equal([after?.lineage, after?.authorizations], [before?.lineage, before?.authorizations])
  assert.not.ok((await scenario.plan('client/acme_corp')).asks)

  scenario.write('clients/acme.yaml', 'name: Another Acme\n')
  assert.equal(due((await scenario.plan(acme)).plan), [
    `authorize hub ${acme}`,
    `authorize pager ${acme}`
  ])
  await scenario.apply(acme, { talk: me })
  assert.is.not(scenario.state(acme)?.lineage, before?.lineage)
})

test('a client that is removed loses all that it authorized, and one that comes back begins anew', async () => {
  const scenario = await running()
  await scenario.apply(acme, { talk: me })
  const stored = scenario.stored().length
  const lineage = scenario.state(acme)?.lineage
  scenario.remove('clients/acme.yaml')
  const { plan } = await scenario.plan(acme)
  assert.equal([plan.version.to, due(plan)], [null, [`revoke hub ${acme}`, `revoke pager ${acme}`]])
  await scenario.apply(acme)
  assert.is(scenario.stored().length, stored - 2)
  assert.equal(Object.keys(scenario.state(acme)?.connections ?? {}), [])
  assert.not.ok((await scenario.plan(acme)).asks)
  await refuses(() => scenario.plan('client/never'), 'CLIENT_UNKNOWN')

  scenario.write('clients/acme.yaml', 'name: Acme\n')
  assert.equal(due((await scenario.plan(acme)).plan), [
    `authorize hub ${acme}`,
    `authorize pager ${acme}`
  ])
  await scenario.apply(acme, { talk: me })
  assert.is.not(scenario.state(acme)?.lineage, lineage)
})

test('the road goes on to every client, and ends where prod has nothing', async () => {
  const scenario = makeScenario({ ...keyFiles(service.origin), 'clients/acme.yaml': 'name: A\n' })
  scenario.write('clients/beta.yaml', 'name: B\nversion: 1\n')
  const { plans } = await planRoad(scenario.around, everything)
  assert.equal(
    plans.map(each => each.plan.environment),
    ['dev', 'stage', 'prod', 'client/acme', 'client/beta']
  )
  assert.equal(
    plans.slice(3).map(each => due(each.plan).length),
    [2, 2]
  )
  assert.is(scenario.state(acme), null)
})

test('who is only a member of a client sees the plan and the graph of that client, and nothing else of ours', async () => {
  const scenario = await running(
    'name: Acme\nmembers: { it@acme.example: { role: admin }, jo@acme.example: { role: user } }\n'
  )
  await scenario.apply(acme)
  const as = (actor: string) => ({ ...scenario.around, actor })
  const { planWorkflow } = await import('../../engine/workflow/plan.ts')
  const { graphWorkflow } = await import('../../engine/workflow/graph.ts')
  await planWorkflow(as('it@acme.example'), acme, everything)
  await graphWorkflow(as('it@acme.example'), acme)
  for (const refused of [
    () => planWorkflow(as('it@acme.example'), 'prod', everything),
    () => planRoad(as('it@acme.example'), everything),
    () => graphWorkflow(as('it@acme.example'), null),
    () => planWorkflow(as('jo@acme.example'), acme, everything),
    () => graphWorkflow(as('jo@acme.example'), acme)
  ])
    await refuses(refused, 'ROLE_REFUSED')
})

test('clients need somebody who may install them', async () => {
  const scenario = await running()
  await scenario.apply(acme, { talk: me })
  scenario.write('clients/acme.yaml', 'name: Acme\nmembers: { it@acme.example: { role: admin } }\n')
  const around = { ...scenario.around, actor: 'it@acme.example' }
  const { applyWorkflow } = await import('../../engine/workflow/apply.ts')
  await refuses(
    () =>
      applyWorkflow(
        around,
        {
          environment: acme,
          promised: null,
          selection: everything,
          note: null,
          authorize: false,
          place: { hasDisplay: true, isRemote: false },
          signal: new AbortController().signal
        },
        {
          ...(me as Conversation),
          confirm: async () => true,
          step: (_, work) => work()
        }
      ),
    'ROLE_REFUSED'
  )
})

test.run()
