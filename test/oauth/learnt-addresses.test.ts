import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { learnAddresses, relearnAddresses } from '../../engine/oauth/learnt-addresses.ts'
import { rejects } from '../support/assert.ts'
import { anOAuthTarget, shownOf, withCode } from './a-target.ts'

const rule = { member: 'instance_url', hosts: ['*.example.com', 'api.example.org'] }
const target = anOAuthTarget('https://login.example.com', {
  way: { learns: { instance_url: rule } }
})

function learn(instance_url: unknown, of = target) {
  return learnAddresses(of, { access_token: 'at', instance_url })
}

test('learns the origin of an address whose host the connector allows', () => {
  assert.equal(learn('https://eu1.example.com'), { instance_url: 'https://eu1.example.com' })
  assert.equal(learn('https://a.b.example.com/x?y#z'), { instance_url: 'https://a.b.example.com' })
  assert.equal(learn('https://API.example.org'), { instance_url: 'https://api.example.org' })
})

const refused = [
  'https://example.com',
  'https://evil-example.com',
  'https://example.com.evil.net',
  'https://evil.net/.example.com',
  'https://evil.net#.example.com',
  'https://evil.net\\.example.com',
  'https://eu1.example.com@evil.net',
  'https://user:pass@eu1.example.com',
  'https://eu1.example.com:8443',
  'http://eu1.example.com',
  'http://127.0.0.1:99',
  'javascript:alert(1)',
  'eu1.example.com',
  ['https://eu1.example.com'],
  7
]

for (const told of refused) {
  test(`refuses ${JSON.stringify(told)}`, async () => {
    await rejects(async () => learn(told), withCode('LEARNT_HOST_REFUSED'))
  })
}

test('does not repeat more than the host', async () => {
  const error = await rejects(async () => learn('https://evil.net/canary?canary'))
  assert.match(shownOf(error), /evil\.net/)
  assert.not.match(shownOf(error), /canary/)
})

test('takes the default where the answer names none, or says that there is none', async () => {
  await rejects(async () => learn(undefined), withCode('LEARNT_ADDRESS_MISSING'))
  const learns = { instance_url: { ...rule, default: 'https://api.example.org' } }
  const withDefault = anOAuthTarget('https://login.example.com', { way: { learns } })
  assert.equal(learn(undefined, withDefault), { instance_url: 'https://api.example.org' })
})

test('reads nothing where an origin stands for every address', () => {
  const origin = 'http://127.0.0.1:4000'
  const local = anOAuthTarget(origin, {
    way: { learns: { instance_url: rule } },
    target: { origin }
  })
  assert.equal(learn('https://evil.net', local), { instance_url: origin })
})

test('a refresh keeps the address before, unless it names another that is allowed', () => {
  const before = { instance_url: 'https://eu1.example.com' }
  const relearn = (instance_url: unknown) => relearnAddresses(target, { instance_url }, before)
  assert.equal(relearn(undefined), before)
  assert.equal(relearn('https://evil.net'), before)
  assert.equal(relearn('https://eu2.example.com'), { instance_url: 'https://eu2.example.com' })
})

test.run()
