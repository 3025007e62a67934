import { posix } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { collidingPaths, whyNotSource } from '../../engine/bundle/check-paths.ts'

const apart = ['.tieline', 'state', 'data/vault']

test('paths of sources are taken as they are', () => {
  for (const path of [
    'a.dg',
    'src/forms/lead_form.dg',
    'src/[id]/page.tsx',
    'Ümläut/é ü.js',
    'a..b'
  ])
    assert.is(whyNotSource(path, apart), null, path)
})

test('paths that leave, hide or mean something else are refused', () => {
  const refused = [
    ...['/etc/passwd', '../a', 'a/../../b', 'a/..', './a', 'a/./b', 'a//b', 'a/', ''],
    ...['C:/a', 'c:a', 'a\\b', '\\\\server\\a', 'a:stream', '~/a', '~'],
    ...['.git/config', 'a/.git/hooks/x', '.env', 'a/.npmrc', '.tieline/vault/a', '.github/a'],
    ...['GIT~1/config', 'a./b', 'a /b', 'a\u0000b', 'a\nb', 'a\u202eb', 'a\ud800'],
    ...['state/dev.json', 'State/dev.json', 'STATE', 'data/vault/x', 'DATA/vault/x'],
    ...['connections/a.yaml', 'Components/a.yaml', 'clients/a', 'connectors/x', 'tieline.yaml'],
    ...['TIELINE.YAML', 'node_modules/a/b.js', 'src/Node_Modules/a'],
    ...['con', 'aux.txt', 'src/NUL.dg', 'com1', 'a*b', 'a?b', 'a|b', '<a', '"a"'],
    ...['a'.repeat(501), `${'a'.repeat(256)}/b`, `${'é'.repeat(128)}/b`]
  ]
  for (const path of refused) assert.ok(whyNotSource(path, apart) !== null, path)
})

test('a path that is taken stays inside, whatever it is made of', () => {
  const part = fc.oneof(fc.constantFrom('..', '.', '', 'a', 'src', '~', 'C:', '\\'), fc.string())
  fc.assert(
    fc.property(fc.array(part, { minLength: 1 }), parts => {
      const path = parts.join('/')
      if (whyNotSource(path, apart) !== null) return
      assert.is(posix.normalize(path), path)
      assert.not.ok(path.startsWith('/') || path.startsWith('..'))
    })
  )
})

test('paths that some systems take for one are told', () => {
  const meets = (...paths: readonly string[]) => collidingPaths(paths).map(each => each.path)
  assert.equal(meets('src/a.js', 'src/b.js', 'lib/a.js'), [])
  assert.equal(meets('src/a.js', 'src/A.js'), ['src/A.js'])
  assert.equal(meets('src/a.js', 'SRC/b.js'), ['SRC/b.js'])
  assert.equal(meets('caf\u00e9.js', 'cafe\u0301.js'), ['cafe\u0301.js'])
  assert.equal(meets('stra\u00dfe', 'STRASSE'), ['STRASSE'])
  assert.equal(meets('a', 'a/b'), ['a/b'])
  assert.equal(meets('a/b', 'a'), ['a'])
  assert.equal(meets('a/b', 'a/b'), ['a/b'])
})

test.run()
