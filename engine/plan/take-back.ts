import { isDeepStrictEqual } from 'node:util'
import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import { isClient, type StateContent } from '../model/documents.ts'
import type { HistoryEntry, State, Subject, UndoField } from '../model/generated/types.ts'
import { isLinkName } from './entry-names.ts'
import { contentOf, type Surgery } from './state-surgery.ts'
import { type FieldPlace, placeOfField, valueAt, withValueAt } from './undo-fields.ts'

/** A write by hand that can be taken back. */
export type UndoableEntry = HistoryEntry & { readonly undo: readonly UndoField[] }

/** Taking back: the document as it was, where nothing has changed since; of a client's rename, under its former name. */
export interface TakeBack extends Surgery {
  readonly entry: UndoableEntry
}

/** The write that an undo took back, by its serial; null for any other write. */
export function serialTakenBack({ operation }: HistoryEntry): number | null {
  const serial = /^state undo (\d{1,15})(?:\s|$)/.exec(operation)?.[1]
  return serial === undefined ? null : Number(serial)
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
  const found =
    serial === null
      ? own.findLast(each => isUndoable(each) && isOpen(each, own))
      : own.findLast(each => each.serial === serial)
  const isBack = found !== undefined && serial !== null && isTakenBack(found, own)
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

/** Neither a taking back, nor taken back, if that was not taken back in turn. */
function isOpen(entry: HistoryEntry, own: readonly HistoryEntry[]): boolean {
  return serialTakenBack(entry) === null && !isTakenBack(entry, own)
}

/** Whether a later write took this one back, and nothing took that back. */
export function isTakenBack(entry: HistoryEntry, history: readonly HistoryEntry[]): boolean {
  return history.some(
    each =>
      each.lineage === entry.lineage &&
      each.serial > entry.serial &&
      serialTakenBack(each) === entry.serial &&
      !isTakenBack(each, history)
  )
}

/**
 * The document with a write taken back. Throws a Refusal (UNDO_CHANGED_SINCE) where what the write touched has changed since, or would
 * not fit to what has; UNDO_UNREADABLE for a history that somebody else wrote.
 */
export function takeBack(
  document: State,
  entry: UndoableEntry,
  history: readonly HistoryEntry[]
): TakeBack {
  const now = contentOf(document)
  const undo = entry.undo.map(({ path, before, after }) => ({ path, before: after, after: before }))
  const moved = movedBack(entry.undo)
  if (moved !== null) {
    if (document.environment !== moved.present) throw new Refusal(unreadable(entry))
    return { entry, content: { ...now, environment: moved.former }, undo }
  }
  const places = entry.undo.map(field => ({ ...field, place: placeOfField(field.path) }))
  const changed: FieldPlace[] = []
  let content: StateContent = now
  for (const { place, before, after } of places) {
    if (place === null || !isFit(place, before)) throw new Refusal(unreadable(entry))
    if (!isDeepStrictEqual(valueAt(now, place), after)) changed.push(place)
    content = withValueAt(content, place, before)
  }
  const before = misfits(now)
  const problems = [
    ...changed.map(placeWords),
    ...misfits(content).filter(each => !before.includes(each))
  ]
  if (problems.length > 0) {
    const writes = changed.flatMap(each => writesSince(each, entry, history))
    throw new Refusal(changedSince(document, entry, problems, writes))
  }
  return { entry, content, undo }
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
function misfits({ connections, components }: StateContent): readonly string[] {
  const missing = Object.entries(components).flatMap(([linkName, { uses, depends }]) => [
    ...uses
      .filter(each => !Object.hasOwn(connections, each))
      .map(each => `component ${linkName} uses connection ${each}, which would be gone`),
    ...depends
      .filter(each => !Object.hasOwn(components, each))
      .map(each => `component ${linkName} depends on component ${each}, which would be gone`)
  ])
  return [
    ...missing,
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

function unreadable({ serial, document }: HistoryEntry): Diagnostic {
  return problem(
    'UNDO_UNREADABLE',
    'The history does not say how to take it back',
    `What the history says of serial ${serial} of ${document} is not what tieline wrote: somebody changed the file. Nothing was changed. Put it back as it was committed:\n    git log -p -- state/history`
  )
}
