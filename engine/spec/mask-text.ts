import { type Document, isAlias, isMap, isScalar, isSeq, type Node } from 'yaml'
import { escapePointer } from './index-places.ts'
import { isPlainAddress, isPlainWord, looksSecret, plainKey } from './show-key.ts'
import { vocabulary } from './spec-schemas.ts'

const mask = '•••'
const reference = /^(env:[A-Za-z_][A-Za-z0-9_]{0,127}|file:\S.{0,1023}|vault:[a-z][a-z0-9_]{0,49})$/

const recipient = /^age1[02-9ac-hj-np-z]{58}$/
const secretWords = 'secret|token|passw|pwd|key|credential|auth'
const secretName = new RegExp(secretWords, 'i')

/** What may be shown of a part of a document: any value, none, or only values that read as what belongs there. */
type Show = 'all' | 'nothing' | 'references' | 'recipients' | 'words' | 'addresses'
type Range = readonly [from: number, to: number]

const isShown: Readonly<Record<Show, (value: string) => boolean>> = {
  all: () => true,
  nothing: () => false,
  references: value => reference.test(value),
  recipients: value => recipient.test(value),
  words: isPlainWord,
  addresses: isPlainAddress
}

/**
 * The text of a spec as it may be shown beside a message. Hidden is what does not read like a reference, a public key, a
 * parameter or an address where these belong, whatever stands at the `unknown` JSON Pointers, keys that do not read like a
 * name, what such places take from an anchor, and what looks like a credential anywhere. Lines stay where they are, and so
 * does what stands before a hidden part on its line.
 */
export function maskSpec(
  text: string,
  document: Document.Parsed,
  unknown: readonly string[]
): string {
  const isUnknown = new Set(unknown)
  // The keys of a connector are scopes and hosts as well, and its parameters are declared, not given.
  const isConnector = isSeq(document.get('auth')) && !document.has('connector')
  const hidden: Range[] = []
  const collect = (node: unknown, pointer: string, show: Show): void => {
    if (isAlias(node) && show !== 'all') collect(node.resolve(document), pointer, show)
    if (isScalar(node) && !isShown[show](String(node.value))) hidden.push(rangeOf(node))
    if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) collect(item, `${pointer}/${index}`, show)
    }
    if (!isMap(node)) return
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : ''
      const at = `${pointer}/${escapePointer(name)}`
      const isName = isConnector || plainKey(name) !== null
      if (show === 'nothing' || !isName) collect(key, at, 'nothing')
      collect(value, at, isUnknown.has(at) ? 'nothing' : shownAt(at, name, show, isConnector))
    }
  }
  collect(document.contents, '', 'all')
  return hideWords(hideInAddresses(hideRanges(text, hidden)))
}

/** What may be shown of the value at a pointer, of a mapping of which `show` may be shown. */
function shownAt(pointer: string, name: string, show: Show, isConnector: boolean): Show {
  if (show === 'recipients' && /^\/members\/[^/]*\/role$/.test(pointer)) return 'words'
  if (show === 'words' && secretName.test(name)) return 'nothing'
  if (show !== 'all') return show
  if (name === 'client') return 'references'
  if (isConnector) return 'all'
  if (name === 'parameters') return 'words'
  if (pointer === '/members' || pointer === '/runtime') return 'recipients'
  return name === 'origin' || pointer === '/state' || pointer === '/vault' ? 'addresses' : 'all'
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

/** The user part of addresses and the values of their queries; a value that is filled in (`{name}`) is none. */
function hideInAddresses(text: string): string {
  return text
    .replace(/(:\/\/)[^\s/"'`]{1,500}@/g, `$1${mask}@`)
    .replace(/([?&#][\w.%[\]~-]{1,60}=)(?!=|\$?\{)[^&#\s"'`]{1,2000}/g, `$1${mask}`)
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

const namedSecret = new RegExp(
  `((?:${secretWords})\\w{0,30}["'\`]?[ \\t]{0,10}[:=][ \\t]{0,10})(["'\`])((?:(?!\\2)[^\\n\\\\]|\\\\.){1,2000})`,
  'gi'
)

/**
 * The text of a source file: texts that look like a credential, that a name such as `password` or `apiKey` takes, the user
 * part of an address, or the values of its query are hidden.
 */
export function maskSource(text: string): string {
  const named = text.replace(namedSecret, (_all, before, quote) => `${before}${quote}${mask}`)
  return hideWords(hideInAddresses(named))
}
