import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Refusal } from '../../engine/model/diagnostic.ts'
import { digestOf } from '../../engine/model/digest.ts'
import type { StateContent } from '../../engine/model/documents.ts'
import type { HistoryEntry, State } from '../../engine/model/generated/types.ts'
import {
  contentOf,
  type KnownIds,
  moveEntry,
  removeEntry,
  removeRecord,
  renameClient,
  type Surgery
} from '../../engine/plan/state-surgery.ts'
import { takeBack, writeToTakeBack } from '../../engine/plan/take-back.ts'
import { aComponent, aConnection, aRecord, aState } from '../support/builders.ts'

const nothingKnown: KnownIds = { published: new Map(), authorized: new Set() }

/** dev with two connections, and two components that use and depend. */
function aDev(more: Partial<StateContent> = {}): State {
  return aState('dev', {
    connections: {
      crm: aConnection({ id: 'crm.1', name: 'CRM' }),
      mail: aConnection({ id: 'mail.1', name: 'Mail' })
    },
    components: {
      form: aComponent({ id: 'form.1', uses: ['crm', 'mail'] }),
      page: aComponent({ id: 'page.1', uses: ['mail'], depends: ['form'] })
    },
    ...more
  })
}

function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof Refusal) return error.diagnostics.map(each => each.code).join()
    throw error
  }
  return 'none'
}

function detailOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof Refusal) return error.diagnostics.map(each => each.detail).join()
    throw error
  }
  return ''
}

/** As a store would write it. */
function written(before: State, content: StateContent): State {
  const { formatVersion, lineage, serial } = before
  const whole = { ...content, formatVersion, lineage, serial: serial + 1 }
  return { ...whole, digest: digestOf(whole) }
}

function entryOf(
  after: State,
  operation: string,
  undo: HistoryEntry['undo'],
  changes: HistoryEntry['changes'] = []
): HistoryEntry {
  return {
    formatVersion: 1,
    document: after.environment,
    lineage: after.lineage,
    serial: after.serial,
    before: null,
    digest: after.digest,
    at: '2026-03-04T12:00:00.000Z',
    by: 'ana@example.com',
    operation,
    version: null,
    note: null,
    commit: null,
    changes,
    undo
  }
}

/** A document with its history, as a store keeps it. */
class Book {
  state: State
  readonly history: HistoryEntry[] = []

  constructor(state: State) {
    this.state = state
  }

  write(operation: string, { content, undo }: Surgery): void {
    this.state = written(this.state, content)
    this.history.push(entryOf(this.state, operation, undo))
  }

  /** Refused where the step may not be. */
  do(step: Step, names: readonly string[]): void {
    const name = names[(step.kind === 'mv' ? step.from : step.name) % names.length] ?? ''
    if (step.kind === 'rm') {
      this.write(`state rm ${name} -e dev`, removeEntry(this.state, name))
    } else {
      const moved = moveEntry(this.state, name, step.to, nothingKnown)
      this.write(`state mv ${moved.subject}/${moved.from} ${moved.to}`, moved)
    }
  }

  undo(serial: number | null): void {
    const entry = writeToTakeBack(this.history, this.state, serial)
    this.write(`state undo ${entry.serial} -e dev`, takeBack(this.state, entry, this.history))
  }
}

test('a move keeps the id, rewrites every reference and remembers the former name', () => {
  const dev = aDev({ serving: { 'crm.1': 'a' }, given: { 'crm.1': 'CRM' } })
  const { content, rewritten, kind } = moveEntry(dev, 'crm', 'zebra', nothingKnown)
  assert.is(kind, 'rename')
  assert.equal(Object.keys(content.connections), ['mail', 'zebra'])
  assert.is(content.connections.zebra?.id, 'crm.1')
  assert.equal(content.components.form?.uses, ['mail', 'zebra'])
  assert.equal(content.components.page, dev.components.page)
  assert.equal(rewritten, ['form'])
  assert.equal(content.retired, { connections: { crm: 'crm.1' }, components: {} })
  assert.equal([content.serving, content.given], [dev.serving, dev.given])
})

test('a component moves with what depends on it', () => {
  const { content, rewritten } = moveEntry(aDev(), 'component/form', 'sheet', nothingKnown)
  assert.equal(content.components.page?.depends, ['sheet'])
  assert.equal(content.retired.components, { form: 'form.1' })
  assert.equal(rewritten, ['page'])
})

test('a name that something else has, had never, or could not have is refused', () => {
  const dev = aDev({ components: { crm: aComponent({ id: 'crm.2' }) } })
  const move = (from: string, to: string) => () => moveEntry(dev, from, to, nothingKnown)
  assert.is(codeOf(move('connection/crm', 'mail')), 'MOVE_TARGET_TAKEN')
  assert.is(codeOf(move('connection/crm', 'crm')), 'MOVE_TARGET_TAKEN')
  assert.is(codeOf(move('crm', 'sales')), 'ENTRY_AMBIGUOUS')
  assert.is(codeOf(move('mial', 'sales')), 'MOVE_SOURCE_UNKNOWN')
  assert.match(detailOf(move('mial', 'sales')), 'Did you mean "mail"?')
  assert.is(codeOf(move('mail', 'Sales')), 'MOVE_NAME_INVALID')
  assert.is(codeOf(move('connection/mail', 'component/sales')), 'MOVE_NAME_INVALID')
  assert.is(codeOf(move('__proto__', 'sales')), 'MOVE_SOURCE_UNKNOWN')
  assert.is(codeOf(move('mail', '__proto__')), 'MOVE_NAME_INVALID')
})

test('what was renamed in the specs alone, and recorded as something new, takes its identity back', () => {
  const dev = aDev({
    connections: { sales: aConnection({ id: 'sales.4', name: 'Salesforce Connection 2' }) },
    components: { form: aComponent({ uses: ['sales'] }) },
    retired: { connections: { crm: 'crm.1' }, components: {} },
    given: { 'crm.1': 'Salesforce Connection', 'sales.4': 'Salesforce Connection 2' }
  })
  const { content, kind } = moveEntry(dev, 'crm', 'sales', nothingKnown)
  assert.is(kind, 'adopt')
  assert.equal(content.connections.sales, {
    ...aConnection({ id: 'crm.1', name: 'Salesforce Connection' })
  })
  assert.equal(content.given, { 'crm.1': 'Salesforce Connection' })
  assert.equal(content.retired.connections, { crm: 'crm.1' })

  const published: KnownIds = { ...nothingKnown, published: new Map([['sales.4', 'version 2']]) }
  assert.is(
    codeOf(() => moveEntry(dev, 'crm', 'sales', published)),
    'MOVE_TARGET_TAKEN'
  )
  assert.match(
    detailOf(() => moveEntry(dev, 'crm', 'sales', published)),
    'version 2 has it'
  )
  const authorized: KnownIds = { ...nothingKnown, authorized: new Set(['sales.4']) }
  assert.is(
    codeOf(() => moveEntry(dev, 'crm', 'sales', authorized)),
    'MOVE_TARGET_TAKEN'
  )
})

test('an identity that goes on under another name is not taken a second time', () => {
  const dev = aDev({
    retired: { connections: { old: 'crm.1' }, components: {} }
  })
  assert.is(
    codeOf(() => moveEntry(dev, 'old', 'mail', nothingKnown)),
    'MOVE_SOURCE_UNKNOWN'
  )
  assert.match(
    detailOf(() => moveEntry(dev, 'old', 'mail', nothingKnown)),
    'connection crm'
  )
})

test('what is removed leaves its authorizations, and dev remembers its id', () => {
  const connection = aConnection({ id: 'crm.1' })
  const dev = aState('dev', {
    connections: { crm: connection },
    serving: { 'crm.1': 'a', 'other.1': 'b' },
    authorizations: { a: aRecord(connection, 'dev') }
  })
  const { content } = removeEntry(dev, 'crm')
  assert.equal(content.connections, {})
  assert.equal(content.retired.connections, { crm: 'crm.1' })
  assert.equal(content.serving, { 'other.1': 'b' })
  assert.equal(content.authorizations, dev.authorizations)
  assert.equal(removeEntry({ ...dev, environment: 'stage' }, 'crm').content.retired, dev.retired)
})

test('what something refers to is not removed, and every place is told; nor is what is protected', () => {
  assert.is(
    codeOf(() => removeEntry(aDev(), 'mail')),
    'ENTRY_REFERENCED'
  )
  assert.match(
    detailOf(() => removeEntry(aDev(), 'mail')),
    'component form uses it; component page uses it'
  )
  assert.match(
    detailOf(() => removeEntry(aDev(), 'form')),
    'component page depends on it'
  )
  const safe = aState('dev', { connections: { crm: aConnection({ protect: true }) } })
  assert.is(
    codeOf(() => removeEntry(safe, 'crm')),
    'PROTECTED'
  )
})

test('a record goes together with what says that it is in use', () => {
  const connection = aConnection({ id: 'crm.1' })
  const dev = aState('dev', {
    serving: { 'crm.1': 'a', 'mail.1': 'b' },
    authorizations: { a: aRecord(connection, 'dev'), b: aRecord(connection, 'dev') }
  })
  const { content, undo } = removeRecord(dev, 'a')
  assert.equal(content.serving, { 'mail.1': 'b' })
  assert.equal(Object.keys(content.authorizations), ['b'])
  assert.equal(
    undo.map(each => each.path),
    ['/authorizations/a', '/serving/crm.1']
  )
})

test('an undo says by which write something changed since', () => {
  const book = new Book(aDev())
  book.write('state mv connection/crm sales', moveEntry(book.state, 'crm', 'sales', nothingKnown))
  const [entry] = book.history
  assert.ok(entry)
  const { sales, ...others } = book.state.connections
  assert.ok(sales)
  const changed = { ...sales, name: 'Other' }
  const content = { ...contentOf(book.state), connections: { ...others, sales: changed } }
  book.state = written(book.state, content)
  book.history.push(
    entryOf(book.state, 'apply dev', null, [
      { subject: 'connection', name: 'sales', action: 'change' }
    ])
  )
  const work = () => book.undo(null)
  assert.is(codeOf(work), 'UNDO_CHANGED_SINCE')
  assert.match(detailOf(work), 'connection sales')
  assert.match(detailOf(work), 'serial 3: apply dev, by ana@example.com')
})

test('an undo that would leave a reference to nothing is refused', () => {
  const book = new Book(aDev())
  book.write('state mv connection/crm sales', moveEntry(book.state, 'crm', 'sales', nothingKnown))
  const components = {
    ...book.state.components,
    late: aComponent({ id: 'late.3', uses: ['sales'] })
  }
  book.state = written(book.state, { ...contentOf(book.state), components })
  assert.is(
    codeOf(() => book.undo(null)),
    'UNDO_CHANGED_SINCE'
  )
  assert.match(
    detailOf(() => book.undo(null)),
    'component late uses connection sales, which would be gone'
  )
})

test('undo goes back step by step, and an undo is taken back by its serial', () => {
  const book = new Book(aDev())
  const start = contentOf(book.state)
  book.write('state mv connection/crm sales', moveEntry(book.state, 'crm', 'sales', nothingKnown))
  const moved = contentOf(book.state)
  book.write('state rm component/page -e dev', removeEntry(book.state, 'page'))
  book.undo(null)
  assert.equal(contentOf(book.state), moved)
  book.undo(null)
  assert.equal(contentOf(book.state), start)
  assert.is(
    codeOf(() => book.undo(null)),
    'UNDO_NOTHING'
  )
  assert.is(
    codeOf(() => book.undo(2)),
    'UNDO_NOTHING'
  )
  book.undo(5)
  assert.equal(contentOf(book.state), moved)
  // Done again, it can be taken back again.
  book.undo(null)
  assert.equal(contentOf(book.state), start)
})

test('a history that somebody else wrote takes nothing back', () => {
  const dev = aDev()
  const hostile = [
    { path: '/lineage', before: 'x', after: dev.lineage },
    { path: '/connections/__proto__', before: aConnection(), after: null },
    { path: '/connections/Big Name', before: aConnection(), after: null },
    { path: '/vault', before: null, after: null },
    { path: '/environment', before: 'prod', after: 'dev' },
    { path: '/serving/x/y', before: 'a', after: null },
    { path: 'connections/x', before: aConnection(), after: null }
  ]
  for (const field of hostile) {
    const entry = { ...entryOf(dev, 'state rm x', [field]), undo: [field] }
    assert.is(
      codeOf(() => takeBack(dev, entry, [])),
      'UNDO_UNREADABLE',
      field.path
    )
  }
})

test('a line is believed only where it says what its operation writes', () => {
  const record = aRecord(aConnection({ id: 'crm.1' }), 'dev')
  const start = aDev({ authorizations: { a: record }, serving: { 'crm.1': 'a' } })
  const lines: readonly [string, Surgery][] = [
    ['state mv connection/crm sales', moveEntry(start, 'crm', 'sales', nothingKnown)],
    ['state mv component/form sheet', moveEntry(start, 'form', 'sheet', nothingKnown)],
    ['state rm component/page -e dev', removeEntry(start, 'page')],
    ['state rm authorization/a -e dev', removeRecord(start, 'a')]
  ]
  for (const [operation, surgery] of lines) {
    const book = new Book(start)
    book.write(operation, surgery)
    const [line] = book.history
    assert.ok(line?.undo)
    const after = book.state
    const { undo } = line
    const told = (more: Partial<HistoryEntry>) => () => {
      const entry = { ...line, undo, ...more } as Parameters<typeof takeBack>[1]
      return takeBack(after, entry, [entry])
    }
    assert.equal(told({})().content, contentOf(start))
    const here = after.authorizations.a ?? null
    const more = [
      { path: '/given/crm.1', before: 'Another name', after: null },
      { path: '/users/crm.1', before: [], after: null },
      { path: '/serving/mail.1', before: 'a', after: null },
      { path: '/authorizations/b', before: record, after: null },
      { path: '/authorizations/a', before: { ...record, by: 'x@example.com' }, after: here },
      { path: '/connections/evil', before: aConnection({ id: 'evil.1' }), after: null },
      { path: '/connections/mail/name', before: 'Post', after: 'Mail' },
      { path: '/retired/connections/x', before: 'crm.1', after: null }
    ]
    for (const field of more.filter(each => each.path !== undo[0]?.path)) {
      const all = [...undo.filter(each => each.path !== field.path), field]
      for (const each of [all, [field]]) {
        assert.match(codeOf(told({ undo: each })), /^UNDO_/, `${operation}: ${field.path}`)
      }
    }
    const others = [...lines.map(([each]) => each), 'state rm x', 'state mv', 'apply dev']
    for (const other of others.filter(each => each !== operation)) {
      assert.is(codeOf(told({ operation: other })), 'UNDO_UNREADABLE', `${operation}: ${other}`)
    }
  }
})

test('what used an authorization for all takes it back, and nothing else does', () => {
  const record = aRecord(aConnection({ id: 'crm.1' }), 'dev')
  const dev = aDev({ serving: { 'crm.1': 'a' } })
  const { content, undo } = removeRecord(dev, 'a')
  const after = written(dev, content)
  const line = entryOf(after, 'state rm authorization/a -e shared', undo)
  const back = (more: Partial<HistoryEntry>) => () =>
    takeBack(after, { ...line, undo, ...more } as Parameters<typeof takeBack>[1], [], { a: record })
  assert.equal(back({})().content, contentOf(dev))
  assert.is(codeOf(back({ operation: 'state rm authorization/a -e dev' })), 'UNDO_UNREADABLE')
  const other = [{ path: '/serving/mail.1', before: 'a', after: null }]
  assert.is(codeOf(back({ undo: other })), 'UNDO_CHANGED_SINCE')
})

test('a new document is never made out of another: only a rename moves a client', () => {
  const acme = aState('client/acme')
  const undo = [{ path: '/environment', before: 'client/evil', after: 'client/acme' }]
  for (const operation of ['state rm connection/x -e client/acme', 'state mv client/x client/y']) {
    const entry = { ...entryOf(acme, operation, undo), undo }
    assert.is(
      codeOf(() => takeBack(acme, entry, [entry])),
      'UNDO_UNREADABLE'
    )
  }
})

test('an undo is taken back only where it is the reverse of what it names', () => {
  const book = new Book(aDev())
  book.write('state mv connection/crm sales', moveEntry(book.state, 'crm', 'sales', nothingKnown))
  book.undo(null)
  const [, last] = book.history
  assert.ok(last?.undo)
  const refused = (more: Partial<HistoryEntry>, history = book.history) => {
    const entry = { ...last, ...more } as Parameters<typeof takeBack>[1]
    assert.is(
      codeOf(() => takeBack(book.state, entry, [...history.slice(0, 1), entry])),
      more.undo === undefined ? 'UNDO_UNREADABLE' : 'UNDO_CHANGED_SINCE'
    )
  }
  refused({ operation: 'state undo 3 -e dev' })
  refused({ operation: 'state undo 9 -e dev' })
  refused({ undo: last.undo.slice(1) })
  refused({}, [])
  book.undo(3)
  assert.equal(Object.keys(book.state.connections), ['mail', 'sales'])
})

test('a history of undos that name one another ends', () => {
  const dev = aDev()
  const undo = [{ path: '/given/x', before: 'a', after: null }]
  const lines = Array.from({ length: 20_000 }, (_, at) => ({
    ...entryOf(dev, `state undo ${at >> 1}`, undo),
    serial: (at >> 1) + 1
  }))
  assert.is(
    codeOf(() => writeToTakeBack(lines, dev, 1)),
    'UNDO_NOTHING'
  )
  const entry = writeToTakeBack(lines, dev, 10_000)
  assert.is(
    codeOf(() => takeBack(dev, entry, lines)),
    'UNDO_UNREADABLE'
  )
})

test("a client's rename is taken back by its name", () => {
  const before = aState('client/acme')
  const { content, undo } = renameClient(before, 'client/acme_corp')
  assert.is(content.environment, 'client/acme_corp')
  const after = written(before, content)
  const entry = { ...entryOf(after, 'state mv client/acme client/acme_corp', undo), undo }
  assert.is(takeBack(after, entry, []).content.environment, 'client/acme')
})

type Step =
  | { readonly kind: 'mv'; readonly from: number; readonly to: string }
  | { readonly kind: 'rm'; readonly name: number }

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('mv' as const),
      from: fc.nat(20),
      to: fc.constantFrom('crm', 'mail', 'sales', 'form', 'page', 'sheet', 'old')
    }),
    fc.record({ kind: fc.constant('rm' as const), name: fc.nat(20) })
  ),
  { maxLength: 12 }
)

test('whatever was moved and removed, taking it back in reverse order gives what was there before', () => {
  fc.assert(
    fc.property(steps, fc.boolean(), (all, bySerial) => {
      const book = new Book(
        aDev({
          given: { 'crm.1': 'CRM' },
          serving: { 'crm.1': 'a' },
          retired: { connections: { old: 'old.1' }, components: { old: 'old.2' } }
        })
      )
      const before: StateContent[] = []
      for (const step of all) {
        const now = contentOf(book.state)
        const names = [
          ...Object.keys(now.connections).map(each => `connection/${each}`),
          ...Object.keys(now.components).map(each => `component/${each}`),
          'connection/old',
          'component/old'
        ]
        try {
          book.do(step, names)
          before.push(now)
        } catch (error) {
          if (!(error instanceof Refusal)) throw error
        }
        // Whatever is done, nothing refers to what is not there, and nothing is there twice.
        const { connections, components } = book.state
        for (const each of Object.values(components)) {
          assert.ok(each.uses.every(name => Object.hasOwn(connections, name)))
          assert.ok(each.depends.every(name => Object.hasOwn(components, name)))
        }
        const ids = [...Object.values(connections), ...Object.values(components)].map(e => e.id)
        assert.is(new Set(ids).size, ids.length)
      }
      const serials = book.history.map(each => each.serial)
      for (const content of before.reverse()) {
        const serial = serials.pop() ?? null
        book.undo(bySerial ? serial : null)
        assert.equal(contentOf(book.state), content)
      }
    }),
    { numRuns: 400 }
  )
})

const paths = fc
  .record({
    start: fc.constantFrom(
      ...['/connections', '/components', '/authorizations', '/serving', '/given', '/users'],
      ...['/retired/connections', '/retired/components', '/environment', '/vault', '/versions'],
      ...['/version', '/source', '/had', '/lineage', '']
    ),
    rest: fc.array(
      fc.oneof(
        fc.constantFrom('crm', 'mail', 'sales', 'form', 'page', 'crm.1', 'a', 'name', '__proto__'),
        fc.string()
      ),
      { maxLength: 3 }
    )
  })
  .map(({ start, rest }) => [start, ...rest].join('/'))

test('a line that also says anything else is refused whole, whatever the surgery was', () => {
  fc.assert(
    fc.property(steps, paths, fc.jsonValue(), fc.boolean(), (all, path, before, isKnown) => {
      const book = new Book(
        aDev({ given: { 'crm.1': 'CRM' }, serving: { 'crm.1': 'a' }, users: { 'mail.1': [] } })
      )
      const names = ['connection/crm', 'component/page', 'component/form', 'connection/mail']
      for (const step of all) {
        try {
          book.do(step, names)
        } catch (error) {
          if (!(error instanceof Refusal)) throw error
        }
      }
      const line = book.history.at(-1)
      if (line?.undo == null) return
      if (line.undo.some(each => each.path === path)) return
      // A name that was in use once is no longer a former one when something moves to it.
      const [, verb, , to] = line.operation.split(' ')
      if (verb === 'mv' && /^\/retired\/\w+\/(\w+)$/.exec(path)?.[1] === to) return
      // What it says of now is true, where there is such a thing.
      const now = isKnown ? (fieldIn(book.state, path) ?? null) : null
      const undo = [...line.undo, { path, before: before as never, after: now as never }]
      const history = [...book.history.slice(0, -1), { ...line, undo }]
      const entry = writeToTakeBack(history, book.state, line.serial)
      const code = codeOf(() => takeBack(book.state, entry, history))
      // A field that takes nothing away and brings nothing is as good as none, but is not what surgery writes.
      assert.ok(['UNDO_UNREADABLE', 'UNDO_CHANGED_SINCE'].includes(code), `${path}: ${code}`)
    }),
    { numRuns: 500 }
  )
})

function fieldIn(document: State, path: string): unknown {
  let value: unknown = document
  for (const key of path.split('/').slice(1)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

test.run()
