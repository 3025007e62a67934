import { spawn } from 'node:child_process'
import fs, { mkdirSync, readFileSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { emptyContent } from '../../engine/model/documents.ts'
import { isGone, thisProcess } from '../../engine/process/process-identity.ts'
import { type LockOwner, ownerNow } from '../../engine/state/lock-holder.ts'
import { rejects, temporaryFolder } from '../support/assert.ts'
import {
  checkHistory,
  checkMarks,
  filesIn,
  now,
  refuses,
  startWorker,
  storeIn,
  type Worker
} from '../support/state-workspace.ts'

const id = 'aaaaaaaa-0000-4000-8000-000000000000'
const lockIn = (folder: string) => join(folder, '.tieline/locks/state.lock')
const readLock = (folder: string): LockOwner => JSON.parse(readFileSync(lockIn(folder), 'utf8'))
const write = (folder: string) => () =>
  storeIn(folder).withLock('apply -e dev', writer => writer.write(emptyContent('dev')))

/** A workspace whose lock is this process's, but for what is overridden. */
function lockedBy(overrides: Partial<LockOwner>): string {
  const folder = temporaryFolder()
  mkdirSync(join(folder, '.tieline/locks'), { recursive: true })
  const owner = ownerNow(id, 'apply -e prod', 'bo@example.com', { now: () => now })
  writeFileSync(lockIn(folder), JSON.stringify({ ...owner, ...overrides }))
  return folder
}

/** Runs a process to its end, and says who it was. */
async function aDeadProcess(): Promise<Partial<LockOwner>> {
  const child = spawn('true')
  await new Promise(resolve => child.on('close', resolve))
  return { pid: child.pid ?? 0, started: '1' }
}

test('tells who holds the lock, what for and since when, and how to end it', async () => {
  const since = new Date(now.getTime() - 3 * 60_000).toISOString()
  const folder = lockedBy({ since })
  const started = performance.now()
  const refusal = await refuses(write(folder), 'STATE_LOCKED')
  assert.ok(performance.now() - started >= 2000)
  const { detail = '' } = refusal.diagnostics[0] ?? {}
  const { host } = thisProcess()
  assert.match(
    detail,
    `bo@example.com holds the lock for "apply -e prod" since ${since} (3 minutes ago), on ${host}, process ${process.pid}, lock ${id}.`
  )
  assert.match(detail, `\n    tieline state unlock ${id}`)
})

test('writes who it is into the lock, and lets go however the work ends', async () => {
  const folder = temporaryFolder()
  await storeIn(folder).withLock('apply -e dev', async () => {
    assert.equal(readLock(folder), {
      id: readLock(folder).id,
      operation: 'apply -e dev',
      actor: 'ana@example.com',
      since: now.toISOString(),
      ...thisProcess()
    })
    assert.equal(filesIn(join(folder, '.tieline/locks')), ['state.lock'])
  })
  assert.equal(filesIn(join(folder, '.tieline/locks')), [])

  const failing = storeIn(folder).withLock('apply -e dev', async () => {
    throw new Error('out of luck')
  })
  await rejects(() => failing, 'out of luck')
  assert.equal(filesIn(join(folder, '.tieline/locks')), [])
})

test('lets go when the process ends in the middle of its work', async () => {
  const folder = temporaryFolder()
  assert.is((await startWorker(folder, 'exit').ends).code, 0)
  assert.equal(filesIn(join(folder, '.tieline/locks')), [])
})

test('waits for a writer who is soon done', async () => {
  const folder = temporaryFolder()
  const order: string[] = []
  const work = (name: string) => () =>
    storeIn(folder).withLock(name, async () => {
      order.push(`${name} begins`)
      await new Promise(resolve => setTimeout(resolve, 300))
      order.push(`${name} ends`)
    })
  const first = work('a')()
  await work('b')()
  await first
  assert.equal(order, ['a begins', 'a ends', 'b begins', 'b ends'])
})

test('reads without a lock and beside one', async () => {
  const folder = lockedBy({})
  assert.equal((await storeIn(folder).read()).problems, [])
})

test('takes the lock of a process that is gone, and of one whose number another has now', async () => {
  for (const dead of [await aDeadProcess(), { started: '1' }]) {
    const folder = lockedBy(dead)
    assert.is((await write(folder)()).serial, 1)
    assert.equal(filesIn(join(folder, '.tieline/locks')), [])
  }
})

test('never takes a lock over by age, from another host, another boot, or from who is unknown', async () => {
  const dead = await aDeadProcess()
  const folders = [
    lockedBy({ since: '2001-01-01T00:00:00.000Z' }),
    lockedBy({ ...dead, host: 'elsewhere' }),
    lockedBy({ ...dead, boot: 'another' }),
    lockedBy({ ...dead, boot: null }),
    lockedBy({ ...dead, id: '../../escape' }),
    lockedBy({ ...dead, pid: -1 })
  ]
  for (const folder of folders) utimesSync(lockIn(folder), 0, 0)
  const before = folders.map(readLock)
  await Promise.all(folders.map(folder => refuses(write(folder), 'STATE_LOCKED')))
  assert.equal(folders.map(readLock), before)
  for (const folder of folders) {
    assert.equal(filesIn(join(folder, '.tieline/locks')), ['state.lock'])
  }
})

test('counts a process that ended but was not waited for as gone', async () => {
  // The shell becomes sleep, which never waits for the child that the shell started and that ends after that.
  const child = spawn('bash', ['-c', 'sleep 0.5 & echo $!; exec sleep 20'])
  const pid = await new Promise<number>(resolve =>
    child.stdout.on('data', chunk => resolve(Number(chunk)))
  )
  try {
    const hasEnded = () => / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    while (!hasEnded()) await new Promise(resolve => setTimeout(resolve, 5))
    assert.is(isGone({ ...thisProcess(), pid, started: null }), true)
  } finally {
    child.kill('SIGKILL')
  }
  assert.is(isGone(thisProcess()), false)
})

test('passes the claim of a process that died while it took the lock over, not of one that lives', async () => {
  const dead = await aDeadProcess()
  const [first, second] = [lockedBy(dead), lockedBy(dead)]
  const claimant = ownerNow(id.replaceAll('a', 'b'), 'x', 'x', { now: () => now })
  const claim = (folder: string, number: number, overrides: Partial<LockOwner>) =>
    writeFileSync(
      `${lockIn(folder)}.${id}.claim-${number}`,
      JSON.stringify({ ...claimant, ...overrides })
    )
  claim(first, 1, dead)
  claim(first, 2, dead)
  claim(second, 1, dead)
  claim(second, 2, {})
  assert.is((await write(first)()).serial, 1)
  assert.equal(filesIn(join(first, '.tieline/locks')), [])
  await refuses(write(second), 'STATE_LOCKED')
  assert.is(readLock(second).id, id)
})

test('sweeps what killed processes left in the lock folder, and nothing else', async () => {
  const folder = lockedBy({})
  const own = readFileSync(lockIn(folder), 'utf8')
  const dead = JSON.stringify({ ...readLock(folder), ...(await aDeadProcess()) })
  unlinkSync(lockIn(folder))
  const put = (name: string, text: string) =>
    writeFileSync(join(folder, '.tieline/locks', name), text)
  put('.state.lock.123-0123456789ab.tmp', dead)
  put('.state.lock.124-0123456789ab.tmp', own)
  put('.state.lock.125-0123456789ab.tmp', '{')
  put('.state.lock.126-0123456789ab.tmp', '{')
  utimesSync(join(folder, '.tieline/locks/.state.lock.126-0123456789ab.tmp'), 0, 0)
  put(`state.lock.${id}.claim-1`, own)
  put('refresh.lock', own)
  await write(folder)()
  assert.equal(filesIn(join(folder, '.tieline/locks')), [
    '.state.lock.124-0123456789ab.tmp',
    '.state.lock.125-0123456789ab.tmp',
    'refresh.lock'
  ])
})

test('ends a lock by its id only, and says who holds what otherwise', async () => {
  const folder = lockedBy({})
  const store = storeIn(folder)
  const other = await refuses(() => store.unlock('another'), 'NO_SUCH_LOCK')
  assert.match(other.diagnostics[0]?.detail ?? '', `bo@example.com holds the lock`)
  await store.unlock(id)
  assert.equal(filesIn(join(folder, '.tieline/locks')), [])
  const none = await refuses(() => store.unlock(id), 'NO_SUCH_LOCK')
  assert.match(none.diagnostics[0]?.detail ?? '', 'Nothing is locked now')
  assert.is((await write(folder)()).serial, 1)
})

test('can end a lock that cannot be read', async () => {
  const folder = lockedBy({})
  writeFileSync(lockIn(folder), '')
  const refusal = await refuses(write(folder), 'STATE_LOCKED')
  assert.match(refusal.diagnostics[0]?.detail ?? '', '\n    tieline state unlock unreadable')
  await storeIn(folder).unlock('unreadable')
  assert.is((await write(folder)()).serial, 1)
})

test('keeps writers apart where the file system has no hard links', async () => {
  const { linkSync } = fs
  fs.linkSync = () => {
    throw Object.assign(new Error('no links here'), { code: 'EPERM' })
  }
  syncBuiltinESMExports()
  try {
    const folder = lockedBy(await aDeadProcess())
    let inside = 0
    const work = () =>
      storeIn(folder).withLock('test', async () => {
        assert.is(++inside, 1)
        await new Promise(resolve => setTimeout(resolve, 20))
        inside--
      })
    await Promise.all([work(), work(), work()])
    assert.equal(filesIn(join(folder, '.tieline/locks')), [])
  } finally {
    fs.linkSync = linkSync
    syncBuiltinESMExports()
  }
})

test('writes nothing after its lock was ended, and leaves the lock of the next one alone', async () => {
  const folder = temporaryFolder()
  const late = () =>
    storeIn(folder).withLock('slow', async writer => {
      await storeIn(folder).unlock(readLock(folder).id)
      writeFileSync(lockIn(folder), JSON.stringify({ ...thisProcess(), id: 'next' }))
      return writer.write(emptyContent('dev'))
    })
  await refuses(late, 'LOCK_LOST')
  assert.equal(filesIn(join(folder, 'state')), [])
  assert.is(readLock(folder).id, 'next')
})

test('loses no update of eight processes, and counts every write once', async () => {
  const folder = temporaryFolder()
  const workers = Array.from({ length: 8 }, () => startWorker(folder, 'count', 8))
  for (const { code } of await Promise.all(workers.map(worker => worker.ends))) assert.is(code, 0)
  const { dev } = (await storeIn(folder).read()).documents
  assert.is(dev?.given.count, '64')
  assert.is(dev?.serial, 64)
  await checkHistory(folder, 'dev', 64)
  assert.is(checkMarks(folder, new Set()), 64)
  assert.equal(filesIn(join(folder, '.tieline/locks')), [])
})

test('lets one of six racing processes at a time take the lock of one that was killed', async () => {
  for (let round = 0; round < 3; round++) {
    const folder = temporaryFolder()
    const holder = startWorker(folder, 'hold')
    await holder.says('held')
    const workers = Array.from({ length: 6 }, () => startWorker(folder, 'take', 2))
    await new Promise(resolve => setTimeout(resolve, 250))
    assert.is(readLock(folder).pid, holder.pid)
    await holder.kill()
    for (const { code } of await Promise.all(workers.map(worker => worker.ends))) assert.is(code, 0)
    assert.is(checkMarks(folder, new Set([holder.pid])), 1 + 6 * 2)
    assert.equal(filesIn(join(folder, '.tieline/locks')), [])
  }
})

test('keeps writers apart while they are killed at random', async () => {
  const folder = temporaryFolder()
  const killed = new Set<number>()
  const workers: Worker[] = Array.from({ length: 6 }, () => startWorker(folder, 'take', 100_000))
  for (let i = 0; i < 24; i++) {
    await new Promise(resolve => setTimeout(resolve, 60 + Math.random() * 60))
    const victim = workers.splice(Math.floor(Math.random() * workers.length), 1)[0]
    if (victim === undefined) break
    killed.add(victim.pid)
    await victim.kill()
    workers.push(startWorker(folder, 'take', 100_000))
  }
  // On a machine that is busy with other things, kills come faster than locks.
  const entered = () => readFileSync(join(folder, 'marks'), 'utf8').split('enter').length - 1
  const deadline = performance.now() + 20_000
  while (entered() <= 100 && performance.now() < deadline) {
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  for (const worker of workers) {
    killed.add(worker.pid)
    await worker.kill()
  }
  assert.ok(checkMarks(folder, killed) > 100)
  assert.is((await write(folder)()).serial, 1)
  // Who was killed halfway through a temporary file left nothing to know it by: that is swept once it is old.
  const locks = join(folder, '.tieline/locks')
  for (const name of filesIn(locks)) {
    assert.not.ok(readFileSync(join(locks, name), 'utf8').trimEnd().endsWith('}'), name)
    utimesSync(join(locks, name), 0, 0)
  }
  await write(folder)()
  assert.equal(filesIn(locks), [])
})

test.run()
