import type { Because } from '../model/generated/types.ts'
import { type Item, type ItemKey, linkNameOf, type Side, type Sides } from './entries.ts'

/** Why an item is in a publish set: the item that pulls it in, and in which way. */
export interface Pull {
  readonly by: ItemKey
  readonly because: Because
}

/**
 * The smallest closed set that holds `selected`: what has to be published together so that no environment ever runs a component
 * whose connections, or the components it depends on, are not the ones it was made for. Every member comes with all that pulls it in.
 *
 * A set S is closed if
 * (a) every component that references a connection of S, in either record, is in S;
 * (b) the changed connections that a component of S uses, and the changed components it depends on, are in S;
 * (c) for a component of S that the source deletes or renames, every component that depends on it in the target is in S;
 * (d) a connection that the source deletes is in S once all components, at least one, that reference it in the target are in S;
 * (e) for a change of S that takes a link or display name which another entry of the target holds, that entry is in S.
 *
 * All five only ever add, so the order does not matter and adding to the selection never takes anything away.
 */
export function publishSet(
  sides: Sides,
  selected: readonly ItemKey[]
): ReadonlyMap<ItemKey, readonly Pull[]> {
  const members = new Map<ItemKey, Pull[]>()
  const queue: ItemKey[] = []
  const include = (key: ItemKey): Pull[] => {
    const known = members.get(key)
    if (known !== undefined) return known
    const pulls: Pull[] = []
    members.set(key, pulls)
    queue.push(key)
    return pulls
  }
  for (const key of selected) include(key)

  for (let key = queue.shift(); key !== undefined; key = queue.shift()) {
    const item = sides.items.get(key)
    if (item === undefined) continue
    for (const [pulled, because] of pulledBy(sides, item))
      include(pulled).push({ by: key, because })
    for (const gone of deletedWith(sides, item, members)) {
      include(gone).push({ by: key, because: { code: 'LAST_REFERENCE_GONE' } })
    }
  }
  return members
}

function pulledBy(sides: Sides, item: Item): readonly (readonly [ItemKey, Because])[] {
  const named = namesTakenOver(sides, item)
  if (item.subject === 'connection') {
    const users = new Set([
      ...targets(sides.wanted.usedBy, item.key),
      ...targets(sides.recorded.usedBy, item.key)
    ])
    const connection = linkNameOf(item)
    return [
      ...[...users].map(
        user => [user, { code: 'REFERENCES_CHANGED_CONNECTION', connection }] as const
      ),
      ...named
    ]
  }
  const component = linkNameOf(item)
  const isChanged = (key: ItemKey): boolean => sides.items.get(key)?.changed === true
  const gone = item.recorded !== null && item.wanted?.linkName !== item.recorded.linkName
  return [
    ...targets(sides.wanted.uses, item.key)
      .filter(isChanged)
      .map(key => [key, { code: 'USED_BY_SELECTED', component }] as const),
    ...targets(sides.wanted.depends, item.key)
      .filter(isChanged)
      .map(key => [key, { code: 'DEPENDED_ON', component }] as const),
    ...(gone ? targets(sides.recorded.dependedOnBy, item.key) : []).map(
      key =>
        [key, { code: 'DEPENDENCY_GONE', component: item.recorded?.linkName ?? component }] as const
    ),
    ...named
  ]
}

/** Rule (e): whoever holds the link or display name that this change takes has to give it up in the same publish. */
function namesTakenOver(sides: Sides, item: Item): readonly (readonly [ItemKey, Because])[] {
  if (!item.changed || item.wanted === null) return []
  const { subject, linkName, value } = item.wanted
  const holders = [
    sides.recorded.byLinkName.get(`${subject}:${linkName}`),
    subject === 'connection' ? sides.recorded.byName.get(value.name) : undefined
  ]
  return [...new Set(holders)]
    .filter((holder): holder is ItemKey => holder !== undefined && holder !== item.key)
    .map(holder => [holder, { code: 'NAME_TAKEN_OVER', subject, linkName }] as const)
}

/** Rule (d), looked at from the component that came in last. */
function deletedWith(
  sides: Sides,
  item: Item,
  members: ReadonlyMap<ItemKey, unknown>
): readonly ItemKey[] {
  if (item.subject !== 'component') return []
  return targets(sides.recorded.uses, item.key).filter(
    key =>
      sides.items.get(key)?.wanted === null &&
      targets(sides.recorded.usedBy, key).every(user => members.has(user))
  )
}

function targets(edges: Side['uses'], key: ItemKey): readonly ItemKey[] {
  return edges.get(key) ?? []
}
