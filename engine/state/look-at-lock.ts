import { join } from 'node:path'
import type { Clock } from '../model/ports.ts'
import { isGone } from '../process/process-identity.ts'
import { describeHolder, parseHolder } from './lock-holder.ts'
import { readPlainFile } from './read-plain-file.ts'

export interface SeenLock {
  readonly id: string
  /** A sentence: who does what, since when, where. */
  readonly description: string
  /** The next writer takes it over. */
  readonly isGone: boolean
}

/** Who holds the lock of all state just now; null if nobody does. `root` is the workspace, a path without links. Takes nothing. */
export function lookAtLock(root: string, lockFolder: string, clock: Clock): SeenLock | null {
  const shown = `${lockFolder}/state.lock`
  const found = readPlainFile(root, join(root, shown))
  if (found === null) return null
  const holder = parseHolder(found.text)
  return {
    id: holder.id,
    description: describeHolder(holder, shown, clock),
    isGone: holder.owner !== null && isGone(holder.owner)
  }
}
