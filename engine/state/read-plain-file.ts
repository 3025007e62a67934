import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
  statSync
} from 'node:fs'
import { dirname, isAbsolute, relative, sep } from 'node:path'
import { codeOf, plainWords } from './disk-error.ts'

/** Far more than any document needs, far less than what would exhaust the memory. */
const largestBytes = 64 * 1024 * 1024

/** The text of a file; or, where there is one that must not or cannot be read, why (`It is a pipe.`). */
export type PlainFile =
  | { readonly text: string; readonly wrong: null }
  | { readonly text: null; readonly wrong: string }

/** As PlainFile, before anything is made of the bytes. `isAlone`: the file itself, and no other name leads to it. */
export type PlainBytes =
  | { readonly bytes: Buffer; readonly isAlone: boolean; readonly wrong: null }
  | { readonly bytes: null; readonly wrong: string }

/** Reads a regular UTF-8 file inside `root`, a path without links. Opens nothing else. Null if there is no such file. */
export function readPlainFile(root: string, file: string): PlainFile | null {
  const found = readPlainBytes(root, file)
  if (found === null) return null
  return found.wrong === null ? decode(found.bytes) : { text: null, wrong: found.wrong }
}

/** Reads a regular file inside `root`, a path without links. Opens nothing else. Null if there is no such file. */
export function readPlainBytes(root: string, file: string): PlainBytes | null {
  try {
    if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return null
    const path = realpathSync(file)
    if (!isInside(root, path))
      return { bytes: null, wrong: 'It is a link that leaves the workspace.' }
    return readRegularFile(path, path === file)
  } catch (error) {
    const isGone = codeOf(error) === 'ENOENT'
    // Removed just now, which is the same as not there.
    if (isGone && lstatSync(file, { throwIfNoEntry: false }) === undefined) return null
    const why = isGone ? 'It is a link to nothing.' : plainWords(error)
    return { bytes: null, wrong: `It cannot be read. ${why}` }
  }
}

function readRegularFile(path: string, isItself: boolean): PlainBytes {
  if (!lstatSync(path).isFile()) return { bytes: null, wrong: 'It is not a regular file.' }
  // What stands there may have changed since: neither follow a link nor wait for the other end of a pipe.
  const descriptor = openSync(
    path,
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  )
  try {
    const status = fstatSync(descriptor)
    if (!status.isFile()) return { bytes: null, wrong: 'It is not a regular file.' }
    if (status.size > largestBytes) return { bytes: null, wrong: 'It is larger than 64 MiB.' }
    const bytes = readFileSync(descriptor)
    return { bytes, isAlone: isItself && status.nlink === 1, wrong: null }
  } finally {
    closeSync(descriptor)
  }
}

function decode(bytes: Uint8Array): PlainFile {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), wrong: null }
  } catch {
    return { text: null, wrong: 'It is not UTF-8 text.' }
  }
}

/** A sentence, or null. A folder that is not there yet is fine. `root` is a path without links. */
export function whatIsWrongWithFolder(root: string, folder: string): string | null {
  try {
    if (!leadsInside(root, folder)) return 'It is a link that leaves the workspace.'
    if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) return null
    return statSync(folder).isDirectory() ? null : 'It is not a folder.'
  } catch (error) {
    return `It cannot be read. ${plainWords(error)}`
  }
}

/** Of what does not exist yet, the nearest folder above it counts. */
function leadsInside(root: string, path: string): boolean {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) {
    return isInside(root, realpathSync(path))
  }
  return path !== dirname(path) && leadsInside(root, dirname(path))
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}
