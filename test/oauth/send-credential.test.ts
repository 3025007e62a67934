import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Send } from '../../engine/model/generated/types.ts'
import { sendCredential } from '../../engine/oauth/send-credential.ts'
import { rejects } from '../support/assert.ts'
import { aFieldsTarget, shownOf, withCode } from './a-target.ts'

function sent(send: Send, fields: Readonly<Record<string, string>>) {
  const target = aFieldsTarget('https://api.example.com', 'api-key', {}, send)
  return sendCredential(target, { kind: 'fields', fields })
}

const basic = { in: 'basic', username: '{user}', password: '{password}' } as const
const header = { in: 'header', name: 'X-Key', value: 'Key {key}' } as const

test('sends as a header, a query parameter or HTTP Basic', () => {
  assert.equal(sent(header, { key: 'k' }), { headers: { 'X-Key': 'Key k' }, query: {} })
  assert.equal(sent({ in: 'query', name: 'api_key', value: '{key}' }, { key: 'k&' }), {
    headers: {},
    query: { api_key: 'k&' }
  })
  const authorization = `Basic ${Buffer.from('jörg:p:ä€').toString('base64')}`
  assert.equal(sent(basic, { user: 'jörg', password: 'p:ä€' }), {
    headers: { Authorization: authorization },
    query: {}
  })
})

test('does not take a value for a template', () => {
  assert.equal(sent(header, { key: '{other}', other: 'x' }).headers, { 'X-Key': 'Key {other}' })
})

test('refuses what would end a header or a user name, and does not repeat it', async () => {
  const bad: readonly (readonly [Send, Readonly<Record<string, string>>])[] = [
    [header, { key: 'canary\r\nX-Other: 1' }],
    [header, { key: 'canary\u0000' }],
    [header, { key: 'canary€' }],
    [basic, { user: 'canary:x', password: 'y' }],
    [basic, { user: 'x', password: 'canary\n' }]
  ]
  for (const [send, fields] of bad) {
    const error = await rejects(async () => sent(send, fields), withCode('CREDENTIAL_UNSENDABLE'))
    assert.not.match(shownOf(error), /canary/)
  }
})

test.run()
