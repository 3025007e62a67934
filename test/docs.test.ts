import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findCodes } from './support/find-codes.ts'

const root = new URL('..', import.meta.url)
const page = readFileSync(new URL('docs/codes.md', root), 'utf8')

function rowsOf(text: string): readonly (readonly [string, string])[] {
  return [...text.matchAll(/^\| ([A-Z][A-Z0-9_]+) \| (.+) \|$/gm)].map(each => [
    each[1] ?? '',
    each[2] ?? ''
  ])
}

test('docs/codes.md has every code with the one summary it has in the sources', () => {
  const [messages = ''] = page.split('## In plans')
  const codes = [...findCodes(new URL('engine', root).pathname)].sort()
  assert.ok(codes.length > 100)
  assert.equal(
    rowsOf(messages),
    codes.map(([code, summaries]) => [code, [...summaries].join(' / ')])
  )
  assert.equal(
    codes
      .filter(([, summaries]) => summaries.size !== 1 && !isEither(summaries))
      .map(([code]) => code),
    []
  )
})

/** One code for connections and components alike would still be one sentence each. */
function isEither(summaries: ReadonlySet<string>): boolean {
  return [...summaries].every(each => /connection|component/.test(each))
}

test('docs/codes.md explains every code that the schema of plans knows', () => {
  const schema = readFileSync(new URL('schemas/plan.schema.json', root), 'utf8')
  const known = new Set([...schema.matchAll(/"([A-Z]+(?:_[A-Z]+)*)"/g)].map(each => each[1] ?? ''))
  const explained = rowsOf(page.split('## In plans')[1] ?? '').map(([code]) => code)
  assert.equal([...known].sort(), [...explained].sort())
})

test('the README names only commands and flags that there are', () => {
  const readme = readFileSync(new URL('README.md', root), 'utf8')
  const folder = new URL('engine/cli/', root)
  const program = readdirSync(folder)
    .filter(name => name.startsWith('program'))
    .map(name => readFileSync(new URL(name, folder), 'utf8'))
    .join()
  const flags = new Set([...readme.matchAll(/(?<![\w-])--[a-z][a-z-]+/g)].map(each => each[0]))
  const known = ['--help']
  const missing = [...flags].filter(flag => !program.includes(flag) && !known.includes(flag))
  assert.equal(missing, [])
})

test.run()
