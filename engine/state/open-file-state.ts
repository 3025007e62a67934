import { randomUUID } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import { digestOf } from '../model/digest.ts'
import type { StateContent } from '../model/documents.ts'
import type { Digest, Slot, State, Version } from '../model/generated/types.ts'
import { validateState } from '../model/generated/validators/state.js'
import { validateVersion } from '../model/generated/validators/version.js'
import type { Clock, StateStore, StateWriter } from '../model/ports.ts'
import { schemaErrors, stateDigest, unreadableProblem } from './check-document.ts'
import { notWritten } from './disk-error.ts'
import { documentReader } from './document-reader.ts'
import { formatDocument } from './format-document.ts'
import { whatIsWrongWithFolder } from './read-plain-file.ts'
import { type HeldLock, openStateLock } from './state-lock.ts'
import {
  listQuietly,
  removeQuietly,
  temporaryNames,
  WriteError,
  writeAtomically
} from './write-atomically.ts'

/**
 * State in files, one writer at a time: `<stateFolder>/<slot>.json` and `<stateFolder>/versions/<n>.json`.
 *
 * `folder` is the workspace, absolute; the other two are relative to it and must not leave it. Who is writing is told to others by
 * the lock. Nothing is created before the first write.
 */
export function openFileState(
  folder: string,
  stateFolder: string,
  lockFolder: string,
  who: { readonly actor: string; readonly clock: Clock }
): StateStore {
  const root = realpathSync(folder)
  const shownFolder = posix.join(stateFolder.replaceAll('\\', '/'), '.')
  const lock = openStateLock(root, posix.join(lockFolder.replaceAll('\\', '/'), '.'), who)
  const reader = documentReader(root, shownFolder)
  const { nameOf, nameOfVersion, readSlot, readSound, readAll } = reader

  /** Lineage and serial go on from `before`. */
  function writeSlot(content: StateContent, before: State | null, held: HeldLock): State {
    const document = {
      ...content,
      formatVersion: 1 as const,
      lineage: before?.lineage ?? randomUUID(),
      serial: (before?.serial ?? 0) + 1
    }
    const digest = stateDigest(document)
    const state: unknown = { ...document, digest }
    if (!validateState(state)) {
      throw new Error(`Not a state document: ${schemaErrors(validateState.errors ?? [])}`)
    }
    put(nameOf(state.environment), state, held)
    return state
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
    put(nameOfVersion(version.version), version, held)
    return digest
  }

  function put(file: string, value: unknown, held: HeldLock): void {
    if (!held.isHeld()) throw new Refusal(lockLost(file))
    const path = join(root, file)
    const wrong = whatIsWrongWithFolder(root, dirname(path))
    if (wrong !== null) throw new Refusal(unreadableProblem(wrong, posix.dirname(file)))
    try {
      writeAtomically(path, formatDocument(value), () => {
        if (!held.isHeld()) throw new Refusal(lockLost(file))
      })
    } catch (error) {
      if (error instanceof WriteError) throw notWritten(file, error.cause, error.isChanged)
      throw error
    }
  }

  /** Only who holds the lock writes here, so that whatever is unfinished belongs to nobody. */
  function sweep(): void {
    for (const each of [join(root, shownFolder), join(root, shownFolder, 'versions')]) {
      if (whatIsWrongWithFolder(root, each) !== null) continue
      const leftOver = listQuietly(each).filter(name => temporaryNames.test(name))
      for (const name of leftOver) removeQuietly(join(each, name))
    }
  }

  async function underLock<T>(operation: string, work: (held: HeldLock) => Promise<T>): Promise<T> {
    const held = await lock.take(operation)
    try {
      sweep()
      return await work(held)
    } finally {
      await held.release()
    }
  }

  function withLock<T>(operation: string, work: (writer: StateWriter) => Promise<T>): Promise<T> {
    return underLock(operation, async held => {
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
        write: async content =>
          opened(() => writeSlot(content, readSound(content.environment), held)),
        writeVersion: async version => opened(() => writeVersion(version, held))
      }
      try {
        return await work(writer)
      } finally {
        isOpen = false
      }
    })
  }

  return {
    read: async () => readAll(),
    readVersion: async (number, digest) => reader.readVersion(number, digest),
    withLock,
    unlock: lock.unlock,
    accept: slot =>
      underLock(`state verify --accept -e ${slot}`, async held => {
        const found = readSlot(slot)
        if (found === null || found.problem === null) throw new Refusal(nothingToAccept(slot))
        if (found.state === null) throw new Refusal(found.problem)
        return writeSlot(found.state, found.state, held)
      })
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

function nothingToAccept(slot: Slot): Diagnostic {
  return problem(
    'NOTHING_TO_ACCEPT',
    'There is nothing to accept',
    `The state of ${slot} is as tieline wrote it, or there is none yet, so nothing was changed.`
  )
}
