import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { originAllowed } from '../../engine/model/address.ts'
import type { Connector, Parameter } from '../../engine/model/generated/types.ts'
import { validateConnector } from '../../engine/model/generated/validators/connector.js'
import { targetOf } from '../../engine/resolve/target-of.ts'
import { checkConnector } from '../../engine/spec/check-connector.ts'
import { openCatalogue } from '../../engine/spec/load-catalogue.ts'
import { aConnection } from '../support/builders.ts'

const folder = join(import.meta.dirname, '../../connectors')
const catalogue = openCatalogue(folder)

/** The domains that each service may be reached on, whatever a connection says. */
const domains: Readonly<Record<string, RegExp>> = {
  salesforce: /^(login|test)\.salesforce\.com$|^[a-z0-9.-]+\.my\.salesforce\.com$/,
  twilio: /^api(\.[a-z]+\.[a-z0-9]+)?\.twilio\.com$/,
  zoho_crm:
    /^(accounts\.zoho(cloud)?|(www|sandbox|developer)\.zohoapis)\.(com|eu|in|com\.au|jp|ca|com\.cn|sa)$/,
  zoho_projects: /^(accounts|projectsapi)\.zoho(cloud)?\.(com|eu|in|com\.au|jp|ca|com\.cn|sa)$/
}

test('the four services are there, each under its own id', () => {
  assert.equal(catalogue.ids(), ['salesforce', 'twilio', 'zoho_crm', 'zoho_projects'])
  for (const name of readdirSync(folder)) {
    const content: unknown = parse(readFileSync(join(folder, name), 'utf8'))
    assert.ok(validateConnector(content), `${name}: ${JSON.stringify(validateConnector.errors)}`)
    assert.is(`${content.id}.yaml`, name)
  }
})

test('nothing is wrong with any of them, and every fact has a source', () => {
  for (const connector of connectors()) {
    const file = `connectors/${connector.id}.yaml`
    const place = () => ({ file, line: 1, column: 1 })
    assert.equal(
      checkConnector({ linkName: connector.id, spec: connector, file, whole: true, place }),
      []
    )
    assert.ok(connector.sources.length > 0)
  }
})

test('All Actions holds a scope that the test request needs, and one that brings a refresh token', () => {
  for (const connector of connectors()) {
    for (const way of connector.auth.filter(each => each.kind === 'oauth2')) {
      if (Object.keys(way.scopes).length === 0) continue
      const needed = connector.api.test.scopes ?? []
      assert.ok(needed.some(each => Object.hasOwn(way.scopes, each) && way.all.includes(each)))
      const refresh = way.refreshScopes
      assert.ok(refresh === undefined || refresh.some(each => way.all.includes(each)))
    }
  }
})

test('the ways to authorize are the ones that the services are known for', () => {
  const ways = connectors().map(each => [
    each.id,
    ...each.auth.map(way => (way.kind === 'oauth2' ? (way.grant ?? 'oauth2') : way.kind))
  ])
  assert.equal(ways, [
    ['salesforce', 'oauth2', 'jwt_bearer', 'client_credentials'],
    ['twilio', 'api-key'],
    ['zoho_crm', 'oauth2'],
    ['zoho_projects', 'basic', 'oauth2']
  ])
})

test('every address is https on the service itself, for every known value of every parameter', () => {
  for (const connector of connectors()) {
    for (const [name, parameter] of Object.entries(connector.parameters ?? {})) {
      for (const value of Object.keys(parameter.values ?? {}))
        expectOwnHosts(connector, { [name]: value })
    }
  }
})

test('a value that a pattern admits never leads away from the service', () => {
  for (const connector of connectors()) {
    for (const [name, parameter] of Object.entries(connector.parameters ?? {})) {
      if (parameter.pattern === undefined) continue
      const values = fc.stringMatching(new RegExp(`^(?:${parameter.pattern})$`, 'u'))
      fc.assert(fc.property(values, value => expectOwnHosts(connector, { [name]: value })))
    }
  }
})

test('an assertion for Salesforce names the user, and the login host whatever host it goes to', () => {
  const salesforce = catalogue.get('salesforce')
  assert.ok(salesforce)
  const signing = (parameters: Readonly<Record<string, string>>) => {
    const connection = aConnection({ auth: 'jwt-bearer', parameters })
    const { way } = targetOf('it', connection, salesforce, 'prod')
    assert.ok(way.kind === 'oauth2')
    return [way.tokenUrl, way.signing?.issuer, way.signing?.subject, way.signing?.audience]
  }
  assert.equal(signing({ username: 'ops@acme.example', domain: 'acme' }), [
    'https://acme.my.salesforce.com/services/oauth2/token',
    '{client_id}',
    'ops@acme.example',
    'https://login.salesforce.com'
  ])
  assert.is(
    signing({ username: 'ops@acme.example', domain: 'test' }).at(-1),
    'https://test.salesforce.com'
  )
})

test('a value with anything else in it is refused', () => {
  const domain = catalogue.get('salesforce')?.parameters?.domain
  assert.ok(domain?.pattern)
  const refused = [
    'acme.lightning.force.com',
    'acme.my.salesforce.com',
    'evil.com/',
    'evil.com#',
    'acme@evil.com',
    'acme:8080',
    'Acme',
    '-acme',
    'acme--uat.sandbox.evil',
    '{instance_url}',
    ''
  ]
  for (const value of refused) assert.not(admits(domain, value), value)
  for (const value of ['acme', 'acme--uat.sandbox', 'acme-dev-ed.develop', 'acme.cs68']) {
    assert.ok(admits(domain, value), value)
  }
})

test('any piece of text is either refused or stays on the service', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'ab1-./:@#?\\%{}*[] \n'.split('')) })
  )
  for (const connector of connectors()) {
    for (const [name, parameter] of Object.entries(connector.parameters ?? {})) {
      fc.assert(
        fc.property(hostile, value => {
          if (admits(parameter, value)) return expectOwnHosts(connector, { [name]: value })
          assert.throws(() => expectOwnHosts(connector, { [name]: value }), /parameter/)
        })
      )
    }
  }
})

function connectors(): readonly Connector[] {
  return catalogue.ids().flatMap(id => catalogue.get(id) ?? [])
}

function admits(parameter: Parameter, value: string): boolean {
  if (Object.hasOwn(parameter.values ?? {}, value)) return true
  return (
    parameter.pattern !== undefined && new RegExp(`^(?:${parameter.pattern})$`, 'u').test(value)
  )
}

function expectOwnHosts(connector: Connector, parameters: Readonly<Record<string, string>>): void {
  const own = domains[connector.id]
  assert.ok(own)
  for (const way of connector.auth) {
    const target = targetOf(
      'it',
      aConnection({
        connector: connector.id,
        auth: way.id,
        parameters: { username: 'ops@acme.example', ...parameters }
      }),
      connector,
      'prod'
    )
    for (const address of addressesOf(target)) {
      if (address.startsWith('{')) continue
      const url = new URL(address)
      assert.is(url.protocol, 'https:')
      assert.is(url.host, url.hostname)
      assert.is(url.username + url.password, '')
      assert.match(url.hostname, own)
      assert.ok(address.startsWith(`${url.origin}/`) || address === url.origin)
    }
    for (const origin of target.need.basis.origins) {
      assert.match(origin.replace('*.', 'any.').slice('https://'.length), own)
      assert.not(originAllowed('https://evil.example', [origin]))
    }
  }
}

function addressesOf({ way, api }: ReturnType<typeof targetOf>): readonly string[] {
  const learns = way.kind === 'oauth2' ? Object.values(way.learns ?? {}) : []
  const endpoints =
    way.kind === 'oauth2'
      ? [way.authorizeUrl, way.tokenUrl, way.introspectionUrl, way.revocation.url]
      : []
  const all = [...endpoints, ...learns.map(each => each.default), api.baseUrl, api.test.url]
  return all.filter(each => each !== undefined)
}

test.run()
