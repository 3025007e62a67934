import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  bundleText,
  connectorsInSeveralShapes,
  makeBundle
} from '../../engine/bundle/make-bundle.ts'
import type { Connector, Version } from '../../engine/model/generated/types.ts'
import { aComponent, aConnection } from '../support/builders.ts'

const one = `sha256:${'1'.repeat(64)}`
const two = `sha256:${'2'.repeat(64)}`

function aVersion(overrides: Partial<Version> = {}): Version {
  return {
    formatVersion: 1,
    version: 4,
    by: 'ana@example.com',
    at: '2026-01-01T00:00:00.000Z',
    note: 'for Jo',
    commit: 'abc',
    connectors: {},
    connections: { crm: aConnection({ protect: true }) },
    components: { form: aComponent({ uses: ['crm'], source: { glob: 'a', digest: one } }) },
    ...overrides
  }
}

test('a bundle holds what an app is, without ids, names of people or what nobody uses', () => {
  const connectors = { [one]: { id: 'unused' } as Connector }
  const bundle = makeBundle({
    app: 'App',
    version: aVersion({ connectors }),
    earlier: new Map([
      ['crm', { dev: { parameters: {}, client: null, origin: 'http://localhost' } }]
    ]),
    sources: new Map([['form', [{ path: 'a', text: 'x' }]]])
  })
  const text = bundleText(bundle)
  assert.not.match(text, /ana@|Jo|abc|\.1"|unused/)
  assert.equal(bundle.connections.crm?.protect, true)
  assert.equal(Object.keys(bundle.connections.crm?.environments ?? {}), ['dev'])
  assert.equal(bundle.components.form?.source, { glob: 'a', files: ['a'] })
  assert.equal([bundle.version, bundle.files], [4, [{ path: 'a', text: 'x' }]])
})

test('a connector that a version has in several shapes, or not at all, is told', () => {
  const on = (name: string, digest: string | null) =>
    aConnection({ name, connector: 'board', connectorDigest: digest })
  const connector = { id: 'board' } as Connector
  const mixed = { a: on('A', one), b: on('B', two) }
  const connectors = { [one]: connector, [two]: connector }
  assert.equal(connectorsInSeveralShapes(aVersion({ connections: mixed, connectors })), ['board'])
  assert.equal(connectorsInSeveralShapes(aVersion({ connections: { a: on('A', one) } })), ['board'])
  assert.equal(
    connectorsInSeveralShapes(aVersion({ connections: { a: on('A', one) }, connectors })),
    []
  )
  assert.equal(connectorsInSeveralShapes(aVersion()), [])
})

test.run()
