import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { specOfConnection } from '../../engine/bundle/spec-of-connection.ts'
import { specText } from '../../engine/bundle/spec-text.ts'
import type { Connector } from '../../engine/model/generated/types.ts'
import { normalConnection } from '../../engine/resolve/normal-connection.ts'
import { openCatalogue } from '../../engine/spec/load-catalogue.ts'

const catalogue = openCatalogue(`${import.meta.dirname}/../../connectors`)
const salesforce = catalogue.get('salesforce') as Connector

test('a connection is written as a person would', () => {
  const spec = {
    connector: 'salesforce',
    name: 'Salesforce Connection',
    scopes: ['api', 'refresh_token'],
    authorization: 'separate',
    client: { id: 'env:ID', secret: 'env:SECRET' },
    environments: { dev: { parameters: { domain: 'test' }, origin: 'http://localhost:4710' } },
    protect: true
  }
  assert.is(
    specText(spec, 'x.json'),
    `# yaml-language-server: $schema=x.json
connector: salesforce
name: Salesforce Connection
scopes: [api, refresh_token]
authorization: separate
client: { id: env:ID, secret: env:SECRET }
environments:
  dev: { parameters: { domain: test }, origin: http://localhost:4710 }
protect: true
`
  )
})

test('long lists stand one item a line', () => {
  const scopes = Array.from({ length: 30 }, (_, at) => `scope${at}`)
  assert.match(specText({ scopes }, 'x'), /^scopes:\n {2}- scope0\n {2}- scope1\n/m)
})

test('whatever a spec holds reads back as it was', () => {
  const text = fc.oneof(
    fc.constantFrom(
      'null',
      'true',
      '1e3',
      '0x1',
      '~',
      '- a',
      'a: b',
      '# a',
      '[a',
      'a, b',
      "it's",
      '',
      ' a ',
      '2026-11',
      '&a',
      '*a',
      '!a',
      '%a',
      '@a',
      '`a',
      'yes',
      '=',
      '<<'
    ),
    fc.string({ unit: 'grapheme' }),
    fc.lorem({ maxCount: 60 })
  )
  // assert.equal compares the constructors of objects, whatever they are.
  const key = fc
    .stringMatching(/^[a-z_]{1,20}$/)
    .filter(each => each !== '__proto__' && each !== 'constructor')
  const { value } = fc.letrec(tie => ({
    value: fc.oneof(
      { depthSize: 'small' },
      text,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true })
    )
  }))
  fc.assert(
    fc.property(fc.dictionary(key, value, { minKeys: 1, noNullPrototype: true }), spec => {
      assert.equal(parse(specText(spec, 'x')), spec)
    })
  )
})

test('what is left out of a spec comes back when it is resolved', () => {
  const spec = {
    connector: 'salesforce',
    name: 'A',
    scopes: 'all' as const,
    client: { id: 'env:ID' },
    parameters: { domain: 'login' },
    environments: { dev: { client: { id: 'env:A', secret: 'vault:b' } } }
  }
  const known = { connector: salesforce, digest: null }
  const { id: _, ...normal } = normalConnection(spec, known, 'a.1', 'A')
  const again = specOfConnection(normal, salesforce)
  assert.equal(Object.keys(again), ['connector', 'name', 'scopes', 'client', 'environments'])
  assert.equal(normalConnection(again, known, 'a.1', 'A'), { id: 'a.1', ...normal })
})

test.run()
