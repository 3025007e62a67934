import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chooseMethod, type Method, type Place } from '../../engine/authorize/choose-method.ts'
import type { Target } from '../../engine/model/target.ts'
import { aFieldsTarget, anOAuthTarget, type OAuthParts } from '../oauth/a-target.ts'

const origin = 'https://example.com'
const here: Place = { hasDisplay: true, isRemote: false }
const places: readonly Place[] = [
  here,
  { hasDisplay: false, isRemote: false },
  { hasDisplay: true, isRemote: true },
  { hasDisplay: false, isRemote: true }
]
const oauth2 = (way: OAuthParts['way'] = {}): Target => anOAuthTarget(origin, { way })
const deviceUrl = `${origin}/device`
const fields = (kind: 'basic' | 'api-key'): Target =>
  aFieldsTarget(
    origin,
    kind,
    { key: { title: 'Key', secret: true } },
    { in: 'header', name: 'X-Key', value: '{key}' }
  )

function refused(target: Target, method: Method, place = here): string {
  const chosen = chooseMethod(target, method, place)
  if (typeof chosen === 'string') throw new Error(`It took ${chosen}`)
  assert.is(chosen.code, 'METHOD_NOT_OFFERED')
  return chosen.detail
}

test('takes the browser where one can open, else pasting, and never the device by itself', () => {
  const expected = ['browser', 'paste', 'paste', 'paste']
  for (const target of [oauth2(), oauth2({ deviceUrl })]) {
    assert.equal(
      places.map(place => chooseMethod(target, undefined, place)),
      expected
    )
  }
})

test('takes what is asked, wherever it runs', () => {
  for (const place of places) {
    for (const method of ['browser', 'paste', 'device'] as const) {
      assert.is(chooseMethod(oauth2({ deviceUrl }), method, place), method)
    }
  }
})

test('takes the device where the service knows nothing else', () => {
  const target = oauth2({ grant: 'device_code', deviceUrl })
  for (const place of places) assert.is(chooseMethod(target, undefined, place), 'device')
  assert.match(refused(target, 'paste'), 'with: device.')
})

test('a method that does not fit is refused with those that do', () => {
  const detail = refused(oauth2(), 'device')
  assert.match(detail, 'with: browser, paste.')
  assert.match(detail, '\n    tieline authorize example -e dev --method paste')
})

test('the device is not offered where the redirect address hears something that is needed', () => {
  const member = 'realmId'
  const hears = { tenant: { member, pattern: '[0-9]+', in: 'callback' } } as const
  assert.match(refused(oauth2({ deviceUrl, learns: hears }), 'device'), 'with: browser, paste.')
  const optional = { api: { ...hears.tenant, hosts: ['a.example.com'], default: origin } }
  assert.is(chooseMethod(oauth2({ deviceUrl, learns: optional }), 'device', here), 'device')
})

test('without a person there is nothing to choose', () => {
  for (const [target, way] of [
    [oauth2({ grant: 'client_credentials' }), 'client-credentials'],
    [oauth2({ grant: 'jwt_bearer' }), 'jwt-bearer'],
    [fields('basic'), 'fields'],
    [fields('api-key'), 'fields']
  ] as const) {
    for (const place of places) assert.is(chooseMethod(target, undefined, place), way)
    assert.match(refused(target, 'browser'), 'Leave --method out:\n    tieline authorize example')
  }
})

test.run()
