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
  return learnAddresses(of, { token: { access_token: 'at', instance_url }, callback: null })
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

const realm = { member: 'realmId', in: 'callback', pattern: '[0-9]{1,20}' } as const
const withRealm = anOAuthTarget('https://login.example.com', { way: { learns: { realm } } })

function learnFrom(callback: string | null, of = withRealm, token = {}) {
  return learnAddresses(of, {
    token,
    callback: callback === null ? null : new URLSearchParams(callback)
  })
}

test('learns a plain value from what came to the redirect address', () => {
  assert.equal(learnFrom('code=x&realmId=123'), { realm: '123' })
  assert.equal(learnFrom('realmId=123&realmId=123'), { realm: '123' })
})

const refusedValues = ['12a', '123\n', 'x', '../1', '123?a=b', '1 ', '%00', '{code}']

for (const value of refusedValues) {
  test(`refuses the plain value ${JSON.stringify(value)}, and does not repeat it`, async () => {
    const callback = new URLSearchParams({ realmId: value, code: 'canary' }).toString()
    const error = await rejects(async () => learnFrom(callback), withCode('LEARNT_VALUE_REFUSED'))
    assert.not.match(shownOf(error), 'canary')
    if (value.length > 1) assert.not.ok(shownOf(error).includes(value))
  })
}

test('refuses two different values, and says where one is missing', async () => {
  await rejects(async () => learnFrom('realmId=1&realmId=2'), withCode('LEARNT_VALUE_REFUSED'))
  for (const callback of ['code=x', null]) {
    const error = await rejects(async () => learnFrom(callback), withCode('LEARNT_ADDRESS_MISSING'))
    assert.match(shownOf(error), 'The redirect of Example lacks the value')
  }
})

test('a token answer tells plain values as text or as a number, and the callback does not speak for it', async () => {
  const learns = { site: { member: 'site', pattern: '.+' } }
  const site = anOAuthTarget('https://login.example.com', { way: { learns } })
  assert.equal(learnFrom(null, site, { site: 77 }), { site: '77' })
  assert.equal(learnFrom('site=evil', site, { site: 'eu' }), { site: 'eu' })
  for (const value of ['..', '.', 'a\u0000', '{x}', 'x'.repeat(501), ['a'], true]) {
    await rejects(
      async () => learnFrom(null, site, { site: value }),
      withCode('LEARNT_VALUE_REFUSED')
    )
  }
})

test('an origin may come from the callback, as strictly as from the token answer', async () => {
  const learns = { api: { member: 'server', in: 'callback', hosts: ['*.example.com'] } } as const
  const of = anOAuthTarget('https://login.example.com', { way: { learns } })
  assert.equal(learnFrom('server=https://eu.example.com/x', of), { api: 'https://eu.example.com' })
  await rejects(
    async () => learnFrom('server=https://evil.net', of),
    withCode('LEARNT_HOST_REFUSED')
  )
})

test('plain values are learnt also where an origin stands for every address', () => {
  const origin = 'http://127.0.0.1:4000'
  const local = anOAuthTarget(origin, { way: { learns: { realm } }, target: { origin } })
  assert.equal(learnFrom('realmId=5', local), { realm: '5' })
})

test('a refresh keeps what the callback told', () => {
  const before = { realm: '123' }
  assert.equal(relearnAddresses(withRealm, { realmId: '9' }, before), before)
})

test('no member of every object is taken for an answer', async () => {
  const learns = { odd: { member: 'constructor', pattern: '.*' } }
  const of = anOAuthTarget('https://login.example.com', { way: { learns } })
  await rejects(async () => learnFrom(null, of), withCode('LEARNT_ADDRESS_MISSING'))
})

test.run()
