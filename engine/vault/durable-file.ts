import { randomUUID } from 'node:crypto'
import { constants, promises as fs } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** No file of ours comes near it. */
const sizeLimit = 4 * 1024 * 1024

/**
 * The text of a regular file; null if there is none. Throws if it is something else, too large or not UTF-8. A link is followed
 * only where the person's own configuration may be one.
 */
export async function readText(path: string, { followLink = false } = {}): Promise<string | null> {
  try {
    // Not blocking: opening a pipe would wait for a writer.
    const plain = constants.O_RDONLY | constants.O_NONBLOCK
    const file = await fs.open(path, followLink ? plain : plain | constants.O_NOFOLLOW)
    try {
      const { size } = await regular(file)
      if (size > sizeLimit) throw new Error('The file is too large')
      return new TextDecoder('utf-8', { fatal: true }).decode(await file.readFile())
    } finally {
      await file.close()
    }
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null
    throw error
  }
}

async function regular(file: fs.FileHandle) {
  const stat = await file.stat()
  if (!stat.isFile()) throw new Error('This is not a regular file')
  return stat
}

/** Puts a file in place of the one before, readable by its owner alone. At any instant there is the old or the new one. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await placing(path, text, async temporary => {
    await fs.rename(temporary, path)
    return true
  })
}

/** Makes a file readable by its owner alone, complete from its first instant. false if there is one already. */
export function createFile(path: string, text: string): Promise<boolean> {
  return placing(path, text, async temporary => {
    try {
      await fs.link(temporary, path)
      return true
    } catch (error) {
      if (isCode(error, 'EEXIST')) return false
      throw error
    } finally {
      await fs.rm(temporary, { force: true })
    }
  })
}

async function placing(
  path: string,
  text: string,
  place: (temporary: string) => Promise<boolean>
): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    const temporary = await writeBeside(path, text)
    try {
      const isPlaced = await place(temporary)
      if (isPlaced) await syncFolder(dirname(path))
      return isPlaced
    } catch (error) {
      await fs.rm(temporary, { force: true })
      // A process that was stopped for a minute finds its temporary file swept away.
      if (!isCode(error, 'ENOENT') || attempt === 3) throw error
    }
  }
}

/** Deletes a file for good; nothing, if there is none. */
export async function deleteFile(path: string): Promise<void> {
  try {
    await fs.unlink(path)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return
    throw error
  }
  await syncFolder(dirname(path))
}

/** Makes a folder, and those above it that are missing, for its owner alone. */
export async function makeFolder(path: string): Promise<void> {
  const made = await fs.mkdir(path, { recursive: true, mode: 0o700 })
  if (made === undefined) return
  for (let each = path; each.length >= made.length; each = dirname(each)) {
    await syncFolder(dirname(each))
  }
}

async function writeBeside(path: string, text: string): Promise<string> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`)
  try {
    const file = await fs.open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await sweep(temporary)
  } catch (error) {
    await fs.rm(temporary, { force: true })
    throw error
  }
  return temporary
}

/** What writers left behind that were cut off: a minute older than our own file, by the clock of the same disk. */
async function sweep(own: string): Promise<void> {
  const folder = dirname(own)
  const { mtimeMs: now } = await fs.stat(own)
  for (const name of await fs.readdir(folder)) {
    if (!/^\..+\.[0-9a-f-]{36}\.tmp$/.test(name)) continue
    const path = join(folder, name)
    const left = await fs.stat(path).catch(() => null)
    if (left !== null && now - left.mtimeMs > 60_000) await fs.rm(path, { force: true })
  }
}

/** Makes what was created, renamed or deleted in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await fs.open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
