import { isDeepStrictEqual } from 'node:util'
import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import { isClient, type StateContent } from '../model/documents.ts'
import type { HistoryEntry, State, Subject, UndoField } from '../model/generated/types.ts'
import { validateState } from '../model/generated/validators/state.js'
import { isLinkName } from './entry-names.ts'
import { contentOf, type Surgery } from './state-surgery.ts'
import { type FieldPlace, placeOfField, valueAt, withValueAt } from './undo-fields.ts'
import { isWhatItWrote, reversed, serialTakenBack } from './what-was-written.ts'

/** A write by hand that can be taken back. */
export type UndoableEntry = HistoryEntry & { readonly undo: readonly UndoField[] }

/** Taking back: the document as it was, where nothing has changed since; of a client's rename, under its former name. */
export interface TakeBack extends Surgery {
  readonly entry: UndoableEntry
}

/**
 * The write to take back: the one with the serial, or the newest surgery that is no taking back itself and has not been taken back.
 * `history` is one document's, the oldest first. Throws a Refusal (UNDO_NOTHING).
 */
export function writeToTakeBack(
  history: readonly HistoryEntry[],
  { environment, lineage }: State,
  serial: number | null
): UndoableEntry {
  const own = history.filter(each => each.lineage === lineage)
  const back = takenBack(own)
  const found =
    serial === null
      ? own.findLast(
          each =>
            isUndoable(each) &&
            serialTakenBack(each) === null &&
            back(each.lineage, each.serial) === null
        )
      : own.findLast(each => each.serial === serial)
  const isBack = found !== undefined && serial !== null && back(lineage, serial) !== null
  if (found !== undefined && isUndoable(found) && !isBack) return found
  const detail =
    serial === null
      ? `Nothing was done by hand to the state of ${environment} that could still be taken back.`
      : found === undefined
        ? `The history of ${environment} has no write with serial ${serial}.`
        : isBack
          ? `Serial ${serial} of ${environment} ("${found.operation}") has been taken back already.`
          : `Serial ${serial} of ${environment} ("${found.operation}") was not done by hand, so it is not taken back like this: change the specs and apply, or deploy an older version.`
  throw new Refusal(
    problem(
      'UNDO_NOTHING',
      'There is nothing to take back',
      `${detail} What was written:\n    tieline state history -e ${environment}`
    )
  )
}

function isUndoable(entry: HistoryEntry): entry is UndoableEntry {
  // Only surgery can be taken back, whatever a history that came from elsewhere says of other writes.
  const isByHand = /^state (mv|rm|undo)(?:\s|$)/.test(entry.operation)
  return isByHand && entry.undo !== null && entry.undo.length > 0
}

/**
 * Which write took another one back, by the serials of one lineage, as long as nothing took that back in turn: null for none. A
 * history may say anything, so it is read once, from its end.
 */
export function takenBack(
  history: readonly HistoryEntry[]
): (lineage: string, serial: number) => number | null {
  const by = new Map<string, number>()
  for (const each of history.toSorted((a, b) => b.serial - a.serial)) {
    const serial = serialTakenBack(each)
    if (serial === null || serial >= each.serial) continue
    if (!by.has(`${each.lineage} ${each.serial}`)) by.set(`${each.lineage} ${serial}`, each.serial)
  }
  return (lineage, serial) => by.get(`${lineage} ${serial}`) ?? null
}

/**
 * The document with a write taken back. Throws a Refusal (UNDO_CHANGED_SINCE) where what the write touched has changed since, or would
 * not fit to what has; UNDO_UNREADABLE for a line that says anything but what its operation writes. `shared` are the authorizations
 * that hold for dev, stage and prod alike.
 */
export function takeBack(
  document: State,
  entry: UndoableEntry,
  history: readonly HistoryEntry[],
  shared: State['authorizations'] = {}
): TakeBack {
  const now = contentOf(document)
  const undo = reversed(entry.undo)
  const moved = movedBack(entry.undo)
  if (moved !== null) {
    const content = { ...now, environment: moved.former }
    if (document.environment !== moved.present) throw new Refusal(unreadable(entry))
    if (!isWhatItWrote(entry, document, content, history)) throw new Refusal(unreadable(entry))
    return { entry, content, undo }
  }
  const places = entry.undo.map(field => ({ ...field, place: placeOfField(field.path) }))
  const changed: FieldPlace[] = []
  let content: StateContent = now
  for (const { place, before, after } of places) {
    if (place === null || !isFit(place, before)) throw new Refusal(unreadable(entry))
    if (!isDeepStrictEqual(valueAt(now, place), after)) changed.push(place)
    content = withValueAt(content, place, before)
  }
  const isFine = isState(document, content)
  if (!isFine && changed.length === 0) throw new Refusal(unreadable(entry))
  const before = misfits(now, shared)
  const after = isFine ? misfits(content, shared) : []
  const problems = [...changed.map(placeWords), ...after.filter(each => !before.includes(each))]
  if (problems.length > 0) {
    const writes = changed.flatMap(each => writesSince(each, entry, history))
    throw new Refusal(changedSince(document, entry, problems, writes))
  }
  if (!isWhatItWrote(entry, document, content, history)) throw new Refusal(unreadable(entry))
  return { entry, content, undo }
}

/** What a history says was there before is anybody's text. */
function isState({ formatVersion, lineage, serial, digest }: State, content: StateContent) {
  return validateState({ ...content, formatVersion, lineage, serial, digest })
}

/** A client's rename is the one field that is no part of a collection. */
function movedBack(undo: readonly UndoField[]) {
  const [field, ...more] = undo
  if (field?.path !== '/environment' || more.length > 0) return null
  const { before, after } = field
  const isName = (name: unknown): name is Extract<State['environment'], `client/${string}`> =>
    typeof name === 'string' &&
    isClient(name as State['environment']) &&
    isLinkName(name.slice('client/'.length))
  return isName(before) && isName(after) ? { former: before, present: after } : null
}

/** Whether a key can stand there: the history is a file like any other. */
function isFit({ collection, key }: FieldPlace, before: unknown): boolean {
  const isNamed = /^(?:retired\/)?(?:connections|components)$/.test(collection)
  return !isNamed || isLinkName(key) || before === null
}

/** What the document would name twice, or name without having it. */
function misfits(
  { connections, components, serving, authorizations }: StateContent,
  shared: State['authorizations']
): readonly string[] {
  const missing = Object.entries(components).flatMap(([linkName, { uses, depends }]) => [
    ...uses
      .filter(each => !Object.hasOwn(connections, each))
      .map(each => `component ${linkName} uses connection ${each}, which would be gone`),
    ...depends
      .filter(each => !Object.hasOwn(components, each))
      .map(each => `component ${linkName} depends on component ${each}, which would be gone`)
  ])
  const strange = Object.entries(serving).flatMap(([id, credential]) => {
    const records = [authorizations, shared].filter(each => Object.hasOwn(each, credential))
    return records.some(each => each[credential]?.connection !== id)
      ? [`${id} would use the authorization of another connection`]
      : []
  })
  return [
    ...missing,
    ...strange,
    ...twice('connection', Object.entries(connections), each => each.id),
    ...twice('component', Object.entries(components), each => each.id),
    ...twice('connection', Object.entries(connections), each => each.name)
  ]
}

function twice<T>(
  subject: Subject,
  entries: readonly (readonly [string, T])[],
  keyOf: (value: T) => string
): readonly string[] {
  const first = new Map<string, string>()
  return entries.flatMap(([linkName, value]) => {
    const other = first.get(keyOf(value))
    if (other === undefined) first.set(keyOf(value), linkName)
    return other === undefined
      ? []
      : [
          `${subject} ${other} and ${subject} ${linkName} would be one and the same, or have one name`
        ]
  })
}

function placeWords({ collection, key, field }: FieldPlace): string {
  const name = key.slice(0, 80)
  const what = field === null ? '' : ` (${field.slice(0, 80)})`
  switch (collection) {
    case 'connections':
      return `connection ${name}${what}`
    case 'components':
      return `component ${name}${what}`
    case 'authorizations':
      return `authorization ${name}`
    case 'retired/connections':
      return `the former connection ${name}`
    case 'retired/components':
      return `the former component ${name}`
    case 'given':
      return `the name given to ${name}`
    case 'serving':
      return `what ${name} uses`
    case 'users':
      return `who authorized ${name}`
  }
}

/** The writes after an undoable one that may have changed a place; at least the next one. */
function writesSince(
  { collection, key }: FieldPlace,
  entry: UndoableEntry,
  history: readonly HistoryEntry[]
): readonly HistoryEntry[] {
  const later = history.filter(each => each.lineage === entry.lineage && each.serial > entry.serial)
  const subject = { connections: 'connection', components: 'component' }[collection as string]
  const found = later.filter(each =>
    each.changes.some(
      change => change.subject === subject && (change.name === key || change.from === key)
    )
  )
  return found.length > 0 ? found : later
}

function changedSince(
  { environment }: State,
  entry: UndoableEntry,
  problems: readonly string[],
  writes: readonly HistoryEntry[]
): Diagnostic {
  const told = [...new Set(problems)]
  const what = told.slice(0, 5).join('; ')
  const more = told.length > 5 ? `; and ${told.length - 5} more` : ''
  const by = [...new Map(writes.map(each => [each.serial, each])).values()]
    .sort((a, b) => a.serial - b.serial)
    .map(each => `    serial ${each.serial}: ${each.operation}, by ${each.by} at ${each.at}`)
  const since =
    by.length === 0
      ? ''
      : `\n\nWritten since:\n${[...by.slice(0, 5), ...(by.length > 5 ? ['    ...'] : [])].join('\n')}`
  return problem(
    'UNDO_CHANGED_SINCE',
    'It cannot be taken back any more',
    `Serial ${entry.serial} of ${environment} ("${entry.operation}") touched what is different by now, or would not fit to it: ${what}${more}. Nothing was changed.${since}\n\nWhat was written:\n    tieline state history -e ${environment}`
  )
}

function unreadable({ serial, document, operation }: HistoryEntry): Diagnostic {
  return problem(
    'UNDO_UNREADABLE',
    'The history does not say how to take it back',
    `What the history says of serial ${serial} of ${document} is not what "${operation}" writes there: somebody changed the file, or too much is different since. Nothing was changed. See what the file said when it was committed:\n    git log -p -- state/history`
  )
}
