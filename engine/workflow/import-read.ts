import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { problem, Refusal } from '../model/diagnostic.ts'
import { plainWords } from '../state/disk-error.ts'

/** The largest file that is imported, in bytes. */
const largest = 64 * 1024 * 1024

/**
 * The text of a file that somebody wants to import. Throws a Refusal for what is no plain file, is too large or is no text;
 * nothing that could block is waited for.
 */
export function readIncoming(file: string): string {
  const bytes = readPlain(file)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw unreadable(file, 'It is no UTF-8 text.')
  }
}

function readPlain(file: string): Uint8Array {
  let descriptor: number
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    throw unreadable(file, plainWords(error))
  }
  try {
    const status = fstatSync(descriptor)
    if (!status.isFile()) throw unreadable(file, 'It is no plain file.')
    if (status.size > largest) throw unreadable(file, 'It is larger than 64 MiB.')
    return readFileSync(descriptor)
  } catch (error) {
    throw error instanceof Refusal ? error : unreadable(file, plainWords(error))
  } finally {
    closeSync(descriptor)
  }
}

function unreadable(file: string, why: string): Refusal {
  return new Refusal(
    problem(
      'IMPORT_UNREADABLE',
      'The file cannot be imported',
      `${file} was not read. ${why} Name a file that was made with:\n    tieline export --out FILE`
    )
  )
}
