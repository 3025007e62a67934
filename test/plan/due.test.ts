import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Documents } from '../../engine/model/documents.ts'
import type {
  AuthorizationRecord,
  Connection,
  DueAuthorization,
  Slot
} from '../../engine/model/generated/types.ts'
import { aConnection, aRecord, aState } from '../support/builders.ts'
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
  assert.equal(brief(dueInDev(crm, documents({ dev: users }))), ['authorize dev NEVER_AUTHORIZED'])
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

test.run()
