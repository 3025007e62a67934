import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isExpired } from '../../engine/runtime/expiry.ts'

const end = Date.parse('2026-01-01T00:00:00Z')

function expired(lifetime: number | null, secondsBefore: number): boolean {
  const expiresAt = new Date(end).toISOString()
  const secret = {
    kind: 'oauth2',
    accessToken: '',
    refreshToken: null,
    expiresAt,
    lifetime,
    learnt: {}
  } as const
  return isExpired(secret, new Date(end - secondsBefore * 1000))
}

test('a token counts as expired in its last minute', () => {
  assert.not.ok(expired(3600, 61))
  assert.ok(expired(3600, 60))
  assert.ok(expired(null, 60))
  assert.ok(expired(3600, -1))
})

test('of a short life it is the last tenth', () => {
  assert.not.ok(expired(50, 6))
  assert.ok(expired(50, 5))
})

test('a token whose end nobody knows is not expired', () => {
  const secret = {
    kind: 'oauth2',
    accessToken: '',
    refreshToken: null,
    expiresAt: null,
    lifetime: null,
    learnt: {}
  } as const
  assert.not.ok(isExpired(secret, new Date(8e15)))
})

test.run()
