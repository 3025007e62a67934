import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Refusal } from '../../engine/model/diagnostic.ts'
import type { Documents } from '../../engine/model/documents.ts'
import type { ClientSpec, State } from '../../engine/model/generated/types.ts'
import type { Located } from '../../engine/model/specs.ts'
import { clientsToPlan, isGone, viewClient } from '../../engine/workflow/client-view.ts'
import { aConnection, aRecord, aState } from '../support/builders.ts'
import { noDocuments } from '../support/plan-request.ts'

function aSpec(linkName: string, previously?: string): Located<ClientSpec> {
  const file = `clients/${linkName}.yaml`
  return {
    linkName,
    spec: { name: linkName, ...(previously === undefined ? {} : { previously }) },
    file,
    whole: true,
    place: () => ({ file, line: 1, column: 1 })
  }
}

const crm = aConnection()

function installed(environment: `client/${string}`, overrides: Partial<State> = {}): State {
  return aState(environment, { version: 1, had: [1], connections: { crm }, ...overrides })
}

function recorded(...names: readonly string[]): Documents {
  const clients = names.map(name => [`client/${name}`, installed(`client/${name}`)])
  return { ...noDocuments, ...Object.fromEntries(clients) }
}

function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof Refusal) return error.diagnostics[0]?.code ?? ''
    throw error
  }
  return 'none'
}

test('a client that is renamed is planned under its new name, on the document that it has', () => {
  const view = viewClient('client/acme_corp', [aSpec('acme_corp', 'acme')], recorded('acme'))
  assert.is(view.renamedFrom, 'client/acme')
  assert.equal(Object.keys(view.documents).sort(), [
    'client/acme_corp',
    'dev',
    'prod',
    'shared',
    'stage'
  ])
  assert.is(view.documents['client/acme_corp']?.environment, 'client/acme_corp')
  assert.equal(view.documents['client/acme_corp']?.connections, { crm })
})

test('a client is not renamed to what an installation was called that was removed', () => {
  const removed = installed('client/acme_corp', { version: null, connections: {} })
  const documents = { ...recorded('acme'), 'client/acme_corp': removed }
  const view = () => viewClient('client/acme_corp', [aSpec('acme_corp', 'acme')], documents)
  assert.is(codeOf(view), 'CLIENT_NAME_TAKEN')
})

test('once the rename is applied, `previously` means nothing any more', () => {
  const view = viewClient('client/acme_corp', [aSpec('acme_corp', 'acme')], recorded('acme_corp'))
  assert.is(view.renamedFrom, null)
  assert.is(view.isNewLineage, false)
})

test('who takes the old name anew waits until the other has left it, and is new then', () => {
  const specs = [aSpec('acme'), aSpec('acme_corp', 'acme')]
  assert.is(
    codeOf(() => viewClient('client/acme', specs, recorded('acme'))),
    'CLIENT_RENAMED'
  )
  const after = viewClient('client/acme_corp', specs, recorded('acme')).documents
  const view = viewClient('client/acme', specs, after)
  assert.is(view.documents['client/acme'], undefined)
  assert.is(view.renamedFrom, null)
  assert.equal(clientsToPlan(specs, recorded('acme')), ['client/acme_corp', 'client/acme'])
})

test('a client without a spec is to be removed, and once nothing is left of it nothing is planned', () => {
  const live = installed('client/acme', {
    version: null,
    connections: {},
    authorizations: { one: aRecord(crm, 'client/acme') }
  })
  assert.is(viewClient('client/acme', [], { ...noDocuments, 'client/acme': live }).spec, null)
  assert.not.ok(isGone(live))
  const gone = installed('client/acme', { version: null, connections: {} })
  assert.ok(isGone(gone))
  const documents = { ...noDocuments, 'client/acme': gone }
  assert.is(viewClient('client/acme', [], documents).spec, null)
  assert.equal(clientsToPlan([], documents), [])
})

test('a client that was removed and is installed again has nothing of before', () => {
  const gone = installed('client/acme', { version: null, connections: {}, had: [1, 2] })
  const view = viewClient('client/acme', [aSpec('acme')], { ...noDocuments, 'client/acme': gone })
  assert.is(view.isNewLineage, true)
  assert.is(view.documents['client/acme'], undefined)
})

test('a client that is neither in the specs nor recorded is told, and so is a past that nobody had', () => {
  assert.is(
    codeOf(() => viewClient('client/acme', [aSpec('acne')], noDocuments)),
    'CLIENT_UNKNOWN'
  )
  assert.is(
    codeOf(() => viewClient('client/acme', [aSpec('acme', 'nobody')], noDocuments)),
    'PREVIOUSLY_UNKNOWN'
  )
})

test.run()
