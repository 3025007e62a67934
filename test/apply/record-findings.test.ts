import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { endAuthorization } from '../../engine/apply/end-authorization.ts'
import { type Findings, recordFindings } from '../../engine/apply/record-findings.ts'
import type { Slot, State } from '../../engine/model/generated/types.ts'
import type { StateStore } from '../../engine/model/ports.ts'
import { temporaryFolder } from '../support/assert.ts'
import { aConnection, aRecord, aState, plainNeed } from '../support/builders.ts'
import { now, refuses, storeIn } from '../support/state-workspace.ts'

const crm = aConnection({ id: 'crm.1' })
const found = { by: 'ana@example.com', at: now.toISOString() }

/** Real state on disk, with records `a` and `b` in dev and `c` in shared. */
async function withRecords(): Promise<StateStore> {
  const store = storeIn(temporaryFolder())
  const records: readonly [Slot, State['authorizations']][] = [
    ['dev', { a: aRecord(crm, 'dev'), b: aRecord({ ...crm, id: 'mail.1' }, 'dev') }],
    ['shared', { c: aRecord({ ...crm, id: 'sms.1' }, 'dev') }]
  ]
  await store.withLock('test', async writer => {
    for (const [slot, authorizations] of records) {
      await writer.write(aState(slot, { authorizations }))
    }
  })
  return store
}

async function read(store: StateStore) {
  const { documents } = await store.read()
  const causes = Object.values(documents).flatMap(document =>
    Object.entries(document?.authorizations ?? {}).map(([id, { ended }]) => [
      id,
      ended?.cause ?? null
    ])
  )
  const serials = (['dev', 'shared', 'prod'] as const).map(slot => documents[slot]?.serial ?? 0)
  return { documents, causes: Object.fromEntries(causes), serials }
}

function gone(...credentials: readonly (readonly [Slot, string])[]): Findings['ended'] {
  return credentials.map(([slot, credential]) => ({ slot, credential, cause: 'EXPIRED' }))
}

const nobody: Findings['users'] = new Map()

test('all that was found in a slot is one write, with who found it and when', async () => {
  const store = await withRecords()
  const ended = [
    ...gone(['dev', 'a'], ['shared', 'c']),
    { slot: 'dev', credential: 'b', cause: 'SCOPES_LOST' } as const
  ]
  assert.is(await recordFindings({ ended, users: nobody }, found, store), true)
  const { documents, causes, serials } = await read(store)
  assert.equal(causes, { a: 'EXPIRED', b: 'SCOPES_LOST', c: 'EXPIRED' })
  assert.equal(serials, [2, 2, 0])
  assert.equal(documents.dev?.authorizations.a?.ended, { cause: 'EXPIRED', ...found })
})

test('found twice it changes nothing, nor does it change why something ended before', async () => {
  const store = await withRecords()
  await recordFindings({ ended: gone(['dev', 'a']), users: nobody }, found, store)
  const again = { ended: gone(['dev', 'a']), users: nobody }
  assert.is(await recordFindings(again, { by: 'jo@example.com', at: 'later' }, store), false)
  const other = {
    ended: [{ slot: 'dev', credential: 'a', cause: 'REVOKED' } as const],
    users: nobody
  }
  assert.is(await recordFindings(other, found, store), false)
  const { causes, serials } = await read(store)
  assert.equal([causes.a, serials], ['EXPIRED', [2, 1, 0]])
})

test('what was replaced meanwhile is not concerned', async () => {
  const store = await withRecords()
  const findings = { ended: gone(['dev', 'replaced'], ['prod', 'a']), users: nobody }
  assert.is(await recordFindings(findings, found, store), false)
})

test('counts of users are taken over for the slots that were counted, and stay elsewhere', async () => {
  const store = await withRecords()
  const { basis, scopes } = plainNeed(crm, 'dev')
  const counts = (count: number) => ({ 'crm.1': [{ basis, asked: scopes, count }] })
  const users = new Map<Slot, State['users']>([
    ['prod', counts(2)],
    ['dev', counts(3)]
  ])
  assert.is(await recordFindings({ ended: [], users }, found, store), true)
  assert.is(await recordFindings({ ended: [], users }, found, store), false)
  assert.is(await recordFindings({ ended: [], users: new Map([['dev', {}]]) }, found, store), true)
  const { documents, serials } = await read(store)
  assert.equal([documents.dev?.users, documents.prod?.users], [{}, counts(2)])
  assert.equal(serials, [3, 1, 1])
})

test('an authorization is ended in the vault before state says so, once', async () => {
  const store = await withRecords()
  const removed: string[] = []
  const ports = {
    state: store,
    clock: { now: () => now },
    vault: {
      remove: async (id: string) => {
        assert.is((await read(store)).causes.a, removed.length === 0 ? null : 'REVOKED')
        removed.push(id)
      }
    }
  }
  await endAuthorization('dev', 'a', 'ana@example.com', ports)
  await endAuthorization('dev', 'a', 'jo@example.com', ports)
  const { documents, serials } = await read(store)
  assert.equal(documents.dev?.authorizations.a?.ended, { cause: 'REVOKED', ...found })
  assert.equal(
    [removed, serials],
    [
      ['a', 'a'],
      [2, 1, 0]
    ]
  )
})

test('while somebody else holds the lock nothing is ended', async () => {
  const store = await withRecords()
  const ports = {
    state: store,
    clock: { now: () => now },
    vault: { remove: () => Promise.reject(new Error('It was removed')) }
  }
  await store.withLock('test', () =>
    refuses(() => endAuthorization('dev', 'a', 'ana@example.com', ports), 'STATE_LOCKED')
  )
})

test.run()
