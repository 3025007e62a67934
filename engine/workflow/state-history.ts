import { problem, Refusal } from '../model/diagnostic.ts'
import type { History, HistoryEntry, Slot, ToldWrite } from '../model/generated/types.ts'
import { compareText } from '../model/record.ts'
import { takenBack } from '../plan/take-back.ts'
import { openState } from './open-workspace.ts'
import { openSeenState } from './state-list.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * What was written to a document, or to all that the actor sees whole, the newest first; at most `limit` writes. What is wrong with a
 * history is among the diagnostics, and the rest is told.
 */
export async function stateHistoryWorkflow(
  around: Surroundings,
  slot: Slot | undefined,
  limit: number | null
): Promise<History> {
  const { settings, documents, slots, sightOf } = await openSeenState(around, slot)
  const state = openState(around, settings, '')
  // It names all that an installation has, which its plain users do not see.
  const whole = slots.filter(each => sightOf(each) === 'all')
  if (slot !== undefined && whole.length === 0) throw notForUsers(slot)
  const told = await Promise.all(
    whole.map(async each => ({ slot: each, ...(await state.history(each)) }))
  )
  const writes = merged(
    told.map(each => toldWrites(each.slot, each.entries, documents[each.slot]?.lineage ?? null))
  )
  const shown = limit === null ? writes : writes.slice(0, limit)
  return {
    formatVersion: 1,
    environment: slot ?? null,
    entries: shown,
    older: writes.length - shown.length,
    diagnostics: told.flatMap(each => each.problems)
  }
}

function toldWrites(
  document: Slot,
  entries: readonly HistoryEntry[],
  lineage: string | null
): readonly ToldWrite[] {
  const back = takenBack(entries)
  return entries.map(entry => {
    const by = back(entry.lineage, entry.serial)
    const isWritten = entry.undo !== null && entry.undo.length > 0
    return {
      document,
      entry,
      takenBack: by,
      undoable: isWritten && by === null && entry.lineage === lineage
    }
  })
}

/**
 * The newest first. Of one document the order is that of its writes, whatever their clocks said; between documents their clocks decide.
 */
function merged(histories: readonly (readonly ToldWrite[])[]): readonly ToldWrite[] {
  const left = histories.map(each => [...each].reverse()).filter(each => each.length > 0)
  const result: ToldWrite[] = []
  for (;;) {
    const heads = left.flatMap(each => each[0] ?? [])
    const newest = heads.toSorted(
      (a, b) => compareText(b.entry.at, a.entry.at) || compareText(a.document, b.document)
    )[0]
    if (newest === undefined) return result
    result.push(newest)
    left.find(each => each[0] === newest)?.shift()
  }
}

function notForUsers(slot: Slot): Refusal {
  return new Refusal(
    problem(
      'ROLE_REFUSED',
      'Your role may not do this',
      `The history of ${slot} tells of all that is installed there, so it is for the admins of the client and for those who run the app. Nothing was done.`
    )
  )
}
