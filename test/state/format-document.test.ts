import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { formatDocument } from '../../engine/state/format-document.ts'

/** The same value with the keys of every object set in another order. */
function shuffled(value: unknown, seed: number): unknown {
  if (Array.isArray(value)) return value.map(each => shuffled(each, seed))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const cut = entries.length === 0 ? 0 : seed % entries.length
  const turned = [...entries.slice(cut), ...entries.slice(0, cut)]
  if (seed % 2 === 1) turned.reverse()
  return Object.fromEntries(turned.map(([key, each]) => [key, shuffled(each, seed)]))
}

test('gives the same bytes whatever the order of keys, and reads back as the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(), (value, seed) => {
      const text = formatDocument(value)
      assert.is(formatDocument(shuffled(value, seed)), text)
      assert.is(formatDocument(JSON.parse(text)), text)
      assert.equal(JSON.parse(text), JSON.parse(JSON.stringify(value)))
    })
  )
})

test('writes one entry a line group, two spaces a level, and a newline at the end', () => {
  const text = formatDocument({ b: { scopes: ['x', 'y'], a: 1 }, a: {} })
  assert.is(
    text,
    '{\n  "a": {},\n  "b": {\n    "a": 1,\n    "scopes": [\n      "x",\n      "y"\n    ]\n  }\n}\n'
  )
})

test('puts versions in the order of their numbers', () => {
  const text = formatDocument({ '10': 'j', '9': 'i', '1': 'a' })
  assert.is(text, '{\n  "1": "a",\n  "9": "i",\n  "10": "j"\n}\n')
})

test('loses no key, not even one called __proto__', () => {
  const text = formatDocument(JSON.parse('{"__proto__":{"b":1,"a":2},"a":1}'))
  assert.is(text, '{\n  "__proto__": {\n    "a": 2,\n    "b": 1\n  },\n  "a": 1\n}\n')
})

test.run()
