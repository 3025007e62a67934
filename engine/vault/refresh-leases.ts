import { randomUUID } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import type { Clock, LeaseClaim, LeaseWish, RefreshFailure, RefreshLeases } from '../model/ports.ts'
import { createFile, makeFolder } from './durable-file.ts'
import { claimPath, holdLease } from './held-lease.ts'
import {
  type Attempts,
  claimName,
  deleteQuietly,
  leaseFolder,
  readAttempts
} from './lease-files.ts'
import { holderText, type LeaseTimes, leaseTimes, watchHolder } from './lease-holder.ts'
import { unlessForgotten } from './unwritable.ts'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** No provider is left alone for longer: a clock that was put back makes no cool-down endless. */
const longestCoolDownMs = 60 * 60_000

/**
 * Leases for the credentials of the vault in a folder (absolute path), kept in files beside them. A holder counts as gone if its
 * process provably is, or if its heart has not beaten for ten seconds, as with a process that was stopped.
 *
 * Who finds the newest attempt at a generation ended, or its holder gone, makes the claim with the next number. So each attempt
 * has one holder, and one that wakes up after a successor came finds that successor's claim before it sends anything.
 */
export function openRefreshLeases(
  vaultFolder: string,
  times: LeaseTimes = leaseTimes
): RefreshLeases {
  const folderOf = (id: string): string => {
    if (!uuid.test(id)) throw new Error('The id of a credential must be a UUID')
    return leaseFolder(vaultFolder, id)
  }
  return {
    claim: wish => claim(folderOf(wish.id), wish, times),
    // Somebody may be claiming in the very folder: again, until nothing comes in between.
    forget: id =>
      fs.rm(folderOf(id), { recursive: true, force: true, maxRetries: 20, retryDelay: 10 })
  }
}

async function claim(folder: string, wish: LeaseWish, times: LeaseTimes): Promise<LeaseClaim> {
  const isGone = watchHolder(times)
  const deadline = performance.now() + wish.patienceMs
  let [pause] = times.pause
  for (;;) {
    const found = await readAttempts(folder, wish.generation)
    const answer = answered(found, found.newest, wish)
    if (answer !== null) return answer
    const isFree = found.newest === (found.ended?.attempt ?? 0)
    if (isFree || (await isGone(join(folder, claimName(wish.generation, found.newest))))) {
      const taken = await take(folder, wish, found.newest + 1, times)
      if (taken !== null) return taken
    }
    if (performance.now() >= deadline) return { outcome: 'busy' }
    await new Promise(resolve => setTimeout(resolve, pause * (0.75 + Math.random() / 2)))
    pause = Math.min(pause * 1.3, times.pause[1])
  }
}

/** What needs no claim, because `newest` is the last attempt and has ended; null if nothing does. */
function answered(found: Attempts, newest: number, wish: LeaseWish): LeaseClaim | null {
  const { isNewest = false, clock } = wish
  if (found.isPast && !isNewest) return { outcome: 'moved-on' }
  if (found.ended?.attempt !== newest) return null
  const { outcome, failure, sealed } = found.ended.outcome
  switch (outcome) {
    case 'done':
      return isNewest ? null : { outcome: 'moved-on' }
    case 'rescued':
      return isNewest || sealed === null ? null : { outcome: 'rescued', sealed }
    case 'failed':
      return failure !== null && isCooling(failure, clock)
        ? { outcome: 'cooling-down', failure }
        : null
  }
}

function isCooling({ until }: RefreshFailure, clock: Clock): boolean {
  const left = Date.parse(until) - clock.now().getTime()
  return left > 0 && left <= longestCoolDownMs
}

/** null if somebody else was faster. */
async function take(
  folder: string,
  wish: LeaseWish,
  attempt: number,
  times: LeaseTimes
): Promise<LeaseClaim | null> {
  const place = { folder, generation: wish.generation, attempt, token: randomUUID() }
  const text = holderText(place.token)
  const isMade = await makeFolder(folder)
    .then(() => createFile(claimPath(place), text))
    .catch(unlessForgotten)
  if (!isMade) return null
  // From here on a holder that wakes up finds our claim. So what it left tells all that it will ever have sent.
  const found = await readAttempts(folder, wish.generation)
  const isLate = found.newest > attempt || found.ended?.attempt === attempt
  const answer = isLate ? null : answered(found, attempt - 1, wish)
  if (!isLate && answer === null) {
    return { outcome: 'held', lease: await holdLease(place, found, times) }
  }
  await deleteQuietly(claimPath(place))
  return answer
}
