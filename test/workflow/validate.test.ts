import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { validateWorkflow } from '../../engine/workflow/validate.ts'
import { keyFiles, makeScenario, type Scenario } from '../support/scenario-workspace.ts'

/** A workspace that dev has, whose connection pager was deleted since; components still use it. */
async function withoutPager(): Promise<Scenario> {
  const scenario = makeScenario(keyFiles('http://127.0.0.1:9'))
  await scenario.apply('dev')
  scenario.remove('connections/pager.yaml')
  return scenario
}

async function toldOf({ around }: Scenario): Promise<readonly string[]> {
  const { diagnostics } = await validateWorkflow(around)
  return diagnostics.map(each => `${each.code}: ${each.detail}`)
}

test('a deleted connection that is still used is said to be recorded, wherever it is used', async () => {
  const told = await toldOf(await withoutPager())
  assert.ok(told.length > 0)
  for (const each of told) {
    assert.match(each, 'CONNECTION_UNKNOWN: There is no connections/pager.yaml any more.')
    assert.match(each, 'pager is recorded in dev, its file was deleted, and it is still used here.')
  }
})

test('state that cannot be read is no reason to say anything else of the specs', async () => {
  const scenario = await withoutPager()
  scenario.write('state/dev.json', '<<<<<<< HEAD\n')
  for (const each of await toldOf(scenario)) {
    assert.match(each, 'CONNECTION_UNKNOWN: There is no connections/pager.yaml.')
  }
})

test.run()
