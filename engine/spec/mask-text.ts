import { type Document, isAlias, isMap, isScalar, isSeq, type Node } from 'yaml'
import { escapePointer } from './index-places.ts'
import { looksSecret } from './show-key.ts'
import { vocabulary } from './spec-schemas.ts'

const mask = '•••'
const reference = /^(env:[A-Za-z_][A-Za-z0-9_]{0,127}|file:\S.{0,1023}|vault:[a-z][a-z0-9_]{0,49})$/

/** What to hide of a part of a document: nothing, all that is no reference, or everything. */
type Hide = 'nothing' | 'values' | 'everything'
type Range = readonly [from: number, to: number]

/**
 * The text of a spec as it may be shown beside a message. Hidden is what is no reference where references belong, whatever
 * stands at the `unknown` JSON Pointers (their own keys stay), what such places take from an anchor, and what looks like a
 * credential anywhere. Lines stay where they are, and so does what stands before a hidden part on its line.
 */
export function maskSpec(
  text: string,
  document: Document.Parsed,
  unknown: readonly string[]
): string {
  const isUnknown = new Set(unknown)
  const hidden: Range[] = []
  const collect = (node: unknown, pointer: string, hide: Hide): void => {
    if (isAlias(node) && hide !== 'nothing') collect(node.resolve(document), pointer, hide)
    if (isScalar(node) && hide !== 'nothing') {
      const isReference = typeof node.value === 'string' && reference.test(node.value)
      if (hide === 'everything' || !isReference) hidden.push(rangeOf(node))
    }
    if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) collect(item, `${pointer}/${index}`, hide)
    }
    if (!isMap(node)) return
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : ''
      const at = `${pointer}/${escapePointer(name)}`
      if (hide === 'everything') collect(key, at, hide)
      if (hide !== 'nothing') collect(value, at, hide)
      else if (isUnknown.has(at)) collect(value, at, 'everything')
      else collect(value, at, name === 'client' ? 'values' : 'nothing')
    }
  }
  collect(document.contents, '', 'nothing')
  return hideWords(hideRanges(text, hidden))
}

/** Behind the value, but before the comment and the line break that may follow it. */
function rangeOf(node: Node): Range {
  const [from = 0, to = 0] = node.range ?? []
  return [from, to]
}

function hideRanges(text: string, ranges: readonly Range[]): string {
  let shown = ''
  let at = 0
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    if (from < at || from === to) continue
    // A value of several lines keeps its lines, so that those below keep their numbers.
    const breaks = text.slice(from, to).replace(/[^\n]/g, '')
    shown += text.slice(at, from) + mask + breaks
    at = to
  }
  return shown + text.slice(at)
}

/** Words that are long and mixed, wherever they stand; names of variables and public keys are none. */
function hideWords(text: string): string {
  return text.replace(/[A-Za-z0-9+/_=-]{20,}/g, (found, offset: number) => {
    const isPublic =
      /^age1[a-z0-9]+$/.test(found) || /env:$/.test(text.slice(Math.max(0, offset - 4), offset))
    return looksSecret(found) && !isPublic ? mask : found
  })
}

let known: ReadonlySet<string> | undefined

/**
 * The text of a file that could not be understood: nobody knows what stands where, so only words of the schemas, references to
 * variables and punctuation are shown.
 */
export function maskBroken(text: string): string {
  known ??= new Set([
    ...vocabulary(),
    '<<<<<<<',
    '=======',
    '>>>>>>>',
    '|||||||',
    '-',
    '---',
    '...'
  ])
  return text
    .replace(/env:[A-Z][A-Z0-9_]{0,60}(?![\w-])|[^\s[\]{},:"'#]+/g, word =>
      known?.has(word) || word.startsWith('env:') ? word : mask
    )
    .replace(/•••( •••)+/g, mask)
}

/**
 * The text of a source file: texts that look like a credential, that a name such as `password` or `apiKey` takes, or the user
 * part of an address are hidden.
 */
export function maskSource(text: string): string {
  const secretName =
    /((?:secret|token|passw|pwd|key|credential|auth)\w{0,30}["'`]?[ \t]{0,10}[:=][ \t]{0,10})(["'`])((?:(?!\2)[^\n\\]|\\.){1,2000})/gi
  return hideWords(
    text
      .replace(secretName, (_all, before: string, quote: string) => before + quote + mask)
      .replace(/(:\/\/)[^\s/@"'`]{1,500}@/g, `$1${mask}@`)
  )
}
