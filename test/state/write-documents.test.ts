import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { digestOf } from '../../engine/model/digest.ts'
import { emptyContent } from '../../engine/model/documents.ts'
import type { State, Version } from '../../engine/model/generated/types.ts'
import type { StateWriter } from '../../engine/model/ports.ts'
import { formatDocument } from '../../engine/state/format-document.ts'
import { rejects, temporaryFolder } from '../support/assert.ts'
import { aConnection, aState } from '../support/builders.ts'
import {
  checkHistory,
  filesIn,
  refuses,
  startCommand,
  startWorker,
  storeIn,
  workerFile
} from '../support/state-workspace.ts'

function aVersion(number: number, note: string | null = null): Version {
  return {
    formatVersion: 1,
    version: number,
    by: 'ana@example.com',
    at: '2026-03-04T12:00:00Z',
    note,
    commit: null,
    connectors: {},
    connections: {},
    components: {}
  }
}

function writeOnce(folder: string, document: string, text = 'x'): Promise<State> {
  return storeIn(folder).withLock('test', async writer => {
    const before = (await writer.read()).dev
    return writer.write({ ...(before ?? emptyContent('dev')), given: { [document]: text } })
  })
}

test('reads what was written, with a lineage that stays and a serial that grows by one', async () => {
  const folder = temporaryFolder()
  const store = storeIn(folder)
  const content = { ...emptyContent('dev'), connections: { salesforce: aConnection() } }
  const [first, second] = await store.withLock('test', async writer => [
    await writer.write(content),
    await writer.write({ ...content, connections: {} })
  ])
  assert.is(first?.serial, 1)
  assert.match(first?.lineage ?? '', /^[0-9a-f-]{36}$/)
  assert.is(second?.serial, 2)
  assert.is(second?.lineage, first?.lineage)

  const { documents, problems } = await store.read()
  assert.equal(problems, [])
  assert.equal(documents, { dev: second, stage: null, prod: null, shared: null })
  assert.is(readFileSync(join(folder, 'state/dev.json'), 'utf8'), formatDocument(second))
  assert.equal(filesIn(join(folder, 'state')), ['dev.json', 'history'])
  assert.equal(filesIn(join(folder, 'state/history')), ['dev.jsonl'])
  assert.equal(filesIn(join(folder, '.tieline/locks')), [])
  if (process.umask() === 0o022) {
    assert.is(statSync(join(folder, 'state/dev.json')).mode & 0o777, 0o644)
  }
})

test('counts on from a whole document that was passed as content', async () => {
  const folder = temporaryFolder()
  const first = await writeOnce(folder, 'a')
  const second = await storeIn(folder).withLock('test', writer => writer.write(first))
  assert.equal({ ...second, digest: '' }, { ...first, serial: 2, digest: '' })
  assert.equal((await storeIn(folder).read()).problems, [])
})

test('writes nothing that could not be read again', async () => {
  const folder = temporaryFolder()
  const write = (given: Record<string, string>) => () =>
    storeIn(folder).withLock('test', writer => writer.write({ ...emptyContent('dev'), given }))
  await rejects(write(JSON.parse('{"a":1}')), 'Not a state document: At /given/a: must be string')
  await rejects(write({ a: '\udc00' }), 'Not a state document')
  assert.equal(filesIn(join(folder, 'state')), [])
})

test('refuses to write over a document that cannot be read', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'state'))
  writeFileSync(join(folder, 'state/dev.json'), '<<<<<<< HEAD\n')
  const store = storeIn(folder)
  await refuses(() => store.withLock('test', writer => writer.read()), 'STATE_CONFLICT')
  const write = () => store.withLock('test', writer => writer.write(emptyContent('dev')))
  await refuses(write, 'STATE_CONFLICT')
  assert.is(readFileSync(join(folder, 'state/dev.json'), 'utf8'), '<<<<<<< HEAD\n')
})

test('lets nobody write once the lock is gone', async () => {
  let kept: StateWriter | undefined
  await storeIn(temporaryFolder()).withLock('test', async writer => {
    kept = writer
  })
  const write = async () => kept?.write(emptyContent('dev'))
  await rejects(write, 'only while the lock is held')
})

test('replaces a version that stage does not name, and never one that it does', async () => {
  const folder = temporaryFolder()
  const store = storeIn(folder)
  await store.withLock('test', writer => writer.writeVersion(aVersion(1, 'left over')))
  const digest = await store.withLock('test', async writer => {
    const named = await writer.writeVersion(aVersion(1))
    await writer.write({ ...emptyContent('stage'), version: 1, versions: { 1: named } })
    return named
  })
  assert.is(digest, digestOf(aVersion(1)))
  assert.equal(await store.readVersion(1, digest), aVersion(1))

  const again = () => store.withLock('test', writer => writer.writeVersion(aVersion(1, 'other')))
  await rejects(again, 'published already')
  assert.equal(await store.readVersion(1, digest), aVersion(1))
  assert.is(await store.withLock('test', writer => writer.writeVersion(aVersion(1))), digest)
})

test('accepts a document as it is after an edit, under a new serial', async () => {
  const folder = temporaryFolder()
  const store = storeIn(folder)
  const before = await writeOnce(folder, 'a')
  await refuses(() => store.accept('dev'), 'NOTHING_TO_ACCEPT')
  await refuses(() => store.accept('prod'), 'NOTHING_TO_ACCEPT')

  const file = join(folder, 'state/dev.json')
  writeFileSync(file, formatDocument({ ...before, given: { a: 'edited' } }))
  const accepted = await store.accept('dev')
  assert.equal(accepted, { ...aState('dev'), ...accepted })
  assert.equal(accepted.given, { a: 'edited' })
  assert.is(accepted.serial, 2)
  assert.is(accepted.lineage, before.lineage)
  assert.equal((await store.read()).documents.dev, accepted)

  writeFileSync(file, formatDocument({ ...before, given: { a: 1 } }))
  await refuses(() => store.accept('dev'), 'STATE_BROKEN')
  writeFileSync(file, '=======\n')
  await refuses(() => store.accept('dev'), 'STATE_CONFLICT')
})

test('says why a disk would not take a file, and leaves the old one', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'state/versions/1.json'), { recursive: true })
  const write = () => storeIn(folder).withLock('test', writer => writer.writeVersion(aVersion(1)))
  const refusal = await refuses(write, 'STATE_NOT_WRITTEN')
  assert.match(refusal.diagnostics[0]?.detail ?? '', 'A folder stands in its place (EISDIR).')
  assert.ok(refusal.cause instanceof Error)
  assert.equal(filesIn(join(folder, 'state/versions')), ['1.json'])

  writeFileSync(join(folder, '.tieline/locks/state.lock'), '', { flag: 'w' })
  mkdirSync(join(folder, 'other'))
  writeFileSync(join(folder, 'other/.tieline'), '')
  const elsewhere = await refuses(() => writeOnce(join(folder, 'other'), 'a'), 'STATE_NOT_WRITTEN')
  assert.match(elsewhere.diagnostics[0]?.detail ?? '', '.tieline/locks')
})

test('leaves the old document whole when a file may not grow any further', async () => {
  const folder = temporaryFolder()
  const before = await writeOnce(folder, 'a')
  // The system writes a part, then says EFBIG: what a full disk does, without needing one.
  const limited = `trap '' XFSZ; ulimit -f 256; exec "$0" "$@"`
  const args = ['-c', limited, process.execPath, workerFile(), folder, 'fill', '2000000']
  const { said } = await startCommand('bash', args).ends
  assert.match(said, /^STATE_NOT_WRITTEN .*larger than allowed \(EFBIG\)/)
  const store = storeIn(folder)
  assert.equal((await store.read()).documents.dev, before)
  assert.equal(filesIn(join(folder, 'state')), ['dev.json', 'history'])
  const { entries, problems } = await store.history('dev')
  assert.equal([entries.length, problems], [1, []])
  assert.equal(filesIn(join(folder, '.tieline/locks')), [])
})

test('leaves the old document whole when the disk is full', async () => {
  const folder = temporaryFolder()
  // In a mount table of its own, so that nothing stays behind. Where that is not permitted, the test above has to do.
  const small = `mount -t tmpfs -o size=256k tmpfs "$1" || exit 77
    "$0" "$2" "$1" fill 1000; "$0" "$2" "$1" fill 2000000; ls -A "$1/state" "$1/.tieline/locks"; grep serial "$1/state/dev.json"`
  const args = ['-m', 'sh', '-c', small, process.execPath, folder, workerFile()]
  const ended = await startCommand('unshare', args).ends.catch(() => ({ code: 77, said: '' }))
  if (ended.code === 77 || ended.said === '') return
  assert.match(ended.said, /^done\nSTATE_NOT_WRITTEN .*The disk is full \(ENOSPC\)/)
  assert.match(ended.said, /\/locks:\n\n.*\/state:\ndev\.json\nhistory\n {2}"serial": 1,\n$/s)
})

test('is whole after a kill at any instant, and sweeps what was left', async () => {
  const folder = temporaryFolder()
  const state = join(folder, 'state')
  await writeOnce(folder, 'text', 'a'.repeat(400_000))
  let [serial, leftOvers] = [1, 0]
  for (let i = 0; i < 36; i++) {
    const worker = startWorker(folder, 'write')
    await worker.says('writing')
    // What a killed process left unfinished is gone as soon as the next one writes.
    assert.ok(filesIn(state).length <= 3, filesIn(state).join())
    await new Promise(resolve => setTimeout(resolve, Math.random() * 25))
    await worker.kill()

    const { documents, problems } = await storeIn(folder).read()
    assert.equal(problems, [])
    assert.match(documents.dev?.given.text ?? '', /^(.)\1{399999}$/)
    assert.ok((documents.dev?.serial ?? 0) > serial)
    serial = documents.dev?.serial ?? 0
    // A temporary file, or the line of a document that never came.
    const lines = readFileSync(join(state, 'history/dev.jsonl'), 'utf8').split('\n').length - 1
    leftOvers += filesIn(state).length - 2 + lines - serial
    await checkHistory(folder, 'dev', serial)
  }
  assert.ok(leftOvers > 0, 'no kill came in the middle of a write')

  const after = await writeOnce(folder, 'a')
  assert.is(after.serial, serial + 1)
  assert.equal(filesIn(state), ['dev.json', 'history'])
  assert.equal(filesIn(join(folder, '.tieline/locks')), [])
  await checkHistory(folder, 'dev', serial + 1)
})

test('shows one added connection as one group of lines in a diff', async () => {
  const folder = temporaryFolder()
  const connections = { a: aConnection(), c: aConnection() }
  const write = (more: object) =>
    storeIn(folder).withLock('test', writer =>
      writer.write({ ...emptyContent('dev'), connections: { ...connections, ...more } })
    )
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder }).toString()
  git('init', '-q')
  await write({})
  git('add', 'state')
  await write({ b: aConnection() })
  const changed = git('diff', '-U0', '--', 'state/dev.json').split('\n')
  assert.is(changed.filter(line => line.startsWith('@@')).length, 3)
  assert.is(changed.filter(line => /^-[^-]/.test(line)).length, 2) // digest and serial
})

test.run()
