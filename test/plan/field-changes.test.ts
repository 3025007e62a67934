import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Connection, Override } from '../../engine/model/generated/types.ts'
import {
  fieldsOfAdded,
  fieldsOfDeleted,
  fieldsOfModified,
  setFields
} from '../../engine/plan/field-changes.ts'
import { aConnection } from '../support/builders.ts'

const client = fc.option(
  fc.record(
    { id: fc.constant('env:A'), secret: fc.option(fc.constant('env:B')) },
    { noNullPrototype: true }
  )
)
const parameters = fc.dictionary(fc.constantFrom('domain', 'a/b', 'c~d', ''), fc.string(), {
  maxKeys: 3,
  noNullPrototype: true
})
const override: fc.Arbitrary<Override> = fc.record(
  {
    parameters,
    client,
    origin: fc.option(fc.constant('http://localhost:1'))
  },
  { noNullPrototype: true }
)
const connections: fc.Arbitrary<Connection> = fc
  .record({
    name: fc.string(),
    scopes: fc.array(fc.string(), { maxLength: 3 }),
    parameters,
    client,
    environments: fc.dictionary(fc.constantFrom('dev', 'stage', 'prod'), override, {
      maxKeys: 3,
      noNullPrototype: true
    })
  })
  .map(parts => aConnection(parts))

test('the fields of a change, set on the recorded entry, give the new one', () => {
  fc.assert(
    fc.property(connections, connections, (before, after) => {
      assert.equal(setFields(before, fieldsOfModified(before, after)), after)
    })
  )
})

test('the fields of an added entry give it whole, those of a deleted one tell all it had', () => {
  fc.assert(
    fc.property(connections, entry => {
      const rebuilt = setFields(null, fieldsOfAdded(entry)) as Connection
      assert.equal({ ...rebuilt }, entry)
      const gone = fieldsOfDeleted(entry).map(each => [each.path, each.before])
      assert.equal(
        gone,
        fieldsOfAdded(entry).map(each => [each.path, each.after])
      )
    })
  )
})

test('equal entries have no fields, and arrays are told whole', () => {
  const entry = aConnection()
  assert.equal(fieldsOfModified(entry, aConnection()), [])
  assert.equal(fieldsOfModified(entry, { ...entry, scopes: ['api', 'web'] }), [
    { path: '/scopes', before: ['api'], after: ['api', 'web'] }
  ])
})

test.run()
