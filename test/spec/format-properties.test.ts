import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { commentsOf } from '../../engine/spec/format-comments.ts'
import { formatSpec } from '../../engine/spec/format-spec.ts'
import type { SchemaName } from '../../engine/spec/spec-schemas.ts'

/** A piece of a spec: its lines, and whether it fits behind a key. */
type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'lines'; readonly sign: string; readonly lines: readonly string[] }
  | { readonly kind: 'flow'; readonly text: string }
  | { readonly kind: 'open'; readonly lines: readonly string[] }
  | { readonly kind: 'map' | 'seq'; readonly entries: readonly PieceEntry[]; readonly step: number }

interface PieceEntry {
  readonly key: string
  readonly above: readonly string[]
  readonly behind: string
  readonly piece: Piece
}

const schemas = ['workspace', 'connection', 'component', 'client', 'connector'] as const
const keys = [
  ...['connector', 'name', 'scopes', 'client', 'environments', 'dev', 'parameters', 'secret'],
  ...[
    'id',
    'kind',
    'uses',
    'depends',
    'source',
    'members',
    'app',
    'auth',
    'odd-key',
    '"quoted key"'
  ],
  ...["'a: b'", 'values', 'title', 'api', 'send']
]

const comment = fc
  .constantFrom('one', 'two # three', ': [', '- x', '"', 'end', 'ünïcode', '{', '|')
  .map(text => `# ${text}`)
const above = fc.array(fc.oneof({ weight: 2, arbitrary: comment }, fc.constant('')), {
  maxLength: 3
})
const behind = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  comment.map(each => `   ${each}`)
)
const text = fc.oneof(
  fc.constantFrom(
    ...['api', 'env:NAME', "'quoted'", '"double"', '"it\'s"', "'a # b'", '"a: b"', '5', "'5'"],
    ...['true', '"true"', "'no'", 'null', '~', '', 'http://localhost:4710', "'http://localhost'"],
    ...[
      '"\\u00e9\\n"',
      "'Acme, Inc.'",
      '"- x"',
      "'[x]'",
      '"#x"',
      'x#y',
      "''",
      '"\\t"',
      '1.0',
      "' x '"
    ],
    'plain words with spaces',
    "'it''s \"so\"'",
    '"a \\\\ b\'"',
    '0x1F',
    '.inf-ish',
    "'ends:'"
  ),
  fc.string({ maxLength: 12 }).map(each => JSON.stringify(each))
)
const word = fc.constantFrom('a', 'b', 'c_d', "'e'", '"f, g"', '7', 'x y', 'env:Z', "'{h}'")

/** Every key once. */
function entriesOf(piece: fc.Arbitrary<Piece>): fc.Arbitrary<readonly PieceEntry[]> {
  return fc.uniqueArray(fc.record({ key: fc.constantFrom(...keys), above, behind, piece }), {
    minLength: 1,
    maxLength: 5,
    selector: each => each.key
  })
}

const flow = fc.letrec<{ readonly any: string }>(tie => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    word,
    fc.array(tie('any'), { maxLength: 4 }).map(each => `[${each.join(', ')}]`),
    fc
      .uniqueArray(fc.tuple(fc.constantFrom('id', 'secret', 'dev', 'z'), tie('any')), {
        maxLength: 3,
        selector: ([key]) => key
      })
      .map(each => `{${each.map(([key, value]) => `${key}: ${value}`).join(' , ')} }`)
  )
})).any

const { piece } = fc.letrec<{ readonly piece: Piece }>(tie => ({
  piece: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text.map((each): Piece => ({ kind: 'text', text: each })),
    flow.filter(each => /^[[{]/.test(each)).map((each): Piece => ({ kind: 'flow', text: each })),
    // Brackets over several lines, with comments in between.
    fc.array(fc.tuple(above, word, behind), { minLength: 1, maxLength: 3 }).map((items): Piece => {
      const lines = items.flatMap(([up, item, end]) => [...up, `${item},${end}`])
      return { kind: 'open', lines: ['[', ...lines, ']'] }
    }),
    fc
      .tuple(
        fc.constantFrom('|', '>', '|-', '>-'),
        fc.array(fc.constantFrom('one', ' two', '', '# no comment'), { maxLength: 3 })
      )
      .map(([sign, lines]): Piece => ({ kind: 'lines', sign, lines: ['first', ...lines] })),
    fc
      .tuple(entriesOf(tie('piece')), fc.constantFrom(1, 2, 4))
      .map(([entries, step]): Piece => ({ kind: 'map', entries, step })),
    fc
      .tuple(entriesOf(tie('piece')), fc.constantFrom(0, 2, 3))
      .map(([entries, step]): Piece => ({ kind: 'seq', entries, step }))
  )
}))

function write(entries: readonly PieceEntry[], indent: number, isList: boolean): readonly string[] {
  const margin = ' '.repeat(indent)
  return entries.flatMap(({ key, above: up, behind: end, piece: inner }) => {
    const start = margin + (isList ? '-' : `${key}:`)
    const lines = (() => {
      switch (inner.kind) {
        case 'text':
          // In a list, what is behind an empty item would be read as the item.
          return [`${start} ${inner.text}${end}`]
        case 'flow':
          return [`${start} ${inner.text}${end}`]
        case 'open': {
          const [first = '', ...rest] = inner.lines
          return [
            `${start} ${first}`,
            ...rest
              .map(each => `${margin}  ${each}`)
              .map((line, at) => (at === rest.length - 1 ? line + end : line))
          ]
        }
        case 'lines':
          return [`${start} ${inner.sign}${end}`, ...inner.lines.map(each => `${margin}   ${each}`)]
        default: {
          const step = inner.kind === 'map' || isList ? Math.max(1, inner.step) : inner.step
          return [start + end, ...write(inner.entries, indent + step, inner.kind === 'seq')]
        }
      }
    })()
    return [...up.map(each => (each === '' ? '' : margin + each)), ...lines]
  })
}

interface Case {
  readonly schema: SchemaName
  readonly text: string
}

const specs: fc.Arbitrary<Case> = fc
  .record({
    schema: fc.constantFrom(...schemas),
    head: above,
    entries: entriesOf(piece),
    foot: above,
    end: fc.constantFrom('\n', '\r\n')
  })
  .map(({ schema, head, entries, foot, end }) => ({
    schema,
    text: [...head, ...write(entries, 0, false), ...foot].join(end) + end
  }))

test('a spec keeps its value and its comments, and a second time changes nothing', () => {
  fc.assert(
    fc.property(specs, ({ schema, text: given }) => {
      const { text: once, diagnostics } = formatSpec(given, 'a.yaml', schema)
      assert.is(once === null ? diagnostics[0]?.detail : '', '')
      assert.equal(saidBy(once ?? '', schema), saidBy(given, schema))
      assert.equal(textsOf(once ?? ''), textsOf(given.replaceAll('\r', '')))
      assert.is(formatSpec(once ?? '', 'a.yaml', schema).text, once)
    }),
    { numRuns: 1000 }
  )
})

test('whatever text is given, nothing is thrown, and what is formatted stays as it is', () => {
  const token = fc.constantFrom(
    ...['a', 'b: ', 'c:', '- ', '# x', '\n', '\n  ', '\n\n', ' ', '[', ']', '{', '}', ', ', ': '],
    ...[
      "'",
      '"',
      '|',
      '>-',
      '&d ',
      '*d',
      '!!str ',
      '? ',
      '---\n',
      '...\n',
      '\t',
      '\r\n',
      'uses',
      '5'
    ]
  )
  fc.assert(
    fc.property(
      fc.array(token, { maxLength: 30 }),
      fc.constantFrom(...schemas),
      (tokens, schema) => {
        const { text: once } = formatSpec(tokens.join(''), 'a.yaml', schema)
        if (once !== null) assert.is(formatSpec(once, 'a.yaml', schema).text, once)
      }
    ),
    { numRuns: 3000 }
  )
})

function saidBy(source: string, schema: SchemaName): unknown {
  const value: unknown = parse(source, { schema: 'core', version: '1.2' })
  if (schema !== 'component' || typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const isSet = (key === 'uses' || key === 'depends') && Array.isArray(item)
      return [key, isSet ? item.map(each => JSON.stringify(each)).sort() : item]
    })
  )
}

function textsOf(source: string): readonly string[] {
  return commentsOf(source)
    .map(each => each.text)
    .sort()
}

test.run()
