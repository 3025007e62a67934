import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DueAuthorization } from '../../engine/model/generated/types.ts'
import { brokenPromise } from '../../engine/workflow/compare-plans.ts'
import { aDue, aPlan } from '../report/samples.ts'

const own = aDue({ level: 'logged-in-user', action: 'reauthorize', users: 2 })
const ends = aDue({ level: 'logged-in-user', action: 'revoke', users: 2 })

function broken(promised: readonly DueAuthorization[], now: readonly DueAuthorization[]) {
  return brokenPromise(aPlan({ authorizations: promised }), aPlan({ authorizations: now }))
}

test('a saved plan still holds when users have authorized, or left, since it was made', () => {
  assert.is(
    broken(
      [own, ends],
      [
        { ...own, users: 5 },
        { ...ends, users: 1 }
      ]
    ),
    null
  )
  assert.is(broken([own, ends], []), null)
  assert.is(broken([], [own]), null)
})

test('a saved plan does not hold when it would end what it did not show', () => {
  assert.ok(broken([own], [own, ends]))
  assert.ok(broken([ends], [{ ...ends, slot: 'shared' }]))
  assert.ok(broken([], [aDue()]))
})

test.run()
