import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { applyWorkflow } from '../../engine/workflow/apply.ts'
import type { Conversation } from '../../engine/workflow/authorize-scene.ts'
import { everything } from '../../engine/workflow/plan.ts'
import { programFile } from '../support/scenario-program.ts'
import { type KeyService, keys, startKeyService } from '../support/scenario-service.ts'
import {
  keyFiles,
  makeScenario,
  type Scenario,
  startTieline
} from '../support/scenario-workspace.ts'
import { refuses } from '../support/state-workspace.ts'

let service: KeyService
test.before(async () => {
  service = await startKeyService()
})
test.after(() => service.close())

const pagerIn = (area: string): string =>
  `connector: board\nauthorization: separate\nparameters: { area: ${area} }\n`

/** A person who enters these keys, by connection; nothing for one that is left out. */
function person(answers: Readonly<Record<string, string>>): Partial<Conversation> {
  return { askFields: async ({ linkName }) => ({ key: answers[linkName] ?? '' }) }
}

function shortly(steps: readonly { readonly what: string; readonly outcome: string }[]) {
  return steps.map(({ what, outcome }) => `${outcome}: ${what}`)
}

test('apply writes the definitions and leads through what is due', async () => {
  const scenario = makeScenario(keyFiles(service.origin))
  const { steps, pending } = await scenario.apply('dev', {
    talk: person({ hub: keys.one, pager: keys.one })
  })
  assert.equal(shortly(steps), [
    'done: record 3 changes in dev',
    'done: authorize hub in shared',
    'done: authorize pager in dev'
  ])
  assert.equal(pending, [])
  assert.is(scenario.stored().length, 2)
})

test('without a person the definitions are written and the rest stays pending', async () => {
  const scenario = makeScenario(keyFiles(service.origin))
  const { steps, pending } = await scenario.apply('dev')
  assert.equal(shortly(steps), ['done: record 3 changes in dev'])
  assert.equal(
    pending.map(each => each.connection),
    ['hub', 'pager']
  )
  const again = await scenario.apply('dev')
  assert.equal([again.steps, again.pending.length, scenario.state('dev')?.serial], [[], 2, 1])
})

test('an authorization that fails stops no other one, and nothing that it was to replace ends', async () => {
  const scenario = makeScenario(keyFiles(service.origin))
  await scenario.apply('dev', { talk: person({ hub: keys.one, pager: keys.one }) })
  scenario.write('connections/pager.yaml', pagerIn('west'))
  scenario.write('connections/hub.yaml', 'connector: board\nparameters: { area: west }\n')
  const first = await scenario.apply('dev', { talk: person({ hub: keys.one, pager: 'wrong' }) })
  assert.equal(shortly(first.steps), [
    'done: record 2 changes in dev',
    'done: authorize hub in shared',
    'failed: authorize pager in dev',
    'done: revoke hub in shared',
    'not-run: revoke pager in dev'
  ])
  assert.equal(
    first.pending.map(each => each.connection),
    ['pager']
  )
  assert.is(scenario.stored().length, 2)

  const second = await scenario.apply('dev', { talk: person({ pager: keys.one }) })
  assert.equal(shortly(second.steps), ['done: authorize pager in dev', 'done: revoke pager in dev'])
  const ended = Object.values(scenario.state('dev')?.authorizations ?? {}).map(
    each => each.ended?.cause
  )
  assert.equal(ended.sort(), ['REVOKED', undefined])
})

/** Applies to dev with an own signal, and aborts it at the given step. */
async function interrupted(scenario: Scenario, at: string) {
  const controller = new AbortController()
  const result = await applyWorkflow(
    scenario.around,
    {
      environment: 'dev',
      selection: everything,
      promised: null,
      note: null,
      authorize: true,
      place: { hasDisplay: true, isRemote: false },
      signal: controller.signal
    },
    {
      showAddress: () => {},
      showRefused: () => {},
      showDevice: () => {},
      readRedirect: async () => null,
      askFields: async () => ({ key: keys.one }),
      confirm: async () => {
        if (at === 'confirm') controller.abort()
        return true
      },
      step: (what, work) => {
        if (what.includes(at)) controller.abort()
        return work()
      }
    }
  )
  return shortly(result?.steps ?? [])
}

test('an interruption lets the step in hand finish and runs none after it', async () => {
  const scenario = makeScenario(keyFiles(service.origin))
  assert.equal(await interrupted(scenario, 'authorize hub'), [
    'done: record 3 changes in dev',
    'done: authorize hub in shared',
    'not-run: authorize pager in dev'
  ])
  assert.is(scenario.stored().length, 1)
})

test('an interruption before the first step changes nothing', async () => {
  const scenario = makeScenario(keyFiles(service.origin))
  assert.equal(await interrupted(scenario, 'confirm'), [
    'not-run: record 3 changes in dev',
    'not-run: authorize hub in shared',
    'not-run: authorize pager in dev'
  ])
  assert.equal([scenario.state('dev'), scenario.stored()], [null, []])
})

test('an interruption revokes nothing any more', async () => {
  const scenario = makeScenario(keyFiles(service.origin))
  await scenario.apply('dev', { talk: person({ hub: keys.one, pager: keys.one }) })
  scenario.remove('connections/pager.yaml')
  scenario.write('components/desk.yaml', 'kind: form\nname: Desk\nuses: [hub]\n')
  assert.equal(await interrupted(scenario, 'record'), [
    'done: record 2 changes in dev',
    'not-run: revoke pager in dev'
  ])
  assert.is(scenario.stored().length, 2)
})

test('what was changed between the plan that was shown and the lock is not written', async () => {
  const scenario = makeScenario(keyFiles(service.origin))
  await scenario.apply('dev')
  scenario.write('components/desk.yaml', 'kind: form\nname: Front Desk\nuses: [hub, pager]\n')
  await refuses(
    () =>
      applyWorkflow(
        scenario.around,
        {
          environment: 'dev',
          selection: everything,
          promised: null,
          note: null,
          authorize: false,
          place: { hasDisplay: true, isRemote: false },
          signal: new AbortController().signal
        },
        {
          showAddress: () => {},
          showRefused: () => {},
          showDevice: () => {},
          readRedirect: async () => null,
          askFields: async () => ({}),
          confirm: async () => {
            await scenario.apply('dev')
            return true
          },
          step: (_what, work) => work()
        }
      ),
    'PLAN_STALE'
  )
  assert.is(scenario.state('dev')?.serial, 2)
})

test('a road that ends early tells in one document how far it went, and why no further', async () => {
  const scenario = makeScenario(keyFiles(service.origin))
  scenario.write(
    'tieline.yaml',
    'app: { name: Test }\nconnectors: { custom: true }\npublish: { branch: main }\n'
  )
  const args = ['apply', '--road', 'stage', '--auto-approve', '--format', 'json']
  const { code, stdout } = await startTieline(scenario, programFile(), args).ends
  const { applied, diagnostics } = JSON.parse(stdout)
  assert.equal(
    [code, applied.length, diagnostics[0].code, applied[0].environment],
    [3, 1, 'BRANCH_REFUSED', 'dev']
  )
})

test.run()
