import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { digestOf } from '../../engine/model/digest.ts'
import { emptyContent } from '../../engine/model/documents.ts'
import type { State } from '../../engine/model/generated/types.ts'
import type { WriteAbout } from '../../engine/model/ports.ts'
import { formatDocument, formatLine } from '../../engine/state/format-document.ts'
import { temporaryFolder } from '../support/assert.ts'
import { aState } from '../support/builders.ts'
import { checkHistory, filesIn, now, refuses, storeIn } from '../support/state-workspace.ts'

const historyOf = (folder: string) => join(folder, 'state/history/dev.jsonl')
const linesOf = (folder: string) => readFileSync(historyOf(folder), 'utf8').split('\n').slice(0, -1)
const document = (folder: string) => join(folder, 'state/dev.json')

let count = 0
function write(folder: string, about?: WriteAbout, actor?: string): Promise<State> {
  count += 1
  return storeIn(folder, actor).withLock('apply dev', writer =>
    writer.write({ ...emptyContent('dev'), given: { 'a.1': String(count) } }, about)
  )
}

/** A workspace whose dev was written so often. */
async function written(times: number): Promise<string> {
  const folder = temporaryFolder()
  for (let i = 0; i < times; i++) await write(folder)
  return folder
}

/** Serials of the entries, and where the problems are. */
async function told(folder: string) {
  const { entries, problems } = await storeIn(folder).history('dev')
  return {
    serials: entries.map(each => each.serial),
    problems: problems.map(each => `${each.code} ${each.at?.line}`),
    detail: problems.map(each => each.detail).join('\n')
  }
}

test('tells who wrote what, when and why, the oldest first, a canonical line each', async () => {
  const folder = temporaryFolder()
  const first = await write(folder)
  const undo = [{ path: '/given/a.1', before: null, after: 'x' }]
  const about = { operation: 'state mv', note: 'for the audit', commit: 'abc+', undo }
  const second = await write(folder, about, 'bo@example.com')
  const { entries, problems } = await storeIn(folder).history('dev')
  assert.equal(problems, [])
  const { lineage } = first
  const common = {
    formatVersion: 1,
    document: 'dev',
    lineage,
    at: now.toISOString(),
    version: null
  }
  assert.equal(entries, [
    {
      ...common,
      serial: 1,
      before: null,
      digest: first.digest,
      by: 'ana@example.com',
      operation: 'apply dev',
      note: null,
      commit: null,
      changes: [{ subject: 'document', name: 'dev', action: 'add' }],
      undo: null
    },
    {
      ...common,
      serial: 2,
      before: first.digest,
      digest: second.digest,
      by: 'bo@example.com',
      operation: 'state mv',
      note: 'for the audit',
      commit: 'abc+',
      changes: [{ subject: 'document', name: 'dev', action: 'change' }],
      undo
    }
  ])
  assert.equal(
    linesOf(folder).map(each => `${each}\n`),
    entries.map(formatLine)
  )
  assert.equal(await storeIn(folder).history('prod'), { entries: [], problems: [] })
})

test('writes and tells plain words only, whatever was typed or put into the file', async () => {
  const folder = temporaryFolder()
  const about = { operation: `a\u001b[31m\n${'b'.repeat(400)}`, note: 'x\u202ey\r\nz\ud800' }
  await write(folder, about, 'ana\u0007@example.com')
  const [entry] = (await storeIn(folder).history('dev')).entries
  assert.is(entry?.by, 'ana@example.com')
  assert.is(entry?.note, 'xy z')
  assert.is(entry?.operation, `a[31m ${'b'.repeat(294)}`)

  const [line = ''] = linesOf(folder)
  writeFileSync(
    historyOf(folder),
    formatLine({ ...JSON.parse(line), by: '\u001b[2Jana', note: 'a\nb' })
  )
  const [edited] = (await storeIn(folder).history('dev')).entries
  assert.equal([edited?.by, edited?.note], ['[2Jana', 'a b'])
})

test('begins with what an older tieline left, and asks it for nothing', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'state'))
  const old = aState('dev')
  writeFileSync(document(folder), formatDocument(old))
  assert.equal(await storeIn(folder).history('dev'), { entries: [], problems: [] })
  const next = await write(folder)
  const { entries, problems } = await storeIn(folder).history('dev')
  assert.equal(problems, [])
  assert.equal(
    entries.map(each => [each.serial, each.before, each.digest]),
    [[2, old.digest, next.digest]]
  )
})

test('neither tells nor keeps the line of a write whose document never came', async () => {
  const folder = await written(2)
  const [before, lines] = [readFileSync(document(folder)), linesOf(folder)]
  await write(folder)
  writeFileSync(document(folder), before)
  assert.equal(await told(folder), { serials: [1, 2], problems: [], detail: '' })
  await write(folder)
  assert.equal(linesOf(folder).slice(0, 2), lines)
  await checkHistory(folder, 'dev', 3)

  // The same with the very first write.
  rmSync(document(folder))
  writeFileSync(historyOf(folder), `${lines[0]}\n`)
  assert.equal((await told(folder)).serials, [])
  await write(folder)
  await checkHistory(folder, 'dev', 1)
})

test('cuts a line that was not finished, also one that a loss of power filled with zeros', async () => {
  const zeros = '\0'.repeat(300)
  for (const torn of ['{"at":"2026', `${zeros}`, `${zeros}"undo":null}\n`]) {
    const folder = await written(2)
    const lines = linesOf(folder)
    appendFileSync(historyOf(folder), torn)
    assert.equal(await told(folder), { serials: [1, 2], problems: [], detail: '' })
    await write(folder)
    assert.equal(linesOf(folder).slice(0, 2), lines)
    await checkHistory(folder, 'dev', 3)
  }
})

test('minds no line feed that an editor took, and none that it changed', async () => {
  const folder = await written(2)
  const text = readFileSync(historyOf(folder), 'utf8')
  writeFileSync(historyOf(folder), `\ufeff${text.trimEnd()}`)
  await checkHistory(folder, 'dev', 2)
  await write(folder)
  await checkHistory(folder, 'dev', 3)
  writeFileSync(historyOf(folder), readFileSync(historyOf(folder), 'utf8').replaceAll('\n', '\r\n'))
  await write(folder)
  await checkHistory(folder, 'dev', 4)
})

test('names damaged lines, tells the others, keeps all and goes on after them', async () => {
  const folder = await written(4)
  const lines = linesOf(folder)
  const other = JSON.parse(lines[2] ?? '')
  const damaged = [lines[0], 'oops', `${JSON.stringify({ ...other, document: 'prod' })}`, lines[3]]
  const text = `${damaged.join('\n')}\n`
  writeFileSync(historyOf(folder), Buffer.from(text.replace('oops', 'o\u00ffps'), 'latin1'))
  const found = await told(folder)
  assert.equal(found.serials, [1, 4])
  assert.equal(found.problems, ['HISTORY_DAMAGED 2'])
  assert.match(found.detail, 'Lines 2, 3 of state/history/dev.jsonl cannot be read')

  await write(folder)
  assert.equal((await told(folder)).serials, [1, 4, 5])
  assert.is(linesOf(folder).length, 5)
  const [newer] = linesOf(folder).slice(-1)
  appendFileSync(historyOf(folder), formatLine({ ...JSON.parse(newer ?? ''), formatVersion: 2 }))
  assert.equal((await told(folder)).problems, ['STATE_NEWER 1', 'HISTORY_DAMAGED 2'])
})

test('tells where a history lacks writes, and where it was not taken back with its document', async () => {
  const folder = await written(2)
  const [second, history] = [readFileSync(document(folder)), readFileSync(historyOf(folder))]
  await write(folder)
  await write(folder)
  const whole = readFileSync(historyOf(folder))

  // The document alone was taken back.
  writeFileSync(document(folder), second)
  const older = await told(folder)
  assert.equal(older.serials, [1, 2])
  assert.equal(older.problems, ['HISTORY_GAP 3'])
  assert.match(older.detail, 'state/dev.json is older than its history, which goes on to serial 4')
  assert.match(older.detail, '\n    git checkout --no-overlay HEAD -- state')
  await write(folder)
  assert.equal(await told(folder), { serials: [1, 2, 3], problems: [], detail: '' })
  assert.equal(linesOf(folder).length, 5)

  // The history alone was taken back.
  writeFileSync(historyOf(folder), history)
  const unknown = await told(folder)
  assert.equal(unknown.serials, [1, 2])
  assert.equal(unknown.problems, ['HISTORY_GAP 1'])
  assert.match(unknown.detail, 'at a state that its history does not know')
  await write(folder)
  const hole = await told(folder)
  assert.equal(hole.serials, [1, 2, 4])
  assert.equal(hole.problems, ['HISTORY_GAP 3'])
  assert.match(hole.detail, 'Between serial 2 and 4 state/dev.json was written by something')

  // The document is gone.
  writeFileSync(historyOf(folder), whole)
  rmSync(document(folder))
  const gone = await told(folder)
  assert.equal(gone.serials, [1, 2, 3, 4])
  assert.match(gone.detail, 'state/dev.json is gone, though its history goes on to serial 4')
})

test('tells what it can of a document that is edited or damaged', async () => {
  const folder = await written(2)
  const { digest, ...content } = JSON.parse(readFileSync(document(folder), 'utf8'))
  writeFileSync(document(folder), formatDocument({ ...content, pinned: true, digest }))
  assert.equal(await told(folder).then(each => [each.serials, each.problems]), [
    [1, 2],
    ['STATE_EDITED 1']
  ])
  await storeIn(folder).accept('dev')
  await checkHistory(folder, 'dev', 3)
  const last = (await storeIn(folder).history('dev')).entries.at(-1)
  assert.is(last?.operation, 'state verify --accept -e dev')
  assert.equal(last?.changes, [{ subject: 'document', name: 'dev', action: 'change' }])

  writeFileSync(document(folder), '{')
  assert.equal((await told(folder)).serials, [1, 2, 3])
})

test('refuses to write after a conflict in a history, and says how both files are put right', async () => {
  const folder = await written(2)
  const lines = linesOf(folder)
  const merged = [lines[0], '<<<<<<< HEAD', lines[1], '=======', lines[1], '>>>>>>> other', '']
  writeFileSync(historyOf(folder), merged.join('\n'))
  const found = await told(folder)
  assert.equal(found.serials, [1, 2])
  assert.equal(found.problems, ['STATE_CONFLICT 2'])
  const refusal = await refuses(() => write(folder), 'STATE_CONFLICT')
  assert.is(refusal.diagnostics[0]?.at?.file, 'state/history/dev.jsonl')
  assert.match(
    refusal.diagnostics[0]?.detail ?? '',
    '\n    git checkout --no-overlay HEAD -- state\n'
  )
  assert.is(linesOf(folder).length, 6)
})

test('opens neither a pipe nor a link that leaves the workspace, and writes nothing then', async () => {
  const outside = join(temporaryFolder(), 'dev.jsonl')
  writeFileSync(outside, '')
  const ways: readonly ((file: string) => void)[] = [
    file => execFileSync('mkfifo', [file]),
    file => symlinkSync(outside, file),
    file => mkdirSync(file)
  ]
  for (const inTheWay of ways) {
    const folder = await written(1)
    const before = readFileSync(document(folder), 'utf8')
    rmSync(historyOf(folder))
    inTheWay(historyOf(folder))
    await refuses(() => write(folder), 'HISTORY_DAMAGED')
    assert.equal((await told(folder)).problems, ['HISTORY_DAMAGED 1'])
    assert.is(readFileSync(document(folder), 'utf8'), before)
  }
  assert.is(readFileSync(outside, 'utf8'), '')
})

test('leaves a copy alone that shares its bytes, and a link inside the workspace', async () => {
  const folder = await written(1)
  const copy = join(folder, 'copy.jsonl')
  linkSync(historyOf(folder), copy)
  const before = readFileSync(copy, 'utf8')
  await write(folder)
  assert.is(readFileSync(copy, 'utf8'), before)
  await checkHistory(folder, 'dev', 2)

  rmSync(historyOf(folder))
  symlinkSync(copy, historyOf(folder))
  writeFileSync(copy, before)
  await write(folder)
  assert.is(readFileSync(copy, 'utf8'), before)
})

test('leaves no line of a write that failed', async () => {
  const folder = await written(1)
  rmSync(document(folder))
  mkdirSync(join(folder, 'state/dev.json'))
  await refuses(() => write(folder), 'STATE_UNREADABLE')
  assert.is(linesOf(folder).length, 1)
  assert.equal(filesIn(join(folder, 'state/history')), ['dev.jsonl'])
})

test('stays quick over five thousand writes', async () => {
  const folder = await written(1)
  const [line = ''] = linesOf(folder)
  let entry = JSON.parse(line)
  let text = ''
  for (let serial = 1; serial <= 5000; serial++) {
    entry = {
      ...entry,
      serial,
      before: serial === 1 ? null : entry.digest,
      digest: digestOf(serial),
      changes: [{ subject: 'connection', name: 'salesforce', action: 'change' }]
    }
    text += formatLine(entry)
  }
  const { digest: _, ...content } = JSON.parse(readFileSync(document(folder), 'utf8'))
  const after = { ...content, serial: 5001 }
  text += formatLine({ ...entry, serial: 5001, before: entry.digest, digest: digestOf(after) })
  writeFileSync(historyOf(folder), text)
  writeFileSync(document(folder), formatDocument({ ...after, digest: digestOf(after) }))

  const started = performance.now()
  for (let i = 0; i < 5; i++) await write(folder)
  const wrote = performance.now() - started
  await checkHistory(folder, 'dev', 5006)
  const read = performance.now() - started - wrote
  assert.ok(wrote < 2500 && read < 2500, `took ${wrote} and ${read} ms`)
})

test.run()
