import { isDeepStrictEqual } from 'node:util'
import type { StateContent } from '../model/documents.ts'
import type { UndoField } from '../model/generated/types.ts'
import { compareText, sortedRecord } from '../model/record.ts'

/** The objects of a document whose keys come and go: what is not there has no value, and null says so. Pointers into the document. */
const collections = [
  'authorizations',
  'components',
  'connections',
  'given',
  'retired/components',
  'retired/connections',
  'serving',
  'users'
] as const

type Collection = (typeof collections)[number]
type Values = Readonly<Record<string, unknown>>

/**
 * What turned one content into the other, in the collections alone: what comes and goes is whole, of an entry that stays the fields
 * that differ. Sorted by path.
 */
export function undoFields(before: StateContent, after: StateContent): readonly UndoField[] {
  const fields = collections.flatMap(collection =>
    fieldsOf(`/${collection}`, valuesIn(before, collection), valuesIn(after, collection), true)
  )
  return fields.sort((a, b) => compareText(a.path, b.path))
}

function fieldsOf(path: string, before: Values, after: Values, isDeep: boolean): UndoField[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keys].flatMap((key): UndoField[] => {
    const [old, now] = [ownValue(before, key), ownValue(after, key)]
    if (isDeepStrictEqual(old, now)) return []
    const here = `${path}/${escapeKey(key)}`
    if (isDeep && isObject(old) && isObject(now)) return fieldsOf(here, old, now, false)
    return [{ path: here, before: old ?? null, after: now ?? null }]
  })
}

/** A part of a document, as a pointer leads to it. */
export interface FieldPlace {
  readonly collection: Collection
  readonly key: string
  /** Of an entry; null for all of it. */
  readonly field: string | null
}

/** null for a pointer that no surgery writes. */
export function placeOfField(path: string): FieldPlace | null {
  const [empty, ...rest] = path.split('/')
  const [first, second] = rest
  const collection = collections.find(each => each === first || each === `${first}/${second}`)
  if (empty !== '' || collection === undefined) return null
  const keys = rest.slice(collection.split('/').length).map(unescapeKey)
  const [key, field = null, ...more] = keys
  if (key === undefined || key === '' || more.length > 0) return null
  const hasFields = ['authorizations', 'components', 'connections'].includes(collection)
  return field !== null && !hasFields ? null : { collection, key, field }
}

/** The value at a place; null for what is not there. */
export function valueAt(content: StateContent, { collection, key, field }: FieldPlace): unknown {
  const value = ownValue(valuesIn(content, collection), key)
  if (field === null) return value ?? null
  return isObject(value) ? (ownValue(value, field) ?? null) : null
}

/** A copy with another value at a place; null takes a key of a collection away. */
export function withValueAt(
  content: StateContent,
  { collection, key, field }: FieldPlace,
  value: unknown
): StateContent {
  const values = valuesIn(content, collection)
  const entry = ownValue(values, key)
  const next =
    field === null ? value : isObject(entry) ? { ...entry, ...ownKey(field, value) } : null
  const kept = Object.entries(values).filter(([each]) => each !== key)
  const after = sortedRecord(next === null ? kept : [...kept, [key, next] as const])
  const [first, second] = collection.split('/')
  return second === undefined
    ? { ...content, [first as string]: after }
    : { ...content, retired: { ...content.retired, [second]: after } }
}

/** `__proto__` too becomes a key like any other. */
function ownKey(key: string, value: unknown): Values {
  return Object.fromEntries([[key, value]])
}

function valuesIn(content: StateContent, collection: Collection): Values {
  switch (collection) {
    case 'retired/components':
      return content.retired.components
    case 'retired/connections':
      return content.retired.connections
    default:
      return content[collection]
  }
}

function ownValue(values: Values, key: string): unknown {
  return Object.hasOwn(values, key) ? values[key] : undefined
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function escapeKey(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}

function unescapeKey(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~')
}
