/** Commands that are killed, and what must be the same in the end. */
import { existsSync, readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { slotsIn } from '../../engine/model/documents.ts'
import type { Environment } from '../../engine/model/generated/types.ts'
import { openFileState } from '../../engine/state/open-file-state.ts'
import { programFile } from './scenario-program.ts'
import { type KeyService, startKeyService } from './scenario-service.ts'
import {
  keyFiles,
  list,
  makeScenario,
  outcomeOf,
  type Scenario,
  startTieline
} from './scenario-workspace.ts'

const crash = ['--import', join(import.meta.dirname, 'scenario-crash.mjs')]
export const killed = 137

/** One command in the life of a workspace, and what somebody does to the specs before. */
export interface Chapter {
  readonly verb: 'apply' | 'authorize'
  readonly environment: Environment
  readonly connection?: string
  readonly key?: 'ONE' | 'TWO'
  readonly edit?: (scenario: Scenario) => void
  /** Another one writes the same files in the same order. */
  readonly isLike?: number
  /** It writes definitions and then ends authorizations: between the two, only running it again goes on. */
  readonly hasSteps?: boolean
  /** It only leads to what is looked at: not killed. */
  readonly isPreface?: boolean
}

export const life: readonly Chapter[] = [
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

/** A client is installed, authorizes, is renamed, and removed. */
export const clientLife: readonly Chapter[] = [
  { verb: 'apply', environment: 'dev', isPreface: true },
  { verb: 'apply', environment: 'stage', isPreface: true },
  { verb: 'apply', environment: 'prod', isPreface: true },
  {
    verb: 'apply',
    environment: 'client/acme',
    edit: scenario => scenario.write('clients/acme.yaml', 'name: Acme\n')
  },
  { verb: 'authorize', environment: 'client/acme', connection: 'hub', key: 'ONE' },
  {
    verb: 'apply',
    environment: 'client/acme_corp',
    edit: scenario => {
      scenario.remove('clients/acme.yaml')
      scenario.write('clients/acme_corp.yaml', 'name: Acme Corp\npreviously: acme\n')
    }
  },
  {
    verb: 'apply',
    environment: 'client/acme_corp',
    edit: scenario => scenario.remove('clients/acme_corp.yaml'),
    hasSteps: true
  }
]

export function argumentsOf({
  verb,
  environment,
  connection = '',
  key = 'ONE'
}: Chapter): string[] {
  return verb === 'apply'
    ? ['apply', '-e', environment, '--auto-approve']
    : ['authorize', connection, '-e', environment, '--from', `key=env:${key}`]
}

/** The same in this process, which is faster. */
export async function redo(
  scenario: Scenario,
  { verb, environment, connection = '', key }: Chapter
): Promise<void> {
  if (verb === 'apply') await scenario.apply(environment)
  else await scenario.authorize(connection, [environment], { from: { key: `env:${key}` } })
}

/** After the next writer nothing is left of those that were killed. */
export async function assertTidy({ folder, around }: Scenario, when: string): Promise<void> {
  const store = openFileState(folder, 'state', '.tieline/locks', {
    actor: 'x',
    clock: around.clock
  })
  await store.withLock('tidy up', async () => {})
  for (const name of [
    'state',
    'state/versions',
    'state/history',
    'state/clients',
    'state/history/clients'
  ]) {
    const odd = list(join(folder, name)).filter(
      each => !/^([a-z_]+\.jsonl?|\d+\.json|versions|history|clients)$/.test(each)
    )
    assert.equal(odd, [], `left in ${name} ${when}`)
  }
  const { documents } = await store.read()
  for (const slot of slotsIn(documents)) {
    const { entries, problems } = await store.history(slot)
    assert.equal(problems, [], `history of ${slot} ${when}`)
    assert.is(entries.length, documents[slot]?.serial ?? 0, `history of ${slot} ${when}`)
  }
  assert.equal(list(join(folder, '.tieline/locks')), [], `locks left ${when}`)
  assert.equal(list(join(folder, '.tieline/pending')), [], `grants left ${when}`)
}

/** As if a while had passed: a file that was cut off half-way could also be one that somebody is writing at this instant. */
export function age({ folder }: Scenario): void {
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

export async function serving(work: (service: KeyService) => Promise<void>): Promise<void> {
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

/** Kills each command of a story at every change that it makes on the disk: the chapters from `from` up to, not including, `to`. */
export function killChapters(story: readonly Chapter[], from = 0, to = story.length): void {
  for (const [index, chapter] of story.entries()) {
    if (index < from || index >= to || chapter.isLike !== undefined || chapter.isPreface) continue
    const name = `${index + 1}: ${argumentsOf(chapter).slice(0, 4).join(' ')}`
    test(`a kill before any change on disk leaves what the next run completes (${name})`, () =>
      serving(service => killEverywhere(service, story, index, chapter)))
  }
}

async function killEverywhere(
  service: KeyService,
  story: readonly Chapter[],
  index: number,
  chapter: Chapter
): Promise<void> {
  const before = makeScenario(keyFiles(service.origin))
  for (const earlier of story.slice(0, index)) {
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
      (chapter.environment === 'dev' && chapter.verb === 'apply') || chapter.hasSteps === true
        ? null
        : scenario.copy()

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
