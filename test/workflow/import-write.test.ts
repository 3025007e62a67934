import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PlannedFile } from '../../engine/bundle/plan-import.ts'
import { writeImport } from '../../engine/workflow/import-write.ts'
import { rejects, temporaryFolder } from '../support/assert.ts'

const never = new AbortController().signal

function aFile(path: string): PlannedFile {
  return {
    path,
    text: path,
    before: null,
    subject: 'source',
    linkName: 'form',
    owners: ['form'],
    original: { path, text: path },
    rewritten: 0
  }
}

test('all files are written, with the folders they need', async () => {
  const root = temporaryFolder()
  assert.is(await writeImport(root, [aFile('a'), aFile('b/c/d')], () => null, never), true)
  assert.is(readFileSync(join(root, 'b/c/d'), 'utf8'), 'b/c/d')
})

test('where one cannot be written, none is there afterwards, and what was there stays', async () => {
  const root = temporaryFolder()
  mkdirSync(join(root, 'old'))
  writeFileSync(join(root, 'old/mine'), 'mine')
  const files = [aFile('a/b/c'), aFile('old/new'), aFile('old/mine'), aFile('z')]
  await rejects(() => writeImport(root, files, () => null, never), 'IMPORT_NOT_WRITTEN')
  assert.equal(readdirSync(root, { recursive: true, encoding: 'utf8' }).sort(), ['old', 'old/mine'])
  assert.is(readFileSync(join(root, 'old/mine'), 'utf8'), 'mine')
})

test('a folder that has become a file, and a link that has appeared, are in the way', async () => {
  const root = temporaryFolder()
  writeFileSync(join(root, 'src'), '')
  await rejects(() => writeImport(root, [aFile('src/a')], () => null, never), 'IMPORT_NOT_WRITTEN')
  const link = (path: string) => (path === 'b' ? 'b' : null)
  await rejects(
    () => writeImport(root, [aFile('a'), aFile('b')], link, never),
    'IMPORT_NOT_WRITTEN'
  )
  assert.equal(readdirSync(root), ['src'])
})

test('an import that is stopped halfway takes back what it wrote', async () => {
  const root = temporaryFolder()
  const controller = new AbortController()
  const files = [aFile('a/b'), aFile('c'), aFile('d')]
  const stop = (path: string) => {
    if (path === 'c') controller.abort()
    return null
  }
  assert.is(await writeImport(root, files, stop, controller.signal), false)
  assert.not.ok(existsSync(join(root, 'a')))
  assert.equal(readdirSync(root), [])
})

test.run()
