import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadWorkspace } from '../../engine/spec/load-workspace.ts'
import { temporaryFolder } from '../support/assert.ts'
import {
  everythingSaid,
  type Files,
  load,
  loadFolder,
  sound,
  told,
  writeWorkspace
} from './spec-workspace.ts'

const connection = 'connections/salesforce.yaml'

test('a sound workspace comes as checked specs, sorted by link name', async () => {
  const { specs, workspace, diagnostics, texts } = await load({
    'connections/b.yaml': 'connector: twilio\n',
    'connections/a.yaml': 'connector: twilio\nprotect: true\n',
    'components/lead_form.yaml': 'kind: form\nuses: [a, b]\n',
    'connections/README.md': 'not a spec',
    'connections/.draft.yaml': 'not: a spec'
  })
  assert.equal(diagnostics, [])
  assert.is(texts.size, 0)
  assert.is(workspace?.spec.app.name, 'Field Service')
  assert.equal(
    specs?.connections.map(each => each.linkName),
    ['a', 'b', 'salesforce']
  )
  assert.equal(specs?.connections[0]?.spec, { connector: 'twilio', protect: true })
  assert.equal(specs?.components[0]?.spec.uses, ['a', 'b'])
  assert.is(specs?.components[0]?.source, null)
})

test('a spec tells where each of its values stands, or else the nearest thing around it', async () => {
  const { specs } = await load({
    [connection]:
      '# first\nconnector: salesforce\nparameters:\n  domain: login\nscopes: [api, web]\n'
  })
  const [spec] = specs?.connections ?? []
  const place = (pointer: string) => {
    const at = spec?.place(pointer)
    return `${at?.file}:${at?.line}:${at?.column}`
  }
  assert.is(place('/connector'), `${connection}:2:12`)
  assert.is(place('/parameters/domain'), `${connection}:4:11`)
  assert.is(place('/scopes/1'), `${connection}:5:15`)
  assert.is(place('/scopes/7'), `${connection}:5:9`)
  assert.is(place('/nothing/at/all'), `${connection}:2:1`)
})

const problems: readonly (readonly [what: string, file: string, text: string, told: string[]])[] = [
  ['an unknown key, with a guess', connection, 'connector: a\nscops: [api]\n', ['UNKNOWN_KEY 2:1']],
  ['a missing key', connection, 'level: administrator\n', ['MISSING_KEY 1:1']],
  ['a key that stands twice', connection, 'connector: a\nconnector: b\n', ['DUPLICATE_KEY 2:1']],
  ['a merge key', connection, 'connector: a\n<<: { level: administrator }\n', ['UNKNOWN_KEY 2:1']],
  ['a number for a text', connection, 'connector: 12\n', ['WRONG_TYPE 1:12']],
  [
    'a word that is not in the list',
    connection,
    'connector: a\nlevel: admin\n',
    ['INVALID_VALUE 2:8']
  ],
  [
    'an item that stands twice',
    connection,
    'connector: a\nscopes: [a, b, a]\n',
    ['DUPLICATE_ITEM 2:16']
  ],
  ['text for true or false', connection, 'connector: a\nprotect: yes\n', ['WRONG_TYPE 2:10']],
  [
    'an origin on another machine',
    connection,
    'connector: a\nenvironments:\n  dev: { origin: "https://example.com" }\n',
    ['INVALID_VALUE 3:18']
  ],
  [
    'an origin in prod',
    connection,
    'connector: a\nenvironments:\n  prod: { origin: "http://localhost:1" }\n',
    ['UNKNOWN_KEY 3:11']
  ],
  [
    'a literal secret',
    connection,
    'connector: a\nclient:\n  id: 12\n  secret: hunter2\n',
    ['LITERAL_SECRET 3:7', 'LITERAL_SECRET 4:11']
  ],
  [
    'a forbidden variable',
    connection,
    'connector: a\nclient: { id: env:SF_ID }\nenvironments:\n  dev: { client: { id: env:GITHUB_TOKEN } }\n',
    ['REFERENCE_FORBIDDEN 4:24']
  ],
  ['an empty file', connection, '# nothing yet\n', ['EMPTY_SPEC 1:1']],
  ['a list for a mapping', connection, '- connector: a\n', ['WRONG_TYPE 1:1']],
  [
    'several documents',
    connection,
    'connector: a\n---\nconnector: b\n',
    ['MULTIPLE_DOCUMENTS 2:1']
  ],
  [
    'several syntax errors',
    connection,
    'connector: @a\nname: `b\n',
    ['YAML_SYNTAX 1:12', 'YAML_SYNTAX 2:7']
  ],
  [
    'a tag',
    connection,
    'connector: !!binary aGk=\nname: !x y\n',
    ['UNKNOWN_TAG 1:21', 'UNKNOWN_TAG 2:10']
  ],
  [
    'a key that is no text',
    connection,
    'connector: a\nparameters: { 1: b, [c]: d }\n',
    ['NON_STRING_KEY 2:15', 'NON_STRING_KEY 2:21']
  ],
  ['an alias of nothing', connection, 'connector: *a\n', ['UNKNOWN_ANCHOR 1:12']],
  ['a directive', connection, '%YAML 1.1\n---\nconnector: a\n', ['YAML_SYNTAX 1:1']],
  [
    'a conflict',
    connection,
    'connector: a\n<<<<<<< HEAD\nname: b\n=======\nname: c\n>>>>>>> x\n',
    ['CONFLICT_MARKERS 2:1']
  ],
  ['a prototype', connection, 'connector: a\nparameters: { __proto__: x }\n', ['INVALID_KEY 2:15']],
  ['an endless number', connection, 'connector: .inf\n', ['INVALID_VALUE 1:12']],
  [
    'an unknown connection in uses',
    'components/form.yaml',
    'kind: form\nuses:\n  - salesforce\n  - salesfroce\n',
    ['CONNECTION_UNKNOWN 4:5']
  ],
  [
    'an unknown component in depends',
    'components/form.yaml',
    'kind: form\ndepends: [from]\n',
    ['COMPONENT_UNKNOWN 2:11']
  ],
  [
    'a component that depends on itself',
    'components/form.yaml',
    'kind: form\ndepends: [form]\n',
    ['DEPENDS_ON_ITSELF 2:11']
  ],
  [
    'a spec that was always called so',
    'components/form.yaml',
    'kind: form\npreviously: form\n',
    ['PREVIOUSLY_ITSELF 2:13']
  ],
  [
    'an invalid link name in uses',
    'components/form.yaml',
    'kind: form\nuses: [Salesforce]\n',
    ['INVALID_VALUE 2:8']
  ],
  [
    'a file name that is no link name',
    'components/Lead-Form.yaml',
    'kind: form\n',
    ['LINK_NAME_INVALID 1:1']
  ],
  ['a file that ends in .yml', 'components/form.yml', 'kind: form\n', ['SPEC_EXTENSION 1:1']],
  ['a folder with specs', 'components/forms/form.yaml', 'kind: form\n', ['SPEC_IN_SUBFOLDER']],
  [
    'a connector without leave',
    'connectors/mine.yaml',
    'id: mine\n',
    ['CUSTOM_CONNECTORS_OFF 1:1']
  ],
  [
    'a member without a role',
    'tieline.yaml',
    'app: { name: A }\nmembers:\n  ana@example.com: {}\n',
    ['MISSING_KEY 3:20']
  ],
  [
    'a member who is no address',
    'tieline.yaml',
    'app: { name: A }\nmembers:\n  ana: { role: user }\n',
    ['INVALID_KEY 3:3']
  ],
  [
    'a state outside the workspace',
    'tieline.yaml',
    'app: { name: A }\nstate: file:../state\nvault: file:/tmp/v\n',
    ['FOLDER_LEAVES_WORKSPACE 2:8', 'FOLDER_LEAVES_WORKSPACE 3:8']
  ]
]

for (const [what, file, text, expected] of problems) {
  test(`finds ${what}, and says where`, async () => {
    const result = await load({ [file]: text })
    const at = (each: string) => each.replace(/ (?=\d)/, ` ${file}:`)
    const path =
      expected[0] === 'SPEC_IN_SUBFOLDER'
        ? ['SPEC_IN_SUBFOLDER components/forms:1:1']
        : expected.map(at)
    assert.equal(told(result), path)
    assert.is(result.specs, null)
    for (const { summary, detail } of result.diagnostics) {
      assert.ok(summary.length > 0 && detail.length > 20 && !/[!\u2014]/.test(summary + detail))
    }
  })
}

test('what is nearly right gets a guess, and what is not gets none', async () => {
  const { diagnostics } = await load({
    [connection]: 'connector: a\nscops: [api]\nlevel: administator\nqqqqqq: 1\n',
    'components/form.yaml': 'kind: form\nuses: [salesfroce]\ndepends: [fromm]\n'
  })
  const guesses = diagnostics.map(each => /Did you mean "(.*?)"\?/.exec(each.detail)?.[1])
  assert.equal(guesses, ['salesforce', 'form', 'scopes', 'administrator', undefined])
})

test('each place that uses a deleted connection says where it is recorded, and both ways out', async () => {
  const folder = writeWorkspace({
    ...sound,
    'components/form.yaml': 'kind: form\nuses: [crm, salesforce]\nsource: form.js\n',
    'components/page.yaml': 'kind: page\nuses: [crm, other]\n',
    'form.js': 'connection("salesforce")\nconnection("crm")\n'
  })
  const asked: string[] = []
  const loaded = await loadWorkspace(
    folder,
    () => [],
    async spec => {
      asked.push(spec.app.name)
      return name => (name === 'crm' ? ['dev', 'stage', 'client/acme'] : [])
    }
  )
  assert.equal(asked, ['Field Service'])
  assert.equal(told(loaded), [
    'CONNECTION_UNKNOWN components/form.yaml:2:8',
    'CONNECTION_UNKNOWN components/page.yaml:2:8',
    'CONNECTION_UNKNOWN components/page.yaml:2:13'
  ])
  const [form, page, other] = loaded.diagnostics.map(each => each.detail)
  for (const detail of [form, page]) {
    assert.match(
      detail ?? '',
      'crm is recorded in dev, stage and client/acme, its file was deleted'
    )
    assert.match(detail ?? '', 'Drop the reference here, or bring the file back.')
  }
  assert.match(form ?? '', 'The source names it as well: form.js:2.')
  assert.not.match(page ?? '', 'The source')
  assert.match(other ?? '', 'Make that file, or correct the name.')
})

test('a use of a connection by the name from before says what it is called now', async () => {
  const { diagnostics } = await load({
    'connections/sales.yaml':
      'connector: salesforce\npreviously: crm\nscopes: [api]\nclient: { id: env:A, secret: env:B }\n',
    'components/form.yaml': 'kind: form\nuses: [crm]\n'
  })
  const [detail] = diagnostics.map(each => each.detail)
  assert.match(
    detail ?? '',
    'connections/sales.yaml says that it was crm before. Write sales here.'
  )
})

test('where every reference has its file, nobody asks what is recorded', async () => {
  const never = () => Promise.reject(new Error('State was read'))
  const loaded = await loadWorkspace(writeWorkspace(sound), () => [], never)
  assert.equal(loaded.diagnostics, [])
})

test('all problems of all files are told in one go, in the order of files and lines', async () => {
  const result = await load({
    'tieline.yaml': 'ap: { name: A }\n',
    'connections/a.yaml': 'connector: [\n',
    'connections/b.yaml': 'name: Same\nlevel: x\n',
    'components/form.yaml': 'kind: form\nuses: [a, b, c]\n'
  })
  assert.equal(told(result), [
    'CONNECTION_UNKNOWN components/form.yaml:2:14',
    'YAML_SYNTAX connections/a.yaml:2:1',
    'MISSING_KEY connections/b.yaml:1:1',
    'INVALID_VALUE connections/b.yaml:2:8',
    'MISSING_KEY tieline.yaml:1:1',
    'UNKNOWN_KEY tieline.yaml:1:1'
  ])
  assert.is(result.workspace, null)
  assert.equal([...result.texts.keys()].sort(), [
    'components/form.yaml',
    'connections/a.yaml',
    'connections/b.yaml',
    'tieline.yaml'
  ])
})

test('a sound tieline.yaml is there even when other specs are not', async () => {
  const { specs, workspace } = await load({ [connection]: 'level: x\n' })
  assert.is(specs, null)
  assert.is(workspace?.linkName, 'tieline')
})

test('a name that two connections write is told at the second, with the file of the first', async () => {
  const { diagnostics } = await load({
    'connections/a.yaml': 'connector: x\nname: Same\npreviously: old\n',
    'connections/b.yaml': 'connector: x\nname: Same\npreviously: old\n'
  })
  assert.equal(
    diagnostics.map(each => [each.code, each.at?.file, each.detail.includes('connections/a.yaml')]),
    [
      ['NAME_TAKEN', 'connections/b.yaml', true],
      ['PREVIOUSLY_TWICE', 'connections/b.yaml', true]
    ]
  )
})

test('a folder without tieline.yaml is no workspace, and neither is a folder that is not there', async () => {
  assert.equal(told(await loadFolder(temporaryFolder())), ['NO_WORKSPACE'])
  assert.equal(told(await loadFolder('/nowhere/at/all')), ['NO_WORKSPACE'])
  const [problem] = (await loadFolder(temporaryFolder())).diagnostics
  assert.match(problem?.detail ?? '', /^ {4}tieline init$/m)
})

test('a connection of a client that the specs lack is told, for its version may have it still', async () => {
  const result = await load({
    'clients/acme.yaml': 'name: Acme\nconnections: { sales: {} }\n'
  })
  assert.equal(told(result), ['CLIENT_CONNECTION_ABSENT clients/acme.yaml:2:23'])
  assert.ok(result.specs !== null)
})

test('settings without effect in this version are told, and stop nothing', async () => {
  const result = await load({
    'tieline.yaml':
      'app: { name: A }\nmembers: { ana@example.com: { role: super-admin } }\nruntime: { prod: [] }\nrules: { x: warn }\n',
    'clients/acme.yaml': 'name: Acme\n'
  })
  assert.equal(told(result), [
    'CLIENT_WITHOUT_ADMIN clients/acme.yaml:1:1',
    'NOT_ENFORCED tieline.yaml:4:1'
  ])
  assert.ok(result.specs !== null)
})

test('members without a super-admin could never be changed, so one is needed', async () => {
  const result = await load({
    'tieline.yaml': 'app: { name: A }\nmembers: { ana@example.com: { role: admin } }\n'
  })
  assert.equal(told(result), ['NO_SUPER_ADMIN tieline.yaml:2:1'])
  assert.is(result.specs, null)
})

test('a reference to a file stays inside the workspace, and out of what is not for specs', async () => {
  const result = await load({
    'tieline.yaml': 'app: { name: A }\nstate: file:kept\nvault: file:safe\n',
    'connections/a.yaml':
      'connector: x\nclient: { id: file:ids/a, secret: file:/etc/shadow }\nenvironments:\n' +
      '  dev: { client: { id: file:../a, secret: file:~/.ssh/id_rsa } }\n' +
      '  stage: { client: { id: file:kept/dev.json, secret: file:safe/vault.json } }\n',
    'clients/acme.yaml': 'name: A\nconnections: { a: { client: { id: file:.env } } }\n'
  })
  assert.equal(
    told(result).filter(each => each.startsWith('REFERENCE')),
    [
      'REFERENCE_FILE_FORBIDDEN clients/acme.yaml:2:35',
      'REFERENCE_FILE_FORBIDDEN connections/a.yaml:2:35',
      'REFERENCE_FILE_FORBIDDEN connections/a.yaml:4:24',
      'REFERENCE_FILE_FORBIDDEN connections/a.yaml:4:43',
      'REFERENCE_FILE_FORBIDDEN connections/a.yaml:5:26',
      'REFERENCE_FILE_FORBIDDEN connections/a.yaml:5:54'
    ]
  )
  assert.match(result.diagnostics.map(each => each.detail).join('\n'), 'use env:NAME or vault:NAME')
})

test('connectors of the workspace are read, and checked, once they are allowed', async () => {
  const connector = `id: mine
service: Mine
category: CRM
docs: https://example.com/docs
levels: [administrator]
auth:
  - id: key
    kind: api-key
    fields: { key: { title: Key, secret: true } }
    send: { in: header, name: X-Key, value: "{key}" }
api:
  baseUrl: https://example.com
  test: { method: GET, url: "https://example.com/me", success: { status: [200] } }
sources: [{ url: "https://example.com/docs", read: 2026-01, facts: all }]
`
  const seen: string[] = []
  const files = {
    'tieline.yaml': 'app: { name: A }\nconnectors: { custom: true }\n',
    'connectors/mine-own.yaml': connector
  }
  const { specs, diagnostics } = await load(files, located => {
    seen.push(located.linkName)
    return []
  })
  assert.equal(diagnostics, [])
  assert.equal(seen, ['mine-own'])
  assert.is(specs?.connectors[0]?.spec.service, 'Mine')
})

test('a byte order mark and Windows line ends change nothing, not even places', async () => {
  const text = '\uFEFFconnector: salesforce\r\nscopes: [api]\r\nlevel: x\r\n'
  assert.equal(told(await load({ [connection]: text })), [`INVALID_VALUE ${connection}:3:8`])
})

test('anchors and aliases stand for their values, and a literal behind one is still a literal', async () => {
  const fine = 'connector: a\nclient: &c { id: env:A }\nenvironments: { dev: { client: *c } }\n'
  const { specs } = await load({ [connection]: fine })
  assert.equal(specs?.connections[0]?.spec.environments, { dev: { client: { id: 'env:A' } } })
  const literal = 'connector: a\nname: &n hunter2\nclient: { id: *n }\n'
  const result = await load({ [connection]: literal })
  assert.equal(told(result), [`LITERAL_SECRET ${connection}:3:15`])
  assert.not.match(everythingSaid(result), 'hunter2')
})

test('link names and keys that objects are born with are like any other', async () => {
  const { specs, diagnostics } = await load({
    'connections/constructor.yaml': 'connector: a\nparameters: { constructor: x, toString: y }\n',
    'components/form.yaml': 'kind: form\nuses: [constructor]\ndepends: []\n'
  })
  assert.equal(diagnostics, [])
  assert.equal(Object.entries(specs?.connections[0]?.spec.parameters ?? {}), [
    ['constructor', 'x'],
    ['toString', 'y']
  ])
})

test('the order of keys and files, comments and style make no difference to the specs', async () => {
  const entries: readonly (readonly [string, readonly string[]])[] = [
    [
      'connections/a.yaml',
      ['connector: x', 'level: administrator', 'scopes: [p, q]', 'protect: true']
    ],
    ['connections/b.yaml', ['connector: x', 'parameters: { k: v, l: w }', 'name: B']],
    ['components/form.yaml', ['kind: form', 'uses: [a, b]', 'name: "Form"']]
  ]
  const plain = async (files: Files) => {
    const { specs } = await load(files)
    const bare = (each: { readonly linkName: string; readonly spec: unknown }) => [
      each.linkName,
      each.spec
    ]
    return [specs?.connections.map(bare), specs?.components.map(bare)]
  }
  const expected = await plain(
    Object.fromEntries(entries.map(([file, lines]) => [file, lines.join('\n')]))
  )
  const shuffled = fc.tuple(
    fc.shuffledSubarray([...entries], { minLength: entries.length }),
    fc.array(fc.constantFrom('# c', '', '   # d')),
    fc.integer()
  )
  await fc.assert(
    fc.asyncProperty(shuffled, async ([files, comments, seed]) => {
      const written = files.map(([file, lines]) => {
        const turned = lines.toSorted((a, b) => ((a.length * seed) % 7) - ((b.length * seed) % 7))
        return [file, turned.flatMap(line => [...comments, `${line} # ${seed}`]).join('\n')]
      })
      assert.equal(await plain(Object.fromEntries(written)), expected)
    }),
    { numRuns: 15 }
  )
})

/** What specs are made of, right and wrong. */
const pieces = fc.constantFrom(
  ...['connector', 'client', 'id', 'secret', 'scopes', 'environments', 'dev', 'uses', '__proto__'],
  ...[
    'constructor',
    ': ',
    ':',
    '- ',
    '\n',
    '\n  ',
    '[',
    ']',
    '{',
    '}',
    ', ',
    '"',
    "'",
    '&a ',
    '*a'
  ],
  ...[
    'env:A',
    '|',
    '>',
    '#',
    '\t',
    '!!x ',
    '? ',
    '---\n',
    '%',
    '\u0000',
    '\uD800',
    'é',
    '0x',
    '.nan',
    '<<'
  ]
)

test('no text makes loading throw, and every diagnostic has a place in its file', async () => {
  const text = fc.oneof(
    fc.array(pieces, { maxLength: 40 }).map(all => all.join('')),
    fc.string()
  )
  const value = fc.json().map(json => json.replaceAll('\\u0000', ''))
  const folder = temporaryFolder()
  await fc.assert(
    fc.asyncProperty(fc.oneof(text, value), fc.oneof(text, value), async (one, two) => {
      writeWorkspace(
        {
          'tieline.yaml': one,
          'connections/a.yaml': two,
          'components/b.yaml': two,
          'clients/c.yaml': one
        },
        folder
      )
      const { diagnostics, specs } = await loadFolder(folder)
      assert.ok(specs === null || diagnostics.every(each => each.severity !== 'error'))
      for (const { at } of diagnostics) {
        assert.ok(at !== null && at.line >= 1 && at.column >= 1)
      }
    }),
    { numRuns: 300 }
  )
})

test.run()
