import { randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, renameSync, statSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import type { Clock } from '../model/ports.ts'
import { isGone } from '../process/process-identity.ts'
import { codeOf, notWritten, notWrittenProblem } from './disk-error.ts'
import { formatDocument } from './format-document.ts'
import {
  describeHolder,
  type LockHolder,
  type LockOwner,
  ownerNow,
  parseHolder,
  unreadableId
} from './lock-holder.ts'
import { readPlainFile, whatIsWrongWithFolder } from './read-plain-file.ts'
import {
  listQuietly,
  removeQuietly,
  temporaryFor,
  temporaryNames,
  writeDurably
} from './write-atomically.ts'

/**
 * One writer at a time, by a file that says who it is.
 *
 * The file appears whole, by a hard link. From then on it is changed (taken over, released, ended) only by who holds the claim
 * on its id, a second file made the same way, and who has read the id again under that claim. Ids never come back, so a process
 * that was slow finds another id and starts over. A claim whose owner is gone is passed by the claim with the next number.
 */
export interface StateLock {
  /** Waits a little for short holders, then throws a Refusal (STATE_LOCKED). Takes the lock of a process that is gone. */
  readonly take: (operation: string) => Promise<HeldLock>
  /** Removes the lock with this id, whoever holds it. Throws a Refusal (NO_SUCH_LOCK). */
  readonly unlock: (id: string) => Promise<void>
}

export interface HeldLock {
  /** False once somebody has ended it from outside. */
  readonly isHeld: () => boolean
  readonly release: () => Promise<void>
}

/** How long to wait for another writer: those who record one authorization after the other are done in an instant. */
const patienceMs = 2000

/** What a process that was killed while it wrote a temporary file leaves unreadable; nobody takes that long. */
const garbageMs = 60_000

/** `root` is the workspace, a path without links; `lockFolder` is relative to it. */
export function openStateLock(
  root: string,
  lockFolder: string,
  who: { readonly actor: string; readonly clock: Clock }
): StateLock {
  const folder = join(root, lockFolder)
  const name = 'state.lock'
  const file = join(folder, name)
  const shownFile = `${lockFolder}/${name}`

  const readHolder = (path: string): LockHolder | null => {
    const found = readPlainFile(root, path)
    return found === null ? null : parseHolder(found.text)
  }
  const describe = (holder: LockHolder) => describeHolder(holder, shownFile, who.clock)

  async function take(operation: string): Promise<HeldLock> {
    makeFolder()
    const id = randomUUID()
    for (const deadline = performance.now() + patienceMs; ; await pause()) {
      const mine = ownerNow(id, operation, who.actor, who.clock)
      const isTaken = writing(() => tryToTake(mine))
      if (isTaken) return hold(mine)
      const holder = readHolder(file)
      if (holder !== null && performance.now() >= deadline) {
        throw new Refusal(locked(holder, describe(holder)))
      }
    }
  }

  function tryToTake(mine: LockOwner): boolean {
    const holder = readHolder(file)
    if (holder === null) return createWhole(file, formatDocument(mine))
    if (holder.id === mine.id) return true
    if (holder.owner === null || !isGone(holder.owner)) return false
    return changeLock(holder.id, mine, () => {
      const temporary = temporaryFor(file)
      try {
        writeDurably(temporary, formatDocument(mine))
        renameSync(temporary, file)
      } finally {
        removeQuietly(temporary)
      }
    })
  }

  function hold(mine: LockOwner): HeldLock {
    const isHeld = () => readHolder(file)?.id === mine.id
    const letGo = () => !isHeld() || changeLock(mine.id, mine, () => unlinkSync(file))
    const onExit = () => {
      try {
        letGo()
      } catch {
        // The next writer sees that this process is gone.
      }
    }
    process.once('exit', onExit)
    sweep(mine.id)
    return {
      isHeld,
      release: async () => {
        process.off('exit', onExit)
        const deadline = performance.now() + patienceMs
        while (!letGo() && performance.now() < deadline) await pause()
      }
    }
  }

  async function unlock(id: string): Promise<void> {
    for (const deadline = performance.now() + patienceMs; ; await pause()) {
      const holder = readHolder(file)
      if (holder?.id !== id) throw new Refusal(noSuchLock(holder && describe(holder)))
      const mine = ownerNow(randomUUID(), 'state unlock', who.actor, who.clock)
      if (writing(() => changeLock(id, mine, () => unlinkSync(file)))) return
      if (performance.now() >= deadline) throw new Refusal(locked(holder, describe(holder)))
    }
  }

  /** Runs `change` if the lock still has the id, and nobody else is changing it. */
  function changeLock(id: string, mine: LockOwner, change: () => void): boolean {
    const claims = claim(id, mine)
    if (claims === null) return false
    const isSame = readHolder(file)?.id === id
    try {
      if (isSame) change()
    } catch (error) {
      // The claims of those who are gone stay: somebody may have passed them just now.
      for (const own of claims.slice(-1)) removeQuietly(own)
      throw error
    }
    for (const each of claims) removeQuietly(each)
    return isSame
  }

  /** All claims on a lock up to our own; null while somebody else holds one. */
  function claim(id: string, mine: LockOwner): readonly string[] | null {
    const claims: string[] = []
    for (;;) {
      const next = `${file}.${id}.claim-${claims.length + 1}`
      if (createWhole(next, formatDocument(mine))) return [...claims, next]
      const owner = readHolder(next)?.owner ?? null
      if (owner === null || !isGone(owner)) return null
      claims.push(next)
    }
  }

  /** Removes what processes left behind that were killed. Call it while holding the lock `id`. */
  function sweep(id: string): void {
    for (const each of listQuietly(folder)) {
      const path = join(folder, each)
      const isOldClaim = each.startsWith(`${name}.`) && !each.startsWith(`${name}.${id}.`)
      if (isOldClaim || (temporaryNames.test(each) && isGarbage(path))) removeQuietly(path)
    }
  }

  function isGarbage(path: string): boolean {
    const holder = readHolder(path)
    if (holder === null) return false
    if (holder.owner !== null) return isGone(holder.owner)
    const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
    return Date.now() - changed > garbageMs
  }

  function makeFolder(): void {
    const wrong = whatIsWrongWithFolder(root, folder)
    if (wrong !== null) throw new Refusal(notWrittenProblem(lockFolder, wrong, false))
    writing(() => mkdirSync(folder, { recursive: true }))
  }

  function writing<T>(step: () => T): T {
    try {
      return step()
    } catch (error) {
      throw notWritten(shownFile, error, false)
    }
  }

  return { take, unlock }
}

/** What link(2) answers where the file system has no hard links. */
const hasNoLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']

/** Creates a file with all its content at once; false if there is one already. */
function createWhole(file: string, text: string): boolean {
  const temporary = temporaryFor(file)
  try {
    writeDurably(temporary, text)
    return create(() => linkSync(temporary, file), ['EEXIST', 'ENOENT'])
  } catch (error) {
    if (!hasNoLinks.includes(codeOf(error))) throw error
    return create(() => writeDurably(file, text), ['EEXIST'])
  } finally {
    removeQuietly(temporary)
  }
}

/** ENOENT: somebody swept the temporary file, so the next attempt has to make a new one. */
function create(step: () => void, notNow: readonly string[]): boolean {
  try {
    step()
    return true
  } catch (error) {
    if (notNow.includes(codeOf(error))) return false
    throw error
  }
}

/** Not all at the same instant. */
function pause(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 25 + Math.random() * 25))
}

function locked(holder: LockHolder, description: string): Diagnostic {
  const sure =
    holder.id === unreadableId
      ? 'If you are sure that no tieline is writing state'
      : 'If you are sure that this process runs no more'
  return problem(
    'STATE_LOCKED',
    'State is locked',
    `${description} Only one may write at a time, so nothing was changed.\n\n` +
      `Wait and run the command again. ${sure}, end its lock:\n    tieline state unlock ${holder.id}`
  )
}

function noSuchLock(description: string | null): Diagnostic {
  const now = description ?? 'Nothing is locked now, so there is nothing to end.'
  return problem('NO_SUCH_LOCK', 'There is no such lock', `No lock has this id. ${now}`)
}
