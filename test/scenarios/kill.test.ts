// timeout: 300s
import { existsSync, readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ownSlots } from '../../engine/model/documents.ts'
import type { OwnEnvironment } from '../../engine/model/generated/types.ts'
import { openFileState } from '../../engine/state/open-file-state.ts'
import { programFile } from '../support/scenario-program.ts'
import { type KeyService, startKeyService } from '../support/scenario-service.ts'
import {
  keyFiles,
  list,
  makeScenario,
  outcomeOf,
  type Scenario,
  startTieline
} from '../support/scenario-workspace.ts'

const crash = ['--import', join(import.meta.dirname, '../support/scenario-crash.mjs')]
const killed = 137

/** One command in the life of a workspace, and what somebody does to the specs before. */
interface Chapter {
  readonly verb: 'apply' | 'authorize'
  readonly environment: OwnEnvironment
  readonly connection?: string
  readonly key?: 'ONE' | 'TWO'
  readonly edit?: (scenario: Scenario) => void
  /** Another one writes the same files in the same order. */
  readonly isLike?: number
}

const life: readonly Chapter[] = [
  { verb: 'apply', environment: 'dev' },
  { verb: 'authorize', environment: 'dev', connection: 'pager', key: 'ONE' },
  { verb: 'authorize', environment: 'dev', connection: 'hub', key: 'ONE' },
  { verb: 'apply', environment: 'stage' },
  { verb: 'authorize', environment: 'stage', connection: 'pager', key: 'TWO', isLike: 2 },
  { verb: 'apply', environment: 'prod' },
  // Once more: the new credential takes the place of the old one.
  { verb: 'authorize', environment: 'dev', connection: 'hub', key: 'ONE' },
  {
    verb: 'apply',
    environment: 'dev',
    edit: scenario => {
      const pager = 'connector: board\nauthorization: separate\nparameters: { area: west }\n'
      scenario.write('connections/pager.yaml', pager)
      scenario.remove('connections/hub.yaml')
      const centre = 'connector: board\nauthorization: shared\npreviously: hub\n'
      scenario.write('connections/centre.yaml', centre)
      scenario.write('components/desk.yaml', 'kind: form\nname: Desk\nuses: [centre, pager]\n')
    }
  },
  // Another basis: it stands beside the old one until an apply finds that nobody needs that one.
  { verb: 'authorize', environment: 'dev', connection: 'pager', key: 'ONE' },
  { verb: 'apply', environment: 'dev' },
  { verb: 'apply', environment: 'stage', isLike: 4 }
]

function argumentsOf({ verb, environment, connection = '', key = 'ONE' }: Chapter): string[] {
  return verb === 'apply'
    ? ['apply', '-e', environment, '--auto-approve']
    : ['authorize', connection, '-e', environment, '--from', `key=env:${key}`]
}

/** The same in this process, which is faster. */
async function redo(
  scenario: Scenario,
  { verb, environment, connection = '', key }: Chapter
): Promise<void> {
  if (verb === 'apply') await scenario.apply(environment)
  else await scenario.authorize(connection, [environment], { from: { key: `env:${key}` } })
}

/** After the next writer nothing is left of those that were killed. */
async function assertTidy({ folder, around }: Scenario, when: string): Promise<void> {
  const store = openFileState(folder, 'state', '.tieline/locks', {
    actor: 'x',
    clock: around.clock
  })
  await store.withLock('tidy up', async () => {})
  for (const name of ['state', 'state/versions', 'state/history']) {
    const odd = list(join(folder, name)).filter(
      each => !/^([a-z]+\.jsonl?|\d+\.json|versions|history)$/.test(each)
    )
    assert.equal(odd, [], `left in ${name} ${when}`)
  }
  const { documents } = await store.read()
  for (const slot of ownSlots) {
    const { entries, problems } = await store.history(slot)
    assert.equal(problems, [], `history of ${slot} ${when}`)
    assert.is(entries.length, documents[slot]?.serial ?? 0, `history of ${slot} ${when}`)
  }
  assert.equal(list(join(folder, '.tieline/locks')), [], `locks left ${when}`)
  assert.equal(list(join(folder, '.tieline/pending')), [], `grants left ${when}`)
}

/** As if a while had passed: a file that was cut off half-way could also be one that somebody is writing at this instant. */
function age({ folder }: Scenario): void {
  const old = new Date(Date.now() - 120_000)
  for (const name of ['.tieline/locks', '.tieline/vault', '.tieline/pending']) {
    for (const file of list(join(folder, name))) {
      if (file.endsWith('.tmp')) utimesSync(join(folder, name, file), old, old)
    }
  }
}

/** How many points a run has at which it can be killed. */
function points(log: string): number {
  return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').length : 0
}

async function serving(work: (service: KeyService) => Promise<void>): Promise<void> {
  const service = await startKeyService()
  try {
    await work(service)
  } finally {
    await service.close()
  }
}

/** Two at a time. */
async function inParallel(jobs: readonly (() => Promise<void>)[]): Promise<void> {
  const waiting = [...jobs]
  const worker = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await job()
  }
  await Promise.all([worker(), worker()])
}

for (const [index, chapter] of life.entries()) {
  if (chapter.isLike !== undefined) continue
  const name = `${index + 1}: ${argumentsOf(chapter).slice(0, 4).join(' ')}`
  test(`a kill before any change on disk leaves what the next run completes (${name})`, () =>
    serving(service => killEverywhere(service, index, chapter)))
}

async function killEverywhere(service: KeyService, index: number, chapter: Chapter): Promise<void> {
  const before = makeScenario(keyFiles(service.origin))
  for (const earlier of life.slice(0, index)) {
    earlier.edit?.(before)
    await redo(before, earlier)
  }
  chapter.edit?.(before)

  const undisturbed = before.copy()
  const log = join(undisturbed.folder, '../points')
  const args = argumentsOf(chapter)
  const plain = await startTieline(undisturbed, programFile(), args, {
    node: crash,
    env: { TEST_CRASH_LOG: log }
  }).ends
  assert.is(plain.code, 0, plain.stderr)
  const unstarted = before.copy()
  const count = points(log)
  for (const each of [undisturbed, unstarted]) await each.apply('dev')
  const [expected, nothing] = await Promise.all([undisturbed, unstarted].map(outcomeOf))

  const jobs = Array.from({ length: count }, (_, point) => async () => {
    const scenario = before.copy()
    const when = `after a kill at ${point + 1} of ${count} in "${args.join(' ')}"`
    const { code, stderr } = await startTieline(scenario, programFile(), args, {
      node: crash,
      env: { TEST_CRASH_AT: String(point + 1) }
    }).ends
    assert.is(code, killed, `${when}: ${stderr}`)
    age(scenario)
    const abandoned =
      chapter.environment === 'dev' && chapter.verb === 'apply' ? null : scenario.copy()

    await redo(scenario, chapter)
    await scenario.apply('dev')
    assert.equal(await outcomeOf(scenario), expected, when)
    await assertTidy(scenario, when)

    if (abandoned === null) return
    // Even if nobody runs that command again, the next apply finds all of it done or none of it.
    await abandoned.apply('dev')
    const outcome = JSON.stringify(await outcomeOf(abandoned))
    if (outcome === JSON.stringify(nothing)) return
    assert.is(outcome, JSON.stringify(expected), `half of it is there ${when}`)
  })
  await inParallel(jobs)
}

/** So many kills for each command of the life above. */
const killsPerCommand = 5

test('kills at random instants, more than fifty, change nothing in the end', () =>
  serving(async service => {
    const undisturbed = makeScenario(keyFiles(service.origin))
    for (const chapter of life) {
      chapter.edit?.(undisturbed)
      await redo(undisturbed, chapter)
    }
    await undisturbed.apply('dev')
    const scenario = makeScenario(keyFiles(service.origin))
    const kills: string[] = []
    // How long a command takes here and now.
    let usual = 300
    for (const chapter of life) {
      chapter.edit?.(scenario)
      for (let tries = 0, own = 0; own < killsPerCommand && tries < 15; tries++) {
        const began = performance.now()
        const running = startTieline(scenario, programFile(), argumentsOf(chapter))
        const instant = usual * (0.4 + 0.7 * Math.random())
        const timer = setTimeout(() => running.child.kill('SIGKILL'), instant)
        const { code, stderr } = await running.ends
        clearTimeout(timer)
        if (code === killed) {
          own += 1
          kills.push(`${argumentsOf(chapter).join(' ')} at ${Math.round(instant)} ms`)
        } else {
          assert.is(code, 0, `${stderr} after ${kills.join(', ')}`)
          usual = performance.now() - began
        }
        age(scenario)
      }
      await redo(scenario, chapter)
    }
    await scenario.apply('dev')
    assert.ok(kills.length >= 50, `only ${kills.length} kills`)
    assert.equal(await outcomeOf(scenario), await outcomeOf(undisturbed), kills.join(', '))
    await assertTidy(scenario, `after ${kills.join(', ')}`)
  }))

test.run()
