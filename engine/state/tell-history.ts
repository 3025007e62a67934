import { type Diagnostic, type Place, warning } from '../model/diagnostic.ts'
import type { Digest, HistoryEntry } from '../model/generated/types.ts'
import { conflictLine, conflictProblem, newerProblem } from './check-document.ts'
import { type HistoryLine, isWithoutDocument } from './history-lines.ts'
import { plainText } from './plain-text.ts'

export interface ToldHistory {
  /** The oldest first. */
  readonly entries: readonly HistoryEntry[]
  readonly problems: readonly Diagnostic[]
}

/** What the lines are compared with: the document as it is now. */
export interface ToldDocument {
  /** Both relative to the workspace. */
  readonly file: string
  readonly historyFile: string
  /** The folder of all state. */
  readonly folder: string
  /** Undefined: the document cannot be read, so that the last line has to do. Null: there is none. */
  readonly digest: Digest | null | undefined
}

/** At most so many gaps are told, the newest. */
const shownGaps = 5

type Sound = HistoryLine & { readonly entry: HistoryEntry }

/**
 * The writes that led to a document as it is now: from the one that gave it its digest, each time to the one that gave the digest
 * that was replaced. Writes that were taken back since are left out. A document that an older tieline wrote has a history that just
 * begins somewhere.
 */
export function tellHistory(lines: readonly HistoryLine[], document: ToldDocument): ToldHistory {
  const { folder, historyFile } = document
  const sound = lines.filter((line): line is Sound => line.entry !== null)
  const { last, problems } = lastWrite(sound, document)
  const before = writesBefore(sound)
  const chain: HistoryEntry[] = []
  const gaps: Diagnostic[] = []
  for (let at = last; at >= 0; ) {
    const line = sound[at]
    if (line === undefined) break
    chain.push(line.entry)
    const known = line.entry.before === null ? -1 : before[at]
    at = known ?? olderThan(sound, at, line.entry.serial)
    const from = sound[at]
    if (known !== undefined || from === undefined || gaps.length >= shownGaps) continue
    if (!isDamagedBetween(lines, from, line)) {
      gaps.push(holeProblem(from.entry.serial, line, document))
    }
  }
  const conflict = lines.find(each => conflictLine(each.text) !== null)
  return {
    entries: chain.reverse().map(plainEntry),
    problems:
      conflict === undefined
        ? [...damageProblems(lines, historyFile), ...gaps.reverse(), ...problems]
        : [conflictProblem(historyFile, folder, conflict.number)]
  }
}

/** The line of the write that made the document, -1 if there is none; a problem if the history goes on after it, or ends without it. */
function lastWrite(
  sound: readonly Sound[],
  document: ToldDocument
): { readonly last: number; readonly problems: readonly Diagnostic[] } {
  const { digest } = document
  const end = sound.length - 1
  if (digest === undefined) return { last: end, problems: [] }
  const last = sound.findLastIndex(({ entry }) => entry.digest === digest)
  const after = sound.slice(last + 1)
  const [first, ...more] = after
  // A write that was cut off before its document came.
  const isCutOff = first !== undefined && isWithoutDocument(first.entry, digest)
  if (first === undefined || (isCutOff && more.length === 0)) return { last, problems: [] }
  return { last: last === -1 ? end : last, problems: [endProblem(after, last !== -1, document)] }
}

/** By index the nearest line above that gave the digest which was replaced, if there is one. */
function writesBefore(sound: readonly Sound[]): readonly (number | undefined)[] {
  const latest = new Map<Digest, number>()
  return sound.map(({ entry }, index) => {
    const found = entry.before === null ? undefined : latest.get(entry.before)
    latest.set(entry.digest, index)
    return found
  })
}

/** The nearest line above with a smaller serial, -1 without one. */
function olderThan(sound: readonly Sound[], index: number, serial: number): number {
  let at = index - 1
  while (at >= 0 && (sound[at]?.entry.serial ?? 0) >= serial) at -= 1
  return at
}

function isDamagedBetween(lines: readonly HistoryLine[], from: Sound, to: Sound): boolean {
  return lines.some(
    each => each.entry === null && each.number > from.number && each.number < to.number
  )
}

/** Whoever edits the file could make a line pretend to be something else on a terminal. */
function plainEntry(entry: HistoryEntry): HistoryEntry {
  return {
    ...entry,
    at: plainText(entry.at, 40),
    by: plainText(entry.by, 320),
    operation: plainText(entry.operation, 300),
    note: entry.note === null ? null : plainText(entry.note, 1000),
    commit: entry.commit === null ? null : plainText(entry.commit, 100),
    changes: entry.changes.map(each => ({
      ...each,
      name: plainText(each.name, 320),
      ...(each.from === undefined ? {} : { from: plainText(each.from, 320) })
    }))
  }
}

/** At most so many lines are named. */
const namedLines = 5

/** An unfinished line at the end is being written just now, or was cut off: the next writer cuts it. */
function damageProblems(lines: readonly HistoryLine[], file: string): readonly Diagnostic[] {
  const unknown = lines.filter(each => each.entry === null && each.isFinished)
  const newer = unknown.find(each => each.isNewer)
  const damaged = unknown.filter(each => !each.isNewer)
  return [
    ...(newer === undefined ? [] : [newerProblem(file)]),
    ...(damaged.length === 0 ? [] : [damageProblem(damaged, file)])
  ]
}

function damageProblem(lines: readonly HistoryLine[], file: string): Diagnostic {
  const numbers = lines.slice(0, namedLines).map(each => each.number)
  const rest = lines.length > namedLines ? ` and ${lines.length - namedLines} more` : ''
  const which = lines.length === 1 ? `Line ${numbers[0]}` : `Lines ${numbers.join(', ')}${rest}`
  return warning(
    'HISTORY_DAMAGED',
    'History is damaged',
    `${which} of ${file} cannot be read: tieline did not write that. What stood there is not told; all other lines are, and ` +
      'writing goes on after them.\n\n' +
      `See what became of it, and put it back as it was:\n    git log -p -- ${file}`,
    { file, line: numbers[0] ?? 1, column: 1 }
  )
}

function holeProblem(serial: number, { entry, number }: Sound, document: ToldDocument): Diagnostic {
  const { historyFile: file } = document
  const missing =
    entry.serial - serial > 1 ? `Between serial ${serial} and ${entry.serial}` : 'There'
  return gapProblem(
    `${missing} ${document.file} was written by something that tells no history: an older tieline, a merge, or a file that was put ` +
      'back alone.',
    `Where lines are missing, find them in an older commit:\n    git log -p -- ${file}`,
    { file, line: number, column: 1 }
  )
}

function endProblem(
  after: readonly Sound[],
  isOlder: boolean,
  { file, historyFile, folder, digest }: ToldDocument
): Diagnostic {
  const serial = after.at(-1)?.entry.serial ?? 0
  const why =
    digest === null
      ? `${file} is gone, though its history goes on to serial ${serial}.`
      : isOlder
        ? `${file} is older than its history, which goes on to serial ${serial}: an older file was put in its place.`
        : `${file} is at a state that its history does not know, which ends at serial ${serial}: one of the two files was changed alone.`
  return gapProblem(
    why,
    'Where that was not meant, take back what was committed last, all of it:\n' +
      `    git checkout --no-overlay HEAD -- ${folder}`,
    { file: historyFile, line: after[0]?.number ?? 1, column: 1 }
  )
}

function gapProblem(why: string, wayOut: string, at: Place): Diagnostic {
  const rest = 'The history tells what it can, and goes on with the next write.'
  return warning('HISTORY_GAP', 'History has a gap', `${why} ${rest}\n\n${wayOut}`, at)
}
