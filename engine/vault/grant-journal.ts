import { randomUUID } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import type { GrantJournal, RequestedGrant } from '../model/ports.ts'
import { deleteFile, makeFolder, readText, replaceFile } from './durable-file.ts'

/** No exchange takes longer: its requests have time limits of half a minute. */
const longestMs = 10 * 60_000

/** Remembers grants that were asked for and not stored yet, one small file each. Holds names only, nothing secret. */
export function openGrantJournal(folder: string): GrantJournal {
  return {
    begin: async grant => {
      await makeFolder(folder)
      const path = join(folder, `${randomUUID()}.json`)
      await replaceFile(path, JSON.stringify({ ...grant, pid: process.pid }))
      return () => deleteFile(path)
    },
    leftOver: async () => {
      const names = await fs.readdir(folder).catch(() => [])
      for (const name of names.filter(each => each.endsWith('.tmp')))
        await sweep(join(folder, name))
      const found = await Promise.all(
        names.filter(name => name.endsWith('.json')).map(name => readEntry(join(folder, name)))
      )
      return found.filter(entry => entry !== null)
    }
  }
}

/** What a process left that was killed while it wrote. */
async function sweep(path: string): Promise<void> {
  const stat = await fs.stat(path).catch(() => null)
  if (stat !== null && Date.now() - stat.mtimeMs > longestMs) await deleteFile(path)
}

/** null for one whose process still works on it, or that says nothing. */
async function readEntry(path: string) {
  try {
    const { pid, linkName, environment, service, by, at } = JSON.parse(
      (await readText(path)) ?? '{}'
    )
    // Later than that, another process has got the number.
    if (isAlive(pid) && Date.now() - Date.parse(at) < longestMs) return null
    const grant: RequestedGrant = { linkName, environment, service, by, at }
    return { grant, forget: () => deleteFile(path) }
  } catch {
    return null
  }
}

function isAlive(pid: unknown): boolean {
  if (typeof pid !== 'number' || pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It is there, and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
