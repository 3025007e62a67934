import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Documents } from '../../engine/model/documents.ts'
import type { Specs } from '../../engine/model/specs.ts'
import { takenNames } from '../../engine/workflow/import-taken.ts'
import { temporaryFolder } from '../support/assert.ts'
import { aComponent, aConnection, aState } from '../support/builders.ts'

test('names are taken by specs, by every record, by what is gone and by files that are no specs', () => {
  const root = temporaryFolder()
  mkdirSync(join(root, 'connections'))
  writeFileSync(join(root, 'connections/Draft.yaml.bak'), '')
  const located = (linkName: string, previously?: string) => ({ linkName, spec: { previously } })
  const specs = {
    connections: [located('tree', 'was')],
    components: [located('page')],
    clients: [],
    connectors: []
  } as unknown as Specs
  const documents: Documents = {
    shared: null,
    dev: aState('dev', {
      connections: { dev: aConnection({ name: 'Dev' }) },
      retired: { connections: { gone: 'gone.1' }, components: { lost: 'lost.1' } },
      given: { 'gone.1': 'Given' }
    }),
    stage: aState('stage', { components: { form: aComponent({ name: 'Form' }) } }),
    prod: aState('prod', { connections: { prod: aConnection({ name: 'Prod' }) } }),
    'client/acme': aState('client/acme', {
      connections: { client: aConnection({ name: 'Client' }) }
    })
  }
  const resolved = {
    definitions: {
      connections: { tree: aConnection({ name: 'Tree' }) },
      components: { page: aComponent({ name: 'Page' }) }
    },
    given: {},
    connectors: {},
    diagnostics: []
  }
  const { connections, components } = takenNames(root, specs, resolved, documents)
  assert.equal([...connections.linkNames].sort(), [
    'client',
    'dev',
    'draft',
    'gone',
    'prod',
    'tree',
    'was'
  ])
  assert.equal([...connections.names].sort(), ['Client', 'Dev', 'Given', 'Prod', 'Tree'])
  assert.equal([...components.linkNames].sort(), ['form', 'lost', 'page'])
  assert.equal([...components.names].sort(), ['Form', 'Page'])
})

test.run()
