import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type {
  LeaseClaim,
  LeaseWish,
  RefreshFailure,
  RefreshLease
} from '../../engine/model/ports.ts'
import { thisProcess } from '../../engine/process/process-identity.ts'
import { openRefreshLeases } from '../../engine/vault/refresh-leases.ts'
import { run, temporaryFolder } from '../support/assert.ts'

const clock = { now: () => new Date() }
/** Silence that a test can wait for. */
const quick = { beat: 20, silence: 200, pause: [5, 10] } as const

function aCase() {
  const folder = temporaryFolder()
  const id = randomUUID()
  const files = join(folder, 'leases', id)
  const wish = (overrides: Partial<LeaseWish> = {}): LeaseWish => ({
    id,
    generation: 1,
    patienceMs: 100,
    clock,
    ...overrides
  })
  const leases = openRefreshLeases(folder, quick)
  return {
    folder,
    id,
    files,
    leases,
    claim: (overrides?: Partial<LeaseWish>) => leases.claim(wish(overrides)),
    names: () => readdirSync(files).sort(),
    /** As a process leaves it that was killed. */
    abandon: async (attempt: number, isSent: boolean) => {
      const path = join(files, `1-${attempt}.claim`)
      writeFileSync(path, JSON.stringify({ token: 'x', ...(await goneProcess()) }))
      if (isSent) writeFileSync(join(files, `1-${attempt}.outcome`), ' '.repeat(100))
    }
  }
}

let gone: object | undefined

/** A process of this machine that runs no more. */
async function goneProcess(): Promise<object> {
  gone ??= {
    ...thisProcess(),
    pid: Number((await run(process.execPath, ['-p', 'process.pid'])).stdout),
    started: '1'
  }
  return gone
}

function held(claim: LeaseClaim): RefreshLease {
  if (claim.outcome !== 'held') throw new Error(`The lease was expected, not ${claim.outcome}`)
  return claim.lease
}

function aFailure(overrides: Partial<RefreshFailure> = {}): RefreshFailure {
  const until = new Date(Date.now() + 60_000).toISOString()
  return { kind: 'try-again', message: 'status 503', until, times: 1, ...overrides }
}

test('one holder at a time; whoever waits is told that the credential moved on', async () => {
  const { claim, leases, id } = aCase()
  const lease = held(await claim())
  assert.is(lease.interrupted, 0)
  assert.is(lease.lastFailure, null)
  assert.is((await claim({ patienceMs: 50 })).outcome, 'busy')
  const waiting = Promise.all([1, 2, 3].map(() => claim({ patienceMs: 5000 })))
  assert.ok(await lease.sending(100))
  await lease.done()
  assert.equal(
    (await waiting).map(each => each.outcome),
    ['moved-on', 'moved-on', 'moved-on']
  )
  assert.is((await leases.claim({ id, generation: 1, patienceMs: 0, clock })).outcome, 'moved-on')
})

test('of many that claim at once one gets it', async () => {
  const { folder, id } = aCase()
  const claims = await Promise.all(
    Array.from({ length: 20 }, () =>
      openRefreshLeases(folder, quick).claim({ id, generation: 1, patienceMs: 150, clock })
    )
  )
  assert.is(claims.filter(each => each.outcome === 'held').length, 1)
  assert.is(claims.filter(each => each.outcome === 'busy').length, 19)
})

test('a credential that is ended while many ask for its lease leaves no error behind, and no folder', async () => {
  const { leases, claim, id, files } = aCase()
  const lease = held(await claim())
  const waiting = Array.from({ length: 8 }, async () => {
    const claimed = await claim({ patienceMs: 5000 })
    // As a run time does that finds the credential gone.
    await leases.forget(id)
    if (claimed.outcome === 'held') await claimed.lease.release()
    return claimed.outcome
  })
  await new Promise(resolve => setTimeout(resolve, 30))
  await leases.forget(id)
  assert.not.ok(await lease.sending(100))
  await lease.done()
  assert.equal([...new Set(await Promise.all(waiting))], ['held'])
  assert.not.ok(existsSync(files))
})

test('room for the answer is on the disk before anything may be sent', async () => {
  const { claim, files } = aCase()
  const lease = held(await claim())
  assert.not.ok(existsSync(join(files, '1-1.outcome')))
  assert.ok(await lease.sending(12_345))
  const { size, blocks } = statSync(join(files, '1-1.outcome'))
  assert.is(size, 12_345)
  assert.ok(blocks * 512 >= 12_345, 'it takes up real space')
})

test('a holder that died before it sent costs nothing', async () => {
  const { folder, id, claim, abandon } = aCase()
  await held(await claim()).release()
  await abandon(1, false)
  // A process that is provably gone is not waited for: its silence would outlast the patience.
  const leases = openRefreshLeases(folder, { ...quick, silence: 60_000 })
  const lease = held(await leases.claim({ id, generation: 1, patienceMs: 5000, clock }))
  assert.is(lease.interrupted, 0)
})

test('holders that died after they sent are counted', async () => {
  const { claim, abandon } = aCase()
  await held(await claim()).release()
  await abandon(1, true)
  const second = held(await claim())
  assert.is(second.interrupted, 1)
  await second.release()
  await abandon(2, true)
  assert.is(held(await claim()).interrupted, 2)
})

test('a holder whose heart stopped is passed, finds that out, and can send nothing', async () => {
  const { claim, files, names } = aCase()
  const slow = held(await claim())
  const path = join(files, '1-1.claim')
  // As if its process was stopped: the heart beats in vain.
  const stopped = setInterval(() => utimesSync(path, 1, 1), 1)
  const next = held(await claim({ patienceMs: 5000 }))
  clearInterval(stopped)
  assert.not.ok(await slow.isHeld())
  assert.not.ok(await slow.sending(100))
  assert.ok(await next.isHeld())
  assert.ok(await next.sending(100))
  assert.is(next.interrupted, 0)
  await slow.failed(aFailure())
  await slow.done()
  await next.done()
  assert.equal(names(), ['1-2.outcome'])
})

test('a heart that beats keeps the lease, however long it takes', async () => {
  const { claim } = aCase()
  const lease = held(await claim())
  assert.is((await claim({ patienceMs: 600 })).outcome, 'busy')
  assert.ok(await lease.isHeld())
})

test('a failure cools down for everybody, and is no interruption', async () => {
  const { claim } = aCase()
  const lease = held(await claim())
  assert.ok(await lease.sending(100))
  const failure = aFailure()
  await lease.failed(failure)
  assert.equal(await claim(), { outcome: 'cooling-down', failure })
  const later = { now: () => new Date(Date.now() + 61_000) }
  const next = held(await claim({ clock: later }))
  assert.is(next.interrupted, 0)
  assert.equal(next.lastFailure, failure)
  await next.release()
  // Nothing was sent, so nothing changed.
  assert.equal(await claim(), { outcome: 'cooling-down', failure })
})

test('no cool-down lasts longer than an hour, whatever became of the clock', async () => {
  const { claim } = aCase()
  const lease = held(await claim())
  await lease.sending(100)
  await lease.failed(aFailure({ until: '2100-01-01T00:00:00.000Z' }))
  assert.is((await claim()).outcome, 'held')
})

test('an interruption is not forgotten over a failure', async () => {
  const { claim, abandon, names } = aCase()
  await held(await claim()).release()
  await abandon(1, true)
  const second = held(await claim())
  await second.sending(100)
  await second.failed(aFailure({ until: new Date().toISOString() }))
  assert.equal(names(), ['1-2.outcome'])
  const third = held(await claim())
  assert.is(third.interrupted, 1)
  assert.is(third.lastFailure?.times, 1)
})

test('what a holder could not store is told to whoever comes, and nobody gets a lease', async () => {
  const { claim, names } = aCase()
  const lease = held(await claim())
  assert.ok(await lease.sending(100))
  await lease.rescue('sealed text')
  for (let round = 0; round < 2; round++) {
    assert.equal(await claim(), { outcome: 'rescued', sealed: 'sealed text' })
  }
  assert.equal(names(), ['1-1.outcome'])
})

test('if that turns out to be of no use, it counts as an interruption', async () => {
  const { claim } = aCase()
  const lease = held(await claim())
  await lease.sending(100)
  await lease.rescue('sealed text')
  const next = held(await claim({ isNewest: true }))
  assert.is(next.interrupted, 1)
  await next.done()
  assert.is((await claim()).outcome, 'moved-on')
})

test('whoever rescued it may be the one who stores it in the end', async () => {
  const { claim, files } = aCase()
  const lease = held(await claim())
  await lease.sending(100)
  await lease.rescue('sealed text')
  await lease.done()
  assert.is((await claim()).outcome, 'moved-on')
  assert.not.match(readFileSync(join(files, '1-1.outcome'), 'utf8'), 'sealed text')
})

test('the next generation sweeps what the one before left', async () => {
  const { claim, names } = aCase()
  const lease = held(await claim())
  await lease.sending(100)
  await lease.done()
  const next = held(await claim({ generation: 2 }))
  assert.equal(names(), ['2-1.claim'])
  assert.is((await claim({ generation: 1 })).outcome, 'moved-on')
  await next.done()
  assert.equal(names(), ['2-1.outcome'])
})

test('a vault that was put back to an earlier day can be renewed again', async () => {
  const { claim, names } = aCase()
  const lease = held(await claim({ generation: 5 }))
  await lease.sending(100)
  await lease.done()
  assert.is((await claim({ generation: 5 })).outcome, 'moved-on')
  const again = held(await claim({ generation: 5, isNewest: true }))
  assert.ok(await again.sending(100))
  await again.done()
  assert.is((await claim({ generation: 3 })).outcome, 'moved-on')
  const earlier = held(await claim({ generation: 3, isNewest: true }))
  assert.ok(await earlier.sending(100))
  await earlier.done()
  assert.equal(names(), ['3-1.outcome'])
})

test('files that are damaged or foreign harm nobody', async () => {
  const { claim, files } = aCase()
  await held(await claim()).release()
  writeFileSync(join(files, 'README'), 'hello')
  writeFileSync(join(files, '1-0.claim'), '')
  writeFileSync(join(files, '1-1.claim'), 'no json')
  writeFileSync(join(files, '1-1.outcome'), '{"outcome":"done"')
  const lease = held(await claim({ patienceMs: 5000 }))
  assert.is(lease.interrupted, 1)
})

test('forgetting leaves nothing', async () => {
  const { claim, leases, id, files } = aCase()
  const lease = held(await claim())
  await leases.forget(id)
  assert.not.ok(existsSync(files))
  assert.not.ok(await lease.isHeld())
  assert.not.ok(await lease.sending(100))
  await lease.done()
  assert.not.ok(existsSync(files))
})

test('only a UUID becomes a folder', async () => {
  const { leases } = aCase()
  let thrown = ''
  try {
    await leases.claim({ id: '../x', generation: 1, patienceMs: 0, clock })
  } catch (error) {
    thrown = String(error)
  }
  assert.match(thrown, 'must be a UUID')
})

test.run()
