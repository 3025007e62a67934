import { diffArrays, diffWords } from 'diff'
import type { Change, ChangeAction, FieldChange } from '../model/generated/types.ts'
import { displayWidth, padEnd, paintWords, wrap } from './layout.ts'
import type { Style } from './style.ts'
import { shortDigest } from './words.ts'

const indent = 4
/** A label that takes a larger part of the width has its value on the next line: of 80 columns, 40 are left for a sign and a word. */
const widestLabel = 0.43
/** As people write them in a spec; all others come behind. */
const order = [
  ...['connector', 'auth', 'level', 'authorization', 'allScopes', 'scopes'],
  ...['parameters', 'client', 'environments', 'protect'],
  ...['kind', 'uses', 'depends', 'source']
]
/** Longer texts are shown whole: a word diff of them would be slow and nobody would read it. */
const longestWordDiff = 2_000

/** The fields of a change, labels and values aligned. What says nothing (empty leaves of an addition) is left out. */
export function reportFields(change: Change, style: Style): readonly string[] {
  const fields = shownFields(change).map(field => ({ ...field, label: labelOf(field.path) }))
  const labels = fields
    .map(({ label }) => displayWidth(label))
    .filter(each => each <= style.width * widestLabel)
  const column = Math.max(0, ...labels)
  const room = Math.max(20, style.width - indent - column - 2)

  return fields.flatMap(({ label, before, after, path }) => {
    const values = valueLines({ path, before, after }, change.action, room, style)
    const left = ' '.repeat(indent + column + 2)
    const isWide = displayWidth(label) > column
    const head = `${' '.repeat(indent)}${style.dim(label)}`
    const [first = '', ...rest] = values
    const more = rest.map(value => left + value)
    return isWide
      ? [head, left + first, ...more]
      : [`${padEnd(head, left.length)}${first}`, ...more]
  })
}

/** The display name of what comes or goes; one that changes stands among the fields. */
export function displayNameOf({ action, fields, linkName }: Change): string | null {
  if (action !== 'add' && action !== 'delete') return null
  const name = fields.find(field => field.path === '/name')
  const value = name?.after ?? name?.before
  return typeof value === 'string' && value !== linkName ? value : null
}

function shownFields({ action, fields }: Change): readonly FieldChange[] {
  if (action === 'delete') return []
  const leaves = fields.flatMap(leavesOf).toSorted((a, b) => rankOf(a) - rankOf(b))
  if (action !== 'add') return leaves.filter(field => !isPart(field) && !isSame(field))
  // The header says the name, and the glob says where the source is.
  const known = ['/id', '/name', '/source/digest']
  return leaves.filter(({ path, after }) => !known.includes(path) && !isNothing(after))
}

function rankOf({ path }: FieldChange): number {
  const [, key = ''] = path.split('/')
  if (key === 'name') return -1
  return order.includes(key) ? order.indexOf(key) : order.length
}

/** A digest that comes or goes with its glob says nothing of its own. */
function isPart({ path, before, after }: FieldChange): boolean {
  return path === '/source/digest' && (before === null || after === null)
}

/** An empty leaf of an object that comes or goes. */
function isSame({ before, after }: FieldChange): boolean {
  return [before, after].every(value => value === null || isEmpty(value))
}

function isNothing(value: unknown): boolean {
  return value === null || value === '' || value === false || isEmpty(value)
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

/** An object that comes or goes as a whole is shown leaf by leaf too. */
function leavesOf(field: FieldChange): readonly FieldChange[] {
  const { path, before, after } = field
  if (!isBranch(before) && !isBranch(after)) return [field]
  const sides = [before, after].map(side => (isBranch(side) ? side : {}))
  const keys = [...new Set(sides.flatMap(side => Object.keys(side)))]
  return keys.flatMap(key =>
    leavesOf({
      path: `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
      before: sides[0]?.[key] ?? null,
      after: sides[1]?.[key] ?? null
    })
  )
}

function isBranch(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isEmpty(value)
}

/** A JSON Pointer as people write it, in the words of the spec. */
function labelOf(path: string): string {
  switch (path) {
    case '/allScopes':
      return 'scopes: all'
    case '/connectorDigest':
      return 'connector file'
    case '/source/glob':
      return 'source'
    case '/source/digest':
      return 'source code'
    default:
      return path
        .split('/')
        .slice(1)
        .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
        .join('.')
  }
}

function valueLines(
  { path, before, after }: FieldChange,
  action: ChangeAction,
  room: number,
  style: Style
): readonly string[] {
  if (action === 'add') return wrap(valueText(after), room)

  const items = itemLines(before, after, style)
  if (items.length > 0) return items
  const change = `${valueText(before)} ${style.symbols.arrow} ${valueText(after)}`
  if (path === '/source/digest') return wrap(`changed (${change})`, room)
  if (displayWidth(change) <= room) {
    return [
      `${style.red(valueText(before))} ${style.symbols.arrow} ${style.green(valueText(after))}`
    ]
  }
  return wordLines(before, after, room, style) ?? wholeLines(before, after, room, style)
}

function valueText(value: unknown): string {
  if (value === null) return '(none)'
  if (Array.isArray(value) && value.length > 0) return value.map(valueText).join(', ')
  if (typeof value !== 'string') return JSON.stringify(value)
  return value === '' || value !== value.trim() ? JSON.stringify(value) : shortDigest(value)
}

/** Items that a list gains and loses; those that stay are not shown. */
function itemLines(before: unknown, after: unknown, style: Style): readonly string[] {
  if (!Array.isArray(before) && !Array.isArray(after)) return []
  const itemsOf = (side: unknown) => (Array.isArray(side) ? side.map(valueText) : [])
  return diffArrays(itemsOf(before), itemsOf(after)).flatMap(({ added, removed, value }) => {
    if (added) return value.map(item => style.green(`+ ${item}`))
    return removed ? value.map(item => style.red(`- ${item}`)) : []
  })
}

/** Both texts in one, in the notation of `git diff --word-diff`; null where they have too little in common. */
function wordLines(
  before: unknown,
  after: unknown,
  room: number,
  style: Style
): readonly string[] | null {
  if (typeof before !== 'string' || typeof after !== 'string') return null
  if (before.length + after.length > longestWordDiff) return null
  if (!before.includes(' ') || !after.includes(' ')) return null
  const parts = diffWords(before, after)
  const isAlike = parts.some(
    part => !part.added && !part.removed && /\p{L}|\p{N}/u.test(part.value)
  )
  if (!isAlike || parts.length === 1) return null

  const text = parts.map(({ added, removed, value }) => {
    const [, start = '', words = '', end = ''] = /^(\s*)(.*?)(\s*)$/s.exec(value) ?? []
    if (words === '') return value
    if (added) return start + paintWords(`{+${words}+}`, style.green) + end
    return removed ? start + paintWords(`[-${words}-]`, style.red) + end : value
  })
  return wrap(text.join(''), room)
}

function wholeLines(
  before: unknown,
  after: unknown,
  room: number,
  style: Style
): readonly string[] {
  const side = (symbol: string, value: unknown, paint: Style['red']) =>
    wrap(valueText(value), room - 2).map((line, at) => paint(`${at === 0 ? symbol : ' '} ${line}`))
  return [...side('-', before, style.red), ...side('+', after, style.green)]
}
