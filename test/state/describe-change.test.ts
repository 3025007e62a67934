import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { digestOf } from '../../engine/model/digest.ts'
import type { StateContent } from '../../engine/model/documents.ts'
import type { Slot, State } from '../../engine/model/generated/types.ts'
import { describeChange } from '../../engine/state/describe-change.ts'
import { aComponent, aConnection, aRecord, aState } from '../support/builders.ts'

/** A line a change: `connection salesforce rename <- sfdc`. */
function told(before: State | null, after: State): readonly string[] {
  return describeChange(before, after).map(({ subject, name, action, from }) =>
    [subject, name, action, ...(from === undefined ? [] : ['<-', from])].join(' ')
  )
}

function between(before: Partial<StateContent>, after: Partial<StateContent>, slot: Slot = 'dev') {
  return told(aState(slot, before), aState(slot, after))
}

const salesforce = aConnection()
const record = aRecord(salesforce, 'dev')

test('tells the first write, and a write that changed nothing else', () => {
  assert.equal(told(null, aState('dev')), ['document dev add'])
  const source = { environment: 'tree', serial: null, definitions: digestOf('x') } as const
  assert.equal(between({}, { source }), ['document dev change'])
  assert.equal(between({}, {}), ['document dev change'])
  assert.equal(between({}, { pinned: true }, 'prod'), ['document prod change'])
})

test('tells connections and components that came, changed, went, and go on under another name', () => {
  const connections = {
    a: aConnection({ id: 'a.1' }),
    b: aConnection({ id: 'b.1' }),
    c: aConnection({ id: 'c.1' }),
    d: aConnection({ id: 'd.1' })
  }
  const after = {
    b: aConnection({ id: 'b.1', scopes: ['more'] }),
    cc: aConnection({ id: 'c.1' }),
    d: aConnection({ id: 'd.9' }),
    e: aConnection({ id: 'e.2' })
  }
  const component = aComponent({ uses: ['c'] })
  assert.equal(
    between(
      { connections, components: { form: component } },
      { connections: after, components: { lead: { ...component, uses: ['cc'] } } }
    ),
    [
      'component lead change',
      'component lead rename <- form',
      'connection a remove',
      'connection b change',
      'connection cc rename <- c',
      'connection d add',
      'connection d remove',
      'connection e add'
    ]
  )
})

test('tells authorizations by the link name of their connection, or its first one where it has gone', () => {
  const ended = { cause: 'REVOKED', by: 'ana@example.com', at: '2026-01-02T00:00:00Z' } as const
  const connections = { sales: salesforce }
  const [old, now] = ['aaaa', 'bbbb']
  assert.equal(between({ connections }, { connections, authorizations: { [old]: record } }), [
    'authorization sales add'
  ])
  assert.equal(
    between(
      { connections, authorizations: { [old]: record } },
      { connections, authorizations: { [old]: { ...record, ended } } }
    ),
    ['authorization sales end']
  )
  assert.equal(
    between({ authorizations: { [old]: record } }, { authorizations: { [now]: record } }, 'shared'),
    ['authorization salesforce add', 'authorization salesforce remove']
  )
  assert.equal(
    between(
      { connections, authorizations: { [old]: record } },
      { connections: {}, authorizations: { [old]: { ...record, granted: [] } } }
    ),
    ['authorization sales change', 'connection sales remove']
  )
})

test('tells which credential is used, how many people there are, versions and keys', () => {
  const connections = { sales: salesforce }
  const serving = { 'salesforce.1': 'aaaa' }
  assert.equal(between({ connections }, { connections, serving }), ['connection sales use'])
  assert.equal(between({ connections, serving }, {}), ['connection sales remove'])
  const count = [{ basis: record.basis, asked: [], count: 2 }]
  assert.equal(between({}, { users: { 'gmail.4': count } }), ['users gmail add'])

  const [one, two] = [digestOf('1'), digestOf('2')]
  assert.equal(
    between(
      { version: 1, versions: { 1: one } },
      { version: 2, versions: { 1: one, 2: two } },
      'stage'
    ),
    ['version 2 add']
  )
  assert.equal(between({ version: 3 }, { version: 2, pinned: true }, 'prod'), [
    'document prod change',
    'version 2 change <- 3'
  ])
  assert.equal(between({}, { version: 1 }, 'client/acme'), ['version 1 change'])
  assert.equal(between({ version: 1 }, {}, 'client/acme'), ['version 1 remove'])

  const vault = { id: 'v', keys: digestOf('k') }
  assert.equal(between({}, { vault }, 'prod'), ['keys prod add'])
  assert.equal(between({ vault }, { vault: { ...vault, keys: one } }), ['keys dev change'])
  assert.equal(between({ vault }, {}), ['keys dev remove'])
})

test('tells a document that moved, and one that began anew', () => {
  const before = aState('client/a')
  assert.equal(told(before, aState('client/b')), ['document client/b rename <- client/a'])
  assert.equal(told(before, { ...before, lineage: 'other' }), ['document client/a add'])
})

test('tells something about every change, nothing twice, and in order', () => {
  const names = fc.constantFrom('a', 'b', 'constructor', 'toString', 'valueOf')
  const connections = fc.dictionary(
    names,
    fc.record({
      id: fc.constantFrom('a.1', 'b.1', 'b.2', 'constructor.1'),
      protect: fc.boolean()
    })
  )
  const content = fc.record({
    connections: connections.map(each =>
      Object.fromEntries(Object.entries(each).map(([name, part]) => [name, aConnection(part)]))
    ),
    serving: fc.dictionary(fc.constantFrom('a.1', 'b.1', 'constructor.1'), names),
    authorizations: fc.dictionary(names, fc.constant(record)),
    pinned: fc.boolean()
  })
  fc.assert(
    fc.property(content, content, (before, after) => {
      const lines = between(before, after)
      assert.ok(lines.length > 0)
      assert.is(new Set(lines).size, lines.length)
      const subjects = lines.map(each => each.split(' ').slice(0, 3).join(' '))
      assert.equal(
        subjects.map(each => each.split(' ')[0]),
        subjects.map(each => each.split(' ')[0]).sort()
      )
    })
  )
})

test.run()
