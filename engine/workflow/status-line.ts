import { isDeepStrictEqual } from 'node:util'
import type { Documents } from '../model/documents.ts'
import type {
  AuthorizationRecord,
  Connection,
  ConnectionStatus,
  CredentialFile,
  Environment,
  Slot,
  State,
  StatusCause,
  StatusWord
} from '../model/generated/types.ts'
import { without } from '../model/record.ts'
import type { Need } from '../model/target.ts'
import {
  nearestRecord,
  type SlotRecord,
  servingRecord,
  usedRecord,
  visibleRecords
} from '../plan/used-record.ts'
import type { Resolver } from './open-workspace.ts'

/** What an access token that cannot be refreshed has left when it counts as expiring: a day. */
const expiringMs = 24 * 60 * 60 * 1000

export interface StatusScene {
  readonly documents: Documents
  readonly resolver: Pick<Resolver, 'needOf'>
  /** Whether the application gets tokens without a person, and new ones in the same way. */
  readonly renewsItself: (connection: Connection, environment: Environment) => boolean
  /** The clear part of what is in the vault. */
  readonly files: readonly CredentialFile[]
  /** How many people have authorized, by slot, as the vault has it; state is asked where it has nothing. */
  readonly users: ReadonlyMap<Slot, State['users']>
  /** What only the services know, by credential. */
  readonly found: ReadonlyMap<string, StatusCause>
  readonly now: Date
  readonly actor: string | null
}

/** How one connection stands in one environment. */
export function statusLine(
  scene: StatusScene,
  environment: Environment,
  linkName: string,
  connection: Connection
): ConnectionStatus {
  const need = scene.resolver.needOf(connection, environment)
  const own = {
    connection: linkName,
    need,
    users: countOf(scene, need),
    renewsItself: scene.renewsItself(connection, environment)
  }
  if (need.level === 'logged-in-user') return ofUser(scene, own)
  const records = visibleRecords(scene.documents, environment)
  const remembered = scene.documents[environment]?.serving[connection.id]
  const used = usedRecord(need, records, remembered)
  if (used === undefined) {
    const former = nearestRecord(need, records, remembered)
    if (former === undefined) return line(own, ['pending', 'never-authorized'], null, undefined)
    const serving = servingRecord(need, records, remembered)
    const file = fileOf(scene, former.credential)
    return line(own, notUsed(need, former, serving, file), former.record, file)
  }
  const file = fileOf(scene, used.credential)
  const state: Standing =
    file === undefined ? ['credential-not-here', null] : standing(scene, own, file)
  if (isWaiting(scene, need, used, file)) {
    const waits: Standing = state[1] === null ? [state[0], 'not-adopted'] : state
    return { ...line(own, waits, used.record, file), adopted: false }
  }
  return line(own, state, used.record, file)
}

type Standing = readonly [StatusWord, StatusCause | null]

interface Own {
  readonly connection: string
  readonly need: Need
  readonly users: number | null
  readonly renewsItself: boolean
}

function countOf({ documents, users }: StatusScene, need: Need): number | null {
  if (need.level !== 'logged-in-user') return null
  const counts = users.get(need.slot) ?? documents[need.slot]?.users ?? {}
  return (counts[need.connection] ?? []).reduce((sum, { count }) => sum + count, 0)
}

/** Users authorize for themselves: what is told is the actor's own. */
function ofUser(scene: StatusScene, own: Own): ConnectionStatus {
  const { need } = own
  const files = scene.files.filter(
    each =>
      each.user !== null &&
      each.user === scene.actor &&
      each.slot === need.slot &&
      each.connection === need.connection
  )
  const file = newest(files.filter(each => each.dead === null)) ?? newest(files)
  if (file === undefined) return line(own, ['pending', 'never-authorized'], null, undefined)
  const { facts } = file
  const state: Standing = !isDeepStrictEqual(facts.basis, need.basis)
    ? ['needs-reauthorization', 'basis-changed']
    : without(need.scopes, facts.asked).length > 0
      ? ['needs-reauthorization', 'scopes-added']
      : standing(scene, own, file)
  return line(own, state, facts, file)
}

/** Of a deposit and its adopted record, the latter. */
function fileOf({ files }: StatusScene, credential: string): CredentialFile | undefined {
  const own = files.filter(each => each.id === credential)
  return own.find(each => each.proof.kind === 'adopted') ?? own[0]
}

function newest(files: readonly CredentialFile[]): CredentialFile | undefined {
  return files.reduce<CredentialFile | undefined>(
    (best, each) => (best === undefined || each.facts.at > best.facts.at ? each : best),
    undefined
  )
}

/** Of a credential that fits what is needed. */
function standing(
  { found, now }: StatusScene,
  { renewsItself }: Own,
  file: CredentialFile
): Standing {
  if (file.dead !== null) return ['needs-reauthorization', file.dead.cause]
  const cause = found.get(file.id)
  if (cause !== undefined) return ['drifted', cause]
  const waits = file.proof.kind === 'deposit' ? 'not-adopted' : null
  if (file.expiresAt === null || file.refreshable || renewsItself) return ['connected', waits]
  const left = Date.parse(file.expiresAt) - now.getTime()
  if (left <= 0) return ['needs-reauthorization', 'expired']
  return [left < expiringMs ? 'expiring' : 'connected', waits]
}

/** Why nothing that is recorded serves the need. */
function notUsed(
  need: Need,
  { slot, record }: SlotRecord,
  serving: SlotRecord | undefined,
  file: CredentialFile | undefined
): Standing {
  switch (record.ended?.cause) {
    case 'REVOKED':
      return ['revoked', 'revoked']
    case 'SCOPES_LOST':
      return ['drifted', 'scopes-lost']
    case 'EXPIRED':
      return ['needs-reauthorization', file?.dead?.cause ?? 'expired']
    case undefined: {
      if (file !== undefined && file.dead !== null) {
        return ['needs-reauthorization', file.dead.cause]
      }
      if (serving === undefined && !isDeepStrictEqual(record.basis, need.basis)) {
        return ['needs-reauthorization', 'basis-changed']
      }
      return ['needs-reauthorization', slot === need.slot ? 'scopes-added' : 'slot-changed']
    }
  }
}

/** Whether something newer was deposited for the same need and waits for a reader, while the record before is still in use. */
function isWaiting(
  { files }: StatusScene,
  need: Need,
  used: SlotRecord,
  file: CredentialFile | undefined
): boolean {
  return files.some(
    each =>
      each.proof.kind === 'deposit' &&
      each.id !== file?.id &&
      each.user === null &&
      each.slot === need.slot &&
      each.connection === need.connection &&
      each.facts.at > used.record.at &&
      isDeepStrictEqual(each.facts.basis, need.basis) &&
      without(need.scopes, each.facts.asked).length === 0
  )
}

function line(
  { connection, need, users }: Own,
  [status, cause]: Standing,
  record: AuthorizationRecord | null,
  file: CredentialFile | undefined
): ConnectionStatus {
  return {
    connection,
    status,
    account: record?.account ?? null,
    by: record?.by ?? null,
    at: record?.at ?? null,
    asked: record?.asked ?? [],
    granted: record?.granted ?? [],
    missing: record === null ? [] : without(need.scopes, record.granted),
    adopted: file === undefined ? null : file.proof.kind === 'adopted',
    expiresAt: file?.expiresAt ?? null,
    cause,
    users
  }
}
