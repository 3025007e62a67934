import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ListedDocument, StateList } from '../../engine/model/generated/types.ts'
import { reportEntry, reportStateList, valueLines } from '../../engine/report/report-state.ts'
import { reportSurgery, type SurgeryReport } from '../../engine/report/report-surgery.ts'
import { createStyle } from '../../engine/report/style.ts'

const style = createStyle({ color: false, width: 80, unicode: true })

function aDocument(more: Partial<ListedDocument> = {}): ListedDocument {
  return {
    document: 'dev',
    lineage: '11111111-1111-4111-8111-111111111111',
    serial: 3,
    version: null,
    pinned: false,
    connections: [
      {
        linkName: 'crm',
        id: 'crm.1',
        name: 'CRM',
        connector: 'salesforce',
        level: 'logged-in-user',
        slot: 'shared',
        usedBy: ['form', 'page']
      }
    ],
    components: [
      { linkName: 'form', id: 'form.1', name: 'Form', kind: 'form', uses: ['crm'], depends: [] }
    ],
    authorizations: [
      {
        credential: '0a1b2c3d-0000-4000-8000-000000000000',
        connection: 'crm',
        id: 'crm.1',
        level: 'administrator',
        account: { id: '1', name: 'ops@example.com' },
        by: 'ana@example.com',
        at: '2026-01-02T03:04:05.000Z',
        ended: { cause: 'REVOKED', by: 'ana@example.com', at: '2026-02-03T00:00:00.000Z' },
        asked: [],
        granted: [],
        usedIn: []
      }
    ],
    users: [{ connection: 'crm', id: 'crm.1', count: 2 }],
    ...more
  }
}

function listOf(...documents: readonly ListedDocument[]): StateList {
  return { formatVersion: 1, documents }
}

test('a document is a table of what it holds', () => {
  const wide = createStyle({ color: false, width: 120, unicode: true })
  assert.is(
    reportStateList(listOf(aDocument()), wide, { isWhole: false }),
    `dev  serial 3
  connection    crm   crm.1     salesforce; logged-in-user; shared; used by form and page
  component     form  form.1    form
  ✖ authorized  crm   0a1b2c3d  ops@example.com, by ana@example.com 2026-01-02, revoked 2026-02-03
  users         crm             authorized by 2 people
`
  )
})

test('of all documents, those of clients take a line each', () => {
  const acme = aDocument({ document: 'client/acme', version: 2, pinned: true, components: [] })
  const text = reportStateList(listOf(aDocument(), acme), style, { isWhole: true })
  assert.match(text, /client\/acme {2}version 2 \(pinned\) {2}1 connection {2}0 authorizations/)
  assert.match(reportStateList(listOf(acme), style, { isWhole: false }), 'connection    crm')
})

test('where nothing is recorded, it says what to do', () => {
  const empty = aDocument({ serial: 0, connections: [], components: [], authorizations: [] })
  assert.match(reportStateList(listOf(empty), style, { isWhole: true }), 'tieline apply')
})

test('every line fits a narrow terminal', () => {
  const narrow = createStyle({ color: false, width: 40, unicode: true })
  const text = reportStateList(listOf(aDocument()), narrow, { isWhole: false })
  for (const line of text.split('\n')) assert.ok(line.length <= 40, line)
})

test('an entry is shown as YAML has it, and what could be something else is quoted', () => {
  assert.equal(
    valueLines({ a: 'plain text', b: 'yes', c: '', d: ['x', '7'], e: {}, f: { g: null, h: 1 } }, 0),
    ['a: plain text', 'b: "yes"', 'c: ""', 'd: [x, "7"]', 'e: {}', 'f:', '  g: null', '  h: 1']
  )
  const entry = { name: '\u001b[31mred\u202e', level: 'administrator' }
  const text = reportEntry({ document: 'dev', subject: 'connection', linkName: 'x', entry }, style)
  assert.not.ok(text.includes('\u001b') || text.includes('\u202e'))
})

const entry = { id: 'crm.1', name: 'CRM' }

function aSurgery(more: Partial<SurgeryReport> = {}): SurgeryReport {
  return {
    what: {
      kind: 'rename',
      subject: 'connection',
      from: 'crm',
      to: 'sales',
      id: 'crm.1',
      rewritten: ['form', 'page']
    },
    writes: [
      {
        document: 'dev',
        movedFrom: null,
        from: 3,
        to: 4,
        fields: [
          { path: '/components/form/uses', before: ['crm'], after: ['sales'] },
          { path: '/connections/crm', before: entry, after: null },
          { path: '/connections/sales', before: null, after: entry },
          { path: '/retired/connections/crm', before: null, after: 'crm.1' }
        ]
      }
    ],
    next: null,
    ...more
  }
}

test('a move is told once, with what it rewrites, and without bookkeeping', () => {
  assert.is(
    reportSurgery(aSurgery(), style),
    `dev state  serial 3 → 4
  ~ components.form.uses  crm → sales
  → connections.crm → connections.sales

The connection crm is called sales from here on. It stays the same thing (crm.1)
with its authorizations and history; stage and prod get the name when it is
published. References are rewritten in form and page. The specs are not touched:
call it the same there.
`
  )
})

test('a component that moves takes its history along, and has no authorizations', () => {
  for (const kind of ['rename', 'adopt'] as const) {
    const part = { kind, subject: 'component', from: 'form', to: 'page', id: 'form.1' } as const
    const text = reportSurgery(aSurgery({ what: { ...part, rewritten: [] } }), style)
    assert.match(text.replace(/\s+/g, ' '), /with its history[;,]/)
    assert.not.match(text, 'authorizations')
  }
})

test('an undo shows everything that it writes', () => {
  const what = { kind: 'undo', serial: 3, operation: 'state rm x', by: 'ana', at: 'then' } as const
  const fields = [
    { path: '/connections/crm', before: null, after: { ...entry, origin: 'http://localhost:1' } },
    { path: '/retired/connections/crm', before: 'crm.1', after: null }
  ]
  const write = { document: 'dev', movedFrom: null, from: 4, to: 5, fields } as const
  const text = reportSurgery(aSurgery({ what, writes: [write] }), style)
  assert.match(text, '+ connections.crm\n      id: crm.1\n      name: CRM\n      origin: ')
  assert.match(text, '- retired.connections.crm  crm.1')
})

test.run()
