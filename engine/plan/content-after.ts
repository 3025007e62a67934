import { isDeepStrictEqual } from 'node:util'
import {
  type ConnectorsByDigest,
  type Documents,
  emptyContent,
  isClient,
  type StateContent
} from '../model/documents.ts'
import type {
  Change,
  Connection,
  Digest,
  EntryId,
  Environment,
  Ids,
  Plan,
  Retired
} from '../model/generated/types.ts'
import { sortedRecord } from '../model/record.ts'
import { applyChanges } from './apply-changes.ts'
import { type NeedOf, stillMeant } from './plan-due.ts'
import { servingRecord, usedRecord, visibleRecords } from './used-record.ts'

/** What a plan's definitions bring along that the plan itself does not show. */
export interface Accompanying {
  /** Where to find the workspace connectors that connections name. */
  readonly connectors: ConnectorsByDigest
  /** dev: display names given so far. */
  readonly given: Readonly<Record<EntryId, string>>
  /** stage: the digest of the version that this publish makes; null if it makes none. */
  readonly versionDigest: Digest | null
}

/** The content of an environment's document once the plan's definition changes are written. Authorizations stay as they are. */
export function contentAfter(
  plan: Plan,
  documents: Documents,
  accompanying: Accompanying,
  needOf: NeedOf
): StateContent {
  const before = documents[plan.environment] ?? emptyContent(plan.environment)
  const definitions = applyChanges(before, plan.changes)
  const named = Object.values(definitions.connections).map(each => each.connectorDigest)
  const pool = { ...before.connectors, ...accompanying.connectors }
  const { to, pinned } = plan.version
  const runsVersions = plan.environment === 'prod' || isClient(plan.environment)
  const digest = accompanying.versionDigest
  return {
    environment: plan.environment,
    version: to,
    pinned,
    had:
      runsVersions && to !== null
        ? [...new Set([...before.had, to])].sort((a, b) => a - b)
        : before.had,
    versions:
      digest !== null && to !== null ? { ...before.versions, [to]: digest } : before.versions,
    retired: plan.environment === 'dev' ? retire(before.retired, plan.changes) : before.retired,
    given: plan.environment === 'dev' ? accompanying.given : before.given,
    source: plan.source,
    vault: before.vault,
    connectors: sortedRecord(Object.entries(pool).filter(([each]) => named.includes(each))),
    ...definitions,
    serving: servingAfter(plan, documents, definitions.connections, needOf),
    users: before.users,
    authorizations: before.authorizations
  }
}

/** Whether writing the content would change more than where it was taken from. */
export function differs(content: StateContent, documents: Documents): boolean {
  const before = documents[content.environment] ?? null
  if (before === null)
    return !isDeepStrictEqual({ ...content, source: null }, emptyContent(content.environment))
  const { formatVersion: _f, lineage: _l, serial: _s, digest: _d, ...old } = before
  return !isDeepStrictEqual({ ...content, source: null }, { ...old, source: null })
}

/** A link name that is given up keeps pointing to its id, so that an edit undone finds it again. */
function retire(before: Retired, changes: readonly Change[]): Retired {
  const retireIn = (ids: Ids, subject: Change['subject']): Ids => {
    const after = new Map(Object.entries(ids))
    const own = changes.filter(each => each.subject === subject)
    for (const { action, linkName, from, id } of own) {
      if (action === 'delete') after.set(linkName, id)
      if (action === 'rename' && from !== null) after.set(from, id)
    }
    for (const { action, linkName } of own) if (action !== 'delete') after.delete(linkName)
    return sortedRecord(after)
  }
  return {
    connections: retireIn(before.connections, 'connection'),
    components: retireIn(before.components, 'component')
  }
}

/** What each connection uses from now on; while it waits for a consent, whatever served it until this very write. */
function servingAfter(
  plan: Plan,
  documents: Documents,
  after: StateContent['connections'],
  needOf: NeedOf
): Readonly<Record<EntryId, string>> {
  const { environment } = plan
  const document = documents[environment]
  const records = visibleRecords(documents, environment)
  const recorded = new Map(Object.values(document?.connections ?? {}).map(each => [each.id, each]))
  return sortedRecord(
    Object.values(after).flatMap((connection): [EntryId, string][] => {
      if (connection.level !== 'administrator') return []
      const need = needOf(connection, environment)
      const before = recorded.get(connection.id)
      const meant = stillMeant({ environment, documents, needOf }, connection, before)
      const used = usedRecord(need, records, meant)
      if (used !== undefined) return [[connection.id, used.credential]]
      if (before === undefined) return []
      const remembered = document?.serving[connection.id]
      const former = servingRecord(needOf(before, environment), records, remembered)
      const fits = former !== undefined && isDeepStrictEqual(former.record.basis, need.basis)
      return fits ? [[connection.id, former.credential]] : []
    })
  )
}

/** The content of an environment's document once it uses a consent that was just recorded for one of its connections. */
export function servingConsent(
  environment: Environment,
  documents: Documents,
  connection: Connection,
  needOf: NeedOf
): StateContent | null {
  const document = documents[environment] ?? null
  if (document === null) return null
  const need = needOf(connection, environment)
  const used = usedRecord(need, visibleRecords(documents, environment), undefined)
  if (used === undefined || document.serving[connection.id] === used.credential) return null
  return {
    ...document,
    serving: sortedRecord([...Object.entries(document.serving), [connection.id, used.credential]])
  }
}
