import { join } from 'node:path'
import type { RefreshLease } from '../model/ports.ts'
import { createFile } from './durable-file.ts'
import {
  type Attempts,
  claimName,
  deleteAttempts,
  deleteQuietly,
  type FileOfAttempt,
  type Outcome,
  outcomeName,
  readAttempts,
  replaceOutcome,
  writeOutcome
} from './lease-files.ts'
import { type LeaseTimes, readHolder, startHeart } from './lease-holder.ts'
import { unlessForgotten } from './unwritable.ts'

/** Whose attempt it is: the claim holds the token, so that nobody takes another's for his own. */
export interface LeasePlace {
  readonly folder: string
  readonly generation: number
  readonly attempt: number
  readonly token: string
}

export function claimPath({ folder, generation, attempt }: LeasePlace): string {
  return join(folder, claimName(generation, attempt))
}

/** The lease of a claim that was made, and found to be the newest. Sweeps what other generations left. */
export async function holdLease(
  place: LeasePlace,
  found: Attempts,
  times: LeaseTimes
): Promise<RefreshLease> {
  const { folder, generation, attempt } = place
  const stopHeart = startHeart(claimPath(place), times)
  const outcomePath = join(folder, outcomeName(generation, attempt))
  const { interrupted } = found
  const lastFailure = found.ended?.outcome.failure ?? null
  let isRescued = false

  const isOwn = async (): Promise<boolean> => {
    const now = await readAttempts(folder, generation)
    if (now.newest !== attempt || now.isPast) return false
    return isRescued || (await readHolder(claimPath(place)))?.token === place.token
  }

  /** Its claim goes last: without one, nobody waits. */
  const end = async (outcome: Outcome): Promise<void> => {
    if (await isOwn()) {
      if (isRescued) await replaceOutcome(outcomePath, outcome)
      else await writeOutcome(outcomePath, outcome)
      // It tells of all before it.
      const isBefore = (each: FileOfAttempt) =>
        each.generation === generation && each.attempt < attempt
      await deleteAttempts(folder, isBefore).catch(() => {})
    }
    await letGo()
  }

  const letGo = async (): Promise<void> => {
    stopHeart()
    if ((await readHolder(claimPath(place)))?.token === place.token) {
      await deleteQuietly(claimPath(place))
    }
  }

  const isOld = (each: FileOfAttempt) =>
    found.isPast ? each.generation !== generation : each.generation < generation
  await deleteAttempts(folder, isOld).catch(() => {})
  return {
    interrupted,
    lastFailure,
    isHeld: isOwn,
    sending: async room => {
      if (!(await isOwn())) return false
      const isMade = await createFile(outcomePath, ' '.repeat(room)).catch(unlessForgotten)
      if (!isMade) return false
      if (await isOwn()) return true
      await deleteQuietly(outcomePath)
      return false
    },
    done: () => end({ outcome: 'done', interrupted, failure: null, sealed: null }).catch(letGo),
    failed: failure => end({ outcome: 'failed', interrupted, failure, sealed: null }).catch(letGo),
    rescue: async sealed => {
      await end({ outcome: 'rescued', interrupted, failure: lastFailure, sealed })
      isRescued = true
    },
    release: letGo
  }
}
