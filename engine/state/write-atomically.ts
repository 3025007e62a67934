import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { codeOf } from './disk-error.ts'

/** Matches the names of temporary files. They are garbage as soon as their process is gone. */
export const temporaryNames = /^\..+\.\d+-[0-9a-f]{12}\.tmp$/

export function temporaryFor(file: string): string {
  const random = randomBytes(6).toString('hex')
  return join(dirname(file), `.${basename(file)}.${process.pid}-${random}.tmp`)
}

/** Carries the system error as its cause, and whether the new content was already in place. */
export class WriteError extends Error {
  readonly isChanged: boolean

  constructor(cause: unknown, isChanged: boolean) {
    super('The file could not be written', { cause })
    this.name = 'WriteError'
    this.isChanged = isChanged
  }
}

/**
 * Puts `text` in the place of `file`: the old content or the new one, at any instant and after a loss of power. Durable when it
 * returns. Throws a WriteError; what `lastCheck` throws, right before the new content takes its place, passes unchanged.
 *
 * No step waits: a process that ends by itself does not leave a rename under way after its 'exit' event.
 */
export function writeAtomically(
  file: string,
  text: string | Uint8Array,
  lastCheck: () => void
): void {
  const temporary = temporaryFor(file)
  attempt(() => makeFolder(dirname(file)), false)
  try {
    attempt(() => writeDurably(temporary, text), false)
    lastCheck()
    attempt(() => renameSync(temporary, file), false)
  } catch (error) {
    removeQuietly(temporary)
    throw error
  }
  attempt(() => syncFolder(dirname(file)), true)
}

/**
 * Adds `text` at the end of a file, after cutting that off after its first `keep` bytes. The file is made if there is none. Durable
 * when it returns. A process that ends in the middle leaves the first `keep` bytes, or those and a beginning of the text: whoever
 * reads the file must know an unfinished text from a finished one. Throws as writeAtomically does.
 */
export function appendDurably(
  file: string,
  keep: number,
  text: string,
  lastCheck: () => void
): void {
  attempt(() => makeFolder(dirname(file)), false)
  const isNew = lstatSync(file, { throwIfNoEntry: false }) === undefined
  const descriptor = attempt(() => openSync(file, appending, 0o644), false)
  try {
    lastCheck()
    attempt(() => {
      cut(descriptor, keep)
      writeFileSync(descriptor, text)
      fsyncSync(descriptor)
    }, false)
  } catch (error) {
    if (error instanceof WriteError) cutQuietly(descriptor, keep)
    throw error
  } finally {
    closeSync(descriptor)
  }
  if (isNew) attempt(() => syncFolder(dirname(file)), true)
}

/** Neither follows a link nor waits for the other end of a pipe. */
const appending =
  constants.O_WRONLY |
  constants.O_CREAT |
  constants.O_APPEND |
  constants.O_NOFOLLOW |
  constants.O_NONBLOCK

function cut(descriptor: number, length: number): void {
  if (fstatSync(descriptor).size > length) ftruncateSync(descriptor, length)
}

function cutQuietly(descriptor: number, length: number): void {
  try {
    cut(descriptor, length)
  } catch {
    // The next writer does it.
  }
}

function attempt<T>(step: () => T, isChanged: boolean): T {
  try {
    return step()
  } catch (error) {
    throw new WriteError(error, isChanged)
  }
}

/** Creates a file, which must not exist yet; leaves none behind if it fails. */
export function writeDurably(file: string, text: string | Uint8Array): void {
  const descriptor = openSync(file, 'wx', 0o644)
  try {
    writeFileSync(descriptor, text)
    fsyncSync(descriptor)
  } catch (error) {
    removeQuietly(file)
    throw error
  } finally {
    closeSync(descriptor)
  }
}

/** Durable when it returns. Throws a WriteError; nothing happens where there is no such file. */
export function removeDurably(file: string): void {
  attempt(() => rmSync(file, { force: true }), false)
  attempt(() => syncFolder(dirname(file)), true)
}

export function removeQuietly(file: string): void {
  try {
    rmSync(file, { force: true })
  } catch {
    // It is garbage either way; the next writer sweeps it.
  }
}

/** For sweeping only: what cannot be listed now is swept another time. */
export function listQuietly(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function makeFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true })
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = dirname(made)) {
    syncFolder(dirname(made))
  }
}

/** Some file systems cannot do it, and then there is nothing to be done. */
const cannotSync = ['EINVAL', 'EPERM', 'EISDIR', 'ENOTSUP', 'EBADF']

function syncFolder(folder: string): void {
  try {
    const descriptor = openSync(folder, 'r')
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    if (!cannotSync.includes(codeOf(error))) throw error
  }
}
