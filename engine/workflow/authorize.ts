import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { isEqualConsent, recordConsent } from '../apply/record-consent.ts'
import type { Authorized } from '../authorize/authorized.ts'
import type { OAuthOptions } from '../authorize/oauth-options.ts'
import type { Credential } from '../model/credential.ts'
import { type Diagnostic, note, problem, Refusal, warning } from '../model/diagnostic.ts'
import { meant } from '../model/did-you-mean.ts'
import type { Documents } from '../model/documents.ts'
import type {
  Account,
  AuthorizationRecord,
  Fields,
  OwnEnvironment,
  Slot
} from '../model/generated/types.ts'
import type { SecretResolver, StateStore, Vault } from '../model/ports.ts'
import { sortedUnique, without } from '../model/record.ts'
import type { KnownConnectors } from '../model/specs.ts'
import type { Target } from '../model/target.ts'
import { actorOf } from './actor.ts'
import { afterConsent } from './after-consent.ts'
import { mendState } from './mend.ts'
import { checkCommitment, openJournal, openVault } from './open-vault.ts'
import {
  openState,
  openWorkspace,
  poolsOf,
  type Resolver,
  resolverFor,
  soundDocuments
} from './open-workspace.ts'
import { referenceResolver } from './resolve-references.ts'
import type { Surroundings } from './surroundings.ts'

/** How a person is spoken to while authorizing. */
export interface Conversation {
  /** Shows the address to open; `start` is a local one that may stand on a command line, null when pasting. */
  readonly showAddress: (shown: {
    readonly target: Target
    readonly authorizationUrl: string
    readonly redirectUri: string
    readonly start: string | null
  }) => void | Promise<void>
  /** Asks for the address that the browser was redirected to; null ends the authorization. */
  readonly readRedirect: (again: string | null) => Promise<string | null>
  /** Asks for fields, secret ones hidden. Throws a Refusal where nobody can be asked. */
  readonly askFields: (target: Target, fields: Fields) => Promise<Readonly<Record<string, string>>>
}

export interface AuthorizeRequest {
  readonly connection: string
  readonly environments: readonly OwnEnvironment[]
  /** logged-in-user: whose; default the actor. */
  readonly user: string | undefined
  readonly method: 'browser' | 'paste'
  /** Fields of basic and API key by reference: name to `env:NAME` or `file:PATH`. */
  readonly from: Readonly<Record<string, string>>
  readonly switchAccount: boolean
  readonly signal?: AbortSignal
}

export interface Consent {
  readonly connection: string
  readonly environments: readonly OwnEnvironment[]
  readonly slots: readonly Slot[]
  readonly user: string | null
  readonly account: Account
  readonly asked: readonly string[]
  readonly granted: readonly string[]
  readonly missing: readonly string[]
}

export interface AuthorizeResult {
  readonly consents: readonly Consent[]
  readonly diagnostics: readonly Diagnostic[]
}

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

export interface AuthorizeScene {
  readonly around: Surroundings
  readonly actor: string
  readonly state: StateStore
  readonly documents: Documents
  readonly known: KnownConnectors
  readonly resolver: Resolver
  readonly vault: Vault
  readonly secrets: SecretResolver
}

/** The target of a connection as an environment has it recorded, never as the tree has it. */
export function targetIn(
  { documents, resolver }: Pick<AuthorizeScene, 'documents' | 'resolver'>,
  linkName: string,
  environment: OwnEnvironment
): Target {
  const connections = documents[environment]?.connections ?? {}
  const connection = Object.hasOwn(connections, linkName) ? connections[linkName] : undefined
  if (connection !== undefined) return resolver.targetOf(linkName, connection, environment)
  throw new Refusal(
    problem(
      'CONNECTION_NOT_RECORDED',
      'The environment has no such connection',
      `${environment} has no connection "${linkName}" recorded.${meant(linkName, Object.keys(connections))} If it stands in the specs, bring it there first:\n    tieline apply -e ${environment}`
    )
  )
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
      await store(scene, credential, group)
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
    return { consent, found: await findings(scene, target, authorized, missing) }
  } finally {
    // Refused or stored: either way we know what became of the grant. If storing failed, the next run says that it exists.
    if (!isUnstored) await forget()
  }
}

interface ConverseSteps {
  readonly onGrantRequested: () => Promise<void>
  /** Stores what was authorized. Part of the conversation, because a browser is told how that ended. */
  readonly onAuthorized: (authorized: Authorized) => Promise<void>
}

async function converse(
  scene: AuthorizeScene,
  target: Target,
  request: Pick<AuthorizeRequest, 'method' | 'from' | 'signal'>,
  conversation: Conversation,
  { onGrantRequested, onAuthorized }: ConverseSteps
): Promise<Authorized> {
  const options = {
    resolve: scene.secrets,
    clock: scene.around.clock,
    onGrantRequested,
    signal: request.signal
  }
  if (target.way.kind === 'oauth2') refuseFrom(target, request.from)
  if (target.way.kind === 'oauth2' && request.method === 'browser') {
    const { authorizeBrowser } = await import('../authorize/authorize-browser.ts')
    return authorizeBrowser(target, {
      ...options,
      onAuthorized,
      onAddress: shown => conversation.showAddress({ target, ...shown })
    })
  }
  const authorized = await withoutBrowser(scene, target, request, conversation, options)
  await onAuthorized(authorized)
  return authorized
}

async function withoutBrowser(
  { secrets }: AuthorizeScene,
  target: Target,
  { from }: Pick<AuthorizeRequest, 'from'>,
  conversation: Conversation,
  options: OAuthOptions
): Promise<Authorized> {
  if (target.way.kind !== 'oauth2') {
    const { authorizeFields } = await import('../authorize/authorize-fields.ts')
    const values = await fieldValues(secrets, target, target.way.fields, from, conversation)
    return authorizeFields(target, values)
  }
  const { authorizePaste } = await import('../authorize/authorize-paste.ts')
  return authorizePaste(target, {
    ...options,
    onAddress: shown => conversation.showAddress({ target, ...shown, start: null }),
    readLine: conversation.readRedirect
  })
}

function refuseFrom({ service }: Target, from: AuthorizeRequest['from']): void {
  if (Object.keys(from).length === 0) return
  throw new Refusal(
    problem(
      'FROM_NOT_ALLOWED',
      '--from is for fields',
      `${service} is authorized with OAuth2 here, which has no fields to enter. Leave --from out.`
    )
  )
}

async function fieldValues(
  secrets: SecretResolver,
  target: Target,
  fields: Fields,
  from: Readonly<Record<string, string>>,
  conversation: Conversation
): Promise<Readonly<Record<string, string>>> {
  const unknown = Object.keys(from).filter(name => !Object.hasOwn(fields, name))
  if (unknown.length > 0) {
    throw new Refusal(
      ...unknown.map(name =>
        problem(
          'FIELD_UNKNOWN',
          'No such field',
          `${target.service} has no field "${name}".${meant(name, Object.keys(fields))} It has ${Object.keys(fields).join(', ')}.`
        )
      )
    )
  }
  const given = await Promise.all(
    Object.entries(from).map(async ([name, reference]) => [name, await secrets(reference)] as const)
  )
  const open = Object.entries(fields).filter(([name]) => !Object.hasOwn(from, name))
  const asked =
    open.length === 0 ? {} : await conversation.askFields(target, Object.fromEntries(open))
  return { ...Object.fromEntries(given), ...asked }
}

/** What the service calls the account, else `<Service> Account <n>`, the lowest that is free once the consent is stored. */
async function nameAccount(
  { documents, vault }: AuthorizeScene,
  { service, need }: Target,
  slots: readonly Slot[],
  user: string | null,
  { account }: Authorized
): Promise<Account> {
  const recorded = Object.values(documents).flatMap(document =>
    Object.values(document?.authorizations ?? {}).map(facts => ({
      slot: document?.environment,
      user: null,
      facts
    }))
  )
  const ofUsers = (await vault.list()).files.filter(each => each.user !== null)
  const all = [...recorded, ...ofUsers]
  const known = all.find(
    ({ facts }) =>
      account.id !== null &&
      facts.account.id === account.id &&
      facts.basis.connector === need.basis.connector
  )
  const name = account.name ?? known?.facts.account.name
  if (name !== undefined) return { id: account.id, name }
  const isReplaced = (each: (typeof all)[number]): boolean =>
    slots.some(slot => slot === each.slot) &&
    each.user === user &&
    each.facts.connection === need.connection &&
    (user !== null || isEqualConsent(each.facts, { ...each.facts, ...need, asked: need.scopes }))
  const taken = new Set(all.filter(each => !isReplaced(each)).map(each => each.facts.account.name))
  for (let number = 1; ; number += 1) {
    const candidate = `${service} Account ${number}`
    if (!taken.has(candidate)) return { id: account.id, name: candidate }
  }
}

/** The first authorization fixes the account: another one by accident would send the app's data somewhere else. */
async function refuseOtherAccount(
  { documents, vault }: AuthorizeScene,
  target: Target,
  slots: readonly Slot[],
  user: string | null,
  account: Account
): Promise<void> {
  const records =
    user === null
      ? slots.flatMap(slot => Object.values(documents[slot]?.authorizations ?? {}))
      : (await vault.list()).files
          .filter(each => each.user === user && slots.includes(each.slot))
          .map(each => each.facts)
  const other = records.find(
    each =>
      each.connection === target.need.connection &&
      each.ended === null &&
      each.basis.connector === target.need.basis.connector &&
      each.account.id !== null &&
      account.id !== null &&
      each.account.id !== account.id
  )
  if (other === undefined) return
  throw new Refusal(
    problem(
      'ACCOUNT_DIFFERENT',
      'Another account was authorized before',
      `${target.linkName} is authorized as ${other.account.name}, and this was ${account.name}. Nothing was stored; the grant just given stays at ${target.service} until it is removed there. If the account shall change:\n    tieline authorize ${target.linkName} -e ${target.environment} --switch-account`
    )
  )
}

function credentialOf(
  { actor, around }: AuthorizeScene,
  { need }: Target,
  slot: Slot,
  user: string | null,
  { secret, granted, clientId }: Authorized,
  account: Account
): Credential {
  const record: AuthorizationRecord = {
    connection: need.connection,
    level: need.level,
    basis: need.basis,
    asked: need.scopes,
    granted,
    account,
    by: actor,
    at: around.clock.now().toISOString(),
    ended: null
  }
  return {
    formatVersion: 1,
    id: randomUUID(),
    slot,
    connection: need.connection,
    user,
    generation: 1,
    record,
    clientId,
    secret
  }
}

async function store(
  { state, vault, known }: AuthorizeScene,
  credential: Credential,
  group: readonly Target[]
): Promise<void> {
  if (credential.user !== null) {
    await storeOfUser(vault, credential)
    return
  }
  const own = group.filter(each => each.need.slot === credential.slot)
  const givenIn = own.map(target => target.environment)
  await recordConsent(credential, { state, vault }, afterConsent(known, givenIn))
}

/** A user's credential is known to the vault alone; a new one replaces those the user had before. */
async function storeOfUser(vault: Vault, credential: Credential): Promise<void> {
  const { files } = await vault.list()
  await vault.store(credential)
  const replaced = files.filter(
    each =>
      each.user === credential.user &&
      each.connection === credential.connection &&
      each.slot === credential.slot
  )
  for (const each of replaced) await vault.remove(each.id)
}

/** What the person should know afterwards. The definition may have changed while they were away. */
async function findings(
  { state, known }: AuthorizeScene,
  target: Target,
  { note: text }: Authorized,
  missing: readonly string[]
): Promise<readonly Diagnostic[]> {
  const documents = await soundDocuments(state)
  const { needOf } = resolverFor(known, poolsOf(documents))
  const now = documents[target.environment]?.connections[target.linkName]
  const same =
    now !== undefined &&
    now.id === target.need.connection &&
    isDeepStrictEqual(needOf(now, target.environment).basis, target.need.basis)
  return [
    ...(text === null ? [] : [note('TEST_SKIPPED', 'The credential was not tried', text)]),
    ...(missing.length === 0
      ? []
      : [
          warning(
            'SCOPES_NOT_GRANTED',
            'Scopes were asked for, but not granted',
            `${target.service} did not grant ${missing.join(', ')}. ${target.linkName} runs without.`
          )
        ]),
    ...(same
      ? []
      : [
          warning(
            'DEFINITION_CHANGED',
            'The connection changed meanwhile',
            `${target.linkName} was changed in ${target.environment} while it was being authorized. See what is due now:\n    tieline plan -e ${target.environment}`
          )
        ])
  ]
}

/** Grants that a process asked for and did not live to store. Call `forget` once that was said. */
export async function orphanedGrants(
  around: Surroundings
): Promise<{ readonly diagnostics: readonly Diagnostic[]; readonly forget: () => Promise<void> }> {
  const journal = await openJournal(around)
  const left = await journal.leftOver()
  const diagnostics = left.map(({ grant }) =>
    warning(
      'GRANT_MAYBE_ORPHANED',
      'A grant may be left at the service',
      `An authorization of ${grant.linkName} in ${grant.environment} by ${grant.by} was cut off at ${grant.at}, right when ${grant.service} was asked for it. If it does not show in status, remove it in the account settings there and authorize again:\n    tieline authorize ${grant.linkName} -e ${grant.environment}`
    )
  )
  return {
    diagnostics,
    forget: async () => {
      for (const { forget } of left) await forget()
    }
  }
}
