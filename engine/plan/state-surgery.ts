import { Refusal } from '../model/diagnostic.ts'
import type { StateContent } from '../model/documents.ts'
import type {
  Component,
  EntryId,
  Environment,
  LinkName,
  State,
  Subject,
  UndoField
} from '../model/generated/types.ts'
import { sortedRecord, sortedUnique } from '../model/record.ts'
import {
  ambiguousEntry,
  type EntryName,
  goesOnAs,
  isLinkName,
  isProtected,
  isReferenced,
  nameInvalid,
  otherSubject,
  parseEntryName,
  pools,
  targetAuthorized,
  targetPublished,
  targetTaken,
  unknownEntry,
  unknownSource
} from './entry-names.ts'
import { undoFields } from './undo-fields.ts'

/** A change of one document by hand: what it shall hold, and what takes that back. */
export interface Surgery {
  readonly content: StateContent
  readonly undo: readonly UndoField[]
}

export interface Move extends Surgery {
  /** adopt: the entry called `to` was recorded as a new one, and goes on as what `from` was. */
  readonly kind: 'rename' | 'adopt'
  readonly subject: Subject
  readonly from: LinkName
  readonly to: LinkName
  readonly id: EntryId
  /** Components whose references are rewritten. */
  readonly rewritten: readonly LinkName[]
}

export interface Removal extends Surgery {
  readonly subject: Subject
  readonly linkName: LinkName
  readonly id: EntryId
}

/** What is known of ids beyond dev's record, so that none is given up that something hangs on. */
export interface KnownIds {
  /** `stage`, `version 3`, `client/acme`: where an id is named, by id. */
  readonly published: ReadonlyMap<EntryId, string>
  /** Ids for which there are authorizations, ended ones too, or values. */
  readonly authorized: ReadonlySet<EntryId>
}

/** The recorded entry that a name means. Throws a Refusal (ENTRY_UNKNOWN, ENTRY_AMBIGUOUS). */
export function findEntry(
  document: State | null | undefined,
  text: string,
  where: string
): EntryName {
  const { subject, linkName } = parseEntryName(text)
  const found = entriesCalled(document, subject, linkName)
  const [first, second] = found
  if (first === undefined) throw new Refusal(unknownEntry(document, text, where))
  if (second !== undefined) throw new Refusal(ambiguousEntry(linkName, where))
  return first
}

function entriesCalled(
  document: State | null | undefined,
  subject: Subject | null,
  linkName: LinkName
): readonly EntryName[] {
  const subjects = subject === null ? (['connection', 'component'] as const) : [subject]
  return subjects
    .filter(each => Object.hasOwn(document?.[pools[each]] ?? {}, linkName))
    .map(each => ({ subject: each, linkName }))
}

/**
 * Gives an entry of dev's record another link name: it stays the same thing in every environment, and what refers to it follows.
 *
 * Where `to` is recorded already, because somebody renamed the file and applied that as something new, `to` goes on as what `from` was:
 * nothing may hang on the id that it gives up.
 *
 * Throws a Refusal (MOVE_SOURCE_UNKNOWN, MOVE_TARGET_TAKEN, MOVE_NAME_INVALID, ENTRY_AMBIGUOUS).
 */
export function moveEntry(dev: State, from: string, to: string, known: KnownIds): Move {
  const source = parseEntryName(from)
  const target = parseEntryName(to)
  if (!isLinkName(target.linkName)) throw new Refusal(nameInvalid())
  if (source.subject !== null && target.subject !== null && source.subject !== target.subject) {
    throw new Refusal(otherSubject(source.subject, target.subject))
  }
  const subject = source.subject ?? target.subject
  const [recorded, other] = entriesCalled(dev, subject, source.linkName)
  if (recorded !== undefined && other !== undefined) {
    throw new Refusal(ambiguousEntry(source.linkName, 'dev'))
  }
  if (recorded !== undefined) return rename(dev, recorded, target.linkName)
  const taking = entriesCalled(dev, subject, target.linkName).filter(each =>
    Object.hasOwn(dev.retired[pools[each.subject]], source.linkName)
  )
  if (taking.length > 1) throw new Refusal(ambiguousEntry(source.linkName, 'dev'))
  const [adopting] = taking
  if (adopting === undefined) throw new Refusal(unknownSource(dev, source, target.linkName))
  return adopt(dev, adopting, source.linkName, known)
}

function rename(dev: State, { subject, linkName: from }: EntryName, to: LinkName): Move {
  const pool = pools[subject]
  const entry = dev[pool][from]
  if (entry === undefined) throw new Error('A recorded entry was expected')
  if (from === to || Object.hasOwn(dev[pool], to)) throw new Refusal(targetTaken(subject, from, to))
  const entries = Object.entries<unknown>(dev[pool]).map(
    ([linkName, each]) => [linkName === from ? to : linkName, each] as const
  )
  const { components, rewritten } = rewriteReferences(
    subject === 'component' ? (sortedRecord(entries) as State['components']) : dev.components,
    subject,
    from,
    to
  )
  const retired = new Map(Object.entries(dev.retired[pool]))
  retired.set(from, entry.id)
  retired.delete(to)
  const content: StateContent = {
    ...contentOf(dev),
    ...(subject === 'connection'
      ? { connections: sortedRecord(entries) as State['connections'] }
      : {}),
    components,
    retired: { ...dev.retired, [pool]: sortedRecord(retired) }
  }
  return { kind: 'rename', subject, from, to, id: entry.id, rewritten, ...surgery(dev, content) }
}

function adopt(
  dev: State,
  { subject, linkName: to }: EntryName,
  from: LinkName,
  { published, authorized }: KnownIds
): Move {
  const pool = pools[subject]
  const entry = dev[pool][to]
  const id = dev.retired[pool][from]
  if (entry === undefined || id === undefined) throw new Error('A recorded entry was expected')
  const carrier = Object.entries<{ readonly id: EntryId }>(dev[pool]).find(
    ([, each]) => each.id === id
  )
  if (carrier !== undefined) throw new Refusal(goesOnAs(subject, from, carrier[0]))
  const where = published.get(entry.id)
  if (where !== undefined) throw new Refusal(targetPublished(subject, from, to, where))
  if (authorized.has(entry.id)) throw new Refusal(targetAuthorized(from, to))
  const retired = new Map(Object.entries(dev.retired[pool]))
  retired.delete(to)
  const given = new Map(Object.entries(dev.given))
  const former = given.get(id)
  // A name that was given to the new one goes back; one that somebody chose stays.
  const isGiven = subject === 'connection' && given.get(entry.id) === entry.name
  const name = isGiven && former !== undefined ? former : entry.name
  if (isGiven && former === undefined) given.set(id, entry.name)
  given.delete(entry.id)
  const content: StateContent = {
    ...contentOf(dev),
    [pool]: sortedRecord([...Object.entries(dev[pool]), [to, { ...entry, id, name }]]),
    retired: { ...dev.retired, [pool]: sortedRecord(retired) },
    given: sortedRecord(given)
  }
  return { kind: 'adopt', subject, from, to, id, rewritten: [], ...surgery(dev, content) }
}

/** The name lists of components are sorted, so a renamed reference may change its place. */
function rewriteReferences(
  components: State['components'],
  subject: Subject,
  from: LinkName,
  to: LinkName
): { readonly components: State['components']; readonly rewritten: readonly LinkName[] } {
  const list = subject === 'connection' ? 'uses' : 'depends'
  const rewritten: LinkName[] = []
  const after = Object.entries(components).map(([linkName, each]): [LinkName, Component] => {
    if (!each[list].includes(from)) return [linkName, each]
    rewritten.push(linkName)
    const names = sortedUnique(each[list].map(name => (name === from ? to : name)))
    return [linkName, { ...each, [list]: names }]
  })
  return { components: sortedRecord(after), rewritten }
}

/**
 * Forgets an entry of an environment's record. Its authorizations stay recorded. dev keeps its id for the case that it comes back.
 * Throws a Refusal (ENTRY_UNKNOWN, ENTRY_AMBIGUOUS, ENTRY_REFERENCED, PROTECTED).
 */
export function removeEntry(document: State, text: string): Removal {
  const { subject, linkName } = findEntry(document, text, document.environment)
  const pool = pools[subject]
  const entry = document[pool][linkName]
  if (entry === undefined) throw new Error('A recorded entry was expected')
  if ('protect' in entry && entry.protect) throw new Refusal(isProtected(linkName))
  const list = subject === 'connection' ? 'uses' : 'depends'
  const places = Object.entries(document.components).flatMap(([name, each]) =>
    each[list].includes(linkName) && (subject === 'connection' || name !== linkName) ? [name] : []
  )
  if (places.length > 0) {
    throw new Refusal(isReferenced(subject, document.environment, places))
  }
  const isDev = document.environment === 'dev'
  const retired = { ...document.retired[pool], ...(isDev ? { [linkName]: entry.id } : {}) }
  const content: StateContent = {
    ...contentOf(document),
    [pool]: withoutKey<unknown>(document[pool], linkName),
    retired: { ...document.retired, [pool]: sortedRecord(Object.entries(retired)) },
    serving: withoutKey(document.serving, entry.id)
  }
  return { subject, linkName, id: entry.id, ...surgery(document, content) }
}

/** Drops a record of an authorization, and what names its credential as the one in use. Only where the document has such. */
export function removeRecord(document: State, credential: string): Surgery {
  const serving = Object.entries(document.serving).filter(([, each]) => each !== credential)
  return surgery(document, {
    ...contentOf(document),
    serving: sortedRecord(serving),
    authorizations: withoutKey(document.authorizations, credential)
  })
}

/** The document of a client under another link name; lineage and history are the store's. */
export function renameClient(
  document: State,
  to: Extract<Environment, `client/${string}`>
): Surgery {
  const { environment: from } = document
  return {
    content: { ...contentOf(document), environment: to },
    undo: [{ path: '/environment', before: from, after: to }]
  }
}

/** Whether a surgery changes anything. */
export function changesSomething({ undo }: Surgery): boolean {
  return undo.length > 0
}

export function contentOf(document: State): StateContent {
  const { formatVersion: _f, lineage: _l, serial: _s, digest: _d, ...content } = document
  return content
}

function surgery(before: State, content: StateContent): Surgery {
  return { content, undo: undoFields(contentOf(before), content) }
}

function withoutKey<T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> {
  return sortedRecord(Object.entries(record).filter(([each]) => each !== key))
}
