import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { digestOf } from '../../engine/model/digest.ts'
import { clientsIn, emptyContent } from '../../engine/model/documents.ts'
import type { Slot, State } from '../../engine/model/generated/types.ts'
import type { WriteAbout } from '../../engine/model/ports.ts'
import { formatDocument } from '../../engine/state/format-document.ts'
import { rejects, temporaryFolder } from '../support/assert.ts'
import { aConnection, aRecord } from '../support/builders.ts'
import { filesIn, refuses, storeIn } from '../support/state-workspace.ts'

function aClient(environment: Slot, overrides: Partial<State> = {}): State {
  const { digest: _, ...content } = {
    ...emptyContent(environment),
    formatVersion: 1 as const,
    lineage: randomUUID(),
    serial: 1,
    digest: '',
    ...overrides
  }
  return { ...content, digest: digestOf(content) }
}

function put(folder: string, file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), text)
}

function write(folder: string, environment: Slot, about?: WriteAbout, pinned = false) {
  return storeIn(folder).withLock('apply', writer =>
    writer.write({ ...emptyContent(environment), pinned }, about)
  )
}

const codes = (found: readonly { readonly code: string }[]) => found.map(each => each.code)

test('reads the clients beside the others, by their names', async () => {
  const folder = temporaryFolder()
  for (const name of ['acme', 'constructor', 'zeta'] as const) await write(folder, `client/${name}`)
  await write(folder, 'dev')
  const { documents, problems } = await storeIn(folder).read()
  assert.equal(problems, [])
  assert.equal(clientsIn(documents), ['client/acme', 'client/constructor', 'client/zeta'])
  assert.equal(Object.keys(documents).length, 7)
  assert.is(documents['client/constructor']?.environment, 'client/constructor')
  assert.is(documents.dev?.serial, 1)
  assert.equal(filesIn(join(folder, 'state/clients')), [
    'acme.json',
    'constructor.json',
    'zeta.json'
  ])
  assert.equal(filesIn(join(folder, 'state/history')), ['clients', 'dev.jsonl'])
})

test('ignores what is no client in their folder', async () => {
  const folder = temporaryFolder()
  for (const name of ['.acme.json.swp', 'acme.json~', 'Acme.json', '__proto__.json', '1.json']) {
    put(folder, `state/clients/${name}`, '{')
  }
  put(folder, 'state/clients/a.json.orig', '{')
  mkdirSync(join(folder, 'state/clients/sub'))
  const { documents, problems } = await storeIn(folder).read()
  assert.equal(problems, [])
  assert.equal(clientsIn(documents), [])
})

test('tells what is wrong with clients by their files, and reads the others', async () => {
  const folder = temporaryFolder()
  put(folder, 'state/clients/a.json', '<<<<<<< HEAD\n')
  put(folder, 'state/clients/b.json', formatDocument(aClient('client/c')))
  put(folder, 'state/clients/c.json', formatDocument({ ...aClient('client/c'), serial: 2 }))
  put(folder, 'state/clients/d.json', '{')
  execFileSync('mkfifo', [join(folder, 'state/clients/e.json')])
  symlinkSync(join(temporaryFolder(), 'x'), join(folder, 'state/clients/f.json'))
  const sound = aClient('client/g')
  put(folder, 'state/clients/g.json', formatDocument(sound))
  const { documents, problems } = await storeIn(folder).read()
  assert.equal(
    problems.map(each => `${each.code} ${each.at?.file}`),
    [
      'STATE_CONFLICT state/clients/a.json',
      'STATE_BROKEN state/clients/b.json',
      'STATE_EDITED state/clients/c.json',
      'STATE_BROKEN state/clients/d.json',
      'STATE_UNREADABLE state/clients/e.json',
      'STATE_UNREADABLE state/clients/f.json'
    ]
  )
  assert.match(problems[2]?.detail ?? '', '\n    tieline state verify --accept -e client/c')
  assert.equal(documents['client/g'], sound)
  assert.equal(clientsIn(documents), ['client/g'])
})

test('refuses a folder of clients that is a file or leaves the workspace, and never takes it for empty', async () => {
  const [first, second] = [temporaryFolder(), temporaryFolder()]
  put(first, 'state/clients', '')
  mkdirSync(join(second, 'state'))
  symlinkSync(temporaryFolder(), join(second, 'state/clients'))
  for (const folder of [first, second]) {
    const { problems } = await storeIn(folder).read()
    assert.equal(
      problems.map(each => `${each.code} ${each.at?.file}`),
      ['STATE_UNREADABLE state/clients']
    )
    await refuses(() => write(folder, 'client/a'), 'STATE_UNREADABLE')
  }
})

test('makes no path of what is no environment', async () => {
  const folder = temporaryFolder()
  const store = storeIn(folder)
  put(folder, 'escape.json', formatDocument(aClient('dev')))
  const slots = [
    'client/../../escape',
    'client/',
    '../escape',
    'client/A',
    '__proto__',
    'client/a\n'
  ]
  for (const slot of slots as Slot[]) {
    await rejects(() => store.accept(slot), 'Not the name of an environment')
    await rejects(() => store.history(slot), 'Not the name of an environment')
    await rejects(() => write(folder, slot), 'Not the name of an environment')
    const about = { movedFrom: slot }
    await rejects(() => write(folder, 'client/b', about), /client moves|name of an environment/)
  }
  await rejects(() => store.readVersion(1.5, digestOf('')), 'Not the number of a version')
  assert.equal(filesIn(folder), ['.tieline', 'escape.json'])
})

test('moves a client with its lineage, its serial and its whole history', async () => {
  const folder = temporaryFolder()
  await write(folder, 'client/old')
  const before = await write(folder, 'client/old', {}, true)
  const moved = await write(folder, 'client/new', { movedFrom: 'client/old' }, true)
  assert.is(moved.lineage, before.lineage)
  assert.is(moved.serial, 3)
  assert.equal(filesIn(join(folder, 'state/clients')), ['new.json'])
  assert.equal(filesIn(join(folder, 'state/history/clients')), ['new.jsonl'])

  const { entries, problems } = await storeIn(folder).history('client/new')
  assert.equal(problems, [])
  assert.equal(
    entries.map(each => [each.document, each.serial]),
    [
      ['client/old', 1],
      ['client/old', 2],
      ['client/new', 3]
    ]
  )
  assert.equal(entries[2]?.changes, [
    { subject: 'document', name: 'client/new', action: 'rename', from: 'client/old' }
  ])
  assert.equal(await storeIn(folder).history('client/old'), { entries: [], problems: [] })

  // There and back again, and the name that is free is a new installation's.
  await write(folder, 'client/old', { movedFrom: 'client/new' })
  const other = await write(folder, 'client/new')
  assert.is(other.serial, 1)
  assert.is.not(other.lineage, before.lineage)
  assert.is((await storeIn(folder).history('client/old')).entries.length, 4)
  assert.is((await storeIn(folder).history('client/new')).entries.length, 1)
})

test('refuses to move onto another installation, and what is no client or not there', async () => {
  const folder = temporaryFolder()
  await write(folder, 'client/a')
  await write(folder, 'client/b')
  await write(folder, 'dev')
  const onto = () => write(folder, 'client/b', { movedFrom: 'client/a' })
  await refuses(onto, 'CLIENT_NAME_TAKEN')
  await rejects(() => write(folder, 'client/c', { movedFrom: 'dev' }), 'Only the document')
  await rejects(() => write(folder, 'stage', { movedFrom: 'client/a' }), 'Only the document')
  await rejects(() => write(folder, 'client/c', { movedFrom: 'client/x' }), 'no document to move')
  assert.equal(filesIn(join(folder, 'state/clients')), ['a.json', 'b.json'])
})

test('begins a new lineage on demand, and keeps the order of the history', async () => {
  const folder = temporaryFolder()
  const first = await write(folder, 'client/a')
  const second = await write(folder, 'client/a', { isNewLineage: true })
  assert.is.not(second.lineage, first.lineage)
  assert.is(second.serial, 2)
  const { entries, problems } = await storeIn(folder).history('client/a')
  assert.equal(problems, [])
  assert.equal(
    entries.map(each => each.lineage),
    [first.lineage, second.lineage]
  )
  assert.equal(entries[1]?.changes, [{ subject: 'document', name: 'client/a', action: 'add' }])
})

/** What is left when a move was cut off after the new document was written. */
async function aCutOffMove(): Promise<string> {
  const folder = temporaryFolder()
  await write(folder, 'client/other')
  await write(folder, 'client/old')
  const kept = ['clients/old.json', 'history/clients/old.jsonl'].map(file => {
    const path = join(folder, 'state', file)
    return [path, readFileSync(path)] as const
  })
  await write(folder, 'client/new', { movedFrom: 'client/old' })
  for (const [path, bytes] of kept) writeFileSync(path, bytes)
  return folder
}

test('reads only the newer of two documents that a cut-off move left, and sweeps the older', async () => {
  const folder = await aCutOffMove()
  const { documents, problems } = await storeIn(folder).read()
  assert.equal(problems, [])
  assert.equal(clientsIn(documents), ['client/new', 'client/other'])
  assert.equal(filesIn(join(folder, 'state/clients')), ['new.json', 'old.json', 'other.json'])

  await storeIn(folder).withLock('anything', async () => {})
  assert.equal(filesIn(join(folder, 'state/clients')), ['new.json', 'other.json'])
  assert.equal(filesIn(join(folder, 'state/history/clients')), ['new.jsonl', 'other.jsonl'])
})

test('sweeps a history that a cut-off move left, and no other', async () => {
  const folder = await aCutOffMove()
  rmSync(join(folder, 'state/clients/old.json'))
  rmSync(join(folder, 'state/clients/other.json'))
  assert.equal(await storeIn(folder).history('client/old'), { entries: [], problems: [] })
  await storeIn(folder).withLock('anything', async () => {})
  assert.equal(filesIn(join(folder, 'state/history/clients')), ['new.jsonl', 'other.jsonl'])
  const { problems } = await storeIn(folder).history('client/other')
  assert.equal(codes(problems), [])
})

test('names two documents of one lineage that both went on, and deletes neither', async () => {
  for (const serial of [2, 3]) {
    const folder = await aCutOffMove()
    const { lineage } = JSON.parse(readFileSync(join(folder, 'state/clients/old.json'), 'utf8'))
    put(
      folder,
      'state/clients/old.json',
      formatDocument(aClient('client/old', { lineage, serial }))
    )
    const { documents, problems } = await storeIn(folder).read()
    assert.equal(codes(problems), ['LINEAGE_TWICE'])
    const { detail = '' } = problems[0] ?? {}
    assert.match(detail, 'state/clients/new.json (serial 2)')
    assert.match(detail, `state/clients/old.json (serial ${serial})`)
    assert.equal(clientsIn(documents), ['client/other'])
    await refuses(() => storeIn(folder).withLock('x', writer => writer.read()), 'LINEAGE_TWICE')
    assert.equal(filesIn(join(folder, 'state/clients')), ['new.json', 'old.json', 'other.json'])
  }
})

test('keeps the history of an earlier client of the same name', async () => {
  const folder = temporaryFolder()
  await write(folder, 'client/new')
  await write(folder, 'client/new', {}, true)
  rmSync(join(folder, 'state/clients/new.json'))
  await write(folder, 'client/old')
  await write(folder, 'client/new', { movedFrom: 'client/old' })
  const text = readFileSync(join(folder, 'state/history/clients/new.jsonl'), 'utf8')
  assert.is(text.trimEnd().split('\n').length, 4)
  const { entries, problems } = await storeIn(folder).history('client/new')
  assert.equal(problems, [])
  assert.is(entries.length, 2)
})

test('reads two hundred clients in well under a second each time', async () => {
  const folder = temporaryFolder()
  const connections = Object.fromEntries(
    Array.from({ length: 8 }, (_, i) => [`c${i}`, aConnection({ id: `c${i}.1`, name: `C ${i}` })])
  )
  const authorizations = Object.fromEntries(
    Object.values(connections).map(each => [randomUUID(), aRecord(each, 'prod')])
  )
  for (let i = 0; i < 200; i++) {
    const document = aClient(`client/c${i}`, { connections, authorizations })
    put(folder, `state/clients/c${i}.json`, formatDocument(document))
  }
  const store = storeIn(folder)
  const started = performance.now()
  const { documents, problems } = await store.read()
  const first = performance.now() - started
  await store.withLock('x', writer => writer.read())
  const both = performance.now() - started
  assert.equal(problems, [])
  assert.is(clientsIn(documents).length, 200)
  assert.ok(first < 3000 && both < 5000, `took ${first} and ${both} ms`)
})

test.run()
