// timeout: 180s
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type Asking,
  type Pause,
  resultsOf,
  startAll,
  type Work
} from '../support/refresh-processes.ts'
import { callers, caught, held, withScene } from '../support/refresh-scene.ts'

/** Beside the holder: where all of them are to end well, and where it is the number of requests that matters. */
const many = 15
const some = 7

async function killed(work: Work, others: number, pauseAt: Pause): Promise<readonly Asking[]> {
  const found = await caught(work, others, pauseAt, each => each.says(`at ${pauseAt}`))
  found.holder.process.kill('SIGKILL')
  return found.others
}

for (const [point, when] of [
  ['claimed', 'before it marked that it sends'],
  ['marked', 'after that mark, before it sent'],
  ['stored', 'after its write']
] as const) {
  test(`a holder killed ${when}: one request, and valid tokens for all the others`, () =>
    withScene({}, async ({ server, work }) => {
      const survivors = await killed(work, many, point)
      const began = performance.now()
      const { got, refused, errors } = await resultsOf(survivors)
      assert.is(errors, '')
      assert.equal(refused, [])
      assert.is(got.length, many * callers)
      assert.equal(new Set(got), new Set(['2 canary-access-1']))
      assert.equal(server.refreshes, ['canary-refresh-1'])
      assert.ok(server.takes('canary-access-1'))
      assert.ok(performance.now() - began < 5000, 'a process that is gone is not waited for')
    }))
}

function assertInterrupted(refused: readonly string[], number: number): void {
  assert.is(refused.length, number)
  for (const each of refused) {
    assert.match(each, /^NEEDS_REAUTHORIZATION /)
    assert.match(each, 'ended between the answer of Example and the moment it could store that')
  }
}

test('a holder killed during its write: one more request, and the same coded answer for all', () =>
  withScene({}, async ({ server, work, inVault }) => {
    const { got, refused, errors } = await resultsOf(await killed(work, some, 'writing'))
    assert.is(errors, '')
    assert.equal(got, [])
    assertInterrupted(refused, some * callers)
    assert.equal(server.refreshes, ['canary-refresh-1', 'canary-refresh-1'])
    assert.is((await inVault())?.dead?.cause, 'interrupted-refresh')
    const { refused: later } = await resultsOf(await startAll(1, work))
    assertInterrupted(later, callers)
    assert.is(server.refreshes.length, 2)
  }))

for (const reuse of ['ends the grant', 'is accepted'] as const) {
  test(`a holder killed with the answer on its way, where an old refresh token ${reuse}`, () => {
    const { isAsked, beforeAnswer } = held(1)
    return withScene({ reuse, beforeAnswer }, async ({ server, work }) => {
      const found = await caught(work, some, undefined, () => isAsked)
      found.holder.process.kill('SIGKILL')
      const { got, refused, errors } = await resultsOf(found.others)
      assert.is(errors, '')
      assert.is(server.refreshes.length, 2)
      if (reuse === 'ends the grant') {
        assert.equal(got, [])
        assertInterrupted(refused, some * callers)
      } else {
        assert.equal(refused, [])
        assert.is(got.length, some * callers)
        assert.equal(new Set(got), new Set(['2 canary-access-2']))
      }
    })
  })
}

test('two holders killed with the answer on its way: nobody asks a third time', () => {
  const [first, second] = [held(1), held(2)]
  const beforeAnswer = (number: number) => (number === 1 ? first : second).beforeAnswer(number)
  return withScene({ reuse: 'is accepted', beforeAnswer }, async ({ server, work, inVault }) => {
    const found = await caught(work, some, undefined, () => first.isAsked)
    const [next, ...survivors] = found.others
    // So that it is clear who comes second.
    for (const each of survivors) each.process.kill('SIGSTOP')
    found.holder.process.kill('SIGKILL')
    await second.isAsked
    next?.process.kill('SIGKILL')
    for (const each of survivors) each.process.kill('SIGCONT')
    const { got, refused, errors } = await resultsOf(survivors)
    assert.is(errors, '')
    assert.equal(got, [])
    assertInterrupted(refused, (some - 1) * callers)
    assert.is(server.refreshes.length, 2)
    assert.is((await inVault())?.dead?.cause, 'interrupted-refresh')
  })
})

test.run()
