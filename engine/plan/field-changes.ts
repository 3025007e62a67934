import { isDeepStrictEqual } from 'node:util'
import type { FieldChange } from '../model/generated/types.ts'
import { compareText } from '../model/record.ts'

type Entry = Readonly<Record<string, unknown>>

/** Objects whose keys come and go; everywhere else in the normal form a key is always there and null is a value. */
const openObjects = ['parameters', 'environments']

/** Every leaf of an entry that is added: `before` is null. */
export function fieldsOfAdded(entry: object): readonly FieldChange[] {
  return leaves('', entry).map(([path, after]) => ({ path, before: null, after }))
}

/** Every leaf of an entry that is deleted: `after` is null. */
export function fieldsOfDeleted(entry: object): readonly FieldChange[] {
  return leaves('', entry).map(([path, before]) => ({ path, before, after: null }))
}

/** What turns one entry into another: objects are descended, arrays and scalars are whole. Empty if they are equal. */
export function fieldsOfModified(before: object, after: object): readonly FieldChange[] {
  return differences('', before as Entry, after as Entry)
}

function differences(path: string, before: Entry, after: Entry): readonly FieldChange[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort(compareText)
  return keys.flatMap((key): readonly FieldChange[] => {
    const here = `${path}/${escapeKey(key)}`
    const [old, now] = [before[key], after[key]]
    if (isDeepStrictEqual(old, now)) return []
    if (isObject(old) && isObject(now)) return differences(here, old, now)
    // An object that appears is told leaf by leaf; one that goes away, goes away whole.
    if (old === undefined && isObject(now)) {
      return leaves(here, now).map(([leaf, value]) => ({ path: leaf, before: null, after: value }))
    }
    return [{ path: here, before: old ?? null, after: now ?? null }]
  })
}

function leaves(path: string, value: unknown): readonly (readonly [string, unknown])[] {
  if (!isObject(value) || Object.keys(value).length === 0) return [[path, value]]
  return Object.keys(value)
    .sort(compareText)
    .flatMap(key => leaves(`${path}/${escapeKey(key)}`, value[key]))
}

/** Sets fields on a recorded entry (or on nothing, for one that is added) and gives the new one. The inverse of the above. */
export function setFields(entry: object | null, fields: readonly FieldChange[]): object {
  const result: unknown = structuredClone(entry ?? {})
  for (const { path, after } of fields) {
    const keys = path.split('/').slice(1).map(unescapeKey)
    const last = keys.pop()
    if (last === undefined) throw new Error('A field needs a path')
    let parent = result as Record<string, unknown>
    for (const key of keys) {
      if (!isObject(parent[key])) parent[key] = {}
      parent = parent[key] as Record<string, unknown>
    }
    if (after === null && openObjects.includes(keys.at(-1) ?? '')) delete parent[last]
    else parent[last] = structuredClone(after)
  }
  return result as object
}

function isObject(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function escapeKey(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}

function unescapeKey(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~')
}
