import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import { digestOf } from '../model/digest.ts'
import {
  type ClientEnvironment,
  type Documents,
  isClient,
  type Versions
} from '../model/documents.ts'
import type { Digest, Slot, State, Version } from '../model/generated/types.ts'
import { validateVersion } from '../model/generated/validators/version.js'
import {
  type CheckedState,
  checkState,
  conflictLine,
  isNewer,
  newerProblem,
  parseJson,
  schemaErrors,
  unreadableProblem
} from './check-document.ts'
import { codeOf, plainWords } from './disk-error.ts'
import { clientOfFile, type DocumentNames, versionOfFile } from './document-names.ts'
import { type HistoryLine, historyLines } from './history-lines.ts'
import { findMoved, twiceProblem } from './moved-clients.ts'
import {
  type PlainBytes,
  readPlainBytes,
  readPlainFile,
  whatIsWrongWithFolder
} from './read-plain-file.ts'
import { listQuietly } from './write-atomically.ts'

/** In the order in which problems are told. */
const ownSlots = ['dev', 'stage', 'prod', 'shared'] as const

/** What the documents say. Never locks, never writes. */
export interface DocumentReader {
  /** Null if there is no such document. */
  readonly readSlot: (slot: Slot) => CheckedState | null
  /** As readSlot, but throws a Refusal for a document that has a problem. */
  readonly readSound: (slot: Slot) => State | null
  readonly readAll: () => ReadDocuments
  readonly listClients: () => ListedClients
  /** Those that have a history, sorted. What cannot be listed counts as empty. */
  readonly listHistories: () => readonly ClientEnvironment[]
  /** The bytes of a document's history, null if it has none. */
  readonly readHistory: (slot: Slot) => PlainBytes | null
  /** Empty where the history cannot be read. */
  readonly historyOf: (slot: Slot) => readonly HistoryLine[]
  /** Throws a Refusal (VERSION_DAMAGED, STATE_NEWER) for a file that is no version, or not that one. */
  readonly readVersion: (number: number, digest: Digest) => Version | null
  /** All that stands in the folder of versions, also what nobody names. */
  readonly readVersions: () => VersionFiles
}

export interface VersionFiles {
  /** The numbers that have a file. */
  readonly files: ReadonlySet<number>
  /** Those files that hold the version that their name says. */
  readonly versions: Versions
}

/** The clients that have a document, sorted, and what keeps the others from being found. */
export interface ListedClients {
  readonly clients: readonly ClientEnvironment[]
  readonly problems: readonly Diagnostic[]
}

/** Null for what cannot be read, and for what is not there. */
export function soundState(read: CheckedState | null): State | null {
  return read?.problem === null ? read.state : null
}

export interface ReadDocuments {
  readonly documents: Documents
  readonly problems: readonly Diagnostic[]
  /** Documents that a move left behind; they do not count. */
  readonly leftOver: readonly Slot[]
}

/** `root` is the workspace, a path without links. */
export function documentReader(root: string, names: DocumentNames): DocumentReader {
  const { folder } = names

  /** What was found in a text last time: a command reads all documents several times, and there may be hundreds of clients. */
  const checked = new Map<Slot, { readonly text: string; readonly read: CheckedState }>()

  function readSlot(slot: Slot): CheckedState | null {
    const file = names.ofSlot(slot)
    const found = readPlainFile(root, join(root, file))
    if (found === null) return null
    if (found.wrong !== null) return { state: null, problem: unreadableProblem(found.wrong, file) }
    const { text } = found
    const known = checked.get(slot)
    if (known?.text === text) return known.read
    const read = checkState(text, slot, file, folder)
    checked.set(slot, { text, read })
    return read
  }

  function readSound(slot: Slot): State | null {
    const found = readSlot(slot)
    if (found !== null && found.problem !== null) throw new Refusal(found.problem)
    return found?.state ?? null
  }

  function readAll(): ReadDocuments {
    const wrong = whatIsWrongWithFolder(root, join(root, folder))
    if (wrong !== null) {
      return { documents: none, problems: [unreadableProblem(wrong, folder)], leftOver: [] }
    }
    const listed = listClients()
    const found = [...ownSlots, ...listed.clients].map(slot => ({ slot, read: readSlot(slot) }))
    const sound = found.flatMap(({ read }) => soundState(read) ?? [])
    const { leftOver, twice } = findMoved(
      sound.filter(each => isClient(each.environment)),
      goesOn
    )
    const apart = new Set([...leftOver, ...twice.flat().map(each => each.environment)])
    const counting = sound.filter(each => !apart.has(each.environment))
    const documents = Object.fromEntries(counting.map(each => [each.environment, each]))
    const problems = [
      ...found.flatMap(({ read }) => read?.problem ?? []),
      ...listed.problems,
      ...twice.map(group => twiceProblem(group, names))
    ]
    return { documents: { ...none, ...documents }, problems, leftOver }
  }

  function listClients(): ListedClients {
    const wrong = whatIsWrongWithFolder(root, join(root, names.clients))
    if (wrong !== null) return { clients: [], problems: [unreadableProblem(wrong, names.clients)] }
    try {
      const found = readdirSync(join(root, names.clients))
      return { clients: clientsAmong(found, '.json'), problems: [] }
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return { clients: [], problems: [] }
      const why = `It cannot be listed. ${plainWords(error)}`
      return { clients: [], problems: [unreadableProblem(why, names.clients)] }
    }
  }

  function listHistories(): readonly ClientEnvironment[] {
    return clientsAmong(listInside(names.clientHistories), '.jsonl')
  }

  function listInside(folder: string): readonly string[] {
    const path = join(root, folder)
    return whatIsWrongWithFolder(root, path) === null ? listQuietly(path) : []
  }

  /** Whether a write of `newer` has replaced `older`. */
  function goesOn(newer: State, older: State): boolean {
    return historyOf(newer.environment).some(({ entry }) => entry?.before === older.digest)
  }

  function readHistory(slot: Slot): PlainBytes | null {
    return readPlainBytes(root, join(root, names.ofHistory(slot)))
  }

  function historyOf(slot: Slot): readonly HistoryLine[] {
    const found = readHistory(slot)
    return found === null || found.wrong !== null ? [] : historyLines(found.bytes, slot)
  }

  function readVersion(number: number, digest: Digest): Version | null {
    const file = names.ofVersion(number)
    const found = readPlainFile(root, join(root, file))
    if (found === null) return null
    if (found.wrong !== null) throw new Refusal(versionProblem(found.wrong, file))

    const value = conflictLine(found.text) === null ? parseJson(found.text) : undefined
    if (value === undefined)
      throw new Refusal(versionProblem('It is not JSON, or git could not merge it.', file))
    if (versionDigest(value) !== digest) return null
    if (isNewer(value)) throw new Refusal(newerProblem(file))
    if (!validateVersion(value)) {
      throw new Refusal(versionProblem(schemaErrors(validateVersion.errors ?? []), file))
    }
    if (value.version === number) return value
    throw new Refusal(versionProblem(`It is version ${value.version}.`, file))
  }

  function readVersions(): VersionFiles {
    const files = listInside(names.versions).flatMap(each => versionOfFile(each) ?? [])
    const versions = files.flatMap(number => {
      const found = readPlainFile(root, join(root, names.ofVersion(number)))
      const content = parseJson(found?.text ?? '')
      const digest = versionDigest(content)
      const isSound = validateVersion(content) && content.version === number && digest !== null
      return isSound ? [[number, { content, digest }] as const] : []
    })
    return { files: new Set(files), versions: Object.fromEntries(versions) }
  }

  return {
    readSlot,
    readSound,
    readAll,
    listClients,
    listHistories,
    readHistory,
    historyOf,
    readVersion,
    readVersions
  }
}

function clientsAmong(
  files: readonly string[],
  ending: '.json' | '.jsonl'
): readonly ClientEnvironment[] {
  return files.flatMap(each => clientOfFile(each, ending) ?? []).sort()
}

const none: Documents = { dev: null, stage: null, prod: null, shared: null }

function versionDigest(value: unknown): Digest | null {
  try {
    return digestOf(value)
  } catch {
    return null
  }
}

export function versionProblem(wrong: string, file: string): Diagnostic {
  return problem(
    'VERSION_DAMAGED',
    'Published version is damaged',
    `${file} is not the version that stage published.\n${wrong}\n\n` +
      `Take back what was committed:\n    git checkout HEAD -- ${file}`,
    { file, line: 1, column: 1 }
  )
}
