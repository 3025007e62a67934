import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clientsIn, emptyContent } from '../../engine/model/documents.ts'
import { run, temporaryFolder } from '../support/assert.ts'
import { checkHistory, filesIn, storeIn, workerFile } from '../support/state-workspace.ts'

const crash = join(import.meta.dirname, '../support/scenario-crash.mjs')

/** Runs the worker in a copy of a workspace, and kills it before its nth change on disk. Null: it came to its end before. */
async function killedAt(point: number, original: string, command: string, number: number) {
  const folder = temporaryFolder()
  cpSync(original, folder, { recursive: true })
  const args = ['--import', crash, workerFile(), folder, command, String(number)]
  const ended = await run(process.execPath, args, { env: { TEST_CRASH_AT: String(point) } })
  if (ended.code === 0) return null
  assert.is(ended.code, 137, ended.stderr)
  return folder
}

test('tells exactly the writes that came to be, whatever instant a writer of dev was killed in', async () => {
  const original = temporaryFolder()
  await storeIn(original).withLock('x', writer => writer.write(emptyContent('dev')))
  const serials = new Set<number>()
  let torn = 0
  for (let point = 1; ; point++) {
    const folder = await killedAt(point, original, 'dev', 2)
    if (folder === null) break
    const { documents, problems } = await storeIn(folder).read()
    assert.equal(problems, [], `point ${point}`)
    const serial = documents.dev?.serial ?? 0
    serials.add(serial)
    torn += readFileSync(join(folder, 'state/history/dev.jsonl'), 'utf8').endsWith('\n') ? 0 : 1
    await checkHistory(folder, 'dev', serial)
    await storeIn(folder).withLock('next', writer => writer.write(emptyContent('dev')))
    await checkHistory(folder, 'dev', serial + 1)
    assert.equal(filesIn(join(folder, 'state')), ['dev.json', 'history'])
    const lines = readFileSync(join(folder, 'state/history/dev.jsonl'), 'utf8')
    assert.is(lines.split('\n').length - 1, serial + 1)
  }
  assert.equal([...serials], [1, 2, 3])
  assert.ok(torn > 0, 'no kill left a line unfinished')
})

test('has either name of a client in force with all its history, whatever instant a move was killed in', async () => {
  const original = temporaryFolder()
  const store = storeIn(original)
  await store.withLock('x', async writer => {
    await writer.write(emptyContent('client/old'))
    await writer.write({ ...emptyContent('client/old'), version: 1 })
  })
  const { lineage } = (await store.read()).documents['client/old'] ?? {}
  const inForce = new Set<string>()
  let both = 0
  for (let point = 1; ; point++) {
    const folder = await killedAt(point, original, 'move', 1)
    if (folder === null) break
    const { documents, problems } = await storeIn(folder).read()
    assert.equal(problems, [], `point ${point}`)
    const [slot, ...others] = clientsIn(documents)
    assert.equal(others, [])
    if (slot === undefined) throw new Error(`No client after point ${point}`)
    inForce.add(`${slot} ${documents[slot]?.serial}`)
    both += filesIn(join(folder, 'state/clients')).filter(each => !each.startsWith('.')).length - 1
    assert.is(documents[slot]?.lineage, lineage)
    await checkHistory(folder, slot, documents[slot]?.serial ?? 0)
    const other = slot === 'client/new' ? 'client/old' : 'client/new'
    assert.equal(await storeIn(folder).history(other), { entries: [], problems: [] })
    assert.equal(
      (await storeIn(folder).verify()).map(each => each.code),
      ['VERSION_UNPUBLISHED']
    )

    // Whoever writes next finds nothing else, and a second attempt comes to the same end.
    await storeIn(folder).withLock('again', async writer => {
      const before = (await writer.read())['client/old']
      if (before === undefined) return
      await writer.write({ ...before, environment: 'client/new' }, { movedFrom: 'client/old' })
    })
    assert.equal(filesIn(join(folder, 'state/clients')), ['new.json'])
    assert.equal(filesIn(join(folder, 'state/history/clients')), ['new.jsonl'])
    const after = (await storeIn(folder).read()).documents['client/new']
    assert.is(after?.lineage, lineage)
    await checkHistory(folder, 'client/new', after?.serial ?? 0)
  }
  assert.equal([...inForce], ['client/old 2', 'client/new 3', 'client/new 4'])
  assert.ok(both > 0, 'no kill came between the two documents')
})

test.run()
