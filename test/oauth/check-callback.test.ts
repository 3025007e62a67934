import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { callbackFault, checkedCallback } from '../../engine/oauth/check-callback.ts'
import { ProviderFailure } from '../../engine/oauth/provider-failure.ts'
import { anOAuthTarget } from './a-target.ts'

const issuer = 'https://a.example'
const target = anOAuthTarget('https://a.example', { way: { issuer } })
const client = { id: 'app-1', secret: 'canary-secret' }
const state = 'st-canary'

const fault = (query: string): ReturnType<typeof callbackFault> =>
  callbackFault(target, state, new URLSearchParams(query))

test('one code or one error with the state is an answer', () => {
  assert.is(fault(`code=abc&state=${state}`), null)
  assert.is(fault(`code=abc&state=${state}&iss=${encodeURIComponent(issuer)}`), null)
  assert.is(fault(`error=access_denied&state=${state}`), null)
  assert.is(fault(`error=access_denied&code=abc&state=${state}&session_state=x`), null)
})

test('the state counts first, and only once', () => {
  assert.is(fault('code=abc'), 'state')
  assert.is(fault('code=abc&state='), 'state')
  assert.is(fault(`code=abc&state=${state}x&iss=https://evil.example`), 'state')
  assert.is(fault(`state=${state}&state=${state}&code=abc`), 'state')
})

test('another issuer, or two, is no answer, not even with an error in it', () => {
  const evil = 'iss=https%3A%2F%2Fevil.example'
  assert.is(fault(`code=abc&state=${state}&${evil}`), 'issuer')
  assert.is(fault(`error=access_denied&state=${state}&${evil}`), 'issuer')
  assert.is(fault(`code=abc&state=${state}&iss=${issuer}/`), 'issuer')
  assert.is(fault(`code=abc&state=${state}&iss=${issuer}&iss=${issuer}`), 'malformed')
})

test('without an issuer in the connector there is nothing to compare', () => {
  const open = anOAuthTarget('https://a.example')
  const callback = new URLSearchParams(`code=abc&state=${state}&iss=https://evil.example`)
  assert.is(callbackFault(open, state, callback), null)
  assert.is(checkedCallback(open, client, state, callback).get('code'), 'abc')
})

test('whatever arrives is either taken by the library or refused in words without it', () => {
  const value = fc.oneof(
    fc.constantFrom(state, 'canary-code', issuer, 'access_denied', 'https://evil.example', ''),
    fc.string({ unit: 'binary' })
  )
  const name = fc.constantFrom(
    ...['code', 'state', 'iss', 'error', 'error_description', 'response', 'id_token', 'token']
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), pairs => {
      const callback = new URLSearchParams(pairs)
      const found = callbackFault(target, state, callback)
      try {
        const checked = checkedCallback(target, client, state, callback)
        assert.is(found, null)
        assert.is(checked.getAll('code').length, 1)
      } catch (error) {
        assert.instance(error, ProviderFailure)
        assert.not.match((error as Error).message, /st-canary|canary-secret/)
        // Where the wait goes on, the library would not have taken it either; where it ends, an error is what came.
        if (found === null) assert.ok(callback.has('error'))
      }
    }),
    { numRuns: 500 }
  )
})

test.run()
