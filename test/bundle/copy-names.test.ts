import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { copyNames, type Named, type TakenNames } from '../../engine/bundle/copy-names.ts'

function taken(linkNames: readonly string[], names: readonly string[] = []): TakenNames {
  return { linkNames: new Set(linkNames), names: new Set(names) }
}

function named(linkName: string, name = linkName.toUpperCase()): Named {
  return { linkName, name }
}

test('what meets nothing keeps its names', () => {
  const entries = [named('crm'), named('mail')]
  assert.equal(copyNames(entries, taken(['sms'], ['SMS']), 50), entries)
})

test('both names change where either is taken', () => {
  assert.equal(copyNames([named('crm', 'CRM')], taken(['crm']), 50), [
    named('crm_copy', 'CRM_copy')
  ])
  assert.equal(copyNames([named('crm', 'CRM')], taken([], ['CRM']), 50), [
    named('crm_copy', 'CRM_copy')
  ])
})

test('each name takes the lowest number that is free for it', () => {
  const names = taken(['crm', 'crm_copy', 'crm_copy_3'], ['CRM', 'CRM_copy_2'])
  assert.equal(copyNames([named('crm', 'CRM')], names, 50), [named('crm_copy_2', 'CRM_copy')])
})

test('a copy of a copy, and copies that meet what stays', () => {
  assert.equal(
    copyNames([named('x'), named('x_copy')], taken(['x', 'x_copy']), 50).map(each => each.linkName),
    ['x_copy_2', 'x_copy_copy']
  )
  assert.equal(
    copyNames([named('x'), named('x_copy')], taken(['x']), 50).map(each => each.linkName),
    ['x_copy_2', 'x_copy']
  )
})

test('entries may share a display name as long as they keep it', () => {
  const entries = [named('a', 'Form'), named('b', 'Form')]
  assert.equal(copyNames(entries, taken([]), 100), entries)
  assert.equal(copyNames(entries, taken(['a', 'b']), 100), [
    named('a_copy', 'Form_copy'),
    named('b_copy', 'Form_copy_2')
  ])
})

test('long names are cut so that the ending fits, never inside a character', () => {
  const [copy] = copyNames([named('a'.repeat(50), '😀'.repeat(50))], taken(['a'.repeat(50)]), 50)
  assert.equal(copy, named(`${'a'.repeat(45)}_copy`, `${'😀'.repeat(45)}_copy`))
  const [spaced] = copyNames([named('a', `${'b'.repeat(44)} ccccc`)], taken(['a']), 50)
  assert.is(spaced?.name, `${'b'.repeat(44)}_copy`)
})

test('names that look the same are the same', () => {
  const [copy] = copyNames([named('cafe', 'Cafe\u0301')], taken([], ['Caf\u00e9']), 50)
  assert.is(copy?.linkName, 'cafe_copy')
})

test('names of what every object has are names like others', () => {
  assert.equal(copyNames([named('constructor')], taken(['valueof']), 50), [named('constructor')])
})

const linkName = fc.oneof(
  fc.constantFrom('x', 'x_copy', 'x_copy_2', 'y', 'a'.repeat(50), 'a'.repeat(48)),
  fc.stringMatching(/^[a-z][a-z0-9_]{0,49}$/)
)
const name = fc.oneof(
  fc.constantFrom('X', 'X_copy', '😀'.repeat(50), `${'b'.repeat(44)} c`),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
)
const entries = fc.uniqueArray(fc.record({ linkName, name }), {
  selector: each => each.linkName,
  maxLength: 12
})

test('new names are one to one, meet nothing, and fit', () => {
  fc.assert(
    fc.property(entries, fc.array(linkName), fc.array(name), (all, linkNames, names) => {
      const before = taken(linkNames, names)
      const after = copyNames(all, before, 50)
      assert.is(new Set(after.map(each => each.linkName)).size, all.length)
      const copied = after.filter((each, at) => each !== all[at])
      assert.is(new Set(copied.map(each => each.name.normalize('NFC'))).size, copied.length)
      for (const [at, each] of after.entries()) {
        const from = all[at]
        assert.not.ok(before.linkNames.has(each.linkName))
        assert.not.ok(before.names.has(each.name))
        assert.match(each.linkName, /^[a-z][a-z0-9_]{0,49}$/)
        if (each === from) continue
        assert.match(each.linkName, /_copy(_\d+)?$/)
        assert.match(each.name, /_copy(_\d+)?$/)
        assert.ok([...each.name].length <= 50)
        assert.ok(from?.name.startsWith(each.name.replace(/_copy(_\d+)?$/, '')))
      }
    })
  )
})

test('importing again and again finds a new name each time', () => {
  fc.assert(
    fc.property(entries, all => {
      let before = taken(
        all.map(each => each.linkName),
        all.map(each => each.name)
      )
      for (let time = 0; time < 4; time++) {
        const after = copyNames(all, before, 50)
        for (const each of after) assert.not.ok(before.linkNames.has(each.linkName))
        before = taken(
          [...before.linkNames, ...after.map(each => each.linkName)],
          [...before.names, ...after.map(each => each.name)]
        )
      }
    })
  )
})

test('ten thousand names that are cut to the same start are found at once', () => {
  const all = Array.from({ length: 10_000 }, (_, at) =>
    named(`${'a'.repeat(45)}${String(at).padStart(5, '0')}`, 'N')
  )
  const after = copyNames(all, taken(all.map(each => each.linkName)), 50)
  assert.is(new Set(after.map(each => each.linkName)).size, all.length)
})

test.run()
