import { isAbsolute, join, relative } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { forbiddenFile } from '../../engine/model/references.ts'

test('files outside the workspace cannot be named, however that is spelt', () => {
  const paths = [
    ...['/etc/shadow', '//host/share', '~/.ssh/id_rsa', '~root/x', '..', '../x', 'a/../../x'],
    ...[
      'a/..',
      './../x',
      'C:\\x',
      'C:/x',
      'c:x',
      '\\\\host\\share',
      'a\\..\\x',
      'a:stream',
      '',
      '.',
      './',
      '/'
    ]
  ]
  assert.equal(
    paths.filter(each => !forbiddenFile(each)),
    []
  )
})

test('what tieline, git and other programs keep in the workspace cannot be named', () => {
  const paths = [
    ...['.git/config', '.tieline/vault/vault.json', 'state/dev.json', 'state', '.env', '.npmrc'],
    ...['a/.ssh/id_rsa', '.GIT/config', 'State/dev.json', 'STATE', 'GIT~1/config', '.git./config'],
    ...[
      'state/../state/dev.json',
      './state/dev.json',
      'state//dev.json',
      'state ',
      'x\u0000',
      'x\u200c.git'
    ]
  ]
  assert.equal(
    paths.filter(each => !forbiddenFile(each)),
    []
  )
  assert.ok(forbiddenFile('kept/dev.json', ['kept']))
  assert.ok(forbiddenFile('KEPT/dev.json', ['kept']))
  assert.not(forbiddenFile('kept/dev.json'))
})

test('other files of the workspace can be named', () => {
  const paths = [
    'secrets/crm',
    './secrets/crm.pem',
    'a b/c',
    'statement',
    'states/x',
    'schlüssel',
    'a..b'
  ]
  assert.equal(
    paths.filter(each => forbiddenFile(each)),
    []
  )
})

test('whatever may be named lies below the workspace', () => {
  const part = fc.constantFrom(
    '..',
    '.',
    '',
    'a',
    'state',
    '.git',
    ' ',
    '~',
    'b.c',
    'C:',
    '\\',
    '...'
  )
  fc.assert(
    fc.property(fc.array(part), parts => {
      const path = parts.join('/')
      if (forbiddenFile(path)) return
      const below = relative('/home/ana/app', join('/home/ana/app', path))
      assert.ok(below !== '' && !below.startsWith('..') && !isAbsolute(below), path)
      assert.not.match(below, /(^|\/)\.|^state(\/|$)/)
    }),
    { numRuns: 3000 }
  )
})

test.run()
