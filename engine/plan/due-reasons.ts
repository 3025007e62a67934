import { isDeepStrictEqual } from 'node:util'
import type { AuthorizationRecord, Basis, Reason, Slot } from '../model/generated/types.ts'
import { sortedUnique, without } from '../model/record.ts'
import type { Need } from '../model/target.ts'

/** What an authorization was, or would have been: the part that a need is compared with. */
export interface Before {
  readonly slot: Slot
  readonly level: AuthorizationRecord['level']
  readonly basis: Basis
  readonly asked: readonly string[]
  readonly ended: AuthorizationRecord['ended']
}

/** Why what was there before does not do any more. Empty if it does. */
export function dueReasons(before: Before, need: Need): readonly Reason[] {
  const added = without(need.scopes, before.asked)
  return [
    ...basisReasons(before.basis, need.basis),
    ...levelReasons(before.level, need),
    ...(before.slot === need.slot
      ? []
      : [{ code: 'SLOT_CHANGED', from: before.slot, to: need.slot } as const]),
    ...(added.length === 0 ? [] : [{ code: 'SCOPES_ADDED', scopes: added } as const]),
    ...(before.ended === null ? [] : [{ code: before.ended.cause }])
  ]
}

/** Who authorizes: an administrator's consent never counts as a user's, nor the other way round. */
export function levelReasons(before: Before['level'], need: Need): readonly Reason[] {
  return before === need.level ? [] : [{ code: 'LEVEL_CHANGED', from: before, to: need.level }]
}

/** A new connector or way explains all the rest; new parameters explain new origins. */
function basisReasons(before: Basis, now: Basis): readonly Reason[] {
  if (before.connector !== now.connector)
    return [{ code: 'CONNECTOR_CHANGED', from: before.connector, to: now.connector }]
  if (before.auth !== now.auth) return [{ code: 'AUTH_CHANGED', from: before.auth, to: now.auth }]
  const parameters = sortedUnique([
    ...Object.keys(before.parameters),
    ...Object.keys(now.parameters)
  ]).filter(name => before.parameters[name] !== now.parameters[name])
  return [
    ...(parameters.length === 0 ? [] : [{ code: 'PARAMETERS_CHANGED', parameters } as const]),
    ...(parameters.length > 0 || isDeepStrictEqual(before.origins, now.origins)
      ? []
      : [{ code: 'ORIGIN_CHANGED', from: before.origins, to: now.origins } as const]),
    ...(before.clientId === now.clientId
      ? []
      : [{ code: 'CLIENT_CHANGED', from: before.clientId, to: now.clientId } as const])
  ]
}
