import { randomUUID } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { join, posix } from 'node:path'
import { type Diagnostic, Refusal } from '../model/diagnostic.ts'
import { createFile, makeFolder, readText } from './durable-file.ts'
import { isNewer, isObject, isUuid, jsonText, parsed } from './json-shape.ts'
import { vaultProblem } from './vault-problem.ts'

/** vault.json: which vault this is. */
export interface VaultHead {
  readonly formatVersion: 1
  readonly id: string
}

export const headName = 'vault.json'

/** null if there is no vault yet. Throws a Refusal if it cannot be read. */
export async function readHead(folder: string): Promise<VaultHead | null> {
  const text = await readText(join(folder, headName)).catch(() => '')
  if (text === null) return null
  const head = parsed(text)
  if (isNewer(head)) throw new Refusal(vaultProblem.newer(headName))
  if (!isHead(head)) throw new Refusal(vaultProblem.keysDamaged(headName))
  return head
}

/** What is wrong with it; null if nothing is, or there is no vault yet. */
export async function headProblem(folder: string): Promise<Diagnostic | null> {
  try {
    await readHead(folder)
    return null
  } catch (error) {
    if (error instanceof Refusal) return error.diagnostics[0] ?? null
    throw error
  }
}

/** Makes the vault if there is none. Throws a Refusal where vault.json is gone and keys are there. */
export async function ensureHead(folder: string): Promise<VaultHead> {
  const found = await readHead(folder)
  if (found !== null) return found
  const keys = await Promise.all(
    ['keys', 'keys/client'].map(name => fs.readdir(join(folder, name)).catch(() => []))
  )
  // Read again: somebody else may have made both just now.
  const hasKeys = keys.flat().some(name => name.endsWith('.json'))
  const head = await (hasKeys ? readHead(folder) : makeHead(folder))
  if (head === null) throw new Refusal(vaultProblem.keysDamaged(headName))
  return head
}

/**
 * A folder of the vault's own, by its path inside the vault. Throws a Refusal where something else is in its place, or in that of one
 * above it: a link would lead out of the vault.
 */
export async function makeSubfolder(folder: string, name: string): Promise<void> {
  const above = posix.dirname(name)
  if (above !== '.') await makeSubfolder(folder, above)
  const path = join(folder, name)
  await makeFolder(path).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  })
  if (!(await fs.lstat(path)).isDirectory()) throw new Refusal(vaultProblem.keysDamaged(name))
}

async function makeHead(folder: string): Promise<VaultHead | null> {
  const head: VaultHead = { formatVersion: 1, id: randomUUID() }
  await makeFolder(folder)
  return (await createFile(join(folder, headName), jsonText(head))) ? head : readHead(folder)
}

function isHead(value: unknown): value is VaultHead {
  return isObject(value) && value.formatVersion === 1 && isUuid(value.id)
}
