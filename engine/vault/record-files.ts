import { join } from 'node:path'
import type { CredentialFile } from '../model/generated/types.ts'
import { depositName, parseName, type Read, readCredentialFile } from './credential-file.ts'
import { deleteFile, readText } from './durable-file.ts'
import { stampOf } from './file-stamp.ts'
import { namesIn, numberedName } from './numbered-files.ts'
import { vaultProblem } from './vault-problem.ts'

/** The files that one credential has in the vault. */
export interface RecordFiles {
  readonly id: string
  /** Ascending. */
  readonly generations: readonly number[]
  readonly hasDeposit: boolean
  readonly isGone: boolean
}

type Part = NonNullable<ReturnType<typeof parseName>>['part']

/** By id, sorted. Left-overs of writes that were cut off and foreign files are passed over. */
export async function allRecordFiles(folder: string): Promise<readonly RecordFiles[]> {
  const found = new Map<string, Part[]>()
  for (const name of await namesIn(folder)) {
    const file = parseName(name)
    if (file === null) continue
    const parts = found.get(file.id) ?? []
    parts.push(file.part)
    found.set(file.id, parts)
  }
  return [...found].map(([id, parts]) => filesOf(id, parts))
}

export async function recordFiles(folder: string, id: string): Promise<RecordFiles> {
  const names = (await namesIn(folder)).filter(name => name.startsWith(id))
  return filesOf(
    id,
    names.flatMap(name => parseName(name)?.part ?? [])
  )
}

/** The file that counts: the newest generation, else the deposit. null if there is none, or the credential was ended. */
export function newestName({ id, generations, hasDeposit, isGone }: RecordFiles): string | null {
  const newest = generations.at(-1)
  if (isGone) return null
  if (newest !== undefined) return numberedName(id, newest)
  return hasDeposit ? depositName(id) : null
}

/** null if it is gone by now. */
export async function readRecord(
  folder: string,
  vault: string | null,
  name: string
): Promise<Read<CredentialFile> | null> {
  try {
    const text = await readText(join(folder, name))
    return text === null ? null : readCredentialFile(name, vault, text)
  } catch {
    return { problem: vaultProblem.damaged(name) }
  }
}

/** Reads records as `readRecord` does, many at once, and again only those whose files changed since the last time. */
export function recordsReader(
  folder: string
): (
  vault: string | null,
  names: readonly string[]
) => Promise<readonly (Read<CredentialFile> | null)[]> {
  type Known = { readonly stamp: string; readonly read: Read<CredentialFile> }
  let known: ReadonlyMap<string, Known> = new Map()
  return async (vault, names) => {
    const now = new Map<string, Known>()
    const found = await inGroups(names, async name => {
      const stamp = `${vault} ${stampOf(join(folder, name))}`
      const before = known.get(name)
      const read = before?.stamp === stamp ? before.read : await readRecord(folder, vault, name)
      // What cannot be read may be readable the next time.
      if (read !== null && 'value' in read) now.set(name, { stamp, read })
      return read
    })
    known = now
    return found
  }
}

/** Deletes all but the tombstone. In ascending order, as the numbering asks. */
export async function deleteRecord(folder: string, files: RecordFiles): Promise<void> {
  const { id, generations, hasDeposit } = files
  for (const each of generations) await deleteFile(join(folder, numberedName(id, each)))
  if (hasDeposit) await deleteFile(join(folder, depositName(id)))
}

/** In groups, so that thousands of files do not need thousands of open ones. */
export async function inGroups<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>
): Promise<readonly R[]> {
  const results: R[] = []
  for (let start = 0; start < items.length; start += 32) {
    results.push(...(await Promise.all(items.slice(start, start + 32).map(work))))
  }
  return results
}

function filesOf(id: string, parts: readonly Part[]): RecordFiles {
  return {
    id,
    generations: parts.filter(part => typeof part === 'number').sort((a, b) => a - b),
    hasDeposit: parts.includes('deposit'),
    isGone: parts.includes('gone')
  }
}
