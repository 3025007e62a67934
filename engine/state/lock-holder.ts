import type { Clock } from '../model/ports.ts'
import { type ProcessIdentity, thisProcess } from '../process/process-identity.ts'

/** What a lock file says of the one who made it. */
export interface LockOwner extends ProcessIdentity {
  readonly id: string
  /** What is being done: `apply -e prod`. */
  readonly operation: string
  readonly actor: string
  /** RFC 3339. */
  readonly since: string
}

/** Owner null: the lock file cannot be read, so it is never certain that its owner is gone. */
export interface LockHolder {
  readonly id: string
  readonly owner: LockOwner | null
}

/** Stands for the id of a lock whose file cannot be read. */
export const unreadableId = 'unreadable'

const idPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export function ownerNow(id: string, operation: string, actor: string, clock: Clock): LockOwner {
  return { id, operation, actor, since: clock.now().toISOString(), ...thisProcess() }
}

export function parseHolder(text: string | null): LockHolder {
  const owner = text === null ? null : parseOwner(text)
  return { id: owner?.id ?? unreadableId, owner }
}

function parseOwner(text: string): LockOwner | null {
  try {
    const value: unknown = JSON.parse(text)
    return isOwner(value) ? value : null
  } catch {
    return null
  }
}

function isOwner(value: unknown): value is LockOwner {
  if (typeof value !== 'object' || value === null) return false
  const fields: Readonly<Record<string, unknown>> = { ...value }
  const { id, pid, boot, started } = fields
  return (
    // It becomes a part of file names.
    typeof id === 'string' &&
    idPattern.test(id) &&
    Number.isInteger(pid) &&
    Number(pid) > 0 &&
    [boot, started].every(each => each === null || typeof each === 'string') &&
    ['operation', 'actor', 'host', 'since'].every(name => typeof fields[name] === 'string')
  )
}

/** A sentence: who does what, since when, where. */
export function describeHolder(holder: LockHolder, file: string, clock: Clock): string {
  const { owner } = holder
  if (owner === null) return `${file} cannot be read, so nobody can say who holds the lock.`
  const since = `since ${owner.since}${ago(clock.now().getTime() - Date.parse(owner.since))}`
  return `${owner.actor} holds the lock for "${owner.operation}" ${since}, on ${owner.host}, process ${owner.pid}, lock ${owner.id}.`
}

const units: readonly (readonly [name: string, milliseconds: number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000]
]

/** Empty where the two clocks disagree. */
function ago(milliseconds: number): string {
  if (!(milliseconds >= 0)) return ''
  const [name, length] = units.find(unit => milliseconds >= unit[1]) ?? ['second', 1000]
  const count = Math.floor(milliseconds / length)
  return count === 0 ? ' (just now)' : ` (${count} ${name}${count === 1 ? '' : 's'} ago)`
}
