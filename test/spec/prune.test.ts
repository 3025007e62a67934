import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { validateConnectionSpec } from '../../engine/model/generated/validators/connection.js'
import { prune } from '../../engine/spec/prune.ts'

function pruned(document: unknown): unknown {
  return validateConnectionSpec(document)
    ? document
    : prune(document, validateConnectionSpec.errors ?? [], validateConnectionSpec)
}

test('what breaks the schema is left out, and the rest stays for the checks that follow', () => {
  const document = { connector: 'crm', scopess: ['api'], level: 'admin', protect: true }
  assert.equal(pruned(document), { connector: 'crm', protect: true })
})

test('a list with one bad item goes as a whole, so that the places of the others stay right', () => {
  assert.equal(pruned({ connector: 'crm', scopes: ['api', 7] }), { connector: 'crm' })
})

test('a part goes along with a part that it cannot be without', () => {
  const document = { connector: 'crm', client: { id: 'literal', secret: 'env:SECRET' } }
  assert.equal(pruned(document), { connector: 'crm' })
})

test('without what every spec needs there is nothing left', () => {
  assert.is(pruned({ level: 'administrator' }), null)
  assert.is(pruned(['connector']), null)
})

test.run()
