import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { validateClientSpec } from '../../engine/model/generated/validators/client.js'
import { validateComponentSpec } from '../../engine/model/generated/validators/component.js'
import { validateConnectionSpec } from '../../engine/model/generated/validators/connection.js'
import { validateConnector } from '../../engine/model/generated/validators/connector.js'
import { validateWorkspaceSpec } from '../../engine/model/generated/validators/workspace.js'
import type { Validator } from '../../engine/model/validator.ts'
import { checkSchema } from '../../engine/spec/check-schema.ts'
import { parseYaml } from '../../engine/spec/parse-yaml.ts'
import { patternWords } from '../../engine/spec/pattern-words.ts'
import { type SchemaName, vocabulary } from '../../engine/spec/spec-schemas.ts'

const validators = {
  workspace: validateWorkspaceSpec,
  connection: validateConnectionSpec,
  component: validateComponentSpec,
  client: validateClientSpec,
  connector: validateConnector
}

function check(name: SchemaName, text: string) {
  const { parsed } = parseYaml(text, 'f')
  if (parsed === null) throw new Error('The text of the case is no YAML')
  const { diagnostics } = checkSchema<unknown>(parsed, validators[name] as Validator<unknown>, name)
  return diagnostics.map(({ code, detail, at }) => `${code} ${at?.line}:${at?.column} ${detail}`)
}

const cases: readonly (readonly [SchemaName, string, RegExp[]])[] = [
  [
    'connection',
    'connector: a\nscopes: alle\n',
    [/^INVALID_VALUE 2:9 "scopes" must be all or a list\./]
  ],
  [
    'connection',
    'connector: a\nscopes: [a b, 3]\n',
    [
      /^INVALID_VALUE 2:10 Item 1 of "scopes" must be one scope/,
      /^WRONG_TYPE 2:15 Item 2 of "scopes" must be text/
    ]
  ],
  ['connection', 'connector: a\nscopes: []\n', []],
  [
    'connection',
    'connector: a\nname:\n',
    [/^WRONG_TYPE 2:6 "name" has no value, but must be text/]
  ],
  ['connection', 'connector: a\nname: ""\n', [/^INVALID_VALUE 2:7 "name" must be 1 to 50 letters/]],
  ['connection', 'connector: a\nprotect: "true"\n', [/true or false\. Write it without quotes/]],
  [
    'connection',
    'connector: a\nparameters: { a: 1 }\n',
    [/"parameters\.a" must be text\. Put it in quotes\./]
  ],
  [
    'connection',
    'connector: a\nclient: { id: [x] }\n',
    [/^WRONG_TYPE .* must be a reference: env:NAME, file:PATH or vault:NAME/]
  ],
  [
    'connection',
    'connector: a\nclient: { secret: env:A }\n',
    [/^MISSING_KEY 2:9 "client" needs "id"/]
  ],
  [
    'connection',
    `connector: a\n${'x1Y2z3'.repeat(5)}: 1\n`,
    [/^UNKNOWN_KEY 2:1 This key is not known in this file/]
  ],
  ['client', 'name: A\nversion: 0\n', [/^INVALID_VALUE 2:10 "version" must be at least 1/]],
  ['client', 'name: A\nversion: 1.5\n', [/^WRONG_TYPE 2:10 "version" must be a whole number/]],
  [
    'client',
    'name: A\nconnections: { A: {} }\n',
    [/^INVALID_KEY 2:16 "A" cannot be a key here: a key must be a name of lower-case/]
  ],
  [
    'component',
    'kind: form\nuses: salesforce\n',
    [/^WRONG_TYPE 2:7 "uses" must be a list\. Put it in \[ \]/]
  ],
  ['workspace', 'app: A\n', [/^WRONG_TYPE 1:6 "app" must be a mapping of keys and values/]],
  [
    'workspace',
    'app: { name: A }\nrules: { x: wran }\n',
    [/must be error, warn or off\. Did you mean "warn"\?/]
  ],
  ['workspace', `app: { name: "${'x'.repeat(101)}" }\n`, [/must be at most 100 characters long/]]
]

for (const [name, text, expected] of cases) {
  test(`says of ${JSON.stringify(text.slice(0, 60))} what is wrong, once`, () => {
    const said = check(name, text)
    assert.is(said.length, expected.length, said.join('\n'))
    for (const [index, pattern] of expected.entries()) {
      assert.ok(
        said.some(each => pattern.test(each)),
        `${index}: ${said.join('\n')}`
      )
    }
  })
}

test('of several kinds only the one that is meant is talked about', () => {
  const said = check(
    'connector',
    'auth:\n  - { id: a, kind: foo }\n  - { id: b }\n  - { id: c, kind: basic, fields: { f: { title: F, secret: true } }, send: { in: query, name: x } }\n'
  ).filter(each => !each.includes('This file needs'))
  assert.equal(
    said.map(each => each.replace(/ (What|How|Parameter|Header|\w+ value).*/, '')),
    [
      'INVALID_VALUE 2:20 "auth.0.kind" must be oauth2, basic or api-key.',
      'MISSING_KEY 3:5 Item 2 of "auth" needs "kind".',
      'MISSING_KEY 4:76 "auth.2.send" needs "value".'
    ]
  )
})

test('of one thing or a list of them, the shape that was written is talked about', () => {
  const way = (send: string) =>
    check(
      'connector',
      `auth:\n  - { id: a, kind: basic, fields: { f: { title: F, secret: true } }, send: ${send} }\n`
    )
      .filter(each => !each.includes('This file needs'))
      .map(each => each.replace(/ (What|How|Parameter|Header).*/, ''))
  assert.equal(way('{ in: query, name: x }'), ['MISSING_KEY 2:76 "auth.0.send" needs "value".'])
  assert.equal(way('[{ in: query, name: x }]'), [
    'MISSING_KEY 2:77 Item 1 of "auth.0.send" needs "value".'
  ])
  assert.equal(way('[{ in: header, name: X, value: y }, { in: foo }]'), [
    'INVALID_VALUE 2:118 "auth.0.send.1.in" must be header, query or basic.'
  ])
  assert.equal(way('{ in: basic, username: a, password: b, realm: c }'), [
    'UNKNOWN_KEY 2:115 "realm" is not known in "auth.0.send". Known here: in, username, password.'
  ])
  assert.equal(way('x'), [
    'INVALID_VALUE 2:76 "auth.0.send" must be a mapping of keys and values or a list.'
  ])
  assert.equal(way('[]'), [
    'INVALID_VALUE 2:76 "auth.0.send" must be given with at least one entry.'
  ])
  assert.equal(way('[3]'), [
    'WRONG_TYPE 2:77 Item 1 of "auth.0.send" must be a mapping of keys and values.'
  ])
})

test('every pattern of the schemas of specs has words', () => {
  const without: string[] = []
  const visit = (value: unknown, key: string): void => {
    if (key === 'pattern' && typeof value === 'string' && patternWords(value) === undefined) {
      without.push(value)
    }
    if (typeof value !== 'object' || value === null) return
    for (const [name, part] of Object.entries(value)) visit(part, name)
  }
  for (const name of Object.keys(validators)) visit(schema(name), '')
  const { linkName, connectorId, secretReference, loopbackOrigin } = schema('common').$defs
  visit({ linkName, connectorId, secretReference, loopbackOrigin }, '')
  assert.equal(without, [])
})

test('the vocabulary has the keys and fixed values of specs, and nothing that a user makes up', () => {
  const words = vocabulary()
  for (const word of [
    'connector',
    'secret',
    'logged-in-user',
    'requireDevCurrent',
    'oauth2',
    'dev'
  ]) {
    assert.ok(words.has(word), word)
  }
  assert.not(words.has('salesforce'))
})

test('whatever plain data comes, each mistake gets words without values and a place', () => {
  const key = fc.constantFrom(
    ...[
      'app',
      'name',
      'connector',
      'client',
      'id',
      'scopes',
      'environments',
      'dev',
      'auth',
      'kind',
      'api'
    ],
    ...[
      'parameters',
      'a',
      'members',
      'uses',
      'send',
      'in',
      'test',
      'success',
      'body',
      'redirect',
      'port',
      'values'
    ]
  )
  const leaf = fc.constantFrom<unknown>(
    'canary_',
    'all',
    'oauth2',
    'basic',
    'header',
    1,
    1.5,
    true,
    null
  )
  const { node } = fc.letrec<{ node: unknown }>(tie => ({
    node: fc.oneof(
      { depthSize: 'medium', maxDepth: 6 },
      leaf,
      fc.array(tie('node'), { maxLength: 4 }),
      fc.dictionary(key, tie('node'), { maxKeys: 5 })
    )
  }))
  fc.assert(
    fc.property(
      fc.dictionary(key, node),
      fc.constantFrom(...(Object.keys(validators) as SchemaName[])),
      (data, name) => {
        for (const said of check(name, JSON.stringify(data))) {
          assert.match(said, /^[A-Z_]+ \d+:\d+ .{10,}$/s)
          assert.not.match(said, /canary_|undefined|\[object|NaN|^\w+ \S+ .*\^/)
        }
      }
    ),
    { numRuns: 2000 }
  )
})

function schema(name: string) {
  const url = new URL(`../../schemas/${name}.schema.json`, import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8'))
}

test.run()
