import type { Scalar } from 'yaml'

/** Where a text stands: as a key, between brackets, or alone behind its key or dash. */
export type ScalarPosition = 'key' | 'flow' | 'block'

/** A text as it will be written: its first line, and those below without their indentation. */
export interface ScalarLines {
  readonly first: string
  readonly rest: readonly string[]
  /** Whether it is written with | or >: then a comment belongs behind that sign. */
  readonly isBlock: boolean
}

/** What cannot be formatted without a risk. Its message tells why, in words for the writer. */
export class CannotFormat extends Error {}

/** One line, as it stands between brackets or as a key. */
export function scalarLine(node: Scalar, text: string, position: 'key' | 'flow'): string {
  const source = sourceOf(node, text)
  if (source === '') return position === 'flow' ? 'null' : ''
  const isOneLine = !source.includes('\n')
  if (isOneLine && node.type === 'PLAIN') return source
  if (typeof node.value !== 'string') return source
  return quoted(node.value, position) ?? (isOneLine ? source : JSON.stringify(node.value))
}

/** Behind a key or a dash, where a text may take several lines: it keeps the lines that its writer gave it. */
export function scalarLines(node: Scalar, text: string): ScalarLines {
  const source = sourceOf(node, text)
  if (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED') return blockLines(node, source)
  if (source.includes('\n')) {
    const [first = '', ...rest] = source.split('\n').map(line => line.trim())
    return { first, rest, isBlock: false }
  }
  const isQuoted = node.type === 'QUOTE_SINGLE' || node.type === 'QUOTE_DOUBLE'
  const first =
    isQuoted && typeof node.value === 'string' ? (quoted(node.value, 'block') ?? source) : source
  return { first, rest: [], isBlock: false }
}

function sourceOf({ range }: Scalar, text: string): string {
  return range == null ? '' : text.slice(range[0], range[1])
}

function blockLines(node: Scalar, source: string): ScalarLines {
  const [header = '', ...lines] = source.split('\n')
  const sign = header.replace(/\s*#.*$/, '').trim()
  if (sign.includes('+'))
    throw new CannotFormat('A text that begins with |+ or >+ keeps all empty lines below it.')
  while (lines.length > 0 && lines.at(-1)?.trim() === '') lines.pop()
  const filled = lines.find(line => line.trim() !== '') ?? ''
  const value =
    String(node.value)
      .split('\n')
      .find(line => line.trim() !== '') ?? ''
  const indent = leading(filled) - leading(value)
  return {
    first: sign.replace(/\d/, '2'),
    rest: lines.map(line => (line.trim() === '' ? '' : line.slice(indent))),
    isBlock: true
  }
}

function leading(line: string): number {
  return line.length - line.trimStart().length
}

/** Other readers of YAML take these for true and false. */
const notText = /^(null|true|false|yes|no|on|off|y|n)$/i
const words: Readonly<Record<ScalarPosition, RegExp>> = {
  key: /^[\p{L}_][\p{L}\p{N}_.@+-]*$/u,
  // Between brackets, a colon or a comma that is no separator is hard to tell from one that is.
  flow: /^[\p{L}_](?:[\p{L}\p{N} _./@+-]*[\p{L}\p{N}_./@+-])?$/u,
  // Quotes around a pattern or a template help its reader.
  block: /^[\p{L}_/](?:(?!: )[\p{L}\p{M}\p{N} _.,:;/@+&='()-])*(?<![: ])$/u
}

/** A text with the quotes that it needs; null where it can only stand in the quotes and escapes that it has. */
function quoted(value: string, position: ScalarPosition): string | null {
  if (words[position].test(value) && !notText.test(value)) return value
  if (/[\p{C}\p{Zl}\p{Zp}\uFEFF]/u.test(value)) return null
  if (!value.includes("'")) return `'${value}'`
  return /["\\]/.test(value) ? `'${value.replaceAll("'", "''")}'` : `"${value}"`
}
