import { endAuthorization } from '../apply/end-authorization.ts'
import type { Credential } from '../model/credential.ts'
import { Refusal } from '../model/diagnostic.ts'
import { type Documents, isClient, noDefinitions } from '../model/documents.ts'
import type { DueAuthorization, Slot } from '../model/generated/types.ts'
import { isUsed } from '../plan/user-due.ts'
import type { AuthorizeScene } from './authorize-scene.ts'
import {
  endAtService,
  type GrantEnd,
  type GrantEndPlan,
  noteGrant,
  notToBeAsked,
  planGrantEnd
} from './end-grant.ts'
import { poolsOf, resolverFor, soundDocuments } from './open-workspace.ts'
import { recordUserCounts } from './user-counts.ts'

export interface RevokedRecord extends GrantEnd {
  readonly slot: Slot
  readonly credential: string
}

export interface RevokeOptions {
  /** Credentials that end together with this one: what they would lose is no reason to leave the grant. */
  readonly together?: ReadonlySet<string>
  /** State as it was before definitions changed: there stands what a connection was when it was authorized. */
  readonly former?: Documents
}

/**
 * Ends an authorization here for good and, where that harms no other that lives, at the service. The token is read first and the
 * end is made durable next, in the vault and then in state, so that nothing uses it or brings it back while the service is asked.
 * Whatever the service does, it has ended here. Cut off before the service was asked, the next run says that a grant may be left.
 */
export async function revokeRecord(
  scene: AuthorizeScene,
  { slot, credential: id }: { readonly slot: Slot; readonly credential: string },
  options: RevokeOptions = {}
): Promise<RevokedRecord> {
  const { state, vault, leases, around, actor } = scene
  const plan = await planEnd(scene, slot, id, options)
  const forget = plan.isAsked ? await noteGrant(scene, plan.target) : async () => {}
  await endAuthorization(slot, id, actor, { state, vault, clock: around.clock })
  await leases.forget(id).catch(() => {})
  const end = plan.isAsked ? await endAtService(scene, plan) : plan
  await forget()
  return { slot, credential: id, service: end.service, said: end.said }
}

/** Whether the service can and may be told, found out before anything is ended. */
async function planEnd(
  scene: AuthorizeScene,
  slot: Slot,
  id: string,
  { together = new Set(), former }: RevokeOptions
): Promise<GrantEndPlan> {
  const credential = await openToEnd(scene, slot, id)
  if (typeof credential === 'string') return notToBeAsked(credential)
  const documents = await soundDocuments(scene.state)
  const sources = former === undefined ? [] : [former]
  return planGrantEnd(scene, credential, [documents, ...sources], together)
}

/** The credential; or why it cannot be read, as what is to be said. */
async function openToEnd(
  { vault }: AuthorizeScene,
  slot: Slot,
  id: string
): Promise<Credential | string> {
  try {
    return (await vault.open(id)) ?? notTold('its credential is not in this vault')
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const codes = error.diagnostics.map(each => each.code)
    if (codes.includes('NOT_ADOPTED')) return notTold('no reader of its slot had adopted it yet')
    if (codes.includes('VAULT_KEY_CHANGED')) throw error
    if (isClient(slot) && codes.includes('VAULT_KEY_WRONG')) return theirsToTell(slot)
    return notTold(
      `its credential could not be read (${error.diagnostics.map(each => each.summary).join('; ')})`
    )
  }
}

/** What a client authorized is sealed to its own admins: we can forget it, and nobody here can end it at the service. */
function theirsToTell(slot: Slot): string {
  return `The service was not told: only the admins of ${slot} can read this credential. It is deleted here, and the grant stays at the service until the client ends it there, in the account settings of its own account.`
}

function notTold(why: string): string {
  return `The service was not told, because ${why}. Remove the app in the account settings there if its access shall end.`
}

/**
 * Ends what a plan says is not needed any more: one recorded authorization, or those of all users that nothing uses. Says what the
 * person should know of the services' side; null if all has ended there too.
 */
export async function revokePlanned(
  scene: AuthorizeScene,
  due: Pick<DueAuthorization, 'id' | 'slot' | 'level' | 'credential'>,
  former: Documents
): Promise<{ readonly said: string | null }> {
  const { slot, credential } = due
  if (credential !== null) return revokeRecord(scene, { slot, credential }, { former })
  const unused = await unusedOfUsers(scene, due)
  const together = new Set(unused)
  const said = new Set<string>()
  for (const each of unused) {
    const end = await revokeRecord(scene, { slot, credential: each }, { former, together })
    if (end.said !== null) said.add(end.said)
  }
  await recordUserCounts({ ...scene, clock: scene.around.clock })
  return { said: said.size === 0 ? null : [...said].join('\n') }
}

/** The credentials of users that no environment wants any more, as state says it now. */
async function unusedOfUsers(
  { state, vault, known }: AuthorizeScene,
  { id, slot }: Pick<DueAuthorization, 'id' | 'slot'>
): Promise<readonly string[]> {
  const documents = await soundDocuments(state)
  const { needOf } = resolverFor(known, poolsOf(documents))
  const { files } = await vault.list()
  const environment = isClient(slot) ? slot : 'dev'
  const after = documents[environment] ?? noDefinitions
  return files
    .filter(each => each.user !== null && each.connection === id && each.slot === slot)
    .filter(each => !isUsed({ environment, documents, after, needOf }, id, slot, each.facts))
    .map(each => each.id)
}
