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
  const temporary = await writeBeside(path, text)
  try {
    await fs.rename(temporary, path)
  } catch (error) {
    await fs.rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** Makes a file readable by its owner alone, complete from its first instant. false if there is one already. */
export async function createFile(path: string, text: string): Promise<boolean> {
  const temporary = await writeBeside(path, text)
  try {
    await fs.link(temporary, path)
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await fs.rm(temporary, { force: true })
  }
  await syncFolder(dirname(path))
  return true
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
  if (made !== undefined) await syncFolder(dirname(made))
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

async function syncFolder(path: string): Promise<void> {
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
