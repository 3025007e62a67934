/** What is done again and again in the year, and what holds each time. */
import * as assert from 'uvu/assert'
import type { Json, Person, Year } from './year-workspace.ts'

/** Commits the specs, publishes, and commits the state. */
export async function publish(
  year: Year,
  who: Person,
  note: string,
  flags: string = ''
): Promise<void> {
  await who.does('fmt')
  await who.commits(note)
  const commit = await headOf(who)
  await who.does(`apply -e stage --auto-approve -m "${note}" ${flags}`)
  expectPublished(year, who, note, commit)
  await who.commits(`${note} (stage)`)
}

export async function headOf(who: Person): Promise<string> {
  return (await who.git('rev-parse', 'HEAD')).trim()
}

/** There is one version more, and it says who made it from what. */
export function expectPublished(year: Year, who: Person, note: string, commit: string): void {
  year.counts.publishes += 1
  const { version } = year.state('stage')
  assert.is(version, year.counts.publishes)
  const published = year.state(`versions/${version}`)
  assert.equal([published.by, published.note, published.commit], [who.email, note, commit])
}

export async function deploy(year: Year, flags: string = ''): Promise<void> {
  const { ada } = year.people
  await ada.does(`apply -e prod --auto-approve ${flags}`)
  year.counts.deployments += 1
  await ada.commits(`Version ${year.state('prod').version} in prod`)
}

/** It is said what is given up; nobody is asked, and nothing ends. */
export async function rollBack(year: Year, version: number): Promise<void> {
  const plan = await year.people.ada.asks(`plan -e prod --version ${version}`)
  assert.equal(
    plan.diagnostics.map((each: Json) => each.code),
    ['GOES_BACK']
  )
  assert.equal(askedBy(plan), [])
  await deploy(year, `--version ${version}`)
  year.counts.rollbacks += 1
  assert.equal([year.state('prod').version, year.state('prod').pinned], [version, true])
}

/** Nobody is asked again for what was authorized before. */
export async function rollForward(year: Year): Promise<void> {
  const plan = await year.people.ada.asks('plan -e prod --version latest')
  assert.equal(
    askedBy(plan).filter(each => !each.startsWith('revoke')),
    []
  )
  await deploy(year, '--version latest')
  assert.equal(
    [year.state('prod').version, year.state('prod').pinned],
    [year.counts.publishes, false]
  )
}

/** What a plan asks of people, or ends: `authorize sales in dev`. */
export function askedBy({ authorizations }: Json): readonly string[] {
  return authorizations
    .filter(({ action }: Json) => !['keep', 'inherit'].includes(action))
    .map((each: Json) => `${each.action} ${each.connection} in ${each.slot}`)
}

/** Applies a client that prod has moved on for, or whose spec has. */
export async function applyClient(year: Year, name: string, why: string): Promise<void> {
  const { ada } = year.people
  await ada.commits(why)
  await ada.does(`apply -e client/${name} --auto-approve`)
  await ada.commits(`${why} (applied)`)
}

/** The account that an environment runs on, as the service says to whoever asks with the credential. */
export async function accountOf(
  { people: { app } }: Year,
  connection: string,
  environment: string
): Promise<string> {
  return JSON.parse(await app.does(`request ${connection} /whoami -e ${environment}`)).sub
}

/** What git shows of a file that is not committed yet. */
export async function linesChanged(
  who: Person,
  file: string
): Promise<{ readonly added: number; readonly removed: number }> {
  const [added, removed] = (await who.git('diff', '--numstat', '--', file)).split('\t')
  return { added: Number(added), removed: Number(removed) }
}
