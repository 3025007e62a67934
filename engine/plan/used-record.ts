import { isDeepStrictEqual } from 'node:util'
import { type Documents, visibleSlots } from '../model/documents.ts'
import type { AuthorizationRecord, Environment, Slot } from '../model/generated/types.ts'
import { compareText, without } from '../model/record.ts'
import type { Need } from '../model/target.ts'

/** An authorization record, with the slot it lives in and the id of its credential. */
export interface SlotRecord {
  readonly slot: Slot
  readonly credential: string
  readonly record: AuthorizationRecord
}

/** All records that an environment may see: those of its own slot and the shared ones. */
export function visibleRecords(
  documents: Documents,
  environment: Environment
): readonly SlotRecord[] {
  return visibleSlots(environment).flatMap(slot =>
    Object.entries(documents[slot]?.authorizations ?? {}).map(([credential, record]) => ({
      slot,
      credential,
      record
    }))
  )
}

/**
 * The record that fully serves a need: live, in the need's slot, with its basis and level, and asked for all its scopes. The one in
 * use (`remembered`) stays as long as it does, so that a consent for another environment changes nothing here; else the one that was
 * asked for the fewest scopes beside, of equals the newest.
 */
export function usedRecord(
  need: Need,
  records: readonly SlotRecord[],
  remembered: string | undefined
): SlotRecord | undefined {
  const serving = records.filter(
    each =>
      each.slot === need.slot &&
      isSameBasis(need, each) &&
      without(need.scopes, each.record.asked).length === 0
  )
  return serving.find(each => each.credential === remembered) ?? best(serving, need)
}

/**
 * The record that run time goes on with: the one that fully serves the need or, until there is one, the one that served before
 * (`remembered`), if only scopes or the slot changed. One that never served here is not taken up by itself.
 */
export function servingRecord(
  need: Need,
  records: readonly SlotRecord[],
  remembered: string | undefined
): SlotRecord | undefined {
  return (
    usedRecord(need, records, remembered) ??
    records.find(each => each.credential === remembered && isSameBasis(need, each))
  )
}

/**
 * The record that a due authorization is compared with: the one that serves; else the one that served until it ended; else, of the
 * need's own slot, the nearest live one, whatever its basis; else the last one that ended there.
 */
export function nearestRecord(
  need: Need,
  records: readonly SlotRecord[],
  remembered: string | undefined
): SlotRecord | undefined {
  const own = records.filter(each => each.slot === need.slot && isSame(need, each))
  const live = own.filter(each => each.record.ended === null)
  const former = records.find(
    each => each.credential === remembered && isSame(need, each) && each.record.ended !== null
  )
  return servingRecord(need, records, remembered) ?? former ?? best(live, need) ?? best(own, need)
}

function isSame(need: Need, { record }: SlotRecord): boolean {
  return record.connection === need.connection && record.level === need.level
}

function isSameBasis(need: Need, each: SlotRecord): boolean {
  return (
    isSame(need, each) &&
    each.record.ended === null &&
    isDeepStrictEqual(each.record.basis, need.basis)
  )
}

/** The fewest scopes missing, then the fewest beside, the newest, and the id. */
function best(records: readonly SlotRecord[], need: Need): SlotRecord | undefined {
  const rank = ({ record }: SlotRecord) => [
    without(need.scopes, record.asked).length,
    without(record.asked, need.scopes).length
  ]
  return [...records].sort((a, b) => {
    const [left, right] = [rank(a), rank(b)]
    const first = left.findIndex((value, index) => value !== right[index])
    if (first >= 0) return (left[first] ?? 0) - (right[first] ?? 0)
    return compareText(b.record.at, a.record.at) || compareText(a.credential, b.credential)
  })[0]
}
