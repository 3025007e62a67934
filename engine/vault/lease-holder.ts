import { promises as fs } from 'node:fs'
import { isGone, type ProcessIdentity, thisProcess } from '../process/process-identity.ts'

/** Times of the lease protocol, in milliseconds. */
export interface LeaseTimes {
  /** A holder shows that it lives this often. */
  readonly beat: number
  /** A holder that showed nothing for so long counts as gone, though its process may be there: it was stopped, or hangs. */
  readonly silence: number
  /** Between two looks: the first pause, and the longest. */
  readonly pause: readonly [first: number, longest: number]
}

export const leaseTimes: LeaseTimes = { beat: 1000, silence: 10_000, pause: [20, 100] }

/** What a claim says of the process that made it. */
export function holderText(token: string): string {
  return JSON.stringify({ token, ...thisProcess() })
}

/** null if nobody knows: there is no such claim, or it says something else. */
export async function readHolder(
  path: string
): Promise<{ readonly token: string; readonly owner: ProcessIdentity } | null> {
  try {
    const { token, host, pid, boot, started } = JSON.parse(await fs.readFile(path, 'utf8'))
    const isSound =
      typeof token === 'string' &&
      typeof host === 'string' &&
      Number.isInteger(pid) &&
      pid > 0 &&
      [boot, started].every(each => each === null || typeof each === 'string')
    return isSound ? { token, owner: { host, pid, boot, started } } : null
  } catch {
    return null
  }
}

/** Shows that the holder lives, until the returned function is called. Keeps no process alive. */
export function startHeart(path: string, { beat }: LeaseTimes): () => void {
  const timer = setInterval(() => {
    const now = new Date()
    // Without its claim the lease is lost; that is found out before anything is sent or stored.
    fs.utimes(path, now, now).catch(() => {})
  }, beat)
  timer.unref()
  return () => clearInterval(timer)
}

/**
 * Tells whether the holder of a claim is gone, when asked again and again. Time is counted by this process alone: clocks differ
 * between machines, and what passed while this process itself did not look does not count.
 */
export function watchHolder(times: LeaseTimes): (path: string) => Promise<boolean> {
  let seen = ''
  let silentMs = 0
  let lookedAt = 0
  return async path => {
    const stat = await fs.stat(path).catch(() => null)
    if (stat === null) return true
    const now = performance.now()
    const beat = `${path} ${stat.mtimeMs}`
    silentMs = beat === seen ? silentMs + Math.min(now - lookedAt, times.beat) : 0
    seen = beat
    lookedAt = now
    if (silentMs >= times.silence) return true
    const holder = await readHolder(path)
    return holder !== null && isGone(holder.owner)
  }
}
