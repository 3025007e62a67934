import { isDeepStrictEqual } from 'node:util'
import { type Diagnostic, warning } from '../model/diagnostic.ts'
import { type Definitions, type Documents, neighboursOf } from '../model/documents.ts'
import type {
  Connection,
  DueAuthorization,
  Environment,
  LinkName,
  Reason
} from '../model/generated/types.ts'
import { compareText, without } from '../model/record.ts'
import { whoMayAuthorize } from '../model/roles.ts'
import type { Need } from '../model/target.ts'
import { dueReasons, levelReasons } from './due-reasons.ts'
import { expectedRecord } from './expected-record.ts'
import {
  nearestRecord,
  type SlotRecord,
  servingRecord,
  usedRecord,
  visibleRecords
} from './used-record.ts'
import { userDue, userRevocations, whoOf } from './user-due.ts'

/** What a connection needs in an environment. Pure; the caller knows the connectors. */
export type NeedOf = (connection: Connection, environment: Environment) => Need

export interface DueRequest {
  readonly environment: Environment
  readonly documents: Documents
  /** What the environment will have. */
  readonly after: Definitions
  /** Ids of the connections that change. */
  readonly changing: ReadonlySet<string>
  readonly needOf: NeedOf
  /** Whether anybody is named who acts there. False: whoever is alone in the workspace may do all of it, and needs no role. */
  readonly hasMembers: boolean
  /** False for a plan to an older version, or while pinned: going back takes nothing away. */
  readonly mayRevoke: boolean
}

export interface Due {
  readonly authorizations: readonly DueAuthorization[]
  readonly diagnostics: readonly Diagnostic[]
}

/** Who has to authorize what, once the environment has the definitions `after`; what nobody needs then comes last. */
export function planDue(request: DueRequest): Due {
  const records = visibleRecords(request.documents, request.environment)
  const recorded = byId(request.documents[request.environment])
  const due = Object.entries(request.after.connections)
    .sort(([a], [b]) => compareText(a, b))
    .map(([linkName, connection]) => {
      const before = recorded.get(connection.id)
      return connection.level === 'administrator'
        ? administratorDue(request, linkName, connection, before, records)
        : { authorizations: userDue(request, linkName, connection, before), diagnostics: [] }
    })
  const asked = due.flatMap(each => each.authorizations)
  return {
    authorizations: [
      ...asked,
      ...(request.mayRevoke ? planRevocations(request, records, expectedOf(request, asked)) : []),
      ...(request.mayRevoke ? userRevocations(request, linkNamesById(request)) : [])
    ],
    diagnostics: due.flatMap(each => each.diagnostics)
  }
}

function administratorDue(
  request: DueRequest,
  linkName: LinkName,
  connection: Connection,
  before: Connection | undefined,
  records: readonly SlotRecord[]
): Due {
  const need = request.needOf(connection, request.environment)
  const entry = { connection: linkName, ...subjectOf(request, need), users: null }
  const remembered = request.documents[request.environment]?.serving[connection.id]
  const used = usedRecord(need, records, stillMeant(request, connection, before))
  const former =
    before === undefined
      ? undefined
      : servingRecord(request.needOf(before, request.environment), records, remembered)

  if (used !== undefined) {
    const diagnostics = notGranted(linkName, need, used)
    if (!request.changing.has(connection.id)) return { authorizations: [], diagnostics }
    const inherits = need.slot === 'shared' && used.credential !== former?.credential
    const removedScopes = without(used.record.asked, need.scopes)
    const kept = removedScopes.length > 0 ? [{ code: 'NARROWER_THAN_GRANTED' } as const] : []
    return {
      authorizations: [
        {
          ...entry,
          action: inherits ? 'inherit' : 'keep',
          credential: used.credential,
          reasons: inherits ? [{ code: 'COVERED_BY_SHARED' }] : kept,
          addedScopes: [],
          removedScopes
        }
      ],
      diagnostics
    }
  }

  const nearest = former ?? nearestRecord(need, records, remembered)
  return {
    authorizations: [
      {
        ...entry,
        action: nearest === undefined ? 'authorize' : 'reauthorize',
        credential: nearest?.credential ?? null,
        reasons: administratorReasons(need, nearest, before),
        addedScopes: without(need.scopes, nearest?.record.asked ?? []),
        removedScopes: without(nearest?.record.asked ?? [], need.scopes)
      }
    ],
    diagnostics: []
  }
}

/** What users authorized until now does nothing for an administrator, so it is no record to compare with; but it is why one is asked. */
function administratorReasons(
  need: Need,
  nearest: SlotRecord | undefined,
  before: Connection | undefined
): readonly Reason[] {
  const level = before?.level ?? need.level
  if (nearest !== undefined)
    return dueReasons({ ...nearest.record, level, slot: nearest.slot }, need)
  return [{ code: 'NEVER_AUTHORIZED' }, ...levelReasons(level, need)]
}

/** The credential in use, unless the connection now needs something else: then the choice is made anew. */
export function stillMeant(
  { environment, documents, needOf }: Pick<DueRequest, 'environment' | 'documents' | 'needOf'>,
  connection: Connection,
  before: Connection | undefined
): string | undefined {
  if (before === undefined) return undefined
  const same = isDeepStrictEqual(needOf(connection, environment), needOf(before, environment))
  return same ? documents[environment]?.serving[connection.id] : undefined
}

function subjectOf(
  request: DueRequest,
  need: Need
): Pick<DueAuthorization, 'id' | 'level' | 'slot' | 'who'> {
  return {
    id: need.connection,
    level: need.level,
    slot: need.slot,
    who: whoOf(request, whoMayAuthorize(need.level, request.environment))
  }
}

/** A provider may grant less than was asked, for good: asking again would change nothing, but people should know. */
function notGranted(linkName: LinkName, need: Need, used: SlotRecord): readonly Diagnostic[] {
  const missing = without(need.scopes, used.record.granted)
  if (missing.length === 0) return []
  return [
    warning(
      'SCOPES_NOT_GRANTED',
      'Scopes were asked for, but not granted',
      `${linkName} runs without ${missing.join(', ')}: ${used.record.account.name} did not get ${missing.length === 1 ? 'it' : 'them'} from the service. Another account, or a setting there, may help.`
    )
  ]
}

/** The records that there will be once all that is due was done. */
function expectedOf(
  { after, environment, needOf }: DueRequest,
  due: readonly DueAuthorization[]
): readonly SlotRecord[] {
  return due.flatMap(({ action, level, connection }) => {
    const wanted = after.connections[connection]
    const isAsked = action === 'authorize' || action === 'reauthorize'
    if (!isAsked || level !== 'administrator' || wanted === undefined) return []
    return [expectedRecord(needOf(wanted, environment))]
  })
}

/** Live records that no environment uses any more once all that is due here was done. */
function planRevocations(
  request: DueRequest,
  records: readonly SlotRecord[],
  expected: readonly SlotRecord[]
): readonly DueAuthorization[] {
  const needed = new Set<string>()
  const recorded = byId(request.documents[request.environment])
  for (const environment of neighboursOf(request.environment)) {
    const visible = visibleRecords(request.documents, environment)
    const then = [
      ...visible,
      ...expected.filter(({ slot }) => slot === 'shared' || slot === environment)
    ]
    const here = environment === request.environment
    const definitions = here ? request.after : request.documents[environment]
    for (const connection of Object.values(definitions?.connections ?? {})) {
      const need = request.needOf(connection, environment)
      const remembered = request.documents[environment]?.serving[connection.id]
      // Here, all that is due will have been done. Elsewhere, an environment may still live on the record it used before.
      const used = here
        ? usedRecord(need, then, stillMeant(request, connection, recorded.get(connection.id)))
        : (usedRecord(need, then, remembered) ?? servingRecord(need, visible, remembered))
      if (used !== undefined) needed.add(used.credential)
    }
  }
  const names = linkNamesById(request)
  return records
    .filter(({ record, credential }) => record.ended === null && !needed.has(credential))
    .map(({ slot, credential, record }): DueAuthorization & { at: string } => ({
      connection: names.get(record.connection) ?? record.connection.replace(/\.\d+$/, ''),
      id: record.connection,
      level: record.level,
      slot,
      action: 'revoke',
      credential,
      reasons: [{ code: 'NOT_NEEDED' }],
      addedScopes: [],
      removedScopes: record.asked,
      who: whoOf(request, whoMayAuthorize(record.level, request.environment)),
      users: null,
      at: record.at
    }))
    .sort(
      (a, b) =>
        compareText(a.connection, b.connection) ||
        compareText(a.at, b.at) ||
        compareText(a.credential ?? '', b.credential ?? '')
    )
    .map(({ at: _, ...due }) => due)
}

/** What this environment will call a connection, or called it, or another one still does. */
function linkNamesById(request: DueRequest): ReadonlyMap<string, LinkName> {
  const names = new Map<string, LinkName>()
  const sources = [
    ...neighboursOf(request.environment).map(environment => request.documents[environment]),
    request.documents[request.environment],
    request.after
  ]
  for (const source of sources) {
    for (const [linkName, { id }] of Object.entries(source?.connections ?? {}))
      names.set(id, linkName)
  }
  return names
}

function byId(definitions: Definitions | null | undefined): ReadonlyMap<string, Connection> {
  return new Map(Object.values(definitions?.connections ?? {}).map(each => [each.id, each]))
}
