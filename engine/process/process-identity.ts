import { readFileSync, readlinkSync } from 'node:fs'
import { hostname, uptime } from 'node:os'

/** Enough of a process to tell, from another one, whether it is still there. */
export interface ProcessIdentity {
  readonly host: string
  readonly pid: number
  /** This run of the system and this space of process ids: another container has its own. Null where nobody can tell. */
  readonly boot: string | null
  /** When the process started, in ticks since boot; null where nobody can tell. */
  readonly started: string | null
}

export function thisProcess(): ProcessIdentity {
  return {
    host: hostname(),
    pid: process.pid,
    boot: readBoot(),
    started: readProcess(process.pid)?.started ?? null
  }
}

/** True only if it is certain that the process runs no more. What happens elsewhere, or before a restart, is never certain. */
export function isGone(other: ProcessIdentity): boolean {
  if (other.host !== hostname() || other.boot === null || other.boot !== readBoot()) return false
  if (!exists(other.pid)) return true
  const found = readProcess(other.pid)
  if (found === null) return false
  return found.hasEnded || (other.started !== null && found.started !== other.started)
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH')
  }
}

function readBoot(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    if (process.platform === 'linux') return null
    // Rounded, since clocks drift. Two runs of a system are further apart; one run that seems two is merely not certain.
    return `up since minute ${Math.round((Date.now() / 1000 - uptime()) / 60)}`
  }
}

/** From /proc/<pid>/stat, see proc(5): its command may hold any character, so count from the last bracket. */
function readProcess(pid: number): { readonly started: string; readonly hasEnded: boolean } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state = '', threads = '', started = ''] = [fields[0], fields[17], fields[19]]
    if (!/^\d+$/.test(started)) return null
    // Ended but not yet waited for. As long as it has other threads, one of them may still be writing.
    return { started, hasEnded: /^[ZXx]$/.test(state) && Number(threads) <= 1 }
  } catch {
    return null
  }
}
