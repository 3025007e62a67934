import { randomUUID } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import { digestOf } from '../model/digest.ts'
import { isClient, type StateContent, slotsIn } from '../model/documents.ts'
import type { Digest, Slot, State, Version } from '../model/generated/types.ts'
import { validateState } from '../model/generated/validators/state.js'
import { validateVersion } from '../model/generated/validators/version.js'
import type { Clock, StateStore, StateWriter, WriteAbout } from '../model/ports.ts'
import { schemaErrors, stateDigest, unreadableProblem } from './check-document.ts'
import { notWritten } from './disk-error.ts'
import { documentNames } from './document-names.ts'
import { documentReader } from './document-reader.ts'
import { formatDocument } from './format-document.ts'
import { historyEntry } from './history-entry.ts'
import { historyFiles } from './history-files.ts'
import { whatIsWrongWithFolder } from './read-plain-file.ts'
import { type HeldLock, openStateLock } from './state-lock.ts'
import { sweepState } from './sweep-state.ts'
import { verifyDocuments } from './verify-documents.ts'
import { removeDurably, WriteError, writeAtomically } from './write-atomically.ts'

export interface FileState extends StateStore {
  /** What is wrong with the documents, their histories and the versions, as far as the files can tell. */
  readonly verify: () => Promise<readonly Diagnostic[]>
}

/**
 * State in files, one writer at a time: `<stateFolder>/<slot>.json`, `clients/<link name>.json`, `versions/<n>.json`, and in
 * `history/` a file for each document with a line for each write.
 *
 * `folder` is the workspace, absolute; the other two are relative to it and must not leave it. Who is writing is told to others by
 * the lock. Nothing is created before the first write. A slot that is none throws an Error.
 */
export function openFileState(
  folder: string,
  stateFolder: string,
  lockFolder: string,
  who: { readonly actor: string; readonly clock: Clock }
): FileState {
  const root = realpathSync(folder)
  const names = documentNames(posix.join(stateFolder.replaceAll('\\', '/'), '.'))
  const lock = openStateLock(root, posix.join(lockFolder.replaceAll('\\', '/'), '.'), who)
  const reader = documentReader(root, names)
  const history = historyFiles(names, reader)
  const { readSlot, readSound, readAll } = reader

  /** Lineage and serial go on from `before`, which has another name if the document moves. */
  function writeSlot(
    content: StateContent,
    before: State | null,
    about: WriteAbout,
    { held, operation }: Writing
  ): State {
    const document = {
      ...content,
      formatVersion: 1 as const,
      lineage: (about.isNewLineage ? undefined : before?.lineage) ?? randomUUID(),
      serial: (before?.serial ?? 0) + 1
    }
    const digest = stateDigest(document)
    const state: unknown = { ...document, digest }
    if (!validateState(state)) {
      throw new Error(`Not a state document: ${schemaErrors(validateState.errors ?? [])}`)
    }
    const run = { by: who.actor, at: who.clock.now().toISOString(), operation }
    const line = history.prepare(before, historyEntry(before, state, about, run))
    put(line.file, held, line.write)
    put(names.ofSlot(state.environment), held, (path, lastCheck) =>
      writeAtomically(path, formatDocument(state), lastCheck)
    )
    if (before !== null && before.environment !== state.environment && held.isHeld()) {
      removeDocument(before.environment)
    }
    return state
  }

  /** What the next write of a document goes on from. */
  function documentBefore(content: StateContent, { movedFrom }: WriteAbout): State | null {
    const own = readSound(content.environment)
    if (movedFrom === undefined || movedFrom === content.environment) return own
    if (!isClient(movedFrom) || !isClient(content.environment)) {
      throw new Error('Only the document of a client moves')
    }
    const moved = readSound(movedFrom)
    if (moved === null) throw new Error('There is no document to move')
    if (own !== null) throw new Refusal(nameTaken(names.ofSlot(content.environment), movedFrom))
    return moved
  }

  function writeVersion(version: Version, held: HeldLock): Digest {
    if (!validateVersion(version)) {
      throw new Error(`Not a version: ${schemaErrors(validateVersion.errors ?? [])}`)
    }
    const digest = digestOf(version)
    const named = readSound('stage')?.versions[version.version]
    if (named !== undefined && named !== digest) {
      throw new Error(`Version ${version.version} is published already, and versions never change`)
    }
    put(names.ofVersion(version.version), held, (path, lastCheck) =>
      writeAtomically(path, formatDocument(version), lastCheck)
    )
    return digest
  }

  function put(
    file: string,
    held: HeldLock,
    write: (path: string, lastCheck: () => void) => void
  ): void {
    const check = () => {
      if (!held.isHeld()) throw new Refusal(lockLost(file))
    }
    check()
    const path = join(root, file)
    const wrong = whatIsWrongWithFolder(root, dirname(path))
    if (wrong !== null) throw new Refusal(unreadableProblem(wrong, posix.dirname(file)))
    attempt(file, () => write(path, check))
  }

  /** Of a client that goes on under another name. The history goes last: without it the document could not be told from a second one. */
  function removeDocument(slot: Slot): void {
    for (const file of [names.ofSlot(slot), names.ofHistory(slot)]) {
      const path = join(root, file)
      const isInside = whatIsWrongWithFolder(root, dirname(path)) === null
      if (isInside) attempt(file, () => removeDurably(path))
    }
  }

  async function underLock<T>(
    operation: string,
    work: (writing: Writing) => Promise<T>
  ): Promise<T> {
    const held = await lock.take(operation)
    try {
      sweepState(root, names, reader, { ...history, removeDocument })
      return await work({ held, operation })
    } finally {
      await held.release()
    }
  }

  function withLock<T>(operation: string, work: (writer: StateWriter) => Promise<T>): Promise<T> {
    return underLock(operation, async writing => {
      let isOpen = true
      const opened = <R>(step: () => R): R => {
        if (!isOpen) throw new Error('State can be written only while the lock is held')
        return step()
      }
      const writer: StateWriter = {
        read: async () =>
          opened(() => {
            const { documents, problems } = readAll()
            if (problems.length > 0) throw new Refusal(...problems)
            return documents
          }),
        write: async (content, about = {}) =>
          opened(() => writeSlot(content, documentBefore(content, about), about, writing)),
        writeVersion: async version => opened(() => writeVersion(version, writing.held))
      }
      try {
        return await work(writer)
      } finally {
        isOpen = false
      }
    })
  }

  return {
    read: async () => {
      const { documents, problems } = readAll()
      return { documents, problems }
    },
    readVersion: async (number, digest) => reader.readVersion(number, digest),
    withLock,
    unlock: lock.unlock,
    accept: async slot => {
      const file = names.ofSlot(slot)
      return underLock(`state verify --accept -e ${slot}`, async writing => {
        const found = readSlot(slot)
        if (found === null || found.problem === null) throw new Refusal(nothingToAccept(file))
        if (found.state === null) throw new Refusal(found.problem)
        return writeSlot(found.state, found.state, {}, writing)
      })
    },
    history: async slot => {
      const isLeftOver = isClient(slot) && readAll().leftOver.includes(slot)
      if (isLeftOver) return { entries: [], problems: [] }
      const { entries, problems } = history.tell(slot)
      const own = readSlot(slot)?.problem ?? null
      return { entries, problems: own === null ? problems : [own, ...problems] }
    },
    verify: async () => {
      const { documents, problems, leftOver } = readAll()
      const known = new Set<Slot>([
        ...slotsIn(documents),
        ...reader.listClients().clients,
        ...reader.listHistories()
      ])
      const counting = [...known].filter(each => !leftOver.includes(each))
      const histories = counting.flatMap(slot => history.tell(slot).problems)
      // What stands in one document means little while another cannot be read.
      const across =
        problems.length > 0 ? [] : verifyDocuments(documents, reader.readVersions(), names)
      return [...problems, ...across, ...histories]
    }
  }
}

interface Writing {
  readonly held: HeldLock
  readonly operation: string
}

function attempt(file: string, step: () => void): void {
  try {
    step()
  } catch (error) {
    if (error instanceof WriteError) throw notWritten(file, error.cause, error.isChanged)
    throw error
  }
}

function lockLost(file: string): Diagnostic {
  return problem(
    'LOCK_LOST',
    'The lock was ended while state was being written',
    `Somebody ended the lock of this command (tieline state unlock), so ${file} was not written: another writer may be at ` +
      'work.\n\nSee what is left to do:\n    tieline plan --all'
  )
}

function nothingToAccept(file: string): Diagnostic {
  return problem(
    'NOTHING_TO_ACCEPT',
    'There is nothing to accept',
    `${file} is as tieline wrote it, or there is none yet, so nothing was changed.`
  )
}

function nameTaken(file: string, from: Slot): Diagnostic {
  return problem(
    'CLIENT_NAME_TAKEN',
    'Another installation has this name',
    `${file} is the state of an installation of its own, so that of ${from} cannot go on under its name. Nothing was changed.\n\n` +
      'Give the client a name that was never used, or see what the other one still has:\n    tieline state list',
    { file, line: 1, column: 1 }
  )
}
