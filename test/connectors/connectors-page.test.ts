import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sendList } from '../../engine/model/send-list.ts'
import { checkConnections } from '../../engine/resolve/check-connection.ts'
import { normalConnection } from '../../engine/resolve/normal-connection.ts'
import { targetOf } from '../../engine/resolve/target-of.ts'
import { checkConnector } from '../../engine/spec/check-connector.ts'
import { loadWorkspace } from '../../engine/spec/load-workspace.ts'
import { writeWorkspace } from '../spec/spec-workspace.ts'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/connectors.md'), 'utf8')

/** The examples of the page, by the file that the first line of each names. */
function examples(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...page.matchAll(/^```yaml\n# (\S+)\n([^`]+)^```$/gm)].map(each => [
      each[1] ?? '',
      each[2] ?? ''
    ])
  )
}

test('the examples are a workspace in which nothing is wrong', async () => {
  const files = examples()
  assert.equal(Object.keys(files), [
    'tieline.yaml',
    'connectors/orbit_desk.yaml',
    'connections/orbit_desk.yaml',
    'connectors/stock_room.yaml',
    'connections/stock_room.yaml',
    'connectors/parcel_post.yaml',
    'connections/parcel_post.yaml'
  ])
  const { specs, diagnostics } = await loadWorkspace(writeWorkspace(files), checkConnector)
  assert.equal(diagnostics, [])
  assert.ok(specs)
  const own = new Map(specs.connectors.map(each => [each.linkName, each.spec]))
  const get = (id: string) => {
    const connector = own.get(id)
    return connector === undefined ? undefined : { connector, digest: null }
  }
  assert.equal(
    checkConnections(specs.connections, { get, ids: () => [...own.keys()] }, new Set()),
    []
  )
  for (const { linkName, spec } of specs.connections) {
    const known = get(spec.connector)
    assert.ok(known)
    const connection = normalConnection(spec, known, `${linkName}.1`, linkName)
    assert.is(
      targetOf(linkName, connection, known.connector, 'prod').need.basis.connector,
      linkName
    )
  }
})

test('the examples show what their headings promise', async () => {
  const { specs } = await loadWorkspace(writeWorkspace(examples()), checkConnector)
  const ways = (specs?.connectors ?? []).flatMap(each => each.spec.auth)
  assert.equal(
    ways.map(way => [way.kind, ...sendList(way.send).map(each => each.in)]),
    [
      ['oauth2', 'header'],
      ['api-key', 'header', 'header'],
      ['basic', 'basic']
    ]
  )
})

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema
  readonly items?: Schema
  readonly oneOf?: readonly Schema[]
  readonly $defs?: Readonly<Record<string, Schema>>
}

test('every member of the schema has its line, and no other has', () => {
  const schema = JSON.parse(
    readFileSync(join(root, 'schemas/connector.schema.json'), 'utf8')
  ) as Schema
  const part = (name: string): Schema => schema.$defs?.[name] ?? {}
  const oauth2 = part('oauth2Way').properties ?? {}
  const sections: Readonly<Record<string, readonly (Schema | undefined)[]>> = {
    'The file': [schema],
    'A parameter': [part('parameter')],
    'An OAuth2 way': [part('oauth2Way')],
    '`answer`': [oauth2.answer],
    '`signing`': [oauth2.signing],
    '`revocation`': [oauth2.revocation],
    '`redirect`': [oauth2.redirect],
    '`learns`': [oauth2.learns?.additionalProperties],
    '`identity`': [oauth2.identity],
    'A basic or API key way': [part('basicWay'), part('apiKeyWay')],
    'A field': [part('fields').additionalProperties],
    '`send`': part('send').oneOf ?? [],
    '`api`': [part('api')],
    '`test`': [part('api').properties?.test],
    'A source': [schema.properties?.sources?.items]
  }
  const [, reference = ''] = page.split('## Every member\n')
  const texts = new Map(
    reference
      .split('\n### ')
      .slice(1)
      .map(text => [text.slice(0, text.indexOf('\n')), text])
  )
  assert.equal([...texts.keys()], Object.keys(sections))
  for (const [title, parts] of Object.entries(sections)) {
    const members = new Set(parts.flatMap(each => Object.keys(each?.properties ?? {})))
    assert.ok(members.size > 0, title)
    const rows = [...(texts.get(title) ?? '').matchAll(/^\| `(\w+)` \| \S.* \|$/gm)]
    assert.equal(rows.map(each => each[1]).sort(), [...members].sort(), title)
  }
})

test.run()
