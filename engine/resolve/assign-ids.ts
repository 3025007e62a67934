import type { EntryId, Ids, LinkName } from '../model/generated/types.ts'
import { compareText } from '../model/record.ts'

export interface Named {
  readonly linkName: LinkName
  readonly previously: LinkName | undefined
}

/**
 * Gives every spec the id that dev knows it by, so that a rename stays the same thing in every environment.
 *
 * A recorded link name keeps its id, unless another spec says that it was `previously` called so. A renamed entry goes on with the
 * id of its old name; a link name that comes back takes its own id back where nobody else carries it, so that an edit undone leaves
 * no trace. Everything else is new: `<link name>.<serial>`, where serial is that of the write that records it.
 */
export function assignIds(
  specs: readonly Named[],
  recorded: Readonly<Record<LinkName, { readonly id: EntryId }>>,
  retired: Ids,
  serial: number
): ReadonlyMap<LinkName, EntryId> {
  const ids = new Map<LinkName, EntryId>()
  const carried = new Set<EntryId>()
  const give = (linkName: LinkName, id: EntryId | undefined): boolean => {
    if (id === undefined || ids.has(linkName) || carried.has(id)) return false
    ids.set(linkName, id)
    carried.add(id)
    return true
  }
  const inOrder = [...specs].sort((a, b) => compareText(a.linkName, b.linkName))
  const own = (name: LinkName): EntryId | undefined =>
    Object.hasOwn(recorded, name) ? recorded[name]?.id : undefined
  const former = (name: LinkName): EntryId | undefined =>
    Object.hasOwn(retired, name) ? retired[name] : undefined

  for (const { linkName, previously } of inOrder) {
    if (previously !== undefined && own(linkName) === undefined) give(linkName, own(previously))
  }
  for (const { linkName } of inOrder) give(linkName, own(linkName))
  for (const { linkName } of inOrder) give(linkName, former(linkName))
  for (const { linkName, previously } of inOrder) {
    if (previously !== undefined) give(linkName, former(previously))
  }
  for (const { linkName } of inOrder) give(linkName, `${linkName}.${serial}`)
  return ids
}
