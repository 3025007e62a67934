import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ProviderFailure } from '../../engine/oauth/provider-failure.ts'
import { authorizationRefusal } from '../../engine/oauth/provider-refusal.ts'
import { anOAuthTarget } from './a-target.ts'

function told(failure: ProviderFailure, grant: 'authorization_code' | 'jwt_bearer') {
  const target = anOAuthTarget('https://api.example.com', { way: { grant } })
  const [diagnostic] = authorizationRefusal(target, failure).diagnostics
  return { code: diagnostic?.code, detail: diagnostic?.detail ?? '' }
}

test('says how long a service asks to be left alone', () => {
  const after = (retryAfterMs: number | null) =>
    told(new ProviderFailure('try-again', 'status 429', null, retryAfterMs), 'authorization_code')
  assert.is(after(null).code, 'PROVIDER_UNAVAILABLE')
  assert.match(after(null).detail, /Try again later\.$/)
  assert.match(after(0).detail, /Try again later\.$/)
  assert.match(after(29_500).detail, /Try again in 30 seconds\.$/)
  assert.match(after(3_600_000).detail, /Try again in 60 minutes\.$/)
})

test('says what a client registration has to allow', () => {
  const failure = new ProviderFailure('client-wrong', 'unauthorized_client')
  assert.match(told(failure, 'authorization_code').detail, 'the authorization code with refresh')
  assert.match(told(failure, 'jwt_bearer').detail, 'assertions signed with this key')
})

test('tells a person who said no from a service that did', () => {
  const code = (error: string) =>
    told(new ProviderFailure('refused', error, error), 'authorization_code').code
  assert.is(code('access_denied'), 'AUTHORIZATION_DENIED')
  assert.is(code('invalid_scope'), 'AUTHORIZATION_FAILED')
})

test.run()
