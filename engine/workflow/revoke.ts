import { type Diagnostic, note } from '../model/diagnostic.ts'
import { type Documents, environments, neighboursOf } from '../model/documents.ts'
import type {
  AuthorizationRecord,
  CredentialFile,
  Environment,
  Slot
} from '../model/generated/types.ts'
import { compareText } from '../model/record.ts'
import type { Target } from '../model/target.ts'
import { servingRecord, visibleRecords } from '../plan/used-record.ts'
import { openAuthorizeScene } from './authorize.ts'
import { type AuthorizeScene, targetIn, userNotApplicable } from './authorize-scene.ts'
import { orphanedGrants } from './orphaned-grants.ts'
import { permit } from './permit.ts'
import { type RevokedRecord, revokeRecord } from './revoke-record.ts'
import { runAs } from './run-as.ts'
import { sightOf } from './sight.ts'
import type { Surroundings } from './surroundings.ts'
import { recordUserCounts } from './user-counts.ts'

export interface RevokeRequest {
  readonly connection: string
  readonly environment: Environment
  /** Whose, of a connection that each user authorizes; default the actor. */
  readonly user: string | undefined
}

/** What is about to end in more than one environment at once. */
export interface SharedEnd {
  readonly connection: string
  readonly user: string | null
  /** Those that run on it, or could. */
  readonly environments: readonly Environment[]
}

export interface RevokeConversation {
  /** Asked before anything shared is ended. false leaves everything as it is. */
  readonly confirm: (end: SharedEnd) => Promise<boolean>
}

export interface Revoked extends Omit<RevokedRecord, 'credential'> {
  readonly user: string | null
  readonly account: AuthorizationRecord['account']
  readonly by: string
  readonly at: string
  /** Those that ran on it. */
  readonly environments: readonly Environment[]
}

export interface RevokeResult {
  readonly connection: string
  readonly environment: Environment
  readonly revoked: readonly Revoked[]
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Ends what a connection is authorized with in an environment: all that lives in its slot, or that one user's. Definition and
 * references stay. Done twice, it says that there is nothing to end. null if the person said no. Throws a Refusal before anything
 * was ended.
 */
export async function revokeWorkflow(
  around: Surroundings,
  request: RevokeRequest,
  conversation: RevokeConversation
): Promise<RevokeResult | null> {
  const { connection, environment } = request
  const { scene: opened, found } = await openAuthorizeScene(around)
  const scene = { ...opened, state: runAs(opened.state, `revoke ${connection}`) }
  permitSight(scene, environment)
  const target = targetIn(scene, connection, environment)
  const user = userOf(scene, target, request)
  const orphaned = await orphanedGrants(around, scene)
  const ends = user === null ? recordsOf(scene, target) : await ofUser(scene, target, user)
  permitAll(scene, target, user, ends)
  const diagnostics = [...orphaned.diagnostics, ...found]
  const result = { connection, environment, diagnostics }
  if (ends.length === 0) {
    await orphaned.forget()
    return {
      ...result,
      revoked: [],
      diagnostics: [...diagnostics, nothingToRevoke(request, user)]
    }
  }
  const shared = sharedEnd(scene, target, user, ends)
  if (shared !== null && !(await conversation.confirm(shared))) return null
  await orphaned.forget()
  const together = new Set(ends.map(each => each.id))
  const revoked: Revoked[] = []
  for (const { id, slot, record } of ends) {
    const used = usedIn(scene, { slot, id, record })
    const { credential: _, ...end } = await revokeRecord(
      scene,
      { slot, credential: id },
      { together }
    )
    const { account, by, at } = record
    revoked.push({ ...end, user, account, by, at, environments: used })
  }
  if (user !== null) {
    await recordUserCounts({ ...scene, clock: around.clock })
  }
  return { ...result, revoked }
}

/** One authorization that is to end. */
interface Ending {
  readonly id: string
  readonly slot: Slot
  readonly record: AuthorizationRecord
}

function userOf({ actor }: AuthorizeScene, target: Target, { user }: RevokeRequest): string | null {
  if (target.need.level === 'logged-in-user') return user ?? actor
  if (user === undefined) return null
  throw userNotApplicable(target)
}

/** What lives in the slot of the connection, and what serves it still from where it was before. */
function recordsOf(scene: AuthorizeScene, { need, environment }: Target): readonly Ending[] {
  const { documents } = scene
  const remembered = documents[environment]?.serving[need.connection]
  const visible = visibleRecords(documents, environment)
  const serving = servingRecord(need, visible, remembered)
  return visible
    .filter(({ slot, credential, record }) => {
      const isOurs = record.connection === need.connection && record.level === 'administrator'
      const isMeant = slot === need.slot || credential === serving?.credential
      // What lost scopes is not used any more, but lives on at the service.
      const lives = record.ended === null || record.ended.cause === 'SCOPES_LOST'
      return isOurs && isMeant && lives
    })
    .map(({ slot, credential, record }) => ({ id: credential, slot, record }))
    .toSorted((a, b) => compareText(a.record.at, b.record.at) || compareText(a.id, b.id))
}

async function ofUser(
  { vault }: AuthorizeScene,
  { need }: Target,
  user: string
): Promise<readonly Ending[]> {
  const { files } = await vault.list()
  const isTheirs = (each: CredentialFile): boolean =>
    each.user === user && each.connection === need.connection && each.slot === need.slot
  const endings = files
    .filter(isTheirs)
    .map(({ id, slot, facts }): Ending => ({ id, slot, record: facts }))
  // A deposit and the record that came of it are one.
  return [...new Map(endings.map(each => [each.id, each])).values()]
}

/** Throws a Refusal before anything of an environment is told to somebody who sees nothing of it. */
function permitSight({ settings, actor }: AuthorizeScene, environment: Environment): void {
  if (sightOf(settings, environment, actor) !== 'none') return
  permit(settings, actor, {
    kind: 'revoke',
    level: 'administrator',
    slot: environment,
    isOwn: false
  })
}

function permitAll(
  { settings, actor }: AuthorizeScene,
  { need }: Target,
  user: string | null,
  ends: readonly Ending[]
): void {
  for (const slot of new Set([need.slot, ...ends.map(each => each.slot)])) {
    permit(settings, actor, {
      kind: 'revoke',
      level: need.level,
      slot,
      isOwn: user !== null && user === actor
    })
  }
}

/** null where only the environment itself is concerned. */
function sharedEnd(
  scene: AuthorizeScene,
  { linkName, need }: Target,
  user: string | null,
  ends: readonly Ending[]
): SharedEnd | null {
  if (ends.every(each => each.slot !== 'shared')) return null
  const { documents, resolver } = scene
  const concerned = environments.filter(environment => {
    const runs = ends.some(end => usedIn(scene, end).includes(environment))
    const connection = connectionIn(documents, environment, need.connection)
    return runs || (connection && resolver.needOf(connection, environment).slot === 'shared')
  })
  return { connection: linkName, user, environments: concerned }
}

/** The environments that run on a credential of everybody's. */
function usedIn(
  { documents, resolver }: AuthorizeScene,
  { slot, id: credential, record: { connection: id } }: Ending
): readonly Environment[] {
  return neighboursOf(slot).filter(environment => {
    const connection = connectionIn(documents, environment, id)
    if (connection?.level !== 'administrator') return false
    const need = resolver.needOf(connection, environment)
    const remembered = documents[environment]?.serving[id]
    const serving = servingRecord(need, visibleRecords(documents, environment), remembered)
    return serving?.credential === credential
  })
}

function connectionIn(documents: Documents, environment: Environment, id: string) {
  return Object.values(documents[environment]?.connections ?? {}).find(each => each.id === id)
}

function nothingToRevoke(
  { connection, environment }: RevokeRequest,
  user: string | null
): Diagnostic {
  const whose = user === null ? '' : ` of ${user}`
  return note(
    'NOTHING_TO_REVOKE',
    'There is nothing to revoke',
    `No authorization of ${connection}${whose} lives in ${environment}. Nothing was changed.`
  )
}
