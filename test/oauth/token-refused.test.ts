import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dpopNonceAsked, isTokenRefused } from '../../engine/oauth/token-refused.ts'

function answer(status: number, challenge?: string, nonce?: string) {
  const headers = new Headers()
  if (challenge !== undefined) headers.set('WWW-Authenticate', challenge)
  if (nonce !== undefined) headers.set('DPoP-Nonce', nonce)
  return { status, headers }
}

test('401 refuses the token, whatever it says beside', () => {
  assert.ok(isTokenRefused(answer(401)))
  assert.ok(isTokenRefused(answer(401, 'Basic realm="x"')))
  assert.ok(isTokenRefused(answer(401, 'Bearer realm="x", error="invalid_token"')))
})

test('another refusal does where it says that the token is invalid', () => {
  assert.ok(isTokenRefused(answer(403, 'Bearer error=invalid_token')))
  assert.ok(isTokenRefused(answer(400, 'DPoP algs="ES256", error="Invalid_Token"')))
  assert.not.ok(isTokenRefused(answer(403)))
  assert.not.ok(isTokenRefused(answer(200, 'Bearer error="invalid_token"')))
  assert.not.ok(isTokenRefused(answer(503, 'Bearer error="invalid_token"')))
})

test('a missing scope or nonce does not', () => {
  assert.not.ok(isTokenRefused(answer(403, 'Bearer error="insufficient_scope", scope="a"')))
  assert.not.ok(isTokenRefused(answer(401, 'Bearer error="insufficient_scope"')))
  assert.not.ok(isTokenRefused(answer(401, 'DPoP error="use_dpop_nonce"', 'n')))
})

test('a nonce is asked for by 401 with the error and the nonce itself', () => {
  assert.is(dpopNonceAsked(answer(401, 'DPoP error="use_dpop_nonce"', 'n')), 'n')
  assert.is(dpopNonceAsked(answer(401, 'DPoP error="use_dpop_nonce"')), null)
  assert.is(dpopNonceAsked(answer(401, 'DPoP error="invalid_token"', 'n')), null)
  assert.is(dpopNonceAsked(answer(200, undefined, 'n')), null)
})

test.run()
