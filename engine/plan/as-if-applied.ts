import { isDeepStrictEqual } from 'node:util'
import { digestOf } from '../model/digest.ts'
import {
  type Documents,
  emptyContent,
  noDefinitions,
  type StateContent
} from '../model/documents.ts'
import type { Plan, Slot, State } from '../model/generated/types.ts'
import { sortedRecord } from '../model/record.ts'
import { type Accompanying, contentAfter, differs, servingConsent } from './content-after.ts'
import { expectedRecord } from './expected-record.ts'
import type { NeedOf } from './plan-due.ts'
import { covers, isUsed } from './user-due.ts'

const nowhere = '00000000-0000-4000-8000-000000000000'

/** The state as it would be if the plan were applied and all that is due were granted as asked. For planning the road ahead. */
export function asIfApplied(
  plan: Plan,
  documents: Documents,
  accompanying: Accompanying,
  needOf: NeedOf
): Documents {
  const content = contentAfter(plan, documents, accompanying, needOf)
  const written = differs(content, documents)
    ? { ...documents, [plan.environment]: stamp(content, documents) }
    : documents
  const after = { ...written }
  for (const slot of new Set(plan.authorizations.map(each => each.slot))) {
    const before = after[slot] ?? emptyContent(slot)
    const authorizations = authorizationsAfter(plan, after, slot, needOf)
    const users = usersAfter(plan, after, slot, needOf)
    after[slot] = stamp({ ...before, users, authorizations }, after)
  }
  for (const { connection, action } of plan.authorizations) {
    const consented = after[plan.environment]?.connections[connection]
    if (consented === undefined || (action !== 'authorize' && action !== 'reauthorize')) continue
    const content = servingConsent(plan.environment, after, consented, needOf)
    if (content !== null) after[plan.environment] = stamp(content, after)
  }
  return after
}

function authorizationsAfter(
  plan: Plan,
  documents: Documents,
  slot: Slot,
  needOf: NeedOf
): State['authorizations'] {
  const records = new Map(Object.entries(documents[slot]?.authorizations ?? {}))
  const connections = documents[plan.environment]?.connections ?? {}
  for (const due of plan.authorizations) {
    if (due.slot !== slot || due.level !== 'administrator') continue
    if (due.action === 'revoke' && due.credential !== null) records.delete(due.credential)
    const connection = connections[due.connection]
    if (connection === undefined) continue
    if (due.action !== 'authorize' && due.action !== 'reauthorize') continue
    const { credential, record } = expectedRecord(needOf(connection, plan.environment))
    records.set(credential, record)
  }
  return sortedRecord(records)
}

/** Everybody who was counted has consented to what they lacked; what nothing uses any more has ended. */
function usersAfter(plan: Plan, documents: Documents, slot: Slot, needOf: NeedOf): State['users'] {
  const { environment } = plan
  const definitions = documents[environment] ?? noDefinitions
  const users = new Map(Object.entries(documents[slot]?.users ?? {}))
  for (const {
    id,
    level,
    slot: where,
    action,
    connection: linkName,
    users: count
  } of plan.authorizations) {
    if (where !== slot || level !== 'logged-in-user' || count === null) continue
    const before = users.get(id) ?? []
    const connection = definitions.connections[linkName]
    if (action === 'revoke') {
      const request = { environment, documents, after: definitions, needOf }
      users.set(
        id,
        before.filter(each => isUsed(request, id, slot, each))
      )
    } else if (connection !== undefined) {
      const need = needOf(connection, environment)
      const consented = { basis: need.basis, asked: need.scopes }
      const kept = before.filter(each => covers(each, need))
      const same = kept.find(each => isDeepStrictEqual(each.asked, need.scopes))
      const others = kept.filter(each => each !== same)
      users.set(id, [...others, { ...consented, count: count + (same?.count ?? 0) }])
    }
  }
  return sortedRecord([...users].filter(([, each]) => each.length > 0))
}

function stamp(content: StateContent, documents: Documents): State {
  const before = documents[content.environment]
  const stamped = {
    ...content,
    formatVersion: 1 as const,
    lineage: before?.lineage ?? nowhere,
    serial: (before?.serial ?? 0) + 1
  }
  return { ...stamped, digest: digestOf(stamped) }
}
