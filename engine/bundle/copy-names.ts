import type { LinkName } from '../model/generated/types.ts'

/** What has a link name and a display name. */
export interface Named {
  readonly linkName: LinkName
  readonly name: string
}

/** What others are called already. */
export interface TakenNames {
  readonly linkNames: ReadonlySet<LinkName>
  readonly names: ReadonlySet<string>
}

const longestLinkName = 50

/**
 * New names for entries that meet others, in the order given; entries that meet nothing keep theirs. Where an entry's link name
 * or display name is taken, both become `<old>_copy`, or `<old>_copy_2` and so on: each the lowest that is free, the old name cut
 * so that the new one fits. Free means: held by nothing that is there, by no entry that keeps its name, by no other copy. Entries
 * may share a display name among themselves as long as they keep it. `longestName` counts characters (code points), as the
 * schemas do.
 */
export function copyNames(
  entries: readonly Named[],
  taken: TakenNames,
  longestName: number
): readonly Named[] {
  const takenNames = new Set([...taken.names].map(plainName))
  const linkNames = new Set(taken.linkNames)
  const names = new Set(takenNames)
  const keeps = entries.map(({ linkName, name }) => {
    if (linkNames.has(linkName) || takenNames.has(plainName(name))) return false
    linkNames.add(linkName)
    names.add(plainName(name))
    return true
  })
  const freeLinkName = freeNames(longestLinkName, linkNames)
  const freeName = freeNames(longestName, names)
  return entries.map((entry, at) =>
    keeps[at] === true
      ? entry
      : { linkName: freeLinkName(entry.linkName), name: freeName(entry.name) }
  )
}

/** Names that look the same are the same. */
function plainName(name: string): string {
  return name.normalize('NFC')
}

/** Takes what it gives. Remembers how far it got, because names are only ever taken. */
function freeNames(longest: number, taken: Set<string>): (old: string) => string {
  const reached = new Map<string, number>()
  return old => {
    const start = cut(old, longest - '_copy'.length)
    for (let number = reached.get(start) ?? 1; ; number++) {
      const ending = number === 1 ? '_copy' : `_copy_${number}`
      const name = cut(old, longest - ending.length) + ending
      const plain = plainName(name)
      if (taken.has(plain)) continue
      taken.add(plain)
      reached.set(start, number + 1)
      return name
    }
  }
}

/** The first so many code points, so that no character is cut in two. */
function cut(text: string, length: number): string {
  const characters = [...text]
  return characters.length <= length ? text : characters.slice(0, length).join('').trimEnd()
}
