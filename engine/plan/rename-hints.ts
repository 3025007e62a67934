import { type Diagnostic, warning } from '../model/diagnostic.ts'
import { digestOf } from '../model/digest.ts'
import type { Definitions } from '../model/documents.ts'
import type {
  Change,
  Component,
  Connection,
  EntryId,
  LinkName,
  Subject
} from '../model/generated/types.ts'
import { compareText, sortedUnique } from '../model/record.ts'
import { inOneLine } from './in-one-line.ts'

/** What so many entries have in common tells none of them from the others. */
const mostAlike = 50
/** Components that depend on renamed ones are found one after the other; nobody renames a longer chain at once. */
const mostRounds = 20

/**
 * A warning for each deleted entry that looks as if it went on as an added one, its link name changed without `previously`: as it
 * stands, its authorizations or its history end. Only where nothing else is as likely. `changes` are the plan's; null where it is
 * refused and has none: then everything that stands on one side alone counts.
 */
export function renameHints(
  changes: readonly Change[] | null,
  recorded: Definitions,
  wanted: Definitions
): readonly Diagnostic[] {
  const connections = sidesOf('connection', changes, recorded.connections, wanted.connections)
  pairUp(connections, connectionTraits)
  const components = sidesOf('component', changes, recorded.components, wanted.components)
  pairUp(components, (each, names) => componentTraits(each, connections.names, names))
  return [
    ...hintsOf(connections, ([gone, added]) => connectionHint(gone, added)),
    ...hintsOf(components, ([gone, added]) => componentHint(gone, added))
  ]
}

interface Entry<T> {
  readonly linkName: LinkName
  readonly value: T
}

interface Sides<T> {
  readonly gone: Map<LinkName, Entry<T>>
  readonly added: Map<LinkName, Entry<T>>
  /** What recorded link names are called now, as far as they are called otherwise. Grows with each pair. */
  readonly names: Map<LinkName, LinkName>
  readonly pairs: (readonly [Entry<T>, Entry<T>])[]
}

/** What an entry may have in common with itself under another name: to share one is enough to look alike. */
type TraitsOf<T> = (entry: Entry<T>, names: ReadonlyMap<LinkName, LinkName>) => readonly string[]

function sidesOf<T extends { readonly id: EntryId }>(
  subject: Subject,
  changes: readonly Change[] | null,
  recorded: Readonly<Record<LinkName, T>>,
  wanted: Readonly<Record<LinkName, T>>
): Sides<T> {
  const before = entriesOf(recorded)
  const now = entriesOf(wanted)
  const namesNow = new Map(now.map(({ linkName, value }) => [value.id, linkName]))
  const idsBefore = new Set(before.map(({ value }) => value.id))
  const changed = (action: Change['action']) =>
    changes === null
      ? null
      : new Set(
          changes
            .filter(each => each.subject === subject && each.action === action)
            .map(({ id }) => id)
        )
  const [deleted, added] = [changed('delete'), changed('add')]
  return {
    gone: byName(before.filter(({ value: { id } }) => deleted?.has(id) ?? !namesNow.has(id))),
    added: byName(now.filter(({ value: { id } }) => added?.has(id) ?? !idsBefore.has(id))),
    names: new Map(
      before.map(({ linkName, value }) => [linkName, namesNow.get(value.id) ?? linkName])
    ),
    pairs: []
  }
}

function entriesOf<T>(entries: Readonly<Record<LinkName, T>>): readonly Entry<T>[] {
  return Object.entries(entries).map(([linkName, value]) => ({ linkName, value }))
}

function byName<T>(entries: readonly Entry<T>[]): Map<LinkName, Entry<T>> {
  return new Map(entries.map(each => [each.linkName, each]))
}

/** Moves entries that belong together from both sides to the pairs. A pair can give the next one away, by what refers to it. */
function pairUp<T>(sides: Sides<T>, traitsOf: TraitsOf<T>): void {
  const same: ReadonlyMap<LinkName, LinkName> = new Map()
  for (let round = 0; round < mostRounds; round += 1) {
    const found = likeliest(
      [...sides.gone.values()].map(each => [each, traitsOf(each, sides.names)]),
      [...sides.added.values()].map(each => [each, traitsOf(each, same)])
    )
    if (found.length === 0) return
    for (const [gone, added] of found) {
      sides.gone.delete(gone.linkName)
      sides.added.delete(added.linkName)
      sides.names.set(gone.linkName, added.linkName)
      sides.pairs.push([gone, added])
    }
  }
}

/** Those that have more in common with each other than either has with any other. */
function likeliest<E>(
  gone: readonly (readonly [E, readonly string[]])[],
  added: readonly (readonly [E, readonly string[]])[]
): readonly (readonly [E, E])[] {
  const [goneBy, addedBy] = [byTrait(gone), byTrait(added)]
  const common = new Map<E, Map<E, number>>()
  for (const [trait, former] of goneBy) {
    const later = addedBy.get(trait) ?? []
    if (former.length > mostAlike || later.length > mostAlike) continue
    for (const one of former) for (const other of later) count(common, one, other)
  }
  for (const [one] of gone) {
    for (const [other, shared] of common.get(one) ?? []) count(common, other, one, shared)
  }
  return gone.flatMap(([one]) => {
    const other = most(common.get(one))
    return other !== undefined && most(common.get(other)) === one ? [[one, other] as const] : []
  })
}

function byTrait<E>(
  entries: readonly (readonly [E, readonly string[]])[]
): ReadonlyMap<string, readonly E[]> {
  const found = new Map<string, E[]>()
  for (const [entry, traits] of entries) {
    for (const trait of traits) {
      const others = found.get(trait)
      if (others === undefined) found.set(trait, [entry])
      else others.push(entry)
    }
  }
  return found
}

function count<E>(common: Map<E, Map<E, number>>, one: E, other: E, shared: number = 1): void {
  const counts = common.get(one) ?? new Map<E, number>()
  common.set(one, counts.set(other, (counts.get(other) ?? 0) + shared))
}

/** The one with the highest count; undefined where two have it. */
function most<E>(counts: ReadonlyMap<E, number> | undefined): E | undefined {
  const sorted = [...(counts ?? [])].sort(([, a], [, b]) => b - a)
  const [first, second] = sorted
  return first?.[1] === second?.[1] ? undefined : first?.[0]
}

/** The display name alone is no evidence: it may have been given, and is then another one for what is new. */
function connectionTraits({ value }: Entry<Connection>): readonly string[] {
  const { connector, auth, level, authorization, allScopes, scopes, parameters } = value
  const { client, environments, name } = value
  const settings = digestOf([
    [connector, auth, level, authorization, allScopes, scopes],
    [parameters, client, environments]
  ])
  return [settings, `${settings} ${name}`]
}

/** Its source is what it was, or it is called what it was; without a display name of its own, the source may have moved along. */
function componentTraits(
  { linkName, value }: Entry<Component>,
  connections: ReadonlyMap<LinkName, LinkName>,
  components: ReadonlyMap<LinkName, LinkName>
): readonly string[] {
  const { kind, uses, depends, source, name } = value
  const now = (names: readonly LinkName[], known: ReadonlyMap<LinkName, LinkName>) =>
    sortedUnique(names.map(each => known.get(each) ?? each))
  const references = [kind, now(uses, connections), now(depends, components)]
  const isNamed = name !== linkName
  const glob = source?.glob ?? ''
  return [
    ...(source === null ? [] : [['source', source.digest]]),
    ...(isNamed ? [['name', name]] : []),
    ...(isNamed ? [] : [['glob', glob]]),
    ...(isNamed ? [] : [['moved', glob.replaceAll(linkName, '\u0000')]])
  ].map(trait => JSON.stringify([references, trait]))
}

function hintsOf<T>(
  { pairs }: Sides<T>,
  hint: (pair: readonly [Entry<T>, Entry<T>]) => Diagnostic
): readonly Diagnostic[] {
  return pairs.toSorted(([, a], [, b]) => compareText(a.linkName, b.linkName)).map(hint)
}

function connectionHint(gone: Entry<Connection>, added: Entry<Connection>): Diagnostic {
  const before = inOneLine(gone.linkName)
  const now = inOneLine(added.linkName)
  const anew =
    added.value.level === 'logged-in-user'
      ? `each user has to authorize ${now} anew`
      : `${now} has to be authorized anew`
  return looksRenamed(
    `${before} goes away and ${now} is new, with the same settings. As it stands, the authorizations of ${before} end and ${anew}, here and wherever this is published. If it is the same connection under another name, say so in connections/${now}.yaml, and nobody is asked:\n    previously: ${before}`
  )
}

function componentHint(gone: Entry<Component>, added: Entry<Component>): Diagnostic {
  const before = inOneLine(gone.linkName)
  const now = inOneLine(added.linkName)
  return looksRenamed(
    `${before} goes away and ${now} is new, and they are alike. As it stands, the history of ${before} ends, and wherever this is published one is deleted and the other added. If it is the same component under another name, say so in components/${now}.yaml, and it goes on:\n    previously: ${before}`
  )
}

function looksRenamed(detail: string): Diagnostic {
  return warning('LOOKS_RENAMED', 'Looks like a rename', detail)
}
