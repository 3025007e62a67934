import { isDeepStrictEqual } from 'node:util'
import { type Documents, emptyContent, type StateContent, slotsIn } from '../model/documents.ts'
import type { AuthorizationRecord, Ended, Slot, State } from '../model/generated/types.ts'
import type { StateStore } from '../model/ports.ts'

/** What came to light about authorizations, by asking the services or by counting in the vault. */
export interface Findings {
  /** Records that turned out to have ended, with why. */
  readonly ended: readonly {
    readonly slot: Slot
    readonly credential: string
    readonly cause: Ended['cause']
  }[]
  /** How many people have authorized; of slots that are not named here the counts stay. */
  readonly users: ReadonlyMap<Slot, State['users']>
}

/**
 * Records what was found, in one write for each document that it changes; true if there was any. A record that had ended before
 * keeps what it says, and one that was replaced meanwhile is not concerned, so doing it twice changes nothing.
 */
export async function recordFindings(
  findings: Findings,
  { by, at }: Pick<Ended, 'by' | 'at'>,
  state: StateStore
): Promise<boolean> {
  const { documents } = await state.read()
  if (changedBy(findings, { by, at }, documents).length === 0) return false
  return state.withLock('status', async writer => {
    const changed = changedBy(findings, { by, at }, await writer.read())
    for (const content of changed) await writer.write(content)
    return changed.length > 0
  })
}

function changedBy(
  { ended, users }: Findings,
  found: Pick<Ended, 'by' | 'at'>,
  documents: Documents
): readonly StateContent[] {
  return slotsIn(documents).flatMap(slot => {
    const own = ended.filter(({ slot: where }) => where === slot)
    if (own.length === 0 && !users.has(slot)) return []
    const before = documents[slot] ?? emptyContent(slot)
    const authorizations: Record<string, AuthorizationRecord> = { ...before.authorizations }
    for (const each of own) {
      const record = before.authorizations[each.credential]
      if (record === undefined || record.ended !== null) continue
      authorizations[each.credential] = { ...record, ended: { cause: each.cause, ...found } }
    }
    const after = { ...before, authorizations, users: users.get(slot) ?? before.users }
    return isDeepStrictEqual(after, before) ? [] : [after]
  })
}
