import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { endOf, hasExpired, isExpiring } from '../../engine/runtime/expiry.ts'
import { anOAuthSecret } from '../oauth/a-target.ts'

const end = Date.parse('2026-01-01T00:00:00Z')

function expiring(lifetime: number | null, secondsBefore: number): boolean {
  const secret = anOAuthSecret({ expiresAt: new Date(end).toISOString(), lifetime })
  return isExpiring(secret, undefined, new Date(end - secondsBefore * 1000))
}

test('a token is due in its last minute', () => {
  assert.not.ok(expiring(3600, 61))
  assert.ok(expiring(3600, 60))
  assert.ok(expiring(null, 60))
  assert.ok(expiring(3600, -1))
})

test('of a short life it is the last tenth', () => {
  assert.not.ok(expiring(50, 6))
  assert.ok(expiring(50, 5))
})

test('a token that is due is still good until its end', () => {
  const secret = anOAuthSecret({ expiresAt: new Date(end).toISOString(), lifetime: 3600 })
  assert.not.ok(hasExpired(secret, undefined, new Date(end - 1)))
  assert.ok(hasExpired(secret, undefined, new Date(end)))
})

test('a token whose end nobody knows is never due', () => {
  const secret = anOAuthSecret({ expiresAt: null, lifetime: null })
  assert.is(endOf(secret, undefined), null)
  assert.not.ok(isExpiring(secret, undefined, new Date(8e15)))
  assert.not.ok(hasExpired(secret, undefined, new Date(8e15)))
})

test('a token that came without an end lives as long as the connector says', () => {
  const secret = anOAuthSecret({
    obtainedAt: new Date(end - 3600_000).toISOString(),
    expiresAt: null,
    lifetime: null
  })
  assert.is(endOf(secret, 3600), end)
  assert.not.ok(isExpiring(secret, 3600, new Date(end - 61_000)))
  assert.ok(isExpiring(secret, 3600, new Date(end - 60_000)))
  assert.ok(hasExpired(secret, 3600, new Date(end)))
})

test('what the answer said wins over what is usual', () => {
  const secret = anOAuthSecret({ expiresAt: new Date(end).toISOString(), lifetime: 600 })
  assert.is(endOf(secret, 60), end)
})

test.run()
