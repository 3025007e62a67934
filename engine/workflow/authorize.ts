import type { Authorized } from '../authorize/authorized.ts'
import { type Diagnostic, Refusal } from '../model/diagnostic.ts'
import { digestOf } from '../model/digest.ts'
import { type Documents, isClient } from '../model/documents.ts'
import type { Account, CredentialFile, Environment } from '../model/generated/types.ts'
import type { StateStore } from '../model/ports.ts'
import { sortedUnique, without } from '../model/record.ts'
import type { Target } from '../model/target.ts'
import { actorOf } from './actor.ts'
import {
  type AuthorizeRequest,
  type AuthorizeResult,
  type AuthorizeScene,
  type Consent,
  type Conversation,
  targetIn,
  userNotApplicable
} from './authorize-scene.ts'
import { nameAccount, refuseOtherAccount } from './consent-account.ts'
import { converse } from './converse.ts'
import { endReplaced, openReplaceable } from './end-replaced.ts'
import { mendAndEnd } from './mend.ts'
import { identityOf, openJournal, openLeases, openVault } from './open-vault.ts'
import {
  openState,
  openWorkspace,
  poolsOf,
  resolverFor,
  soundDocuments,
  type Workspace
} from './open-workspace.ts'
import { orphanedGrants } from './orphaned-grants.ts'
import { permit } from './permit.ts'
import { latestDocuments } from './read-documents.ts'
import { referenceResolver } from './resolve-references.ts'
import { sightOf } from './sight.ts'
import { consentFindings, credentialOf, storeConsent } from './store-consent.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * Authorizes a connection as it is recorded in the given environments. Throws a Refusal if nothing was stored; if only some was, what
 * went wrong is among the diagnostics.
 */
export async function authorizeWorkflow(
  around: Surroundings,
  request: AuthorizeRequest,
  conversation: Conversation
): Promise<AuthorizeResult> {
  const { scene, found } = await openAuthorizeScene(around)
  for (const environment of request.environments) permitSight(scene, environment)
  const targets = request.environments.map(environment =>
    targetIn(scene, request.connection, environment)
  )
  for (const target of targets) {
    if (request.user !== undefined && target.need.level === 'administrator')
      throw userNotApplicable(target)
  }
  for (const target of targets) permitAuthorize(scene, target, request.user)
  const orphaned = await orphanedGrants(around, scene)
  const diagnostics = [...orphaned.diagnostics, ...found]
  const consents: Consent[] = []
  for (const group of await groupsOf(scene, targets)) {
    if (consents.length > 0 && request.signal?.aborted === true) break
    try {
      const { consent, found } = await authorizeGroup(scene, group, request, conversation)
      consents.push(consent)
      diagnostics.push(...found)
    } catch (error) {
      // What was stored before has to be told too.
      if (consents.length === 0 || !(error instanceof Refusal)) throw error
      diagnostics.push(...error.diagnostics)
      break
    }
  }
  await orphaned.forget()
  // Two consents for one account would say so twice.
  const told = new Map(diagnostics.map(each => [JSON.stringify(each), each] as const))
  return { consents, diagnostics: [...told.values()] }
}

/** Everything that authorizing needs, with what cut-off runs left behind mended. */
export async function openAuthorizeScene(
  around: Surroundings
): Promise<{ readonly scene: AuthorizeScene; readonly found: readonly Diagnostic[] }> {
  const workspace = await openWorkspace(around)
  const actor = await actorOf(around)
  const state = openState(around, workspace.settings, actor)
  const documents = await soundDocuments(state)
  const scene = await authorizeSceneOf(around, workspace, state, documents, actor)
  const mended = await mendAndEnd(scene)
  return {
    scene: {
      ...scene,
      documents: mended.documents,
      resolver: resolverFor(scene.known, poolsOf(mended.documents))
    },
    found: mended.diagnostics
  }
}

/** What everything that deals with authorizations works with. */
export async function authorizeSceneOf(
  around: Surroundings,
  { settings, known }: Pick<Workspace, 'settings' | 'known'>,
  state: StateStore,
  documents: Documents,
  actor: string
): Promise<AuthorizeScene> {
  const latest = latestDocuments(around, settings, state)
  const vault = await openVault(around, settings, latest, actor)
  return {
    around,
    settings,
    actor,
    state,
    documents,
    known,
    resolver: resolverFor(known, poolsOf(documents)),
    vault,
    leases: await openLeases(around, settings),
    secrets: referenceResolver(around, settings, vault)
  }
}

/** Throws a Refusal before anything of an environment is told to somebody who sees nothing of it. */
function permitSight({ settings, actor }: AuthorizeScene, environment: Environment): void {
  if (sightOf(settings, environment, actor) !== 'none') return
  permit(settings, actor, {
    kind: 'authorize',
    level: 'administrator',
    environment,
    isOwn: false
  })
}

/** Throws a Refusal unless the actor may authorize this. */
export function permitAuthorize(
  { settings, actor }: Pick<AuthorizeScene, 'settings' | 'actor'>,
  { need, environment }: Target,
  user: string | undefined
): void {
  const isOwn = need.level === 'logged-in-user' && (user ?? actor) === actor
  permit(settings, actor, { kind: 'authorize', level: need.level, environment, isOwn })
}

/**
 * One consent serves every environment that stands on the same basis. Where tokens are renewed, only slots that the same keys read
 * share one: whoever renews it must be able to pass the new tokens on to the other copies.
 */
async function groupsOf(
  { around, settings, vault }: AuthorizeScene,
  targets: readonly Target[]
): Promise<readonly (readonly Target[])[]> {
  const groups: { readonly key: string; readonly targets: Target[] }[] = []
  // Alone, a slot without keys gets some that are the person's own.
  const own = settings.members === undefined ? await (await identityOf(around)).find() : null
  const first = own === null ? null : [own.recipient]
  for (const target of targets) {
    const { connection, level, basis, slot } = target.need
    const readers = target.way.kind === 'oauth2' ? ((await vault.readers(slot)) ?? first) : null
    // A client's consent is its own, whoever gives it.
    const client = isClient(slot) ? slot : null
    // A link name may stand for something else in another environment.
    const key = digestOf({ connection, level, basis, readers, client })
    const group = groups.find(each => each.key === key)
    if (group === undefined) groups.push({ key, targets: [target] })
    else group.targets.push(target)
  }
  return groups.map(each => each.targets)
}

/** Leads one person through one consent and stores it in every slot of the group. */
export async function authorizeGroup(
  scene: AuthorizeScene,
  group: readonly Target[],
  request: Omit<AuthorizeRequest, 'connection' | 'environments'>,
  conversation: Conversation
): Promise<{ readonly consent: Consent; readonly found: readonly Diagnostic[] }> {
  const [first] = group
  if (first === undefined) throw new Error('A consent needs a target')
  const { switchAccount } = request
  const scopes = sortedUnique(group.flatMap(each => each.need.scopes))
  const target: Target = { ...first, need: { ...first.need, scopes } }
  const slots = [...new Set(group.map(each => each.need.slot))]
  // What would stand in the way of storing is found out before anybody is asked.
  for (const slot of slots) await scene.vault.checkStore(slot)
  const user = target.need.level === 'logged-in-user' ? (request.user ?? scene.actor) : null

  const journal = await openJournal(scene.around)
  let forget = async (): Promise<void> => {}
  let account: Account = { id: null, name: '' }
  let isUnstored = false
  let isAdopted = true
  const ended: Diagnostic[] = []
  const onGrantRequested = async (): Promise<void> => {
    forget = await journal.begin({
      linkName: target.linkName,
      environment: target.environment,
      service: target.service,
      by: scene.actor,
      at: scene.around.clock.now().toISOString()
    })
  }
  const onAuthorized = async (authorized: Authorized): Promise<void> => {
    account = await nameAccount(scene, target, slots, user, authorized)
    if (!switchAccount) await refuseOtherAccount(scene, target, slots, user, account)
    isUnstored = true
    const isReplaceable = (file: CredentialFile): boolean =>
      file.connection === target.need.connection && file.user === user && slots.includes(file.slot)
    const before = await openReplaceable(scene, isReplaceable)
    for (const slot of slots) {
      const credential = credentialOf(scene, target, slot, user, authorized, account)
      const how = await storeConsent(scene, credential, group, { switchAccount })
      if (how === 'deposited') isAdopted = false
    }
    isUnstored = false
    ended.push(...(await endReplaced(scene, before)))
  }
  try {
    const steps = { onGrantRequested, onAuthorized }
    const authorized = await converse(scene, target, request, conversation, steps)
    const consent: Consent = {
      connection: target.linkName,
      environments: group.map(each => each.environment),
      slots,
      user,
      account,
      asked: scopes,
      granted: authorized.granted,
      missing: without(scopes, authorized.granted),
      adopted: isAdopted
    }
    const found = await consentFindings(scene, target, authorized, consent)
    return { consent, found: [...found, ...ended] }
  } finally {
    // Refused or stored: either way we know what became of the grant. If storing failed, the next run says that it exists.
    if (!isUnstored) await forget()
  }
}
