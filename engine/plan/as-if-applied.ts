import { digestOf } from '../model/digest.ts'
import { type Documents, emptyContent, type StateContent } from '../model/documents.ts'
import type { Plan, Slot, State } from '../model/generated/types.ts'
import { sortedRecord } from '../model/record.ts'
import { type Accompanying, contentAfter, differs, servingConsent } from './content-after.ts'
import { expectedRecord } from './expected-record.ts'
import type { NeedOf } from './plan-due.ts'

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
    after[slot] = stamp({ ...before, authorizations }, after)
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
