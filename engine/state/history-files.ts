import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import { isClient } from '../model/documents.ts'
import type { Digest, HistoryEntry, Slot, State } from '../model/generated/types.ts'
import { validateHistoryEntry } from '../model/generated/validators/history-entry.js'
import { conflictLine, conflictProblem, schemaErrors } from './check-document.ts'
import type { DocumentNames } from './document-names.ts'
import { type DocumentReader, soundState } from './document-reader.ts'
import { formatLine } from './format-document.ts'
import { historyLines, lengthToKeep } from './history-lines.ts'
import { type ToldHistory, tellHistory } from './tell-history.ts'
import { appendDurably, writeAtomically } from './write-atomically.ts'

/** The histories of documents: a file each, a line a write. */
export interface HistoryFiles {
  readonly tell: (slot: Slot) => ToldHistory
  /**
   * How to add the line of a write, which must come before the write of the document: it counts once the document has its digest.
   * Throws a Refusal (STATE_CONFLICT, HISTORY_DAMAGED) where no line can be added; lines that cannot be read stay as they are.
   */
  readonly prepare: (before: State | null, entry: HistoryEntry) => AddLine
  /** Whether a history without a document is what a move left behind that was cut off: all of it but the last line stands elsewhere. */
  readonly isLeftOver: (slot: Slot, clients: readonly State[]) => boolean
}

export interface AddLine {
  /** Relative to the workspace. */
  readonly file: string
  /** Throws a WriteError, and what `lastCheck` throws. */
  readonly write: (path: string, lastCheck: () => void) => void
}

const lineFeed = 0x0a

export function historyFiles(names: DocumentNames, reader: DocumentReader): HistoryFiles {
  function tell(slot: Slot): ToldHistory {
    const file = names.ofHistory(slot)
    // A writer may come between the two files.
    for (let attempt = 1; ; attempt += 1) {
      const digest = digestNow(slot)
      const found = reader.readHistory(slot)
      if (digest !== digestNow(slot) && attempt < 5) continue
      if (found === null) return { entries: [], problems: [] }
      if (found.wrong !== null) {
        return { entries: [], problems: [inTheWayProblem(found.wrong, file)] }
      }
      if (digest === null && isLeftOver(slot, soundClients())) return { entries: [], problems: [] }
      const document = {
        file: names.ofSlot(slot),
        historyFile: file,
        folder: names.folder,
        digest
      }
      return tellHistory(historyLines(found.bytes, slot), document)
    }
  }

  /** Of a document that was edited the one that it had before. */
  function digestNow(slot: Slot): Digest | null | undefined {
    const read = reader.readSlot(slot)
    return read === null ? null : read.state?.digest
  }

  function soundClients(): readonly State[] {
    return reader.listClients().clients.flatMap(each => soundState(reader.readSlot(each)) ?? [])
  }

  function isLeftOver(slot: Slot, clients: readonly State[]): boolean {
    if (!isClient(slot)) return false
    const lines = reader.historyOf(slot)
    const lineage = lines.findLast(each => each.entry !== null)?.entry?.lineage
    const owner = clients.find(each => each.lineage === lineage)
    if (owner === undefined || owner.environment === slot) return false
    const known = new Set(reader.historyOf(owner.environment).map(each => each.text))
    return lines.slice(0, -1).every(each => known.has(each.text))
  }

  function prepare(before: State | null, entry: HistoryEntry): AddLine {
    if (!validateHistoryEntry(entry)) {
      throw new Error(`Not a line of a history: ${schemaErrors(validateHistoryEntry.errors ?? [])}`)
    }
    const line = formatLine(entry)
    const file = names.ofHistory(entry.document)
    const now = writable(entry.document, before?.digest ?? null)
    if (before !== null && before.environment !== entry.document) {
      const moved = writable(before.environment, before.digest).kept
      const whole = Buffer.concat([withoutLines(now.kept, moved), moved, Buffer.from(line)])
      return { file, write: (path, lastCheck) => writeAtomically(path, whole, lastCheck) }
    }
    if (!now.isAlone) {
      const whole = Buffer.concat([now.kept, Buffer.from(line)])
      return { file, write: (path, lastCheck) => writeAtomically(path, whole, lastCheck) }
    }
    const text = now.isEnded ? line : `\n${line}`
    return { file, write: (path, last) => appendDurably(path, now.length, text, last) }
  }

  /** What of a history goes on when the document that has `digest` is replaced. */
  function writable(slot: Slot, digest: Digest | null) {
    const file = names.ofHistory(slot)
    const found = reader.readHistory(slot)
    if (found !== null && found.wrong !== null) {
      throw new Refusal(inTheWayProblem(found.wrong, file))
    }
    const bytes = found?.bytes ?? Buffer.alloc(0)
    const conflict = conflictLine(bytes.toString('latin1'))
    if (conflict !== null) throw new Refusal(conflictProblem(file, names.folder, conflict))
    const length = lengthToKeep(bytes, slot, digest)
    const isEnded = length === 0 || bytes[length - 1] === lineFeed
    const kept = bytes.subarray(0, length)
    return {
      length,
      isEnded,
      kept: isEnded ? kept : Buffer.concat([kept, Buffer.of(lineFeed)]),
      // Another name for the same bytes, a copy made of links for example, must not change with them.
      isAlone: found?.isAlone ?? true
    }
  }

  return { tell, prepare, isLeftOver }
}

/** The lines of an earlier client of the same name stay; those that are moved here stand here once. */
function withoutLines(bytes: Buffer, moved: Buffer): Buffer {
  const gone = new Set(moved.toString('latin1').split('\n'))
  const lines = bytes.toString('latin1').split('\n')
  const rest = lines.filter(each => each !== '' && !gone.has(each))
  return Buffer.from(rest.map(each => `${each}\n`).join(''), 'latin1')
}

function inTheWayProblem(wrong: string, file: string): Diagnostic {
  return problem(
    'HISTORY_DAMAGED',
    'History is damaged',
    `${file} cannot hold the history of its document. ${wrong}\n\n` +
      'Move it elsewhere: the next write begins a new one. Or take back what was committed last:\n' +
      `    git checkout HEAD -- ${file}`,
    { file, line: 1, column: 1 }
  )
}
