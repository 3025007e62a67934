import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { folderLister, matchSources } from '../../engine/spec/match-sources.ts'
import { sourceDigest } from '../../engine/spec/read-sources.ts'
import { load, loadFolder, sound, told, writeWorkspace } from './spec-workspace.ts'

const form = 'components/form.yaml'

test('a component has the files that its glob matches, their digest and what they reference', async () => {
  const { specs, diagnostics } = await load({
    [form]: 'kind: form\nuses: [salesforce]\nsource: forms/form.*\n',
    'forms/form.js': 'send(\n  connection("salesforce"))',
    'forms/form.dg': 'x = invokeurl [ url: u connection: "salesforce" ];',
    'forms/other.js': 'connection("other")'
  })
  assert.equal(diagnostics, [])
  const source = specs?.components[0]?.source
  assert.is(source?.glob, 'forms/form.*')
  assert.match(source?.digest ?? '', /^sha256:[0-9a-f]{64}$/)
  assert.equal(source?.files, ['forms/form.dg', 'forms/form.js'])
  assert.equal(source?.references, [
    { connection: 'salesforce', at: { file: 'forms/form.dg', line: 1, column: 37 } },
    { connection: 'salesforce', at: { file: 'forms/form.js', line: 2, column: 15 } }
  ])
})

test('the digest follows text and path, but not line ends', async () => {
  const digestOf = async (file: string, text: string | Uint8Array) => {
    const { specs } = await load({ [form]: 'kind: form\nsource: forms/*\n', [file]: text })
    return specs?.components[0]?.source?.digest
  }
  const plain = await digestOf('forms/a.js', 'a\nb\n')
  assert.is(await digestOf('forms/a.js', 'a\r\nb\r'), plain)
  assert.is.not(await digestOf('forms/a.js', 'a\nc\n'), plain)
  assert.is.not(await digestOf('forms/b.js', 'a\nb\n'), plain)
  assert.is.not(sourceDigest(Buffer.from([255, 13, 10])), sourceDigest(Buffer.from([255, 10])))
})

const cases: readonly (readonly [string, string, Readonly<Record<string, string>>, string[]])[] = [
  ['a glob without a match', 'source: forms/*.js', {}, [`SOURCE_MISSING ${form}:2:9`]],
  ['a glob upwards', 'source: ../x/*.js', {}, [`GLOB_LEAVES_WORKSPACE ${form}:2:9`]],
  ['a glob upwards in braces', 'source: "{..,a}/*"', {}, [`GLOB_LEAVES_WORKSPACE ${form}:2:9`]],
  [
    'a glob that could take hours',
    `source: "${'*a'.repeat(9)}b"`,
    { ['a'.repeat(200)]: '' },
    [`INVALID_VALUE ${form}:2:9`]
  ],
  ['a glob with repeated groups', 'source: "+(+(a))b"', { a: '' }, [`SOURCE_MISSING ${form}:2:9`]],
  ['a glob of the usual kind', 'source: "./src/**/form-*.{js,ts}"', { 'src/a/form-1.ts': '' }, []],
  ['an absolute glob', 'source: /etc/*', {}, [`GLOB_LEAVES_WORKSPACE ${form}:2:9`]],
  [
    'the state as a source',
    'source: state/**',
    { 'state/dev.json': '' },
    [`SOURCE_MISSING ${form}:2:9`]
  ],
  [
    'another state as a source',
    'source: "{s,vault}/**"',
    {
      'tieline.yaml': 'app: { name: A }\nstate: file:./s/\nvault: file:vault\n',
      's/dev.json': '',
      'vault/x': ''
    },
    [`SOURCE_MISSING ${form}:2:9`]
  ],
  [
    'packages as a source',
    'source: "**/*.mjs"',
    { 'node_modules/x/a.mjs': '' },
    [`SOURCE_MISSING ${form}:2:9`]
  ],
  [
    'a source that is too large',
    'source: "*.js"',
    { 'a.js': 'x'.repeat(1024 * 1024 + 1) },
    ['FILE_TOO_LARGE a.js:1:1']
  ],
  [
    'a connection that is not in uses',
    'source: "*.js"',
    { 'a.js': '\nconnection("salesforce")' },
    ['UNDECLARED_REFERENCE a.js:2:13']
  ],
  [
    'a connection that is not there',
    'source: "*.js"',
    { 'a.js': 'connection("salesfroce")' },
    ['UNDECLARED_REFERENCE a.js:1:13']
  ],
  [
    'another function of the name',
    'source: "*.js"',
    { 'a.js': 'db.connection("postgres://u:hunter2@h/db")' },
    []
  ],
  [
    'a connection in uses alone',
    'source: "*.js"\nuses:\n  - salesforce',
    { 'a.js': '// connection("salesforce")' },
    [`UNUSED_REFERENCE ${form}:4:5`]
  ],
  [
    'a connection that an integration task takes',
    'source: "*.dg"\nuses: [salesforce]',
    { 'a.dg': 'zoho.crm.createRecord("Leads", m, Map(), "salesforce");' },
    []
  ],
  [
    'a connection that only an integration task names',
    'source: "*.dg"',
    { 'a.dg': 'zoho.crm.createRecord("Leads", m, Map(), "salesforce");' },
    ['UNDECLARED_REFERENCE a.dg:1:43']
  ],
  ['uses without a source', 'uses: [salesforce]', {}, []],
  [
    'an unknown connection in uses and source',
    'source: "*.js"\nuses: [other]',
    { 'a.js': 'connection("other")' },
    [`CONNECTION_UNKNOWN ${form}:3:8`]
  ],
  ['a dot file', 'source: "*.js"', { '.a.js': '' }, [`SOURCE_MISSING ${form}:2:9`]]
]

for (const [what, lines, files, expected] of cases) {
  test(`${what}: ${expected.join(', ') || 'nothing'}`, async () => {
    assert.equal(told(await load({ [form]: `kind: form\n${lines}\n`, ...files })), expected)
  })
}

test('a reference that is not declared says where to declare it', async () => {
  const { diagnostics } = await load({
    [form]: 'kind: form\nsource: "*.js"\n',
    'a.js': 'connection("salesforce"); connection("sales_force"); connection("Sales Force")'
  })
  const [there, near, odd] = diagnostics.map(each => each.detail)
  assert.match(there ?? '', '"uses" in components/form.yaml does not name it')
  assert.match(
    near ?? '',
    'no connection sales_force in this workspace. Did you mean "salesforce"?'
  )
  assert.not.match(odd ?? '', 'Sales Force')
})

test('a glob lists no folder outside the workspace, and follows no link to a folder', async () => {
  const outside = writeWorkspace({ 'a.js': 'connection("nowhere")' })
  const folder = writeWorkspace({
    ...sound,
    'components/a.yaml': 'kind: form\nsource: link/*.js\n',
    'components/b.yaml': 'kind: form\nsource: "*/*.js"\n',
    'forms/b.js': ''
  })
  symlinkSync(outside, join(folder, 'link'))
  mkdirSync(join(folder, 'deep'))
  symlinkSync('../forms', join(folder, 'deep', 'forms'))
  assert.equal(told(await loadFolder(folder)), ['LINK_LEAVES_WORKSPACE components/a.yaml:2:9'])
})

test('a link to a file of the workspace is a source like any other', async () => {
  const folder = writeWorkspace({
    ...sound,
    [form]: 'kind: form\nsource: forms/*\nuses: [salesforce]\n',
    'lib/a.js': 'connection("salesforce")',
    'forms/README': ''
  })
  symlinkSync('../lib/a.js', join(folder, 'forms/a.js'))
  const { specs, diagnostics } = await loadFolder(folder)
  assert.equal(diagnostics, [])
  assert.equal(specs?.components[0]?.source?.files, ['forms/README', 'forms/a.js'])
})

test('more than 5000 files are too many', async () => {
  const files = Object.fromEntries(Array.from({ length: 5001 }, (_, at) => [`f/${at}.js`, '']))
  const result = await load({ [form]: 'kind: form\nsource: f/*\n', ...files })
  assert.equal(told(result), [`SOURCE_TOO_MANY ${form}:2:9`])
})

test('no glob makes matching throw, and none matches what is outside the workspace', () => {
  const folder = writeWorkspace({ 'in/a.js': '', 'in/deep/b.js': '' })
  symlinkSync('/etc', join(folder, 'in/out'))
  const lister = folderLister(folder)
  const pieces = fc.constantFrom(
    ...[
      'in',
      'out',
      '..',
      '.',
      '/',
      '*',
      '**',
      '{',
      '}',
      ',',
      '[',
      ']',
      '(',
      ')',
      '!',
      '\\',
      'a',
      '?'
    ],
    ...['+', '@', '|', '^', '$', '~', 'passwd', '-', '1..9', '\n', '\u0000', '\uD83D']
  )
  const glob = fc.array(pieces, { minLength: 1, maxLength: 14 }).map(all => all.join(''))
  fc.assert(
    fc.property(fc.oneof(glob, fc.string({ minLength: 1 })), text => {
      const { files } = matchSources(lister, text, ['state'], { file: 'f', line: 1, column: 1 })
      for (const file of files) assert.match(file, /^in\/(a|deep\/b)\.js$/)
    }),
    { numRuns: 2000 }
  )
})

test.run()
