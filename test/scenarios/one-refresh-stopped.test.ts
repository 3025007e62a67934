// timeout: 120s
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { resultsOf } from '../support/refresh-processes.ts'
import { callers, caught, held, withScene } from '../support/refresh-scene.ts'

/** Beside the holder. */
const others = 3

/** A silence that is shorter to wait for than the usual one. */
const times = { beat: 200, silence: 3000, pause: [20, 100] } as const

test('a holder stopped before it sent finds, when it wakes, that it may not send any more', () =>
  // With the usual times.
  withScene({}, async ({ server, work }) => {
    const found = await caught(work, others, 'claimed', each => each.says('at claimed'))
    const began = performance.now()
    found.holder.process.kill('SIGSTOP')
    const { got, refused, errors } = await resultsOf(found.others)
    const seconds = (performance.now() - began) / 1000
    assert.ok(seconds > 9 && seconds < 25, `the others waited ${seconds} s`)
    assert.is(errors, '')
    assert.equal(refused, [])
    assert.equal(got, Array(others * callers).fill('2 canary-access-1'))
    found.holder.process.kill('SIGCONT')
    const woken = await found.holder.ends()
    assert.is(woken.errors, '')
    assert.equal(woken.got, Array(callers).fill('2 canary-access-1'))
    assert.equal(server.refreshes, ['canary-refresh-1'])
    assert.ok(server.isAlive())
  }))

test('a holder stopped with the answer on its way drops it when a successor has stored another', () => {
  const { isAsked, answer, beforeAnswer } = held(1)
  return withScene({ reuse: 'is accepted', beforeAnswer }, async ({ server, work, inVault }) => {
    const found = await caught({ ...work, times }, others, undefined, () => isAsked)
    found.holder.process.kill('SIGSTOP')
    const { got, refused, errors } = await resultsOf(found.others)
    assert.is(errors, '')
    assert.equal(refused, [])
    assert.equal(got, Array(others * callers).fill('2 canary-access-2'))
    const stored = await inVault()
    answer()
    found.holder.process.kill('SIGCONT')
    const woken = await found.holder.ends()
    assert.is(woken.errors, '')
    assert.equal(woken.got, Array(callers).fill('2 canary-access-2'))
    assert.is(server.refreshes.length, 2)
    assert.equal(await inVault(), stored)
  })
})

test('where a second request ends the grant, the woken holder says so too', () => {
  const { isAsked, answer, beforeAnswer } = held(1)
  return withScene({ beforeAnswer }, async ({ server, work, inVault }) => {
    const found = await caught({ ...work, times }, others, undefined, () => isAsked)
    found.holder.process.kill('SIGSTOP')
    const { got, refused, errors } = await resultsOf(found.others)
    assert.is(errors, '')
    assert.equal(got, [])
    assert.is(refused.length, others * callers)
    const stored = await inVault()
    assert.is(stored?.dead?.cause, 'interrupted-refresh')
    answer()
    found.holder.process.kill('SIGCONT')
    const woken = await found.holder.ends()
    assert.is(woken.errors, '')
    assert.equal(woken.got, [])
    assert.equal(new Set([...refused, ...woken.refused]).size, 1)
    assert.match(refused[0] ?? '', /^NEEDS_REAUTHORIZATION /)
    assert.is(server.refreshes.length, 2)
    assert.equal(await inVault(), stored)
  })
})

test.run()
