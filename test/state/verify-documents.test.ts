import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { digestOf } from '../../engine/model/digest.ts'
import { type Documents, emptyContent, type StateContent } from '../../engine/model/documents.ts'
import type { Slot, State, Version } from '../../engine/model/generated/types.ts'
import { documentNames } from '../../engine/state/document-names.ts'
import type { VersionFiles } from '../../engine/state/document-reader.ts'
import { formatDocument } from '../../engine/state/format-document.ts'
import { verifyDocuments } from '../../engine/state/verify-documents.ts'
import { temporaryFolder } from '../support/assert.ts'
import { aComponent, aConnection, aRecord, aState } from '../support/builders.ts'
import { storeIn } from '../support/state-workspace.ts'

const names = documentNames('state')
const noFiles: VersionFiles = { files: new Set(), versions: {} }
const salesforce = aConnection()

function aVersion(number: number, connections: Version['connections'] = {}): Version {
  return {
    formatVersion: 1,
    version: number,
    by: 'ana@example.com',
    at: '2026-03-04T12:00:00Z',
    note: null,
    commit: null,
    connectors: {},
    connections,
    components: {}
  }
}

/** The files of sound versions. */
function filesOf(...versions: Version[]): VersionFiles {
  const read = versions.map(each => [each.version, { content: each, digest: digestOf(each) }])
  return {
    files: new Set(versions.map(each => each.version)),
    versions: Object.fromEntries(read)
  }
}

function publishing(...versions: Version[]): Partial<StateContent> {
  const digests = versions.map(each => [each.version, digestOf(each)])
  return { version: versions.length, versions: Object.fromEntries(digests) }
}

/** A line a problem: code, file, and the first sentence of what it says. */
function told(states: readonly State[], found: VersionFiles = noFiles): readonly string[] {
  const documents = Object.fromEntries(states.map(each => [each.environment, each]))
  const all: Documents = { dev: null, stage: null, prod: null, shared: null, ...documents }
  return verifyDocuments(all, found, names).map(
    ({ code, at, detail }) => `${code} ${at?.file}: ${detail.split('\n')[0]}`
  )
}

/** The only problem there is. */
function only(states: readonly State[], found: VersionFiles = noFiles): string {
  const lines = told(states, found)
  assert.is(lines.length, 1, lines.join('\n'))
  return lines[0] ?? ''
}

test('finds nothing in documents that fit together', () => {
  const [one, two] = [aVersion(1, { salesforce }), aVersion(2, { salesforce })]
  const lead = aComponent({ uses: ['salesforce'] })
  const connections = { salesforce }
  const definitions = digestOf('x')
  const authorizations = { a: aRecord(salesforce, 'prod') }
  const client = aState('client/acme', {
    connections,
    version: 1,
    had: [1],
    source: { environment: 'prod', serial: 1, definitions },
    authorizations: { b: aRecord(salesforce, 'prod') },
    serving: { 'salesforce.1': 'b' }
  })
  assert.equal(
    told(
      [
        aState('dev', { connections, components: { lead } }),
        aState('stage', {
          connections,
          ...publishing(one, two),
          source: { environment: 'dev', serial: 1, definitions }
        }),
        aState('prod', {
          connections,
          version: 2,
          had: [1, 2],
          source: { environment: 'stage', serial: 1, definitions },
          authorizations,
          serving: { 'salesforce.1': 'a' },
          users: { 'salesforce.1': [] }
        }),
        client
      ],
      filesOf(one, two)
    ),
    []
  )
  assert.equal(told([]), [])
})

test('finds versions that are missing, damaged, unnamed or unpublished', () => {
  const [one, two] = [aVersion(1), aVersion(2)]
  const stage = aState('stage', publishing(one, two))
  assert.match(
    only([stage], filesOf(two)),
    /^VERSION_MISSING state\/versions\/1.json: stage has published/
  )
  const damaged = { files: new Set([1, 2]), versions: filesOf(two).versions }
  assert.match(only([stage], damaged), /^VERSION_DAMAGED state\/versions\/1.json/)
  const other = filesOf({ ...one, note: 'another' }, two)
  assert.match(only([stage], other), /^VERSION_DAMAGED state\/versions\/1.json/)
  const more = only([stage], filesOf(one, two, aVersion(3)))
  assert.match(more, /^VERSION_UNNAMED state\/versions\/3.json: .*publishing version 3 replaces it/)

  const prod = aState('prod', { version: 3, had: [1, 3, 4], pinned: true })
  assert.equal(
    told([stage, prod], filesOf(one, two)).map(each => each.slice(0, 70)),
    [
      'VERSION_UNPUBLISHED state/prod.json: prod runs version 3, which stage d',
      'VERSION_UNPUBLISHED state/prod.json: prod has run version 4, which stag'
    ].map(each => each.slice(0, 70))
  )
})

test('finds a source that is older than what was taken from it', () => {
  const source = { environment: 'dev', serial: 5, definitions: digestOf('x') } as const
  assert.match(
    only([aState('dev'), aState('stage', { source })]),
    /^SOURCE_TAKEN_BACK state\/dev.json: stage was applied from serial 5 of dev, which is at serial 1 now/
  )
  const client = aState('client/a', { source: { ...source, environment: 'prod' } })
  assert.match(only([client]), /prod, which has no state now/)
  const tree = { environment: 'tree', serial: null, definitions: digestOf('x') } as const
  assert.equal(told([aState('dev', { source: tree })]), [])
})

test('finds ids that two entries have', () => {
  const connections = { a: aConnection({ id: 'a.1' }), b: aConnection({ id: 'a.1' }) }
  assert.match(only([aState('dev', { connections })]), /^ID_TWICE state\/dev.json: a and b have/)
  // A component may have the id of a connection.
  const components = { salesforce: aComponent({ id: 'salesforce.1' }) }
  assert.equal(told([aState('dev', { connections: { salesforce }, components })]), [])
})

test('finds definitions that refer to nothing', () => {
  const custom = aConnection({ connector: 'ours', connectorDigest: digestOf('x') })
  const components = { lead: aComponent({ uses: ['gone', 'toString'], depends: ['vendor'] }) }
  assert.equal(told([aState('stage', { components, connections: { custom } })]), [
    'ENTRY_DANGLING state/stage.json: lead uses the connection gone, which the state of stage does not hold.',
    'ENTRY_DANGLING state/stage.json: lead uses the connection toString, which the state of stage does not hold.',
    'ENTRY_DANGLING state/stage.json: lead depends on the component vendor, which the state of stage does not hold.',
    "ENTRY_DANGLING state/stage.json: custom is on the workspace's connector ours, which the state of stage does not hold."
  ])
})

test('finds authorizations that no connection can use', () => {
  const record = aRecord(salesforce, 'dev')
  const ended = { cause: 'REVOKED', by: 'ana@example.com', at: '2026-01-02T00:00:00Z' } as const
  const shared = aState('shared', { authorizations: { a: record } })
  assert.match(
    only([shared]),
    /^AUTHORIZATION_DANGLING state\/shared.json: salesforce is authorized/
  )
  assert.equal(told([shared, aState('prod', { connections: { salesforce } })]), [])
  assert.equal(told([aState('shared', { authorizations: { a: { ...record, ended } } })]), [])
  assert.match(only([aState('dev', { users: { 'gmail.3': [] } })]), 'gmail is authorized in dev')

  // What is ours is no client's, and the other way round.
  const client = aState('client/a', { authorizations: { b: record } })
  assert.match(only([aState('dev', { connections: { salesforce } }), client]), 'in client/a')
  const served = aState('client/a', {
    connections: { salesforce },
    serving: { 'salesforce.1': 'a' }
  })
  assert.match(
    only([served, shared, aState('dev', { connections: { salesforce } })]),
    'client/a is to use'
  )

  const serving = { 'salesforce.1': 'a' }
  const dev = aState('dev', { connections: { salesforce }, serving })
  assert.match(
    only([dev]),
    /^AUTHORIZATION_DANGLING state\/dev.json: dev is to use an authorization/
  )
  assert.equal(told([dev, shared]), [])
  assert.equal(told([aState('dev', { serving })]).length, 1)
})

test('lets an environment that went back keep what it will use again', () => {
  const [one, two] = [aVersion(1), aVersion(2, { salesforce })]
  const back = (slot: Slot, pinned: boolean) =>
    aState(slot, {
      version: 1,
      had: [1, 2],
      pinned,
      authorizations: { a: aRecord(salesforce, 'prod') }
    })
  const stage = aState('stage', publishing(one, two))
  assert.equal(told([stage, back('prod', true)], filesOf(one, two)), [])
  assert.equal(told([stage, back('client/a', false)], filesOf(one, two)), [])
  const forward = { ...back('prod', false), version: 2 }
  assert.match(only([stage, forward], filesOf(one, two)), 'AUTHORIZATION_DANGLING')
})

test('looks at all files of a workspace, and at what is in them only once they can be read', async () => {
  const folder = temporaryFolder()
  const store = storeIn(folder)
  assert.equal(await store.verify(), [])
  await store.withLock('x', async writer => {
    const digest = await writer.writeVersion(aVersion(1))
    await writer.write({ ...emptyContent('stage'), version: 1, versions: { 1: digest } })
    await writer.write({ ...emptyContent('client/a'), version: 1, had: [1] })
  })
  assert.equal(await store.verify(), [])

  const codes = async () => (await store.verify()).map(each => `${each.severity} ${each.code}`)
  const file = (name: string) => join(folder, 'state', name)
  const version = readFileSync(file('versions/1.json'))
  rmSync(file('versions/1.json'))
  writeFileSync(file('versions/2.json'), '{')
  writeFileSync(file('versions/.2.json.swp'), '{')
  mkdirSync(file('versions/3.json'))
  assert.equal(await codes(), [
    'error VERSION_MISSING',
    'note VERSION_UNNAMED',
    'note VERSION_UNNAMED'
  ])
  rmSync(file('versions/2.json'))
  rmSync(file('versions/3.json'), { recursive: true })
  writeFileSync(file('versions/1.json'), version)

  rmSync(file('clients/a.json'))
  await store.withLock('x', writer => writer.write({ ...emptyContent('client/b'), version: 1 }))
  writeFileSync(file('history/clients/b.jsonl'), 'oops\n')
  assert.equal(await codes(), ['warning HISTORY_DAMAGED'])
  writeFileSync(file('prod.json'), formatDocument({ ...aState('prod'), version: 9 }))
  assert.equal(await codes(), ['error STATE_EDITED', 'warning HISTORY_DAMAGED'])
})

test.run()
