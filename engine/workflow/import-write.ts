import { existsSync, lstatSync, rmdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { PlannedFile } from '../bundle/plan-import.ts'
import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import { plainWords } from '../state/disk-error.ts'
import { removeQuietly, WriteError, writeAtomically } from '../state/write-atomically.ts'

/**
 * Writes all files or none: what was written goes again where one cannot be, or where `signal` says to stop. `root` is the
 * workspace's real path. Throws a Refusal if nothing was imported; gives false if it was stopped.
 */
export async function writeImport(
  root: string,
  files: readonly PlannedFile[],
  linkOn: (path: string) => string | null,
  signal: AbortSignal
): Promise<boolean> {
  const written: string[] = []
  const folders: string[] = []
  for (const { path, text } of files) {
    // A signal is only noticed between two turns of the event loop.
    await new Promise(setImmediate)
    if (signal.aborted) {
      takeBack(root, written, folders)
      return false
    }
    try {
      folders.push(...missingFolders(root, path))
      writeAtomically(join(root, path), text, () => {
        if (linkOn(path) !== null) throw new Error('A link has appeared on the way')
        if (lstatSync(join(root, path), { throwIfNoEntry: false }) !== undefined)
          throw Object.assign(new Error('It has appeared meanwhile'), { code: 'EEXIST' })
      })
      written.push(path)
    } catch (error) {
      const isThere = error instanceof WriteError && error.isChanged
      const left = takeBack(root, isThere ? [...written, path] : written, folders)
      throw new Refusal(notWritten(path, error, left))
    }
  }
  return true
}

/** Folders on the way to a file that are not there yet, from the top. */
function missingFolders(root: string, path: string): readonly string[] {
  const folder = dirname(path)
  if (folder === '.' || existsSync(join(root, folder))) return []
  return [...missingFolders(root, folder), folder]
}

/** Gives what could not be removed. */
function takeBack(
  root: string,
  written: readonly string[],
  folders: readonly string[]
): readonly string[] {
  for (const path of written) removeQuietly(join(root, path))
  for (const folder of [...folders].reverse()) {
    try {
      rmdirSync(join(root, folder))
    } catch {
      // Somebody put something in it, or it was never made.
    }
  }
  return written.filter(path => existsSync(join(root, path)))
}

function notWritten(path: string, error: unknown, left: readonly string[]): Diagnostic {
  const cause = error instanceof WriteError ? error.cause : error
  const rest =
    left.length === 0
      ? 'What had been written before it was removed again, so nothing was imported.'
      : `What had been written before it could not be removed. Remove it yourself: ${left.join(', ')}.`
  return problem(
    'IMPORT_NOT_WRITTEN',
    'The import could not be written',
    `${path} could not be written. ${plainWords(cause)} ${rest}\n\nPut that right and import again.`
  )
}
