import { isDeepStrictEqual } from 'node:util'
import type { Authorized } from '../authorize/authorized.ts'
import { type Diagnostic, Refusal } from '../model/diagnostic.ts'
import type { Account } from '../model/generated/types.ts'
import { sortedUnique, without } from '../model/record.ts'
import type { Target } from '../model/target.ts'
import { actorOf } from './actor.ts'
import {
  type AuthorizeRequest,
  type AuthorizeResult,
  type AuthorizeScene,
  type Consent,
  type Conversation,
  targetIn
} from './authorize-scene.ts'
import { nameAccount, refuseOtherAccount } from './consent-account.ts'
import { converse } from './converse.ts'
import { mendState } from './mend.ts'
import { checkCommitment, openJournal, openVault } from './open-vault.ts'
import { openState, openWorkspace, poolsOf, resolverFor, soundDocuments } from './open-workspace.ts'
import { orphanedGrants } from './orphaned-grants.ts'
import { referenceResolver } from './resolve-references.ts'
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
  const workspace = await openWorkspace(around)
  const actor = await actorOf(around)
  const state = openState(around, workspace.settings, actor)
  const { known } = workspace
  const vault = await openVault(around, workspace.settings)
  const mended = await mendState(await soundDocuments(state), state, vault, known)
  const scene: AuthorizeScene = {
    around,
    actor,
    state,
    documents: mended.documents,
    known,
    resolver: resolverFor(known, poolsOf(mended.documents)),
    vault,
    secrets: referenceResolver(around)
  }
  const targets = request.environments.map(environment =>
    targetIn(scene, request.connection, environment)
  )
  const orphaned = await orphanedGrants(around)
  const diagnostics = [...orphaned.diagnostics, ...mended.diagnostics]
  const consents: Consent[] = []
  for (const group of byBasis(targets)) {
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
  return { consents, diagnostics }
}

/** One consent serves every environment that stands on the same basis. */
function byBasis(targets: readonly Target[]): readonly (readonly Target[])[] {
  const groups: Target[][] = []
  for (const target of targets) {
    const group = groups.find(
      ([first]) =>
        first?.need.level === target.need.level &&
        isDeepStrictEqual(first.need.basis, target.need.basis)
    )
    if (group === undefined) groups.push([target])
    else group.push(target)
  }
  return groups
}

/** Leads one person through one consent and stores it in every slot of the group. */
export async function authorizeGroup(
  scene: AuthorizeScene,
  group: readonly Target[],
  request: Pick<AuthorizeRequest, 'user' | 'method' | 'from' | 'switchAccount' | 'signal'>,
  conversation: Conversation
): Promise<{ readonly consent: Consent; readonly found: readonly Diagnostic[] }> {
  const [first] = group
  if (first === undefined) throw new Error('A consent needs a target')
  const scopes = sortedUnique(group.flatMap(each => each.need.scopes))
  const target: Target = { ...first, need: { ...first.need, scopes } }
  const slots = [...new Set(group.map(each => each.need.slot))]
  for (const slot of slots) await checkCommitment(scene.vault, scene.documents, slot, 'write')
  const user = target.need.level === 'logged-in-user' ? (request.user ?? scene.actor) : null

  const journal = await openJournal(scene.around)
  let forget = async (): Promise<void> => {}
  let account: Account = { id: null, name: '' }
  let isUnstored = false
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
    if (!request.switchAccount) await refuseOtherAccount(scene, target, slots, user, account)
    isUnstored = true
    for (const slot of slots) {
      const credential = credentialOf(scene, target, slot, user, authorized, account)
      await storeConsent(scene, credential, group)
    }
    isUnstored = false
  }
  try {
    const steps = { onGrantRequested, onAuthorized }
    const authorized = await converse(scene, target, request, conversation, steps)
    const missing = without(scopes, authorized.granted)
    const consent: Consent = {
      connection: target.linkName,
      environments: group.map(each => each.environment),
      slots,
      user,
      account,
      asked: scopes,
      granted: authorized.granted,
      missing
    }
    return { consent, found: await consentFindings(scene, target, authorized, missing) }
  } finally {
    // Refused or stored: either way we know what became of the grant. If storing failed, the next run says that it exists.
    if (!isUnstored) await forget()
  }
}
