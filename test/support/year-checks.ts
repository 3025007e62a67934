/** What has to hold at the end of each quarter: every state explained, no authorization dangling, no credential orphaned. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { Aviary } from './cli-canary.ts'
import { secrets } from './year-services.ts'
import type { Json, Name, Year } from './year-workspace.ts'

/** Who reads the credentials of an environment, and whose logged-in-user credentials there are. */
const readers: Readonly<Record<string, Name>> = { dev: 'dan', stage: 'dan', prod: 'ada' }

/** A grant at the OAuth2 server that no record names, and what a command has said of it. */
export interface Explained {
  readonly account: string
  readonly said: string
}

export async function checkQuarter(year: Year, explained: readonly Explained[]): Promise<void> {
  await checkTools(year)
  await checkNothingDue(year)
  await checkHistory(year)
  checkVault(year)
  await checkGrants(year, await checkCredentials(year), explained)
  await checkSecrets(year)
}

/** What a careful team runs before it goes home. */
async function checkTools({ people: { ana, dan } }: Year): Promise<void> {
  await dan.does('fmt --check')
  assert.equal((await dan.asks('validate')).diagnostics, [])
  assert.equal((await ana.asks('state verify', { isProcess: true })).diagnostics, [])
  const { checks } = await ana.asks('doctor')
  assert.equal(
    checks.filter((each: Json) => ['warning', 'failed'].includes(each.outcome)),
    []
  )
  assert.match(await dan.does('graph --format dot'), 'digraph')
  assert.match(await dan.does('graph -e prod --format mermaid'), 'flowchart')
}

async function checkNothingDue({ people: { ana } }: Year): Promise<void> {
  const { plans } = await ana.asks('plan --all --detailed-exitcode', { isProcess: true })
  for (const { environment, changes, held, authorizations, diagnostics } of plans) {
    assert.equal({ changes, held, authorizations, diagnostics }, nothingDue, environment)
  }
}

const nothingDue = { changes: [], held: [], authorizations: [], diagnostics: [] }

/** Documents that there are: `dev`, `client/acme`. */
export function documentsOf({ folder }: Year): readonly string[] {
  const clients = join(folder, 'state/clients')
  const files = existsSync(clients) ? readdirSync(clients) : []
  const names = files.flatMap(each => /^(\w+)\.json$/.exec(each)?.[1] ?? [])
  return ['shared', 'dev', 'stage', 'prod', ...names.map(each => `client/${each}`)]
}

export function documentOf(year: Year, document: string): Json {
  return year.state(document.replace(/^client/, 'clients'))
}

/** A client that was removed keeps its document. */
function isRemoved({ environment, version }: Json): boolean {
  return environment.startsWith('client/') && version === null
}

/** Every serial from the first to the one that the document is at, by whom and by what; every version with its note and commit. */
async function checkHistory(year: Year): Promise<void> {
  const { ana } = year.people
  const history = await ana.asks('state history')
  assert.equal(history.diagnostics, [])
  assert.is(history.older, 0)
  for (const document of documentsOf(year)) {
    const state = documentOf(year, document)
    const told = history.entries
      .filter((each: Json) => each.document === document)
      .map((each: Json) => each.entry)
      .reverse()
    const serials = Array.from({ length: state.serial }, (_, at) => at + 1)
    assert.equal(
      told.map((each: Json) => each.serial),
      serials,
      `serials of ${document}`
    )
    for (const [at, entry] of told.entries()) {
      const what = `${document} ${entry.serial}`
      assert.is(entry.before, told[at - 1]?.digest ?? null, what)
      assert.match(entry.by, /^\w+@\w+\.example$/, what)
      assert.match(entry.operation, /^[a-z]+/, what)
      assert.ok(entry.changes.length > 0, `${what} says what changed`)
    }
    assert.is(told.at(-1)?.digest, state.digest, document)
  }
  const { versions } = year.state('stage')
  const numbers = Object.keys(versions).map(Number)
  assert.equal(
    numbers,
    Array.from({ length: year.counts.publishes }, (_, at) => at + 1)
  )
  for (const number of numbers) {
    const { note, commit, by } = year.state(`versions/${number}`)
    assert.ok(note, `note of ${number}`)
    assert.match(commit, /^[0-9a-f]{40}$/, `commit of ${number}`)
    const [entry] = history.entries
      .map((each: Json) => each.entry)
      .filter((each: Json) => each.document === 'stage' && each.version === number)
      .slice(-1)
    assert.equal([entry.note, entry.commit, entry.by], [note, commit, by])
  }
}

interface Stored {
  readonly id: string
  readonly slot: string
  readonly user: string | null
  readonly connection: string
}

/** The newest of every credential in the vault's folder, by what it says in the clear. */
function storedIn({ folder }: Year): readonly Stored[] {
  const vault = join(folder, '.tieline/vault')
  const newest = new Map<string, { readonly generation: number; readonly stored: Stored }>()
  for (const name of readdirSync(vault)) {
    const [, id, part] = /^([0-9a-f-]{36})\.(\d+|deposit)\.json$/.exec(name) ?? []
    if (id === undefined) continue
    // A deposit counts until there is an adopted one.
    const generation = part === 'deposit' ? 0 : Number(part)
    if (generation < (newest.get(id)?.generation ?? 0)) continue
    newest.set(id, { generation, stored: JSON.parse(readFileSync(join(vault, name), 'utf8')) })
  }
  return [...newest.values()].map(each => each.stored)
}

/** A credential for every live record, a record for every credential; of users' credentials, a connection and the count. */
function checkVault(year: Year): void {
  const stored = storedIn(year)
  const documents = documentsOf(year)
  for (const document of documents) {
    const state = documentOf(year, document)
    const slot = document.startsWith('client/') ? `client/${state.lineage}` : document
    const here = stored.filter(each => each.slot === slot)
    const live = Object.entries<Json>(state.authorizations).filter(([, each]) => !each.ended)
    const everybodys = here.filter(each => each.user === null)
    assert.equal(
      everybodys.map(each => each.id).sort(),
      live.map(([id]) => id).sort(),
      `credentials and records of ${document}`
    )
    const counts = Object.entries<Json>(state.users).map(([connection, each]) => [
      connection,
      each.reduce((sum: number, { count }: { count: number }) => sum + count, 0)
    ])
    const own = here.filter(each => each.user !== null).map(each => each.connection)
    assert.equal(
      Object.fromEntries(counts.filter(([, count]) => count > 0)),
      Object.fromEntries([...new Set(own)].map(id => [id, own.filter(one => one === id).length])),
      `users of ${document}`
    )
  }
  const slots = documents.map(each =>
    each.startsWith('client/') ? `client/${documentOf(year, each).lineage}` : each
  )
  assert.equal(
    stored.filter(each => !slots.includes(each.slot)),
    [],
    'credentials of no document'
  )
}

/** Asks for every connection everywhere, for each user that has authorized it. Gives the access tokens. */
async function checkCredentials(year: Year): Promise<readonly string[]> {
  const { ana, app } = year.people
  const tokens: string[] = []
  const everywhere = documentsOf(year).filter(
    each => each !== 'shared' && !isRemoved(documentOf(year, each))
  )
  const { environments } = await ana.asks(`status -e ${everywhere.join(' -e ')}`)
  for (const { environment, connections } of environments) {
    const members = readers[environment]
    const reader = members === undefined ? app : year.people[members]
    for (const { connection, status } of connections) {
      const users = usersOf(year, environment, connection)
      if (users === null) assert.is(status, 'connected', `${connection} in ${environment}`)
      for (const flag of users?.map(each => ` --user ${each}`) ?? ['']) {
        const line = `token ${connection} -e ${environment}${flag}`
        const answer = await reader.asks(line, { isSecret: true })
        if (answer.accessToken !== null) tokens.push(answer.accessToken)
        else assert.ok(Object.values(secrets).includes(answer.headers['X-Key']), line)
      }
    }
  }
  return tokens
}

/** Of a connection that each user authorizes, those who did; null for one that is everybody's. */
function usersOf(
  year: Year,
  environment: string,
  connection: string
): readonly (string | null)[] | null {
  const state = documentOf(year, environment)
  const { id, level, authorization } = state.connections[connection]
  if (level === 'administrator') return null
  const own = authorization === 'shared' ? 'shared' : environment
  const slot = environment.startsWith('client/') ? `client/${state.lineage}` : own
  return storedIn(year)
    .filter(each => each.slot === slot && each.connection === id)
    .map(each => each.user)
}

/** What the server still honours is what some credential stands on, or what the story explains. */
async function checkGrants(
  { services: { oauth }, book }: Year,
  tokens: readonly string[],
  explained: readonly Explained[]
): Promise<void> {
  const named = await Promise.all(tokens.map(each => oauth.grantOf(each)))
  assert.not.ok(named.includes(null), 'a token that the server does not know')
  const live = await oauth.liveGrants()
  const left = live.filter(each => !named.includes(each.id)).map(each => each.account)
  const accounts = explained.map(each => each.account)
  assert.equal([...new Set(left)].sort(), accounts.toSorted(), 'grants that nothing stands on')
  const words = book.map(({ text }) => text.replaceAll(/\s+/g, ' ')).join('\n')
  for (const { said } of explained) assert.match(words, said)
}

/** No secret in what was printed, on the disk (the vault is sealed), or in any commit. */
async function checkSecrets({ book, folder, desk, people, services }: Year): Promise<void> {
  const aviary = new Aviary()
  for (const [name, secret] of Object.entries(secrets)) aviary.add(name, secret)
  for (const [at, token] of services.oauth.issued.entries()) aviary.add(`token ${at}`, token)
  for (const { name, home } of Object.values(people)) {
    const identity = readFileSync(join(home, '.config/tieline/identity'), 'utf8')
    aviary.add(`key of ${name}`, identity.trim().split('\n').at(-1) ?? '')
  }
  for (const { line, text } of book) aviary.look(`${line}\n${text}`, line)
  for (const each of [folder, desk]) aviary.lookInFolder(each, new Set())
  aviary.look(await people.ana.git('log', '-p', '--all'), 'the commits')
  assert.equal(aviary.leaks, [])
}
