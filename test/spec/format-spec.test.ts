import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { formatSpec } from '../../engine/spec/format-spec.ts'
import { type SchemaName, schemaNamed } from '../../engine/spec/spec-schemas.ts'
import { repository } from '../support/cli-run.ts'

function formatted(text: string, schema: SchemaName = 'connection'): string {
  const result = formatSpec(text, 'x.yaml', schema)
  if (result.text === null) throw new Error(result.diagnostics.map(each => each.detail).join())
  return result.text
}

function codes(text: string): readonly string[] {
  const { diagnostics } = formatSpec(text, 'x.yaml', 'connection')
  return diagnostics.map(({ code, at }) => `${code} ${at?.line}:${at?.column}`)
}

test('keys come in the order of their schema, at every depth', () => {
  assert.is(
    formatted(
      'environments:\n  prod: { client: { secret: env:B, id: env:A } }\n  dev: {origin: "http://localhost:1",  parameters: {b: x, a: y}}\nscopes: [b, a]\nconnector: salesforce\n'
    ),
    "connector: salesforce\nscopes: [b, a]\nenvironments:\n  dev: { parameters: { b: x, a: y }, origin: 'http://localhost:1' }\n  prod: { client: { id: env:A, secret: env:B } }\n"
  )
})

test('the order of a schema is that of its properties', () => {
  const names = ['workspace', 'connection', 'component', 'client', 'connector'] as const
  for (const name of names) {
    const keys = Object.keys(schemaNamed(`${name}.schema.json`).properties ?? {})
    const reversed = keys.toReversed().map(key => `${key}: 1\n`)
    assert.is(formatted(reversed.join(''), name), keys.map(key => `${key}: 1\n`).join(''), name)
  }
})

test('keys that no schema knows come last, as they were written', () => {
  assert.is(formatted('b: 1\na: 2\nname: X\n'), 'name: X\nb: 1\na: 2\n')
})

test('comments and empty lines go with the key below them', () => {
  assert.is(
    formatted(
      'level: administrator\n\n\n# one\n# two\nname: X # behind\n\nconnector: twilio\n# last\n'
    ),
    'connector: twilio\n\n# one\n# two\nname: X # behind\nlevel: administrator\n# last\n'
  )
})

test('comments on top of the file stay on top', () => {
  assert.is(
    formatted(
      '# yaml-language-server: $schema=x\n# About it.\nname: X\n# the service\nconnector: y\n'
    ),
    '# yaml-language-server: $schema=x\n# About it.\n\n# the service\nconnector: y\nname: X\n'
  )
  assert.is(
    formatted('# yaml-language-server: $schema=x\n\n# the name\nname: X\nconnector: y\n'),
    '# yaml-language-server: $schema=x\n\nconnector: y\n# the name\nname: X\n'
  )
})

test('a comment behind a key stays on its line', () => {
  assert.is(
    formatted(
      'members:     # who may do what\n    a@b.example:   {role: admin}\napp: {name: X}\n',
      'workspace'
    ),
    'app: { name: X }\nmembers: # who may do what\n  a@b.example: { role: admin }\n'
  )
})

test('brackets stay where they fit, and become lines where they do not', () => {
  const long = Array.from({ length: 9 }, (_, at) => `ZohoCRM.modules${at}`)
  assert.is(formatted(`scopes: [\n  a,\n  b\n]\n`), 'scopes: [a, b]\n')
  assert.is(
    formatted(`scopes: [${long.join(', ')}] # all\n`),
    `scopes: # all\n${long.map(each => `  - ${each}\n`).join('')}`
  )
  assert.is(
    formatted('scopes: [a, # first\n  # the other\n  b]\n'),
    'scopes:\n  - a # first\n  # the other\n  - b\n'
  )
  assert.is(formatted('scopes:\n- a\n-   b\n'), 'scopes:\n  - a\n  - b\n')
  assert.is(formatted('scopes: [ ]\nparameters: { }\n'), 'scopes: []\nparameters: {}\n')
})

test('quotes go where the text needs none', () => {
  assert.is(
    formatted(
      `connector: "salesforce"\nname: 'Field: Service'\nauth: "no"\nparameters: {a: "login", b: "1", c: "x: y", d: "it's"}\n`
    ),
    `connector: salesforce\nname: 'Field: Service'\nparameters: { a: login, b: '1', c: 'x: y', d: "it's" }\nauth: 'no'\n`
  )
  assert.is(formatted('name: "Acme, Inc."\n', 'client'), 'name: Acme, Inc.\n')
  assert.is(formatted('name: "\\u0041\\n"\n', 'client'), 'name: "\\u0041\\n"\n')
  assert.is(formatted(`name: "${'\u00a0'}"\n`, 'client'), `name: '${'\u00a0'}'\n`)
})

test('texts over several lines keep their lines', () => {
  assert.is(
    formatted(
      'name: |-  # kept\n      one\n        two\n\n      three\nauth: one\n     two\nlevel: "a\n    b"\n'
    ),
    'name: |- # kept\n  one\n    two\n\n  three\nlevel: "a\n  b"\nauth: one\n  two\n'
  )
})

test('link names that a component refers to are sorted, and groups are left alone', () => {
  assert.is(
    formatted('uses: [twilio, salesforce]\ndepends:\n  - b\n  - a\nkind: form\n', 'component'),
    'kind: form\nuses: [salesforce, twilio]\ndepends:\n  - a\n  - b\n'
  )
  const grouped = 'kind: form\nuses:\n  - z\n\n  # others\n  - b\n  - a\n'
  assert.is(formatted(grouped, 'component'), grouped)
})

test('line ends, marks of byte order and document starts are unified', () => {
  assert.is(formatted('\uFEFF---\r\nname: X\r\n\r\n\r\nconnector: y'), 'connector: y\nname: X\n')
})

test('what is no YAML is told with its place', () => {
  assert.equal(codes('connector: [a\nname: X\n'), ['YAML_SYNTAX 2:1'])
  assert.equal(codes('name: X\nname: Y\n'), ['DUPLICATE_KEY 2:1'])
})

test('what could change its meaning is left as it is', () => {
  assert.equal(codes('client: &c { id: env:A }\nenvironments: { prod: { client: *c } }\n'), [
    'FMT_SKIPPED 1:1'
  ])
  assert.equal(codes('name: !!str X\n'), ['FMT_SKIPPED 1:1'])
  assert.equal(codes('scopes: [ # none yet\n]\n'), ['FMT_SKIPPED 1:1'])
  assert.equal(codes('name: |+\n  a\n\n'), ['FMT_SKIPPED 1:1'])
  assert.equal(codes('- a\n'), ['FMT_SKIPPED 1:1'])
})

test('the example is in canonical form', () => {
  const example = 'examples/field-service'
  const folders: readonly (readonly [string, SchemaName])[] = [
    [`${example}/connections`, 'connection'],
    [`${example}/components`, 'component'],
    [`${example}/connectors`, 'connector']
  ]
  const files = folders.flatMap(([folder, schema]) =>
    readdirSync(join(repository, folder))
      .filter(name => name.endsWith('.yaml'))
      .map(name => [`${folder}/${name}`, schema] as const)
  )
  for (const [file, schema] of [...files, [`${example}/tieline.yaml`, 'workspace'] as const]) {
    const text = readFileSync(join(repository, file), 'utf8')
    assert.is(formatted(text, schema), text, file)
  }
})

test.run()
