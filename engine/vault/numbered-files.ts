import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { createFile, deleteFile } from './durable-file.ts'

/**
 * Files `<stem>.<number>.json`, of which the newest holds. The next one is made by a hard link, so that the disk decides who of
 * several writers comes first, however long one of them sleeps in between, and nobody ever waits for a lock. Older ones are
 * deleted in ascending order: while a file and not its follower is there, it is the newest.
 */
export function numberedName(stem: string, number: number): string {
  return `${stem}.${number}.json`
}

/** In ascending order; empty where there is no folder. */
export async function numbersOf(folder: string, stem: string): Promise<readonly number[]> {
  const start = `${stem}.`
  return (await namesIn(folder))
    .filter(name => name.startsWith(start))
    .flatMap(name => numberIn(name.slice(start.length)) ?? [])
    .sort((a, b) => a - b)
}

/** From `<number>.json`. */
export function numberIn(text: string): number | null {
  const digits = /^([1-9]\d{0,14})\.json$/.exec(text)?.[1]
  return digits === undefined ? null : Number(digits)
}

/** Names in a folder, sorted; none where there is no folder. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await fs.readdir(folder)).sort()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

/**
 * Writes what comes after number `after` (0: the first). false if somebody else did before: read again, and decide anew. A writer
 * that slept may find a newer one only behind its own, which then goes.
 */
export async function writeNext(
  folder: string,
  stem: string,
  after: number,
  text: string
): Promise<boolean> {
  const path = join(folder, numberedName(stem, after + 1))
  if (!(await createFile(path, text))) return false
  const numbers = await numbersOf(folder, stem)
  if ((numbers.at(-1) ?? 0) > after + 1) {
    await deleteFile(path)
    return false
  }
  await dropOlder(folder, stem, numbers)
  return true
}

/** All but the newest. */
export async function dropOlder(
  folder: string,
  stem: string,
  numbers: readonly number[]
): Promise<void> {
  for (const number of numbers.slice(0, -1)) {
    await deleteFile(join(folder, numberedName(stem, number)))
  }
}
