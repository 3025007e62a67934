import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openCatalogue } from '../../engine/spec/load-catalogue.ts'
import { temporaryFolder } from '../support/assert.ts'

const acme = `
id: acme
service: Acme
category: Test
docs: https://acme.example/docs
levels: [administrator]
auth:
  - id: key
    kind: api-key
    fields: { key: { title: Key, secret: true } }
    send: { in: header, name: X-Key, value: '{key}' }
api:
  baseUrl: https://api.acme.example
  test: { method: GET, url: https://api.acme.example/me, success: { status: [200] } }
sources: [{ url: https://acme.example/docs, read: 2026-11, facts: All. }]
`

test('lists the connectors of a folder by id, sorted', () => {
  const folder = folderWith({ 'b.yaml': acme, 'a.yaml': acme, 'README.md': '', 'Not One.yaml': '' })
  assert.equal(openCatalogue(folder).ids(), ['a', 'b'])
})

test('reads a connector when it is asked for, once', () => {
  const folder = folderWith({ 'broken.yaml': 'id: broken' })
  const catalogue = openCatalogue(folder)
  writeFileSync(join(folder, 'acme.yaml'), acme)
  const connector = catalogue.get('acme')
  assert.is(connector?.service, 'Acme')
  writeFileSync(join(folder, 'acme.yaml'), 'id: [')
  assert.is(catalogue.get('acme'), connector)
})

test('does not know what has no file', () => {
  const catalogue = openCatalogue(folderWith({ 'acme.yaml': acme }))
  assert.is(catalogue.get('other'), undefined)
  assert.is(catalogue.get('other'), undefined)
})

test('looks for nothing that is no connector id', () => {
  const folder = folderWith({ 'secret.yaml': 'id: [' })
  const inside = join(folder, 'inside')
  mkdirSync(inside)
  const catalogue = openCatalogue(inside)
  for (const id of ['../secret', '..', '', 'a/b', 'A', 'a'.repeat(51), 'a\u0000', '__proto__']) {
    assert.is(catalogue.get(id), undefined)
  }
})

test('throws on a file that breaks the schema, and says where', () => {
  const broken = acme.replace('levels: [administrator]', 'levels: []')
  const catalogue = openCatalogue(folderWith({ 'acme.yaml': broken }))
  assert.throws(() => catalogue.get('acme'), /acme\.yaml breaks its schema: \/levels/)
})

test('throws on a file that bears another id', () => {
  const catalogue = openCatalogue(folderWith({ 'other.yaml': acme }))
  assert.throws(() => catalogue.get('other'), /other\.yaml has the id acme/)
})

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

test.run()
