import { isDeepStrictEqual } from 'node:util'
import { type Diagnostic, Refusal } from '../model/diagnostic.ts'
import { type Documents, environments } from '../model/documents.ts'
import type {
  AuthorizationRecord,
  Connection,
  ConnectionStatus,
  CredentialFile,
  OwnEnvironment,
  Status,
  StatusWord
} from '../model/generated/types.ts'
import { compareText, without } from '../model/record.ts'
import type { Need } from '../model/target.ts'
import { nearestRecord, servingRecord, usedRecord, visibleRecords } from '../plan/used-record.ts'
import { openVault } from './open-vault.ts'
import { openState, openWorkspace, poolsOf, type Resolver, resolverFor } from './open-workspace.ts'
import type { Surroundings } from './surroundings.ts'

export interface StatusResult {
  readonly status: Status
  readonly diagnostics: readonly Diagnostic[]
}

/** What an access token that cannot be refreshed has left when it counts as expiring: a day. */
const expiringMs = 24 * 60 * 60 * 1000

/** How every connection of every environment stands. Reads state and the vault's clear part; needs no key, asks nobody. */
export async function statusWorkflow(
  around: Surroundings,
  only: readonly OwnEnvironment[],
  actor: string | null
): Promise<StatusResult> {
  const workspace = await openWorkspace(around)
  const state = openState(around, workspace.settings, '')
  const { documents, problems } = await state.read()
  if (problems.length > 0) throw new Refusal(...problems)
  const resolver = resolverFor(workspace.known, poolsOf(documents))
  const vault = await openVault(around, workspace.settings)
  const { files, problems: damaged } = await vault.list()
  const scene = { documents, resolver, files, now: around.clock.now(), actor }
  const chosen = only.length > 0 ? only : environments.filter(each => documents[each] !== null)
  return {
    status: {
      environments: chosen.map(environment => ({
        environment,
        connections: Object.entries(documents[environment]?.connections ?? {})
          .sort(([a], [b]) => compareText(a, b))
          .map(([linkName, connection]) => statusOf(scene, environment, linkName, connection))
      }))
    },
    diagnostics: damaged.map(each => ({ ...each, severity: 'warning' as const }))
  }
}

interface StatusScene {
  readonly documents: Documents
  readonly resolver: Resolver
  readonly files: readonly CredentialFile[]
  readonly now: Date
  readonly actor: string | null
}

function statusOf(
  scene: StatusScene,
  environment: OwnEnvironment,
  linkName: string,
  connection: Connection
): ConnectionStatus {
  const need = scene.resolver.needOf(connection, environment)
  const own = { connection: linkName, need }
  if (need.level === 'logged-in-user') return statusOfUser(scene, own)
  const records = visibleRecords(scene.documents, environment)
  const remembered = scene.documents[environment]?.serving[connection.id]
  const used = usedRecord(need, records, remembered)
  if (used !== undefined) {
    const file = scene.files.find(each => each.id === used.credential)
    return line(
      own,
      file === undefined ? 'credential-not-here' : liveness(file, scene.now),
      used.record,
      file
    )
  }
  const serving = servingRecord(need, records, remembered)
  const former = serving ?? nearestRecord(need, records, remembered)
  if (former === undefined) return line(own, 'pending', null, undefined)
  const file = scene.files.find(each => each.id === former.credential)
  const revoked = former.record.ended?.cause === 'REVOKED'
  return line(own, revoked ? 'revoked' : 'needs-reauthorization', former.record, file)
}

/** Users authorize for themselves: what is told is the actor's own. */
function statusOfUser(scene: StatusScene, own: Own): ConnectionStatus {
  const file = scene.files.find(
    each =>
      each.user !== null &&
      each.user === scene.actor &&
      each.slot === own.need.slot &&
      each.connection === own.need.connection
  )
  if (file === undefined) return line(own, 'pending', null, undefined)
  const fits =
    isDeepStrictEqual(file.facts.basis, own.need.basis) &&
    without(own.need.scopes, file.facts.asked).length === 0
  return line(own, fits ? liveness(file, scene.now) : 'needs-reauthorization', file.facts, file)
}

interface Own {
  readonly connection: string
  readonly need: Need
}

function liveness({ expiresAt, refreshable }: CredentialFile, now: Date): StatusWord {
  if (expiresAt === null || refreshable) return 'connected'
  const left = Date.parse(expiresAt) - now.getTime()
  if (left <= 0) return 'needs-reauthorization'
  return left < expiringMs ? 'expiring' : 'connected'
}

function line(
  { connection, need }: Own,
  status: StatusWord,
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
    adopted: file === undefined ? null : true,
    expiresAt: file?.expiresAt ?? null
  }
}
