import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Send } from '../../engine/model/generated/types.ts'
import { newDpopKey } from '../../engine/oauth/dpop.ts'
import { sendCredential } from '../../engine/oauth/send-credential.ts'
import { rejects } from '../support/assert.ts'
import { aFieldsTarget, anOAuthSecret, anOAuthTarget, shownOf, withCode } from './a-target.ts'

const request = { method: 'GET', url: 'https://api.example.com/things?of=mine#top' }

function sent(send: Send | readonly Send[], fields: Readonly<Record<string, string>>) {
  const target = aFieldsTarget('https://api.example.com', 'api-key', {}, send)
  return sendCredential(target, { secret: { kind: 'fields', fields }, clientId: null }, request)
}

const basic = { in: 'basic', username: '{user}', password: '{password}' } as const
const header = { in: 'header', name: 'X-Key', value: 'Key {key}' } as const

test('sends as a header, a query parameter or HTTP Basic', async () => {
  assert.equal(await sent(header, { key: 'k' }), { headers: { 'X-Key': 'Key k' }, query: {} })
  assert.equal(await sent({ in: 'query', name: 'api_key', value: '{key}' }, { key: 'k&' }), {
    headers: {},
    query: { api_key: 'k&' }
  })
  const authorization = `Basic ${Buffer.from('jörg:p:ä€').toString('base64')}`
  assert.equal(await sent(basic, { user: 'jörg', password: 'p:ä€' }), {
    headers: { Authorization: authorization },
    query: {}
  })
})

test('sends in several places where the connector says so', async () => {
  const places: readonly Send[] = [
    basic,
    { in: 'header', name: 'X-Application', value: '{app}' },
    { in: 'header', name: 'X-Key', value: '{key}' },
    { in: 'query', name: 'app', value: '{app}' },
    { in: 'query', name: 'v', value: '2' }
  ]
  const fields = { user: 'u', password: 'p', app: 'a', key: 'k' }
  assert.equal(await sent(places, fields), {
    headers: { Authorization: 'Basic dTpw', 'X-Application': 'a', 'X-Key': 'k' },
    query: { app: 'a', v: '2' }
  })
})

test('does not take a value for a template', async () => {
  const { headers } = await sent(header, { key: '{other}', other: 'x' })
  assert.equal(headers, { 'X-Key': 'Key {other}' })
})

test('sends what answers told, and the client id, beside the token', async () => {
  const target = anOAuthTarget('https://api.example.com', {
    way: {
      send: [
        { in: 'header', name: 'Authorization', value: 'Bearer {access_token}' },
        { in: 'header', name: 'X-Tenant', value: '{tenant}' },
        { in: 'header', name: 'Client-Id', value: '{client_id}' },
        { in: 'query', name: 'app', value: '{client_id}' }
      ]
    }
  })
  const secret = anOAuthSecret({
    learnt: { tenant: '77', access_token: 'never this', client_id: 'nor this' }
  })
  const { headers, query } = await sendCredential(target, { secret, clientId: 'app 1' }, request)
  assert.equal(query, { app: 'app 1' })
  assert.equal(headers, {
    Authorization: 'Bearer canary-access-token',
    'X-Tenant': '77',
    'Client-Id': 'app 1'
  })
})

test('a token that is bound to a key goes with a proof for this request alone', async () => {
  const target = anOAuthTarget('https://api.example.com', {
    way: {
      dpop: true,
      send: [
        { in: 'header', name: 'authorization', value: 'Bearer {access_token}' },
        { in: 'header', name: 'X-Version', value: '3' }
      ]
    }
  })
  const secret = anOAuthSecret({ dpopKey: await newDpopKey() })
  const proofOf = async (nonce: string | null) => {
    const sending = { secret, clientId: 'app' }
    const { headers } = await sendCredential(target, sending, request, nonce)
    assert.equal(Object.keys(headers).sort(), ['Authorization', 'DPoP', 'X-Version'])
    assert.is(headers.Authorization, 'DPoP canary-access-token')
    const [head = '', claims = ''] = (headers.DPoP ?? '').split('.')
    return { head: decoded(head), claims: decoded(claims) }
  }
  const { head, claims } = await proofOf(null)
  assert.is(head.typ, 'dpop+jwt')
  assert.not.ok(Object.hasOwn(Object(head.jwk), 'd'), 'The private key')
  assert.is(claims.htm, 'GET')
  assert.is(claims.htu, 'https://api.example.com/things')
  assert.not.ok(Object.hasOwn(claims, 'nonce'))
  const again = await proofOf('a nonce')
  assert.is(again.claims.nonce, 'a nonce')
  assert.is.not(again.claims.jti, claims.jti)
})

function decoded(part: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(part, 'base64url').toString())
}

test('refuses what would end a header or a user name, and does not repeat it', async () => {
  const bad: readonly (readonly [Send, Readonly<Record<string, string>>])[] = [
    [header, { key: 'canary\r\nX-Other: 1' }],
    [header, { key: 'canary\u0000' }],
    [header, { key: 'canary€' }],
    [basic, { user: 'canary:x', password: 'y' }],
    [basic, { user: 'x', password: 'canary\n' }]
  ]
  for (const [send, fields] of bad) {
    const error = await rejects(() => sent(send, fields), withCode('CREDENTIAL_UNSENDABLE'))
    assert.not.match(shownOf(error), /canary/)
  }
})

test.run()
