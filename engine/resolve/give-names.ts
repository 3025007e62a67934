import type { EntryId, LinkName } from '../model/generated/types.ts'
import { compareText } from '../model/record.ts'

export interface Nameable {
  readonly linkName: LinkName
  readonly id: EntryId
  /** Explicit display name; undefined where the spec gives none. */
  readonly name: string | undefined
  /** What the connector's service calls itself. */
  readonly service: string
}

const longest = 50

/**
 * Names connections whose spec has no name: `<Service> Connection`, then 2, 3, the lowest that is free. A name is given once and
 * kept, even while an explicit name covers it, so that taking the explicit name away brings the given one back.
 *
 * `taken` are the names that other entries hold in any environment, by the id that holds them.
 */
export function giveNames(
  connections: readonly Nameable[],
  given: Readonly<Record<EntryId, string>>,
  taken: ReadonlyMap<string, ReadonlySet<EntryId>>
): { readonly names: ReadonlyMap<EntryId, string>; readonly given: Record<EntryId, string> } {
  const explicit = new Set(
    connections.flatMap(each => (each.name === undefined ? [] : [each.name]))
  )
  const inOrder = [...connections].sort((a, b) => compareText(a.linkName, b.linkName))
  const nowGiven = new Map<EntryId, string>(Object.entries(given))
  const reserved = new Map<string, EntryId>()
  for (const { id } of inOrder) {
    const before = nowGiven.get(id)
    if (before !== undefined && !reserved.has(before)) reserved.set(before, id)
  }
  const isFree = (name: string, id: EntryId): boolean =>
    !explicit.has(name) &&
    (reserved.get(name) ?? id) === id &&
    [...(taken.get(name) ?? [])].every(holder => holder === id)

  const names = new Map<EntryId, string>()
  for (const { id, name, service } of inOrder) {
    if (name !== undefined) {
      names.set(id, name)
      continue
    }
    const before = nowGiven.get(id)
    const kept = before !== undefined && reserved.get(before) === id && !explicit.has(before)
    const chosen = kept ? before : lowestFree(`${service} Connection`, name => isFree(name, id))
    names.set(id, chosen)
    reserved.set(chosen, id)
    nowGiven.set(id, chosen)
  }
  return { names, given: Object.fromEntries([...nowGiven].sort(([a], [b]) => compareText(a, b))) }
}

function lowestFree(base: string, isFree: (name: string) => boolean): string {
  for (let number = 1; ; number += 1) {
    const ending = number === 1 ? '' : ` ${number}`
    const name =
      [...base]
        .slice(0, longest - ending.length)
        .join('')
        .trimEnd() + ending
    if (isFree(name)) return name
  }
}
