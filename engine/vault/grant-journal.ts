import { randomUUID } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import type { GrantJournal, RequestedGrant } from '../model/ports.ts'
import { deleteFile, makeFolder, readText, replaceFile } from './durable-file.ts'

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
      const found = await Promise.all(
        names.filter(name => name.endsWith('.json')).map(name => readEntry(join(folder, name)))
      )
      return found.filter(entry => entry !== null)
    }
  }
}

/** null for one whose process still works on it, or that says nothing. */
async function readEntry(path: string) {
  try {
    const { pid, linkName, environment, service, by, at } = JSON.parse(
      (await readText(path)) ?? '{}'
    )
    if (isAlive(pid)) return null
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
  } catch {
    return false
  }
}
