import { isDeepStrictEqual } from 'node:util'
import { Refusal } from '../model/diagnostic.ts'
import type { StateContent } from '../model/documents.ts'
import type { HistoryEntry, State, UndoField } from '../model/generated/types.ts'
import {
  type KnownIds,
  moveEntry,
  removeEntry,
  removeRecord,
  renameClient,
  type Surgery
} from './state-surgery.ts'

/** The write that an undo took back, by its serial; null for any other write. */
export function serialTakenBack({ operation }: HistoryEntry): number | null {
  const serial = /^state undo (\d{1,15})(?:\s|$)/.exec(operation)?.[1]
  return serial === undefined ? null : Number(serial)
}

/** What a write did, read the other way. */
export function reversed(undo: readonly UndoField[]): readonly UndoField[] {
  return undo.map(({ path, before, after }) => ({ path, before: after, after: before }))
}

/**
 * Whether a line's `undo` is what its operation writes. A history comes with a pull request like any other file, and taking back
 * must not be a way to write what `state mv` and `state rm` never write. So the operation is done once more, on what taking back
 * would give, and has to come out the same. An undo is measured by the write that it took back.
 */
export function isWhatItWrote(
  entry: HistoryEntry,
  document: State,
  takenBack: StateContent,
  history: readonly HistoryEntry[]
): boolean {
  const first = firstOf(entry, history)
  if (first === null) return false
  const before = first.isItself ? { ...document, ...takenBack } : document
  return isDeepStrictEqual(doneAgain(first.entry, before)?.undo, first.entry.undo)
}

/** The write by `state mv` or `state rm` that an undo, or the undo of one, goes back to; null where the lines do not fit together. */
function firstOf(
  entry: HistoryEntry,
  history: readonly HistoryEntry[]
): { readonly entry: HistoryEntry; readonly isItself: boolean } | null {
  const own = history.filter(each => each.lineage === entry.lineage)
  const bySerial = new Map(own.map(each => [each.serial, each]))
  let [first, isItself] = [entry, true]
  for (;;) {
    const serial = serialTakenBack(first)
    if (serial === null) return { entry: first, isItself }
    const before = bySerial.get(serial)
    if (before === undefined || before.serial >= first.serial) return null
    if (before.undo === null || first.undo === null) return null
    if (!isDeepStrictEqual(before.undo, reversed(first.undo))) return null
    first = before
    isItself = !isItself
  }
}

const nothingKnown: KnownIds = { published: new Map(), authorized: new Set() }

/** null for what is no surgery, and for what would be refused. */
function doneAgain({ operation, document }: HistoryEntry, before: State): Surgery | null {
  const [program, verb, subject = '', to = '', ...more] = operation.split(' ')
  if (program !== 'state' || more.length > (verb === 'rm' ? 1 : 0)) return null
  try {
    if (verb === 'mv') return movedAgain(subject, to, before)
    if (verb !== 'rm' || to !== '-e' || more.length === 0) return null
    const credential = /^authorization\/(.+)$/.exec(subject)?.[1]
    if (credential === undefined) return removeEntry(before, subject)
    // Of an authorization for all, dev, stage and prod have only that they use it.
    const isHere = Object.hasOwn(before.authorizations, credential)
    return isHere === (more[0] === document) ? removeRecord(before, credential) : null
  } catch (error) {
    if (error instanceof Refusal) return null
    throw error
  }
}

function movedAgain(from: string, to: string, before: State): Surgery | null {
  if (from.startsWith('client/') && to.startsWith('client/')) {
    return from === before.environment ? renameClient(before, to as `client/${string}`) : null
  }
  return before.environment === 'dev' ? moveEntry(before, from, to, nothingKnown) : null
}
