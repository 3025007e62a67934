import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Documents } from '../../engine/model/documents.ts'
import type {
  AuthorizationRecord,
  Connection,
  CredentialFile,
  OwnEnvironment,
  State,
  StatusCause
} from '../../engine/model/generated/types.ts'
import { type StatusScene, statusLine } from '../../engine/workflow/status-line.ts'
import { usersIn } from '../../engine/workflow/user-counts.ts'
import { aConnection, aRecord, aState, plainNeed } from '../support/builders.ts'
import { noDocuments } from '../support/plan-request.ts'

const crm = aConnection({ id: 'crm.1' })
const own = aConnection({ id: 'crm.1', level: 'logged-in-user' })
const now = new Date('2026-03-04T12:00:00.000Z')
const jo = 'jo@example.com'

function aFile(
  facts: AuthorizationRecord,
  overrides: Partial<CredentialFile> = {}
): CredentialFile {
  return {
    formatVersion: 1,
    vault: 'v',
    id: 'a',
    slot: 'dev',
    connection: facts.connection,
    user: null,
    generation: 1,
    facts,
    expiresAt: null,
    refreshable: true,
    dead: null,
    sealed: '',
    proof: { kind: 'adopted', mac: '' },
    ...overrides
  }
}

const deposit = { kind: 'deposit', by: jo, mac: null } as const

function lineOf(
  connection: Connection,
  scene: Partial<StatusScene>,
  environment: OwnEnvironment = 'dev'
) {
  const whole = {
    ...{ documents: noDocuments, files: [], users: new Map(), found: new Map(), now, actor: jo },
    resolver: { needOf: plainNeed },
    renewsItself: () => false,
    ...scene
  }
  return statusLine(whole, environment, 'crm', connection)
}

function brief(...given: Parameters<typeof lineOf>): string {
  const { status, cause, adopted } = lineOf(...given)
  return [status, cause ?? '-', adopted ?? '-'].join(' ')
}

function inDev(authorizations: State['authorizations'], serving = 'a'): Documents {
  const dev = aState('dev', { connections: { crm }, authorizations, serving: { 'crm.1': serving } })
  return { ...noDocuments, dev }
}

const record = aRecord(crm, 'dev')
const documents = inDev({ a: record })

test('what the vault knows of a credential counts: how long it lasts, and whether it is dead', () => {
  const withFile = (overrides: Partial<CredentialFile>) =>
    brief(crm, { documents, files: [aFile(record, overrides)] })
  const ends = (expiresAt: string) => withFile({ expiresAt, refreshable: false })
  assert.is(withFile({}), 'connected - true')
  assert.is(withFile({ expiresAt: '2026-03-04T11:00:00Z' }), 'connected - true')
  assert.is(ends('2026-03-06T12:00:00Z'), 'connected - true')
  assert.is(ends('2026-03-05T11:00:00Z'), 'expiring - true')
  assert.is(ends('2026-03-04T11:59:59Z'), 'needs-reauthorization expired true')
  for (const cause of ['grant-gone', 'interrupted-refresh'] as const) {
    const dead = { cause, at: '2026-03-04T11:00:00Z' }
    assert.is(withFile({ dead }), `needs-reauthorization ${cause} true`)
    const ended = { cause: 'EXPIRED', by: jo, at: '' } as const
    const gone = inDev({ a: { ...record, ended } })
    const files = [aFile(record, { dead })]
    assert.is(brief(crm, { documents: gone, files }), `needs-reauthorization ${cause} true`)
  }
  assert.is(brief(crm, { documents }), 'credential-not-here - -')
})

test('a token that the application gets by itself may run out: it gets another one', () => {
  const files = [aFile(record, { expiresAt: '2026-03-04T11:00:00Z', refreshable: false })]
  assert.is(brief(crm, { documents, files, renewsItself: () => true }), 'connected - true')
  assert.is(brief(crm, { documents, files }), 'needs-reauthorization expired true')
})

test('what was deposited counts, and is said until a reader has adopted it', () => {
  const waiting = aFile(record, { proof: deposit })
  assert.is(brief(crm, { documents, files: [waiting] }), 'connected not-adopted false')
  assert.is(brief(crm, { documents, files: [waiting, aFile(record)] }), 'connected - true')
  const newer = { ...record, at: '2026-02-02T00:00:00.000Z' }
  const both = {
    documents: inDev({ a: record, b: newer }),
    files: [aFile(record), aFile(newer, { id: 'b', proof: deposit })]
  }
  assert.is(brief(crm, both), 'connected not-adopted false')
  assert.is(lineOf(crm, both).at, record.at)
})

test('what ended an authorization, or what changed since, is the cause', () => {
  const endedBy = (cause: 'EXPIRED' | 'REVOKED' | 'SCOPES_LOST') =>
    brief(crm, { documents: inDev({ a: { ...record, ended: { cause, by: jo, at: '' } } }) })
  assert.is(endedBy('EXPIRED'), 'needs-reauthorization expired -')
  assert.is(endedBy('REVOKED'), 'revoked revoked -')
  assert.is(endedBy('SCOPES_LOST'), 'drifted scopes-lost -')
  const other = { ...crm, client: { id: 'env:OTHER', secret: null } }
  assert.is(brief(other, { documents }), 'needs-reauthorization basis-changed -')
  assert.is(
    brief({ ...crm, scopes: ['api', 'web'] }, { documents }),
    'needs-reauthorization scopes-added -'
  )
  const shared = { ...crm, authorization: 'shared' } as const
  assert.is(brief(shared, { documents }), 'needs-reauthorization slot-changed -')
  assert.is(brief(crm, {}), 'pending never-authorized -')
})

test('what only the service knew when it was asked is drift', () => {
  const found = new Map<string, StatusCause>([['a', 'account-changed']])
  assert.is(
    brief(crm, { documents, files: [aFile(record)], found }),
    'drifted account-changed true'
  )
})

test("of a connection that users authorize, the actor's own is told, and how many there are", () => {
  const facts = aRecord(own, 'dev')
  const kim = aFile(facts, { id: 'k', user: 'kim@example.com' })
  const mine = aFile(facts, { id: 'j', user: jo })
  const line = (files: readonly CredentialFile[]) =>
    brief(own, { files, users: new Map([['dev', usersIn(files)]]) })
  assert.is(line([kim]), 'pending never-authorized -')
  assert.is(line([kim, mine]), 'connected - true')
  const dead = { cause: 'grant-gone', at: '' } as const
  assert.is(line([{ ...mine, dead }]), 'needs-reauthorization grant-gone true')
  const newer = { ...facts, at: '2026-02-02T00:00:00.000Z' }
  const again = aFile(newer, { id: 'n', user: jo, proof: deposit })
  assert.is(line([mine, again]), 'connected not-adopted false')
  const users = new Map([['dev' as const, usersIn([kim, mine])]])
  assert.is(lineOf(own, { files: [], users }).users, 2)
  const lacks = (change: Partial<Connection>) => brief({ ...own, ...change }, { files: [mine] })
  const other = { client: { id: 'env:OTHER', secret: null } }
  assert.is(lacks(other), 'needs-reauthorization basis-changed true')
  assert.is(lacks({ scopes: ['api', 'web'] }), 'needs-reauthorization scopes-added true')
  const { basis } = facts
  const counted = aState('dev', { users: { 'crm.1': [{ basis, asked: [], count: 7 }] } })
  assert.is(lineOf(own, { documents: { ...noDocuments, dev: counted } }).users, 7)
  assert.is(lineOf(crm, {}).users, null)
})

test('people are counted once each, by what they have that works', () => {
  const narrow = aRecord(own, 'dev')
  const wide = aRecord({ ...own, scopes: ['api', 'web'] }, 'dev', {
    at: '2026-02-02T00:00:00.000Z'
  })
  const of = (
    user: string | null,
    facts: AuthorizationRecord,
    more: Partial<CredentialFile> = {}
  ) => aFile(facts, { id: `${user} ${facts.at}`, user, ...more })
  const dead = { cause: 'grant-gone', at: '' } as const
  const counts = usersIn([
    of('jo', narrow),
    of('jo', wide, { proof: deposit }),
    of('kim', narrow),
    of('kim', wide, { dead }),
    of('li', narrow),
    of('mo', narrow, { dead }),
    of(null, record)
  ])
  assert.equal(
    Object.entries(counts).map(([id, each]) => [
      id,
      each.map(({ asked, count }) => `${asked.join(' ')}: ${count}`).sort()
    ]),
    [['crm.1', ['api web: 1', 'api: 2']]]
  )
})

test.run()
