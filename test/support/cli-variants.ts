/** The same workspace, written in another way. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import type { Files } from './cli-run.ts'

export type Random = () => number

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function shuffled<T>(list: readonly T[], random: Random): readonly T[] {
  return list
    .map(each => ({ each, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ each }) => each)
}

/** All text files of a folder but state, vault and documentation. */
export function filesOf(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter(name => !/^(state|\.tieline)\/|\.md$/.test(name))
  return Object.fromEntries(names.map(name => [name, readFileSync(join(folder, name), 'utf8')]))
}

/** Shuffles files, keys and those lists whose order says nothing; writes other quotes, other line ends, comments. */
export function variantOf(files: Readonly<Record<string, string>>, seed: number): Files {
  const random = randomFrom(seed)
  return Object.fromEntries(
    shuffled(Object.entries(files), random).map(([name, text]) => {
      const other = name.endsWith('.yaml') ? respell(text, random) : text
      return [name, random() < 0.5 ? other.replaceAll('\n', '\r\n') : other]
    })
  )
}

function respell(text: string, random: Random): string {
  const quotes = (['PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE'] as const)[Math.floor(random() * 3)]
  const written = stringify(reordered(parse(text), '', random), {
    defaultStringType: quotes ?? 'PLAIN',
    collectionStyle: random() < 0.3 ? 'flow' : 'any',
    indent: 2 + Math.floor(random() * 3),
    lineWidth: 0
  })
  const isFlow = written.startsWith('{')
  const lines = written.split('\n').flatMap(line => {
    // Inside of a text of several lines, a blank line would say something.
    if (isFlow || line.startsWith(' ') || random() < 0.5) return [line]
    return random() < 0.5 ? ['', line] : [`# ${random()}`, line]
  })
  return `# written by another hand\n\n${lines.join('\n')}`
}

const sets = new Set(['scopes', 'uses', 'depends', 'levels'])

function reordered(value: unknown, key: string, random: Random): unknown {
  if (Array.isArray(value)) {
    const items = value.map(each => reordered(each, '', random))
    return sets.has(key) ? shuffled(items, random) : items
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    shuffled(Object.entries(value), random).map(([name, each]) => [
      name,
      reordered(each, name, random)
    ])
  )
}
