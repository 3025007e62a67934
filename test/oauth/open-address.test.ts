import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkDestination } from '../../engine/oauth/check-destination.ts'
import { openAddress } from '../../engine/oauth/open-address.ts'
import { rejects } from '../support/assert.ts'
import { aFieldsTarget, anOAuthSecret, anOAuthTarget, withCode } from './a-target.ts'

const origins = ['https://api.example.com', 'https://*.example.com']
const learns = {
  instance_url: { member: 'instance_url', hosts: ['*.example.com'] },
  realm: { member: 'realmId', pattern: '.+' }
}
const target = anOAuthTarget('https://api.example.com', { way: { learns }, basis: { origins } })

function open(address: string, learnt: Readonly<Record<string, string>>): string {
  return openAddress(target, address, anOAuthSecret({ learnt }))
}

test('a learnt origin stands at the start, and a plain value behind it', () => {
  const learnt = { instance_url: 'https://eu.example.com', realm: 'a b' }
  assert.is(open('{instance_url}/v1/{realm}/me', learnt), 'https://eu.example.com/v1/a%20b/me')
  assert.is(open('https://api.example.com/?r={realm}', learnt), 'https://api.example.com/?r=a%20b')
})

test('a plain value is not filled into a host', async () => {
  const learnt = { realm: 'evil.net/' }
  for (const address of ['https://{realm}.example.com/x', '{realm}/x', 'https://a{realm}/']) {
    const opened = open(address, learnt)
    assert.not.match(opened, 'evil')
    await rejects(async () => checkDestination(target, opened), withCode('DESTINATION_REFUSED'))
  }
})

test('no plain value changes where a request goes', () => {
  const anything = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '\ud800',
      '..',
      '.',
      '../..',
      '//evil.net',
      '@evil.net',
      '?',
      '#',
      '\\',
      '{instance_url}'
    )
  )
  fc.assert(
    fc.property(anything, anything, (realm, field) => {
      const opened = open('https://api.example.com/a/{realm}/b', { realm: realm })
      const url = new URL(opened)
      assert.is(url.origin, 'https://api.example.com')
      assert.match(url.pathname, /^\/a\/[^/]*\/b$/)
      const fields = { site: { title: 'Site', secret: false } }
      const send = { in: 'query', name: 'k', value: 'v' } as const
      const withFields = aFieldsTarget('https://api.example.com', 'api-key', fields, send)
      const secret = { kind: 'fields', fields: { site: field } } as const
      const address = openAddress(withFields, 'https://api.example.com/{site}/b?c', secret)
      assert.match(new URL(address).pathname, /^\/[^/]*\/b$/)
      assert.is(new URL(address).origin, 'https://api.example.com')
    })
  )
})

test('more values go behind the host as well', () => {
  const more = { client_id: 'a/b' }
  const address = 'https://api.example.com/applications/{client_id}/token'
  const opened = openAddress(target, address, anOAuthSecret(), more)
  assert.is(opened, 'https://api.example.com/applications/a%2Fb/token')
})

test.run()
