import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Documents } from '../../engine/model/documents.ts'
import type {
  AuthorizationRecord,
  Connection,
  DueAuthorization,
  Slot,
  UserCount
} from '../../engine/model/generated/types.ts'
import { asksForSomething } from '../../engine/plan/plan-environment.ts'
import { aConnection, aRecord, aState, plainNeed } from '../support/builders.ts'
import { noDocuments, planFor } from '../support/plan-request.ts'

const crm = aConnection({ id: 'crm.1' })
const common = aConnection({ id: 'crm.1', authorization: 'shared' })

interface Records {
  readonly [credential: string]: AuthorizationRecord
}

function documents(
  recorded:
    | Readonly<Record<'dev' | 'stage' | 'prod', Connection | undefined>>
    | { readonly dev?: Connection; readonly stage?: Connection; readonly prod?: Connection },
  records: Partial<Record<Slot, Records>> = {}
): Documents {
  const state = (slot: Slot, connection: Connection | undefined) =>
    aState(slot, {
      connections: connection === undefined ? {} : { crm: connection },
      authorizations: records[slot] ?? {}
    })
  return {
    dev: state('dev', recorded.dev),
    stage: state('stage', recorded.stage),
    prod: state('prod', recorded.prod),
    shared: aState('shared', { authorizations: records.shared ?? {} })
  }
}

function dueInDev(wanted: Connection | null, now: Documents): readonly DueAuthorization[] {
  const connections: Record<string, Connection> = wanted === null ? {} : { crm: wanted }
  return planFor('dev', { connections, components: {} }, now).authorizations
}

function brief(due: readonly DueAuthorization[]): readonly string[] {
  return due.map(each =>
    `${each.action} ${each.slot} ${each.reasons.map(reason => reason.code).join(' ')}`.trim()
  )
}

test('a connection that nobody authorized is to be authorized, by those who may', () => {
  const [due] = dueInDev(crm, noDocuments)
  assert.is(due?.action, 'authorize')
  assert.equal(due?.reasons, [{ code: 'NEVER_AUTHORIZED' }])
  assert.equal(due?.addedScopes, ['api'])
  assert.equal(due?.who, ['super-admin', 'developer'])
})

test('where nobody is a member, no role has to do it, and users are still themselves', () => {
  const who = (connection: Connection, environment: 'dev' | 'prod') =>
    planFor(environment, { connections: { crm: connection }, components: {} }, noDocuments, {
      hasMembers: false
    }).authorizations.map(each => each.who)
  const users = { ...crm, level: 'logged-in-user' } as const
  assert.equal(
    [who(crm, 'dev'), who(users, 'dev'), who(users, 'prod')],
    [[[]], [[]], [['each-user']]]
  )
})

test('asks for consent again only for the scopes that are new', () => {
  const wider = { ...crm, scopes: ['api', 'web'] }
  const now = documents({ dev: crm }, { dev: { a: aRecord(crm, 'dev') } })
  const [due] = dueInDev(wider, now)
  assert.is(due?.action, 'reauthorize')
  assert.equal(due?.reasons, [{ code: 'SCOPES_ADDED', scopes: ['web'] }])
  assert.is(due?.credential, 'a')
})

test('narrower scopes and another display name keep the authorization', () => {
  const record = aRecord(crm, 'dev', { asked: ['api', 'web'], granted: ['api', 'web'] })
  const now = documents({ dev: { ...crm, scopes: ['api', 'web'] } }, { dev: { a: record } })
  assert.equal(brief(dueInDev(crm, now)), ['keep dev NARROWER_THAN_GRANTED'])
  const renamed = documents({ dev: crm }, { dev: { a: aRecord(crm, 'dev') } })
  assert.equal(brief(dueInDev({ ...crm, name: 'Other' }, renamed)), ['keep dev'])
})

test('each part of the basis gives its own reason, and the old record ends after its replacement', () => {
  const now = documents({ dev: crm }, { dev: { a: aRecord(crm, 'dev') } })
  const reasons = (change: Partial<Connection>) => brief(dueInDev({ ...crm, ...change }, now))
  const gone = 'revoke dev NOT_NEEDED'
  assert.equal(reasons({ connector: 'other' }), ['reauthorize dev CONNECTOR_CHANGED', gone])
  assert.equal(reasons({ auth: 'basic' }), ['reauthorize dev AUTH_CHANGED', gone])
  assert.equal(reasons({ parameters: { domain: 'x' } }), [
    'reauthorize dev PARAMETERS_CHANGED',
    gone
  ])
  assert.equal(reasons({ client: { id: 'env:OTHER', secret: null } }), [
    'reauthorize dev CLIENT_CHANGED',
    gone
  ])
  const local = { dev: { origin: 'http://localhost:1', parameters: {}, client: null } }
  assert.equal(reasons({ environments: local }), ['reauthorize dev ORIGIN_CHANGED', gone])
})

test('a client secret behind another reference asks nobody', () => {
  const now = documents({ dev: crm }, { dev: { a: aRecord(crm, 'dev') } })
  const other = { ...crm, client: { id: 'env:CLIENT_ID', secret: 'env:NEW_SECRET' } }
  assert.equal(brief(dueInDev(other, now)), ['keep dev'])
})

test('what ended an authorization is the reason to give it again', () => {
  const ended = { cause: 'EXPIRED', by: 'ana@example.com', at: '2026-02-01T00:00:00.000Z' } as const
  const now = documents({ dev: crm }, { dev: { a: aRecord(crm, 'dev', { ended }) } })
  assert.equal(brief(dueInDev(crm, now)), ['reauthorize dev EXPIRED'])
})

test('scopes that the provider never granted are a warning, and asking again is not due', () => {
  const wide = { ...crm, scopes: ['api', 'web'] }
  const record = aRecord(wide, 'dev', { granted: ['api'] })
  const plan = planFor(
    'dev',
    { connections: { crm: wide }, components: {} },
    documents({ dev: wide }, { dev: { a: record } })
  )
  assert.equal(plan.authorizations, [])
  assert.equal(
    plan.diagnostics.map(each => each.code),
    ['SCOPES_NOT_GRANTED']
  )
})

test('an environment that takes over a shared connection inherits, and nobody is asked', () => {
  const now = documents({ dev: common }, { shared: { a: aRecord(common, 'dev') } })
  const plan = planFor(
    'stage',
    {
      connections: { crm: common },
      components: {
        form: { id: 'form.1', name: 'form', kind: 'form', uses: ['crm'], depends: [], source: null }
      }
    },
    now
  )
  assert.equal(brief(plan.authorizations), ['inherit shared COVERED_BY_SHARED'])
})

test('a wider consent for dev stands beside the one that stage and prod run on', () => {
  const wider = { ...common, scopes: ['api', 'web'] }
  const records = {
    a: aRecord(common, 'dev'),
    b: aRecord(wider, 'dev', { at: '2026-03-01T00:00:00.000Z' })
  }
  const now = documents({ dev: wider, stage: common, prod: common }, { shared: records })
  assert.equal(dueInDev(wider, now), [])
  const settled = documents({ dev: wider, stage: wider, prod: wider }, { shared: records })
  assert.equal(brief(dueInDev(wider, settled)), ['revoke shared NOT_NEEDED'])
})

test('from shared to separate asks again here, and leaves the others what they run on', () => {
  const now = documents(
    { dev: common, stage: common, prod: common },
    { shared: { a: aRecord(common, 'dev') } }
  )
  assert.equal(brief(dueInDev(crm, now)), ['reauthorize dev SLOT_CHANGED'])
  const last = documents(
    { dev: crm, stage: crm, prod: common },
    {
      shared: { a: aRecord(common, 'dev') },
      dev: { b: aRecord(crm, 'dev') },
      stage: { c: aRecord(crm, 'stage') }
    }
  )
  const plan = planFor('prod', { connections: { crm }, components: {} }, last)
  assert.equal(brief(plan.authorizations), [
    'reauthorize prod SLOT_CHANGED',
    'revoke shared NOT_NEEDED'
  ])
})

test('while pinned, or on the way back, nothing is revoked', () => {
  const now = documents({ dev: crm, stage: crm, prod: crm }, { prod: { a: aRecord(crm, 'prod') } })
  const plan = (mayRevoke: boolean) =>
    planFor('prod', { connections: {}, components: {} }, now, { mayRevoke }).authorizations
  assert.equal(brief(plan(true)), ['revoke prod NOT_NEEDED'])
  assert.equal(plan(false), [])
})

test("a level switch never hands an administrator's authorization to users, nor back", () => {
  const users = { ...crm, level: 'logged-in-user' } as const
  const now = documents({ dev: crm }, { dev: { a: aRecord(crm, 'dev') } })
  const due = dueInDev(users, now)
  assert.equal(brief(due), ['reauthorize dev LEVEL_CHANGED', 'revoke dev NOT_NEEDED'])
  assert.is(due[0]?.level, 'logged-in-user')
  const [back] = dueInDev(crm, documents({ dev: users }))
  assert.equal(
    [back?.action, back?.level, back?.reasons],
    [
      'authorize',
      'administrator',
      [
        { code: 'NEVER_AUTHORIZED' },
        { code: 'LEVEL_CHANGED', from: 'logged-in-user', to: 'administrator' }
      ]
    ]
  )
})

test('the level is a reason as well where somebody of the new level authorized it before', () => {
  const users = { ...crm, level: 'logged-in-user' } as const
  const ended = { cause: 'REVOKED', by: 'ana@example.com', at: '2026-02-01T00:00:00Z' } as const
  const now = documents({ dev: users }, { dev: { a: aRecord(crm, 'dev', { ended }) } })
  assert.equal(brief(dueInDev(crm, now)), ['reauthorize dev LEVEL_CHANGED REVOKED'])
  const wider = { ...users, scopes: ['api', 'web'] }
  const counted = withPeople({ dev: crm }, { dev: [people(users, 2)] })
  assert.equal(brief(dueInDev(wider, counted)), ['reauthorize dev LEVEL_CHANGED SCOPES_ADDED'])
  const settled = withPeople({ dev: users }, { dev: [people(users, 2)] })
  assert.equal(brief(dueInDev(wider, settled)), ['reauthorize dev SCOPES_ADDED'])
})

test('how many users there are changes nothing of what an administrator is asked for', () => {
  const users = { ...crm, level: 'logged-in-user' } as const
  const [alone] = dueInDev(crm, documents({ dev: users }))
  const [first, ...others] = dueInDev(crm, withPeople({ dev: users }, { dev: [people(users, 2)] }))
  assert.equal(first, alone)
  assert.equal(brief(others), ['revoke dev NOT_NEEDED'])
})

test('users are told of a connection when it is added, and not again', () => {
  const users = { ...crm, level: 'logged-in-user' } as const
  assert.equal(brief(dueInDev(users, noDocuments)), ['authorize dev NEVER_AUTHORIZED'])
  assert.equal(dueInDev(users, documents({ dev: users })), [])
})

test('an environment that waits for a wider consent goes on with what it had, whatever others consent to meanwhile', () => {
  const wide = { ...common, scopes: ['api', 'web', 'full'] }
  const records = {
    old: aRecord(common, 'stage'),
    near: aRecord({ ...common, scopes: ['api', 'web'] }, 'dev', { at: '2026-05-01T00:00:00.000Z' })
  }
  const waiting = aState('stage', { connections: { crm: wide }, serving: { 'crm.1': 'old' } })
  const now = { ...documents({ dev: common }, { shared: records }), stage: waiting }
  const plan = planFor('stage', { connections: { crm: wide }, components: {} }, now)
  assert.is(plan.authorizations.find(each => each.action === 'reauthorize')?.credential, 'old')
})

const own = { ...crm, level: 'logged-in-user' } as const
const ownCommon = { ...common, level: 'logged-in-user' } as const

function people(
  connection: Connection,
  count: number,
  overrides: Partial<UserCount> = {}
): UserCount {
  const { basis, scopes } = plainNeed(connection, 'dev')
  return { basis, asked: scopes, count, ...overrides }
}

/** The same connection everywhere, and how many people authorized it in which slot. */
function withPeople(
  recorded: Parameters<typeof documents>[0],
  users: Partial<Record<Slot, readonly UserCount[]>>
): Documents {
  const now = documents(recorded)
  const counted = (slot: Slot) => ({ ...aState(slot), ...now[slot], users: of(users[slot] ?? []) })
  const of = (list: readonly UserCount[]) => (list.length === 0 ? {} : { 'crm.1': list })
  return {
    dev: counted('dev'),
    stage: counted('stage'),
    prod: counted('prod'),
    shared: counted('shared')
  }
}

function briefly(due: readonly DueAuthorization[]): readonly string[] {
  return brief(due).map((each, at) => `${each}: ${due[at]?.users}`)
}

test('people who lack new scopes are counted, and those who have them are not', () => {
  const wider = { ...own, scopes: ['api', 'web'] }
  const now = withPeople({ dev: own }, { dev: [people(own, 3), people(wider, 2)] })
  const due = dueInDev(wider, now)
  assert.equal(briefly(due), ['reauthorize dev SCOPES_ADDED: 3'])
  assert.equal(due[0]?.reasons, [{ code: 'SCOPES_ADDED', scopes: ['web'] }])
  assert.equal([due[0]?.addedScopes, due[0]?.credential], [['web'], null])
  const applied = withPeople({ dev: wider }, { dev: [people(own, 1), people(wider, 4)] })
  assert.equal(briefly(dueInDev(wider, applied)), ['reauthorize dev SCOPES_ADDED: 1'])
})

test('where everybody who was counted has what it needs nobody is told anything', () => {
  const wider = { ...own, scopes: ['api', 'web'] }
  const now = withPeople({ dev: own }, { dev: [people(wider, 2)] })
  assert.equal(dueInDev(wider, now), [])
  assert.equal(dueInDev(own, withPeople({ dev: own }, { dev: [people(wider, 2)] })), [])
})

test('another basis concerns everybody, and ends what they gave before', () => {
  const other = { ...own, client: { id: 'env:OTHER', secret: null } }
  const now = withPeople({ dev: own }, { dev: [people(own, 2), people({ ...own, scopes: [] }, 1)] })
  assert.equal(briefly(dueInDev(other, now)), [
    'reauthorize dev CLIENT_CHANGED SCOPES_ADDED: 3',
    'revoke dev NOT_NEEDED: 3'
  ])
  assert.equal(briefly(dueInDev(other, documents({ dev: own }))), [
    'reauthorize dev CLIENT_CHANGED: null'
  ])
})

test('what users gave for a connection that is deleted is revoked, by whoever applies', () => {
  const now = withPeople({ dev: own }, { dev: [people(own, 2)] })
  const [due, ...more] = dueInDev(null, now)
  assert.equal(briefly(due === undefined ? [] : [due]), ['revoke dev NOT_NEEDED: 2'])
  assert.equal(
    [due?.level, due?.credential, due?.who, more],
    ['logged-in-user', null, ['super-admin', 'developer'], []]
  )
  const kept = planFor('dev', { connections: {}, components: {} }, now, { mayRevoke: false })
  assert.equal(kept.authorizations, [])
})

test('what users gave once for all environments stays while one of them wants it', () => {
  const moved = { ...ownCommon, client: { id: 'env:OTHER', secret: null } }
  const all = { dev: ownCommon, stage: ownCommon, prod: ownCommon }
  const users = { shared: [people(ownCommon, 2)] }
  assert.equal(briefly(dueInDev(moved, withPeople(all, users))), [
    'reauthorize shared CLIENT_CHANGED: 2'
  ])
  const last = withPeople({ ...all, dev: moved, stage: moved }, users)
  const plan = planFor('prod', { connections: { crm: moved }, components: {} }, last)
  assert.equal(briefly(plan.authorizations), [
    'reauthorize shared CLIENT_CHANGED: 2',
    'revoke shared NOT_NEEDED: 2'
  ])
})

test('users of a connection that gets its own authorization here are counted where they were', () => {
  const now = withPeople({ dev: ownCommon }, { shared: [people(ownCommon, 2)] })
  assert.equal(briefly(dueInDev(own, now)), [
    'reauthorize dev SLOT_CHANGED: 2',
    'revoke shared NOT_NEEDED: 2'
  ])
})

test('people are counted where they lack what another environment adds', () => {
  const wider = { ...ownCommon, scopes: ['api', 'web'] }
  const now = withPeople({ dev: wider }, { shared: [people(ownCommon, 2), people(wider, 5)] })
  const form = { id: 'form.1', name: 'f', kind: 'form', uses: ['crm'], depends: [], source: null }
  const components = { form }
  const plan = planFor('stage', { connections: { crm: wider }, components }, now)
  assert.equal(briefly(plan.authorizations), ['reauthorize shared SCOPES_ADDED: 2'])
})

test('what users have to do is no work for the applier, but what ends is', () => {
  const asks = (wanted: Connection | null, now: Documents) => {
    const connections: Record<string, Connection> = wanted === null ? {} : { crm: wanted }
    return asksForSomething(planFor('dev', { connections, components: {} }, now), now)
  }
  const wider = { ...own, scopes: ['api', 'web'] }
  assert.is(asks(wider, withPeople({ dev: wider }, { dev: [people(own, 1)] })), false)
  assert.is(asks(null, withPeople({}, { dev: [people(own, 1)] })), true)
})

test('the reason is what ended the authorization in use, not what a narrower one beside it lacks', () => {
  const wide = { ...crm, scopes: ['api', 'web'] }
  const ended = { cause: 'SCOPES_LOST', by: 'ana@example.com', at: '2026-02-01T00:00:00Z' } as const
  const authorizations = { used: aRecord(wide, 'dev', { ended }), narrow: aRecord(crm, 'dev') }
  const serving = { 'crm.1': 'used' }
  const dev = aState('dev', { connections: { crm: wide }, serving, authorizations })
  const [due] = dueInDev(wide, { ...noDocuments, dev })
  assert.equal(
    [due?.action, due?.credential, due?.reasons],
    ['reauthorize', 'used', [{ code: 'SCOPES_LOST' }]]
  )
})

test('each way in which an authorization can end is a reason of its own, in every environment that used it', () => {
  for (const cause of ['EXPIRED', 'REVOKED', 'SCOPES_LOST'] as const) {
    const ended = { cause, by: 'ana@example.com', at: '2026-02-01T00:00:00.000Z' }
    const now = documents(
      { dev: common, stage: common, prod: common },
      { shared: { a: aRecord(common, 'dev', { ended }) } }
    )
    for (const environment of ['dev', 'prod'] as const) {
      const plan = planFor(environment, { connections: { crm: common }, components: {} }, now)
      assert.equal(brief(plan.authorizations), [`reauthorize shared ${cause}`])
    }
  }
})

test.run()
