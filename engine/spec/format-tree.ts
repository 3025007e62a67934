import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Scalar,
  visit,
  type YAMLMap,
  type YAMLSeq
} from 'yaml'
import { type Comment, isLineAboveEmpty } from './format-comments.ts'
import { CannotFormat, scalarLine } from './format-scalar.ts'

/** A mapping or a list, with the comments and the empty lines of its writer. */
export interface Holder {
  readonly kind: 'map' | 'seq'
  /** Written with brackets. */
  readonly isFlow: boolean
  readonly entries: Entry[]
  /** Comments behind the last entry; '' is an empty line. */
  readonly after: string[]
}

export interface Entry {
  /** A key as it is written; null in a list. */
  readonly key: string | null
  /** What the key says; in a list, the item if that is a text. */
  readonly name: string
  /** Comments above; '' is an empty line. */
  readonly before: string[]
  /** What stands at the end of its first line, or of its only one. */
  readonly comment: string | null
  readonly value: Scalar | Holder | null
}

export interface Tree {
  /** Comments on top, up to the first empty line: they belong to the file, whatever comes below. */
  readonly header: readonly string[]
  /** Whether an empty line ends the header. */
  readonly isHeaderApart: boolean
  readonly root: Holder
}

/** Every comment is given to the entry that it was written for: the one below it, or the one before it on its line. */
export function readTree(contents: Node | null, comments: readonly Comment[], text: string): Tree {
  if (hasAnchors(contents)) throw new CannotFormat(anchors)
  if (!isMap(contents)) throw new CannotFormat('A spec is a mapping: keys, each with a value.')
  const reader = new TreeReader(text, comments)
  const start = firstOf(contents)
  const header = reader.takeHeader(start)
  const isHeaderApart = header.length > 0 && reader.isNextApart(start)
  const root = reader.read(contents, 1, text.length + 1)
  root.after.push(...reader.takeRest())
  return { header, isHeaderApart, root }
}

class TreeReader {
  readonly #text: string
  readonly #comments: readonly Comment[]
  #next = 0

  constructor(text: string, comments: readonly Comment[]) {
    this.#text = text
    this.#comments = comments
  }

  takeHeader(end: number): readonly string[] {
    const found: string[] = []
    let comment = this.#peek(end)
    while (comment !== null && (found.length === 0 || !comment.isApart)) {
      found.push(comment.text)
      this.#next += 1
      comment = this.#peek(end)
    }
    return found
  }

  isNextApart(start: number): boolean {
    return this.#peek(start)?.isApart ?? isLineAboveEmpty(this.#text, start)
  }

  takeRest(): readonly string[] {
    return this.#takeAbove(Number.POSITIVE_INFINITY)
  }

  /** `column`: comments further to the left are not of this holder. `limit`: where the next entry of an outer one begins. */
  read(node: YAMLMap | YAMLSeq, column: number, limit: number): Holder {
    const isFlow = node.flow === true
    const holder: Holder = { kind: isMap(node) ? 'map' : 'seq', isFlow, entries: [], after: [] }
    const items = node.items as readonly unknown[]
    const end = isFlow ? (node.range?.[1] ?? 0) : limit
    items.forEach((item, at) => {
      const next = items[at + 1]
      const entry = this.#entry(item, isFlow, column, next === undefined ? end : firstOf(next))
      // A gap above the first one is about what holds it.
      if (at === 0 && entry.before[0] === '') entry.before.shift()
      holder.entries.push(entry)
    })
    if (isFlow) holder.after.push(...this.#takeAbove(end).filter(isFilled))
    else holder.after.push(...this.#takeAfter(column, limit))
    if (items.length === 0 && holder.after.length > 0) {
      throw new CannotFormat('A comment stands between brackets that hold nothing else.')
    }
    return holder
  }

  #entry(item: unknown, isFlow: boolean, column: number, limit: number): Entry {
    const start = firstOf(item)
    const above = this.#takeAbove(start)
    if (isLineAboveEmpty(this.#text, start)) above.push('')
    const before = isFlow ? above.filter(isFilled) : above
    const { key, value } = partsOf(item)
    const comments: string[] = []
    const valueStart = value?.range?.[0] ?? start
    const isNested = (isMap(value) || isSeq(value)) && value.flow !== true
    if (key !== null) {
      for (let each = this.#peek(valueStart); each !== null; each = this.#peek(valueStart)) {
        // Below the key, it is about the first thing that is nested there.
        if (each.isAlone && isNested) break
        if (each.isAlone) before.push(each.text)
        else comments.push(each.text)
        this.#next += 1
      }
    }
    const read = this.#value(value, column, limit)
    const end = value?.range?.[1] ?? key?.range?.[1] ?? start
    const trailing = isNested ? null : this.#takeTrailing(value, end, isFlow ? limit : null)
    if (trailing !== null) comments.push(trailing)
    before.push(...comments.slice(1))
    const name = key ?? (isScalar(value) ? value : null)
    return {
      key: key === null ? null : scalarLine(key, this.#text, 'key'),
      name: name === null ? '' : String(name.value),
      before,
      comment: comments[0] ?? null,
      value: read
    }
  }

  #value(value: Node | null, column: number, limit: number): Scalar | Holder | null {
    if (value === null) return null
    if (isScalar(value)) return value
    if (!isMap(value) && !isSeq(value)) throw new CannotFormat(anchors)
    if (value.flow === true) return this.read(value, column, limit)
    const own = this.#columnOf(value.range?.[0] ?? 0)
    // A list may stand right below its key; what follows at that column is about the next key.
    return this.read(value, Math.max(own, column + 1), limit)
  }

  #columnOf(offset: number): number {
    return offset - this.#text.lastIndexOf('\n', offset - 1)
  }

  #peek(end: number): Comment | null {
    const comment = this.#comments[this.#next]
    return comment !== undefined && comment.offset < end ? comment : null
  }

  #takeAbove(end: number): string[] {
    const found: string[] = []
    for (let each = this.#peek(end); each !== null; each = this.#peek(end)) {
      if (each.isApart) found.push('')
      found.push(each.text)
      this.#next += 1
    }
    return found
  }

  #takeAfter(column: number, limit: number): readonly string[] {
    const found: string[] = []
    for (let each = this.#peek(limit); each !== null; each = this.#peek(limit)) {
      if (each.column < column) break
      if (each.isApart) found.push('')
      found.push(each.text)
      this.#next += 1
    }
    return found
  }

  /** Behind the value on its last line; behind the sign of a text that is written with | or >. */
  #takeTrailing(value: Node | null, end: number, limit: number | null): string | null {
    const isBlock =
      isScalar(value) && (value.type === 'BLOCK_LITERAL' || value.type === 'BLOCK_FOLDED')
    const from = isBlock ? (value.range?.[0] ?? end) : end
    const lineEnd = this.#text.indexOf('\n', from)
    const last = lineEnd === -1 ? this.#text.length : lineEnd
    // What stands behind the closing bracket is about the whole.
    const comment = this.#peek(limit === null ? last : Math.min(last, limit))
    if (comment === null) return null
    this.#next += 1
    return comment.text
  }
}

const anchors = 'Anchors, aliases and tags tie the order of a file down.'

function hasAnchors(contents: Node | null): boolean {
  let isFound = false
  visit(contents, {
    Node: (_key, node) => {
      isFound ||= isAlias(node) || node.tag !== undefined || Boolean(node.anchor)
      return isFound ? visit.BREAK : undefined
    }
  })
  return isFound
}

function isFilled(line: string): boolean {
  return line !== ''
}

function partsOf(item: unknown): { readonly key: Scalar | null; readonly value: Node | null } {
  if (typeof item === 'object' && item !== null && 'key' in item && 'value' in item) {
    if (!isScalar(item.key)) throw new CannotFormat('A key is no text.')
    return { key: item.key, value: item.value as Node | null }
  }
  return { key: null, value: item as Node | null }
}

/** Where an item or a pair begins. */
function firstOf(item: unknown): number {
  if (isMap(item)) return item.range?.[0] ?? 0
  const { key, value } = partsOf(item)
  return (key ?? value)?.range?.[0] ?? 0
}
