import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { validateBundle } from '../../engine/model/generated/validators/bundle.js'
import { validateClientSpec } from '../../engine/model/generated/validators/client.js'
import { validateComponentSpec } from '../../engine/model/generated/validators/component.js'
import { validateConnectionSpec } from '../../engine/model/generated/validators/connection.js'
import { validateState } from '../../engine/model/generated/validators/state.js'
import { validateVersion } from '../../engine/model/generated/validators/version.js'
import { validateWorkspaceSpec } from '../../engine/model/generated/validators/workspace.js'
import { aBundle, aBundledComponent, aBundledConnection } from '../support/a-bundle.ts'
import { aComponent, aConnection, aState } from '../support/builders.ts'

type Reads = (name: string) => boolean

const connectionNames: readonly (readonly [string, Reads])[] = [
  ['connection spec', name => validateConnectionSpec({ connector: 'twilio', name })],
  [
    'connection of a bundle',
    name => validateBundle(aBundle({ connections: { crm: aBundledConnection({ name }) } }))
  ]
]

const otherNames: readonly (readonly [string, Reads])[] = [
  ['component spec', name => validateComponentSpec({ kind: 'form', name })],
  ['client spec', name => validateClientSpec({ name })],
  ['app', name => validateWorkspaceSpec({ app: { name } })],
  ['app of a bundle', app => validateBundle(aBundle({ app }))],
  [
    'component of a bundle',
    name => validateBundle(aBundle({ components: { form: aBundledComponent({ name }) } }))
  ],
  [
    'recorded connection',
    name => validateState(aState('dev', { connections: { crm: aConnection({ name }) } }))
  ],
  [
    'recorded component',
    name => validateState(aState('dev', { components: { form: aComponent({ name }) } }))
  ],
  ['name given by tieline', name => validateState(aState('dev', { given: { 'crm.1': name } }))],
  ['published connection', name => validateVersion(aVersion({ crm: aConnection({ name }) }))]
]

const all = [...connectionNames, ...otherNames]

function aVersion(connections: Readonly<Record<string, unknown>>): unknown {
  return {
    formatVersion: 1,
    version: 1,
    by: 'ana@example.com',
    at: '2026-03-04T12:00:00.000Z',
    note: null,
    commit: null,
    connectors: {},
    connections,
    components: {}
  }
}

/** Everything that ends a line, controls a terminal or turns the direction of what follows. */
const bad = fc.oneof(
  fc.constantFrom(...'\n\r\t\u0000\u001b\u007f\u0085\u009b\u2028\u2029'),
  fc.constantFrom(...'\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069')
)

const letters = fc.array(fc.constantFrom(...'aZ09 &@!:-_éüñ漢字かなカナ한글עברית'), {
  minLength: 1,
  maxLength: 20
})

const more = fc.array(
  fc.constantFrom('a', '😀', '🚀', '❤️', '🇩🇪', '“', '’', ',', '.', '(', '東', '\u00a0'),
  {
    minLength: 1,
    maxLength: 10
  }
)

test('a display name is on one line and reads in one direction, wherever it stands', () => {
  fc.assert(
    fc.property(letters, bad, letters, (before, character, after) => {
      const name = before.join('') + character + after.join('')
      for (const [what, reads] of all) assert.is(reads(name), false, `${what}: ${escape(name)}`)
    }),
    { numRuns: 400 }
  )
})

test('letters of any script are a name everywhere', () => {
  fc.assert(
    fc.property(letters, characters => {
      for (const [what, reads] of all) assert.is(reads(characters.join('')), true, what)
    })
  )
})

test('what people print beside letters, emoji too, is a name of all but connections', () => {
  fc.assert(
    fc.property(more, characters => {
      for (const [what, reads] of otherNames) assert.is(reads(characters.join('')), true, what)
    })
  )
})

test.run()
