import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openNames } from '../../engine/model/address.ts'
import type { Connector, OAuth2Way } from '../../engine/model/generated/types.ts'
import type { OAuth2TargetWay } from '../../engine/model/target.ts'
import { needOf } from '../../engine/resolve/need-of.ts'
import { targetOf } from '../../engine/resolve/target-of.ts'
import { aConnection } from '../support/builders.ts'

const oauth2: OAuth2Way = {
  id: 'oauth2',
  kind: 'oauth2',
  issuer: 'https://{region.host}',
  authorizeUrl: 'https://login.{region.host}/authorize',
  authorizeParameters: { audience: '{region}' },
  tokenUrl: 'https://{region.host}/token',
  clientAuthentication: 'post',
  pkce: 'S256',
  scopeSeparator: ' ',
  scopes: { read: 'Read.' },
  all: ['read'],
  revocation: { ends: 'grant', url: 'https://{region.host}/revoke' },
  redirect: { host: 'localhost', port: 'any' },
  learns: {
    home: {
      member: 'home',
      hosts: ['*.{region.host}', 'files.example.com'],
      default: 'https://{region.host}'
    }
  },
  send: { in: 'header', name: 'Authorization', value: 'Bearer {access_token}' }
}

const acme: Connector = {
  id: 'acme',
  service: 'Acme',
  category: 'Test',
  docs: 'https://acme.example/docs',
  levels: ['administrator'],
  parameters: {
    team: { title: 'Team', pattern: '[a-z/ ]+', default: 'main', affectsAuthorization: false },
    region: {
      title: 'Region',
      default: 'eu',
      values: { eu: { host: 'eu.acme.example' }, us: { host: 'us.acme.example' } },
      pattern: '[a-z.]+',
      otherwise: { host: '{value}.my.acme.example' },
      affectsAuthorization: true
    }
  },
  auth: [
    oauth2,
    {
      id: 'key',
      kind: 'api-key',
      fields: { account: { title: 'Account', secret: false }, key: { title: 'Key', secret: true } },
      send: { in: 'basic', username: '{account}', password: '{key}' }
    }
  ],
  api: {
    baseUrl: '{home}/{team}',
    headers: { 'X-Team': '{team}' },
    test: { method: 'GET', url: '{home}/{team}/me', success: { status: [200] } }
  },
  sources: [{ url: 'https://acme.example/docs', read: '2026-11', facts: 'All.' }]
}

const keyed: Connector = {
  ...acme,
  api: {
    baseUrl: 'https://{region.host}/api',
    test: { method: 'GET', url: 'https://{region.host}/{account}/me', success: { status: [200] } }
  }
}

test('a target says who is meant, and where', () => {
  const target = targetOf('crm', anAcme({ name: 'Our Acme' }), acme, 'stage')
  assert.is(target.linkName, 'crm')
  assert.is(target.name, 'Our Acme')
  assert.is(target.environment, 'stage')
  assert.is(target.service, 'Acme')
  assert.is(target.docs, 'https://acme.example/docs')
  assert.is(target.origin, null)
  assert.equal(target.client, { id: 'env:CLIENT_ID', secret: 'env:CLIENT_SECRET' })
  assert.equal(target.need, needOf(anAcme({ name: 'Our Acme' }), acme, 'stage'))
})

test('addresses have their parameters filled in, defaults included', () => {
  const way = oauth2Of(anAcme())
  assert.is(way.issuer, 'https://eu.acme.example')
  assert.is(way.authorizeUrl, 'https://login.eu.acme.example/authorize')
  assert.equal(way.authorizeParameters, { audience: 'eu' })
  assert.is(way.tokenUrl, 'https://eu.acme.example/token')
  assert.equal(way.revocation, { ends: 'grant', url: 'https://eu.acme.example/revoke' })
  assert.equal(way.learns?.home, {
    member: 'home',
    hosts: ['*.eu.acme.example', 'files.example.com'],
    default: 'https://eu.acme.example'
  })
})

test('a value that only the pattern admits has the attributes of otherwise', () => {
  const way = oauth2Of(anAcme({ parameters: { region: 'mars.moon' } }))
  assert.is(way.tokenUrl, 'https://mars.moon.my.acme.example/token')
})

test('what an answer or a field will tell stays open', () => {
  const { way, api } = targetOf('crm', anAcme(), acme, 'prod')
  assert.equal(openNames(api.baseUrl), ['home'])
  assert.equal(way.send, [{ in: 'header', name: 'Authorization', value: 'Bearer {access_token}' }])
  const other = targetOf('crm', anAcme({ auth: 'key' }), keyed, 'prod')
  assert.is(other.api.test.url, 'https://eu.acme.example/{account}/me')
  assert.equal(other.way.send, [{ in: 'basic', username: '{account}', password: '{key}' }])
})

test('defaults are filled in, and what is given wins', () => {
  const { pkce: _pkce, redirect: _redirect, ...plain } = oauth2
  const bare = targetOf('crm', anAcme(), { ...acme, auth: [plain] }, 'prod').way
  assert.ok(bare.kind === 'oauth2')
  assert.is(bare.grant, 'authorization_code')
  assert.is(bare.pkce, 'S256')
  assert.equal(bare.redirect, { host: '127.0.0.1', port: 'any', path: '/callback' })
  const given = anOAuth2({
    grant: 'device_code',
    pkce: 'none',
    redirect: { host: 'localhost', port: 8123, path: '/back' }
  })
  assert.is(given.grant, 'device_code')
  assert.is(given.pkce, 'none')
  assert.equal(given.redirect, { host: 'localhost', port: 8123, path: '/back' })
  assert.is(oauth2Of(anAcme()).redirect.path, '/callback')
})

const everything: Partial<OAuth2Way> = {
  pushedUrl: 'https://push.{region.host}/par',
  deviceUrl: 'https://device.{region.host}/code',
  refreshUrl: 'https://refresh.{region.host}/token',
  introspectionUrl: '{home}/introspect',
  refreshParameters: { audience: '{region}' },
  tokenHeaders: { 'X-Region': '{region}' },
  revocation: { ends: 'grant', url: 'https://{region.host}/clients/{client_id}/grant' },
  signing: {
    keyId: '{team}-key',
    issuer: '{client_id}',
    subject: '{team}',
    audience: 'https://{region.host}',
    lifetime: 60
  },
  learns: {
    home: { member: 'home', hosts: ['*.{region.host}'] },
    tenant: { member: 'tenant', in: 'callback', pattern: '[0-9]{1,20}' }
  },
  send: [
    { in: 'header', name: 'Authorization', value: 'Bearer {access_token}' },
    { in: 'header', name: 'X-Team', value: '{team}/{tenant}' }
  ]
}

test('every address and template is filled, and the client id stays open', () => {
  const way = anOAuth2(everything)
  assert.is(way.pushedUrl, 'https://push.eu.acme.example/par')
  assert.is(way.deviceUrl, 'https://device.eu.acme.example/code')
  assert.is(way.refreshUrl, 'https://refresh.eu.acme.example/token')
  assert.is(way.introspectionUrl, '{home}/introspect')
  assert.equal(way.refreshParameters, { audience: 'eu' })
  assert.equal(way.tokenHeaders, { 'X-Region': 'eu' })
  assert.is(way.revocation.url, 'https://eu.acme.example/clients/{client_id}/grant')
  assert.equal(way.signing, {
    keyId: 'main-key',
    issuer: '{client_id}',
    subject: 'main',
    audience: 'https://eu.acme.example',
    lifetime: 60
  })
  assert.equal(way.learns, {
    home: { member: 'home', hosts: ['*.eu.acme.example'] },
    tenant: { member: 'tenant', in: 'callback', pattern: '[0-9]{1,20}' }
  })
  assert.equal(way.send[1], { in: 'header', name: 'X-Team', value: 'main/{tenant}' })
})

test('the basis lists every endpoint that a secret, a token or an assertion goes to, but not where a browser goes', () => {
  const connector = { ...acme, auth: [{ ...oauth2, ...everything }] }
  assert.equal(needOf(anAcme(), connector, 'prod').basis.origins, [
    'https://*.eu.acme.example',
    'https://device.eu.acme.example',
    'https://eu.acme.example',
    'https://push.eu.acme.example',
    'https://refresh.eu.acme.example'
  ])
})

test('under another origin plain values are still learnt, and nothing else', () => {
  const connection = anAcme({ environments: { dev: anOverride('http://localhost:8080') } })
  const connector = { ...acme, auth: [{ ...oauth2, ...everything }] }
  const { way, need } = targetOf('crm', connection, connector, 'dev')
  assert.ok(way.kind === 'oauth2')
  assert.equal(Object.keys(way.learns ?? {}), ['tenant'])
  assert.is(way.introspectionUrl, 'http://localhost:8080/introspect')
  assert.is(way.pushedUrl, 'http://localhost:8080/par')
  assert.is(way.revocation.url, 'http://localhost:8080/clients/{client_id}/grant')
  assert.equal(need.basis.origins, ['http://localhost:8080'])
})

test('a parameter that nothing on the way names needs no value', () => {
  const { team } = acme.parameters ?? {}
  assert.ok(team)
  const { default: _, ...required } = team
  const connector: Connector = { ...keyed, parameters: { ...acme.parameters, team: required } }
  const { need } = targetOf('crm', anAcme({ auth: 'key' }), connector, 'prod')
  assert.equal(need.basis.parameters, { region: 'eu' })
  assert.throws(
    () => targetOf('crm', anAcme(), { ...acme, parameters: connector.parameters ?? {} }, 'prod'),
    /needs a value for its parameter team/
  )
})

test('a value in a path is encoded, one in a header is not', () => {
  const { api } = targetOf('crm', anAcme({ parameters: { team: 'a/b c' } }), acme, 'prod')
  assert.is(api.test.url, '{home}/a%2Fb%20c/me')
  assert.equal(api.headers, { 'X-Team': 'a/b c' })
})

test('an environment has its own parameters, key by key, and its own client, whole', () => {
  const connection = anAcme({
    parameters: { region: 'us', team: 'sales' },
    environments: {
      dev: {
        parameters: { team: 'test' },
        client: { id: 'env:DEV_ID', secret: null },
        origin: null
      }
    }
  })
  const dev = targetOf('crm', connection, acme, 'dev')
  assert.is(dev.api.baseUrl, '{home}/test')
  assert.equal(dev.need.basis.parameters, { region: 'us' })
  assert.equal(dev.client, { id: 'env:DEV_ID', secret: null })
  assert.is(dev.need.basis.clientId, 'env:DEV_ID')
  const stage = targetOf('crm', connection, acme, 'stage')
  assert.is(stage.api.baseUrl, '{home}/sales')
  assert.is(stage.need.basis.clientId, 'env:CLIENT_ID')
})

test('an origin replaces scheme, host and port of every address, and nothing is learnt then', () => {
  const connection = anAcme({ environments: { dev: anOverride('http://LOCALHOST:8080') } })
  const { way, api, origin, need } = targetOf('crm', connection, acme, 'dev')
  assert.is(origin, 'http://localhost:8080')
  assert.is(api.baseUrl, 'http://localhost:8080/main')
  assert.is(api.test.url, 'http://localhost:8080/main/me')
  assert.ok(way.kind === 'oauth2')
  assert.is(way.issuer, 'http://localhost:8080')
  assert.is(way.authorizeUrl, 'http://localhost:8080/authorize')
  assert.is(way.tokenUrl, 'http://localhost:8080/token')
  assert.is(way.revocation.url, 'http://localhost:8080/revoke')
  assert.is(way.learns, undefined)
  assert.equal(need.basis.origins, ['http://localhost:8080'])
})

test('the basis lists each origin that a credential may reach, once and sorted', () => {
  assert.equal(needOf(anAcme(), acme, 'prod').basis.origins, [
    'https://*.eu.acme.example',
    'https://eu.acme.example',
    'https://files.example.com'
  ])
  assert.equal(needOf(anAcme({ auth: 'key' }), keyed, 'prod').basis.origins, [
    'https://eu.acme.example'
  ])
})

test('the basis holds the parameters that affect authorization, with their defaults', () => {
  const plain = needOf(anAcme(), acme, 'prod')
  assert.equal(plain.basis.parameters, { region: 'eu' })
  const spelt = needOf(anAcme({ parameters: { team: 'x', region: 'eu' } }), acme, 'prod')
  assert.equal(spelt, plain)
})

test('the basis names the client id by reference, and none without OAuth2', () => {
  assert.is(needOf(anAcme(), acme, 'prod').basis.clientId, 'env:CLIENT_ID')
  const other = targetOf('crm', anAcme({ auth: 'key' }), keyed, 'prod')
  assert.is(other.need.basis.clientId, null)
  assert.is(other.client, null)
})

test('a need has the slot, the level and the scopes of the connection', () => {
  const need = needOf(anAcme({ level: 'logged-in-user', scopes: ['a', 'b'] }), acme, 'prod')
  assert.is(need.connection, 'acme.1')
  assert.is(need.slot, 'prod')
  assert.is(need.level, 'logged-in-user')
  assert.equal(need.scopes, ['a', 'b'])
  assert.is(needOf(anAcme({ authorization: 'shared' }), acme, 'prod').slot, 'shared')
})

test('what does not fit the connector throws, without the value', () => {
  const { region, team } = acme.parameters ?? {}
  assert.ok(region && team)
  const { default: _, ...required } = region
  const refused: readonly [Parameters<typeof anAcme>[0], Connector, RegExp][] = [
    [{ auth: 'other' }, acme, /no way to authorize called other/],
    [{ parameters: { region: 'Top Secret' } }, acme, /value of its parameter region/],
    [{ parameters: { region: 'toString' } }, { ...acme, parameters: { region, team } }, /region/],
    [
      {},
      { ...acme, parameters: { region: required, team } },
      /needs a value for its parameter region/
    ]
  ]
  for (const [overrides, connector, message] of refused) {
    assert.throws(
      () => targetOf('crm', anAcme(overrides), connector, 'prod'),
      (error: Error) => message.test(error.message) && !error.message.includes('Top Secret')
    )
  }
})

test('no value changes the authority, even where a pattern admits everything', () => {
  const lax = { title: 'Region', pattern: '[^]*', affectsAuthorization: true }
  const connector: Connector = {
    ...keyed,
    parameters: { region: { ...lax, otherwise: { host: '{value}.acme.example' } } }
  }
  const piece = fc.constantFrom(...'ab1-./:@#?\\%{}*[] \t\n'.split(''), 'evil.example', 'xn--')
  fc.assert(
    fc.property(fc.array(piece), pieces => {
      const region = pieces.join('')
      try {
        const { api } = targetOf(
          'it',
          anAcme({ auth: 'key', parameters: { region } }),
          connector,
          'prod'
        )
        const { hostname, protocol, username, password, pathname } = new URL(api.baseUrl)
        assert.ok(hostname.endsWith('.acme.example'))
        assert.equal([protocol, username, password, pathname], ['https:', '', '', '/api'])
      } catch (error) {
        assert.match(error instanceof Error ? error.message : '', /parameter/)
      }
    }),
    { numRuns: 1000 }
  )
})

function anAcme(overrides: Parameters<typeof aConnection>[0] = {}) {
  return aConnection({ id: 'acme.1', connector: 'acme', scopes: ['read'], ...overrides })
}

function anOverride(origin: string) {
  return { parameters: {}, client: null, origin }
}

/** The OAuth2 way with further members, as prod has it. */
function anOAuth2(members: Partial<OAuth2Way>): OAuth2TargetWay {
  const connector = { ...acme, auth: [{ ...oauth2, ...members }] }
  const { way } = targetOf('crm', anAcme(), connector, 'prod')
  assert.ok(way.kind === 'oauth2')
  return way
}

function oauth2Of(connection: ReturnType<typeof anAcme>): OAuth2TargetWay {
  const { way } = targetOf('crm', connection, acme, 'prod')
  assert.ok(way.kind === 'oauth2')
  return way
}

test.run()
