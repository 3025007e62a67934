import { isDeepStrictEqual } from 'node:util'
import type { Definitions } from '../model/documents.ts'
import type { Component, Connection, EntryId, LinkName, Subject } from '../model/generated/types.ts'
import { compareText } from '../model/record.ts'

/** A connection or component on one side of a plan. */
export type Entry = { readonly linkName: LinkName } & (
  | { readonly subject: 'connection'; readonly value: Connection }
  | { readonly subject: 'component'; readonly value: Component }
)

/** An entry as the source wants it and as the target has it; at least one of the two is there. */
export interface Item {
  readonly key: ItemKey
  readonly subject: Subject
  readonly id: EntryId
  readonly wanted: Entry | null
  readonly recorded: Entry | null
  readonly changed: boolean
}

/** `connection:<id>` or `component:<id>`. */
export type ItemKey = string

/** Both sides of a plan, matched by id, so that a rename is one item. */
export interface Sides {
  readonly items: ReadonlyMap<ItemKey, Item>
  readonly wanted: Side
  readonly recorded: Side
}

/** One side, with its references turned into keys. A reference to nothing is left out. */
export interface Side {
  readonly byLinkName: ReadonlyMap<string, ItemKey>
  /** Connections by display name. */
  readonly byName: ReadonlyMap<string, ItemKey>
  /** The connections that each component uses. */
  readonly uses: ReadonlyMap<ItemKey, readonly ItemKey[]>
  /** The components that use each connection. */
  readonly usedBy: ReadonlyMap<ItemKey, readonly ItemKey[]>
  /** The components that each component depends on. */
  readonly depends: ReadonlyMap<ItemKey, readonly ItemKey[]>
  /** The components that depend on each component. */
  readonly dependedOnBy: ReadonlyMap<ItemKey, readonly ItemKey[]>
}

export function itemKey(subject: Subject, id: EntryId): ItemKey {
  return `${subject}:${id}`
}

export function matchSides(wanted: Definitions, recorded: Definitions): Sides {
  const source = entriesOf(wanted)
  const target = entriesOf(recorded)
  const keys = [...new Set([...source.keys(), ...target.keys()])]
  const items = keys.map((key): [ItemKey, Item] => {
    const now = source.get(key) ?? null
    const before = target.get(key) ?? null
    const any = (now ?? before) as Entry
    return [
      key,
      {
        key,
        subject: any.subject,
        id: any.value.id,
        wanted: now,
        recorded: before,
        changed: !isDeepStrictEqual(now, before)
      }
    ]
  })
  items.sort(([, a], [, b]) => compareItems(a, b))
  return { items: new Map(items), wanted: sideOf(source), recorded: sideOf(target) }
}

/** The source's link name, or the target's for what the source deletes. */
export function linkNameOf(item: Item): LinkName {
  return ((item.wanted ?? item.recorded) as Entry).linkName
}

/** Connections before components, because components refer to them; then by link name. */
function compareItems(a: Item, b: Item): number {
  if (a.subject !== b.subject) return a.subject === 'connection' ? -1 : 1
  return compareText(linkNameOf(a), linkNameOf(b)) || compareText(a.id, b.id)
}

function entriesOf({ connections, components }: Definitions): ReadonlyMap<ItemKey, Entry> {
  return new Map<ItemKey, Entry>([
    ...Object.entries(connections).map(([linkName, value]): [ItemKey, Entry] => [
      itemKey('connection', value.id),
      { subject: 'connection', linkName, value }
    ]),
    ...Object.entries(components).map(([linkName, value]): [ItemKey, Entry] => [
      itemKey('component', value.id),
      { subject: 'component', linkName, value }
    ])
  ])
}

function sideOf(entries: ReadonlyMap<ItemKey, Entry>): Side {
  const byLinkName = new Map<string, ItemKey>()
  const byName = new Map<string, ItemKey>()
  for (const [key, { subject, linkName, value }] of entries) {
    byLinkName.set(`${subject}:${linkName}`, key)
    if (subject === 'connection') byName.set(value.name, key)
  }
  const uses = new Map<ItemKey, readonly ItemKey[]>()
  const depends = new Map<ItemKey, readonly ItemKey[]>()
  for (const [key, entry] of entries) {
    if (entry.subject !== 'component') continue
    const find = (subject: Subject) => (linkName: LinkName) =>
      byLinkName.get(`${subject}:${linkName}`) ?? []
    uses.set(key, entry.value.uses.flatMap(find('connection')))
    depends.set(key, entry.value.depends.flatMap(find('component')))
  }
  return {
    byLinkName,
    byName,
    uses,
    usedBy: inverse(uses),
    depends,
    dependedOnBy: inverse(depends)
  }
}

function inverse(
  edges: ReadonlyMap<ItemKey, readonly ItemKey[]>
): ReadonlyMap<ItemKey, readonly ItemKey[]> {
  const result = new Map<ItemKey, ItemKey[]>()
  for (const [from, targets] of edges) {
    for (const to of targets) {
      const sources = result.get(to)
      if (sources === undefined) result.set(to, [from])
      else sources.push(from)
    }
  }
  return result
}
