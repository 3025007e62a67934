import { isClient } from '../model/documents.ts'
import type { Digest, HistoryEntry, Slot } from '../model/generated/types.ts'
import { validateHistoryEntry } from '../model/generated/validators/history-entry.js'
import { isNewer, parseJson } from './check-document.ts'

/** A line of a history. Entry null: it is none that tieline wrote, or of a newer one. */
export interface HistoryLine {
  /** From 1. */
  readonly number: number
  readonly text: string
  readonly entry: HistoryEntry | null
  readonly isNewer: boolean
  /** It ends as a line does, and no loss of power took what was written. */
  readonly isFinished: boolean
}

const lineFeed = 0x0a

const decoder = new TextDecoder('utf-8', { fatal: true })

/** The lines of a document's history that are not empty. What a writer left unfinished at the end is one of them. */
export function historyLines(bytes: Buffer, slot: Slot): readonly HistoryLine[] {
  const lines: HistoryLine[] = []
  for (let [start, number] = [0, 1]; start < bytes.length; number += 1) {
    const end = endOfLine(bytes, start)
    const line = readLine(bytes.subarray(start, end), number, slot, end < bytes.length)
    if (line.text.trim() !== '') lines.push(line)
    start = end + 1
  }
  return lines
}

function endOfLine(bytes: Buffer, start: number): number {
  const end = bytes.indexOf(lineFeed, start)
  return end === -1 ? bytes.length : end
}

function readLine(bytes: Buffer, number: number, slot: Slot, isEnded: boolean): HistoryLine {
  const text = decoded(bytes)
  const value = parseJson(text)
  const entry = validateHistoryEntry(value) && belongs(value, slot) ? value : null
  const isFinished = isEnded && !bytes.includes(0)
  return { number, text, entry, isNewer: isNewer(value), isFinished }
}

/** A byte order mark goes, and what is no UTF-8 gives no JSON. */
function decoded(bytes: Buffer): string {
  try {
    return decoder.decode(bytes)
  } catch {
    return '\ufffd'
  }
}

/** A client may have had another name then. */
function belongs({ document }: HistoryEntry, slot: Slot): boolean {
  return document === slot || (isClient(document) && isClient(slot))
}

/**
 * How many bytes of a history go on when the document that has `digest` is replaced (null: the first one is written). What comes after
 * them was left by a writer that was cut off: a line that it did not finish, or one whose document never came.
 */
export function lengthToKeep(bytes: Buffer, slot: Slot, digest: Digest | null): number {
  const end = bytes.lastIndexOf(lineFeed) + 1
  const tail = readLine(bytes.subarray(end), 0, slot, false).entry
  // An editor took the line feed away, and nothing else.
  if (tail !== null && tail.digest === digest) return bytes.length
  if (end === 0) return 0
  const start = bytes.subarray(0, end - 1).lastIndexOf(lineFeed) + 1
  const { entry, isFinished } = readLine(bytes.subarray(start, end - 1), 0, slot, true)
  return !isFinished || isWithoutDocument(entry, digest) ? start : end
}

/** Whether a line was written for a document that would have replaced the one that has `digest`, and did not. */
export function isWithoutDocument(entry: HistoryEntry | null, digest: Digest | null): boolean {
  return entry !== null && entry.before === digest && entry.digest !== digest
}
