import { isDeepStrictEqual } from 'node:util'
import { endAuthorization } from '../apply/end-authorization.ts'
import type { Credential } from '../model/credential.ts'
import { Refusal } from '../model/diagnostic.ts'
import {
  clientsIn,
  type Documents,
  isClient,
  neighboursOf,
  noDefinitions
} from '../model/documents.ts'
import type { DueAuthorization, Environment, Slot } from '../model/generated/types.ts'
import type { Target } from '../model/target.ts'
import { isUsed } from '../plan/user-due.ts'
import type { AuthorizeScene } from './authorize-scene.ts'
import { openJournal } from './open-vault.ts'
import { poolsOf, resolverFor, soundDocuments } from './open-workspace.ts'
import { whoWouldLose } from './shared-grant.ts'
import { recordUserCounts } from './user-counts.ts'

export interface RevokedRecord {
  readonly slot: Slot
  readonly credential: string
  /** What became of it at the service. */
  readonly service: 'ended' | 'refused' | 'not-asked'
  /** What the person should know of the service's side, and can do there; null where it has ended. */
  readonly said: string | null
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
  const forget = plan.isAsked ? await noteInJournal(scene, plan.target) : async () => {}
  await endAuthorization(slot, id, actor, { state, vault, clock: around.clock })
  await leases.forget(id).catch(() => {})
  const end = plan.isAsked ? await endAtService(scene, plan) : plan
  await forget()
  return { slot, credential: id, service: end.service, said: end.said }
}

type End = Pick<RevokedRecord, 'service' | 'said'>

type EndPlan = ToAsk | NotAsked

interface ToAsk {
  readonly isAsked: true
  readonly target: Target
  readonly credential: Credential
}

interface NotAsked extends End {
  readonly isAsked: false
}

/** Whether the service can and may be told, found out before anything is ended. */
async function planEnd(
  scene: AuthorizeScene,
  slot: Slot,
  id: string,
  { together = new Set(), former }: RevokeOptions
): Promise<EndPlan> {
  const credential = await openToEnd(scene, slot, id)
  if (typeof credential === 'string') return notAsked(credential)
  if (credential.dead?.cause === 'grant-gone') {
    return { isAsked: false, service: 'ended', said: null }
  }
  const documents = await soundDocuments(scene.state)
  const target = targetOf(
    scene,
    credential,
    former === undefined ? [documents] : [documents, former]
  )
  if (target === null) {
    return notAsked(
      'No environment has the connection any more as it was when this was authorized, so nothing says where its service is told.'
    )
  }
  const { service, way } = target
  if (way.kind !== 'oauth2') {
    return notAsked(
      `What ${service} gave out ends there: change or remove it in the account settings.`
    )
  }
  if (way.revocation.ends === 'none' || way.revocation.url === undefined) {
    return notAsked(
      `${service} has no way to be told. Remove the app in the account settings there if its access shall end.`
    )
  }
  const harmed = await whoWouldLose(
    { ...scene, documents },
    credential,
    way.revocation.ends,
    together
  )
  return harmed === null
    ? { isAsked: true, target, credential }
    : notAsked(`${service} was not told, because ${harmed}.`)
}

function notAsked(said: string): NotAsked {
  return { isAsked: false, service: 'not-asked', said }
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

/** The connection as it was when this was authorized: only where the basis is equal may the token be sent anywhere. */
function targetOf(
  { known }: AuthorizeScene,
  { connection: id, record, slot }: Credential,
  sources: readonly Documents[]
): Target | null {
  const resolver = resolverFor(known, sources.flatMap(poolsOf))
  const lineage = sources.flatMap(each => each[slot]?.lineage ?? [])[0]
  const inItsSlot = (environment: Environment) => slot === 'shared' || slot === environment
  for (const documents of sources) {
    const order = namesIn(documents, slot, lineage).toSorted(
      (a, b) => Number(inItsSlot(b)) - Number(inItsSlot(a))
    )
    for (const environment of order) {
      const connections = Object.entries(documents[environment]?.connections ?? {})
      const [linkName, connection] = connections.find(([, each]) => each.id === id) ?? []
      if (linkName === undefined || connection === undefined) continue
      const target = resolver.targetOf(linkName, connection, environment)
      const { need } = target
      // Whatever it is asked with is looked up for the slot that it is in.
      if (isDeepStrictEqual(need.basis, record.basis)) return { ...target, need: { ...need, slot } }
    }
  }
  return null
}

/** The environments of a slot. A client may have had another name. */
function namesIn(
  documents: Documents,
  slot: Slot,
  lineage: string | undefined
): readonly Environment[] {
  if (!isClient(slot) || documents[slot] !== undefined) return neighboursOf(slot)
  return clientsIn(documents).filter(each => documents[each]?.lineage === lineage)
}

async function noteInJournal({ around, actor }: AuthorizeScene, target: Target) {
  const journal = await openJournal(around)
  const { linkName, environment, service } = target
  const at = around.clock.now().toISOString()
  return journal.begin({ linkName, environment, service, by: actor, at })
}

async function endAtService(
  { secrets, around }: AuthorizeScene,
  { target, credential }: ToAsk
): Promise<End> {
  const [{ isOAuth2, resolveClient }, { revokeToken }, { ProviderFailure }] = await Promise.all([
    import('../oauth/resolve-client.ts'),
    import('../oauth/revoke-token.ts'),
    import('../oauth/provider-failure.ts')
  ])
  const { secret, clientId } = credential
  const { service } = target
  const left = `Remove the app in the account settings of ${service} if its access shall end there too.`
  if (secret.kind !== 'oauth2' || !isOAuth2(target)) return notAsked(left)
  try {
    const client = await resolveClient(target, secrets)
    if (client.id !== clientId) {
      return notAsked(
        `${service} was not told, because the OAuth2 client is another one than this was given to. ${left}`
      )
    }
    const revocation = await revokeToken(target, client, secret, around.clock)
    switch (revocation.outcome) {
      case 'revoked':
        return { service: 'ended', said: null }
      case 'not-offered':
        return notAsked(`${service} has no way to be told. ${left}`)
      case 'refused':
        return {
          service: 'refused',
          said: `${service} did not end it (${revocation.reason}). ${left}`
        }
    }
  } catch (error) {
    if (error instanceof ProviderFailure) {
      return { service: 'refused', said: `${service} did not end it (${error.message}). ${left}` }
    }
    if (!(error instanceof Refusal)) throw error
    const why = error.diagnostics.map(each => each.detail).join('\n')
    return notAsked(`${service} was not told, because it could not be asked. ${left}\n${why}`)
  }
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
