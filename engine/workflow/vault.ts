import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import { type Documents, emptyContent } from '../model/documents.ts'
import { fingerprintOf, isFingerprint } from '../model/fingerprint.ts'
import type {
  OwnEnvironment,
  Slot,
  VaultCommitment,
  WorkspaceSpec
} from '../model/generated/types.ts'
import type { StateStore, StateWriter } from '../model/ports.ts'
import { sortedUnique } from '../model/record.ts'
import type { SlotKeySet, ValueEntry, VaultKeys } from '../vault/vault-keys.ts'
import { actorOf } from './actor.ts'
import { openAuthorizeScene, permitAuthorize } from './authorize.ts'
import { targetIn } from './authorize-scene.ts'
import { identityOf, memberKey, vaultFolder } from './open-vault.ts'
import { openState, openWorkspace, soundDocuments } from './open-workspace.ts'
import { permit } from './permit.ts'
import type { Surroundings } from './surroundings.ts'
import { type Reader, type ReaderChange, readerChanges, readerOf } from './vault-readers.ts'

/** How a person is asked about the vault's readers. */
export interface VaultConversation {
  /** Shows what is about to change. */
  readonly show: (changes: readonly ShownChange[]) => void | Promise<void>
  /** Whether each of these keys, all at least one, is that reader's. Throws a Refusal where nobody can be asked. */
  readonly areReaders: (asked: readonly AskedReader[]) => Promise<boolean>
  readonly confirm: (question: string) => Promise<boolean>
}

/** A reader whose key is new, and what it would read. */
export interface AskedReader {
  readonly reader: Reader
  readonly slots: readonly Slot[]
}

export interface ShownChange extends ReaderChange {
  /** What those who go could read until now: they may have kept it. */
  readonly exposed: readonly Exposed[]
}

/** Something that could be read: of a connection, the account that was authorized or the value that was set. */
export interface Exposed {
  readonly connection: string
  readonly what: string
}

export interface VaultResult {
  readonly changes: readonly ShownChange[]
  readonly diagnostics: readonly Diagnostic[]
  /** Where the former vault was moved to; null if there was none. */
  readonly movedTo: string | null
}

interface VaultScene {
  readonly around: Surroundings
  readonly settings: WorkspaceSpec
  readonly state: StateStore
  readonly documents: Documents
  readonly keys: VaultKeys
  /** The public half of our own key. */
  readonly own: string
}

/** The public half of the person's own key, for `members` in tieline.yaml, and what others compare it by. */
export async function vaultKeyWorkflow(
  around: Surroundings
): Promise<{ readonly key: string; readonly fingerprint: string }> {
  const { recipient } = await (await identityOf(around)).ensure()
  return { key: recipient, fingerprint: fingerprintOf(recipient) }
}

/** Moves the person's own key from its file into the keychain of the operating system. Throws a Refusal where there is none. */
export async function keychainWorkflow(around: Surroundings): Promise<string> {
  const { moveToKeychain } = await import('../vault/person-identity.ts')
  const variable = around.variables.TIELINE_IDENTITY
  return (await moveToKeychain({ variable, configFolder: around.configFolder })).recipient
}

/**
 * Makes the readers of each slot those whom tieline.yaml names: keys for slots without, more readers, or new keys where somebody goes.
 * Every key that is new is confirmed by its fingerprint first. null if the person said no; nothing was changed then.
 */
export async function recipientsWorkflow(
  around: Surroundings,
  expected: readonly string[],
  conversation: VaultConversation
): Promise<VaultResult | null> {
  const scene = await openVaultScene(around)
  const keySets = await soundKeySets(scene)
  const isCommitted = (slot: Slot): boolean => scene.documents[slot]?.vault != null
  const changes = readerChanges(scene.settings, scene.own, keySets, isCommitted)
  // Keys that state names are somewhere else: others in their place would hide that.
  if (changes.some(each => each.action === 'make' && isCommitted(each.slot))) {
    throw new Refusal(otherVault())
  }
  return change(scene, changes, expected, conversation)
}

/** New keys for slots, for the same readers. */
export async function rotateWorkflow(
  around: Surroundings,
  slots: readonly Slot[],
  conversation: VaultConversation
): Promise<VaultResult | null> {
  const scene = await openVaultScene(around)
  const keySets = await soundKeySets(scene)
  const missing = slots.filter(slot => keySets.every(each => each.slot !== slot))
  if (missing.length > 0 || keySets.length === 0) throw new Refusal(noKeys(missing))
  const changes = keySets
    .filter(each => slots.length === 0 || slots.includes(each.slot))
    .map(each => ({
      slot: each.slot,
      action: 'rotate' as const,
      readers: each.readers.map(key => readerOf(scene.settings, scene.own, key)),
      added: [],
      removed: []
    }))
  return change(scene, changes, [], conversation)
}

/**
 * Makes a vault with keys for every slot that somebody is to read. With `replace`, the one that is there is moved aside first, and
 * state commits to the new one: what was authorized before is not in it.
 */
export async function vaultInitWorkflow(
  around: Surroundings,
  { replace, expected }: { readonly replace: boolean; readonly expected: readonly string[] },
  conversation: VaultConversation
): Promise<VaultResult | null> {
  const scene = await openVaultScene(around)
  const { replaceVault, ensureVault } = await import('../vault/vault-keys.ts')
  const folder = vaultFolder(around, scene.settings)
  if (!replace) {
    const committed = Object.values(scene.documents).filter(each => each?.vault != null)
    const keySets = await scene.keys.list()
    if (committed.length > 0 && keySets.length === 0) throw new Refusal(otherVault())
    await ensureVault(folder)
    return recipientsWorkflow(around, expected, conversation)
  }
  const changes = readerChanges(scene.settings, scene.own, [], () => false)
  const sure = await conversation.confirm(
    'The vault is moved aside and a new one is made. What was authorized before has to be authorized again.'
  )
  if (!sure) return null
  const shown = changes.map(each => ({ ...each, exposed: [] }))
  if (!(await agreed(scene, shown, expected, conversation))) return null
  return scene.state.withLock('vault init', async writer => {
    const { movedTo } = await replaceVault(folder)
    for (const { slot, readers } of changes) {
      const commitment = await scene.keys.make(
        slot,
        readers.map(each => each.key)
      )
      await commit(writer, slot, commitment)
    }
    return { changes: shown, diagnostics: [], movedTo }
  })
}

/** Seals a value for `vault:NAME`, for one connection in one environment's slot. */
export async function setValueWorkflow(
  around: Surroundings,
  request: {
    readonly name: string
    readonly connection: string
    readonly environment: OwnEnvironment
  },
  readValue: () => Promise<string>
): Promise<{ readonly slot: Slot }> {
  const { scene } = await openAuthorizeScene(around)
  if (!/^[a-z][a-z0-9_]{0,49}$/.test(request.name)) throw new Refusal(nameInvalid())
  const target = targetIn(scene, request.connection, request.environment)
  permitAuthorize(scene, target, undefined)
  const { connection, slot } = target.need
  await scene.vault.checkStore(slot)
  const value = await readValue()
  if (value === '') throw new Refusal(valueEmpty(request))
  await scene.vault.setValue(request.name, value, { connection, slot }, scene.actor)
  return { slot }
}

async function soundKeySets({ keys }: VaultScene): Promise<readonly SlotKeySet[]> {
  const keySets = await keys.list()
  const wrong = keySets.flatMap(({ problem }) => problem ?? [])
  if (wrong.length > 0) throw new Refusal(...wrong)
  return keySets
}

async function openVaultScene(around: Surroundings): Promise<VaultScene> {
  const { settings } = await openWorkspace(around)
  const actor = await actorOf(around)
  permit(settings, actor, { kind: 'manage-vault' })
  const state = openState(around, settings, actor)
  const { openVaultKeys } = await import('../vault/vault-keys.ts')
  const identity = await identityOf(around)
  const keys = openVaultKeys(vaultFolder(around, settings), {
    identity,
    committed: async slot => (await soundDocuments(state))[slot]?.vault ?? null,
    memberKey: email => memberKey(settings, email),
    isAlone: settings.members === undefined
  })
  const { recipient } = await identity.ensure()
  return { around, settings, state, documents: await soundDocuments(state), keys, own: recipient }
}

async function change(
  scene: VaultScene,
  changes: readonly ReaderChange[],
  expected: readonly string[],
  conversation: VaultConversation
): Promise<VaultResult | null> {
  const values = await scene.keys.values()
  const shown = changes.map(each => ({ ...each, exposed: exposedBy(scene, each, values) }))
  const due = shown.filter(each => each.action !== 'keep')
  if (due.length === 0) return { changes: shown, diagnostics: [], movedTo: null }
  if (!(await agreed(scene, shown, expected, conversation))) return null
  const diagnostics = await scene.state.withLock('vault recipients', async writer => {
    const found: Diagnostic[] = []
    for (const each of due) found.push(...(await run(scene.keys, writer, each)))
    return found
  })
  return {
    changes: shown,
    diagnostics: diagnostics.map(each => ({ ...each, severity: 'warning' as const })),
    movedTo: null
  }
}

/** Shows everything, and has each key that is new confirmed once. */
async function agreed(
  { own }: VaultScene,
  changes: readonly ShownChange[],
  expected: readonly string[],
  conversation: VaultConversation
): Promise<boolean> {
  await conversation.show(changes)
  const added = new Map(
    changes.flatMap(each => each.added).map(reader => [reader.key, reader] as const)
  )
  added.delete(own)
  const asked = [...added.values()]
    .filter(({ key }) => !expected.some(each => isFingerprint(each, key)))
    .map(reader => ({
      reader,
      slots: changes.flatMap(each =>
        each.added.some(({ key }) => key === reader.key) ? [each.slot] : []
      )
    }))
  return asked.length === 0 || conversation.areReaders(asked)
}

async function run(
  keys: VaultKeys,
  writer: StateWriter,
  { slot, action, readers }: ReaderChange
): Promise<readonly Diagnostic[]> {
  const recipients = readers.map(each => each.key)
  switch (action) {
    case 'keep':
      return []
    case 'make':
      await commit(writer, slot, await keys.make(slot, recipients))
      return []
    case 'add':
      await keys.addReaders(slot, recipients)
      return []
    case 'rotate': {
      const { commitment, problems } = await keys.rotate(slot, recipients)
      await commit(writer, slot, commitment)
      return [...problems, ...(await keys.finish(slot))]
    }
  }
}

async function commit(writer: StateWriter, slot: Slot, vault: VaultCommitment): Promise<void> {
  const before = (await writer.read())[slot] ?? emptyContent(slot)
  await writer.write({ ...before, vault })
}

/** What can be read in a slot by those who go. */
function exposedBy(
  { documents }: VaultScene,
  { slot, removed }: ReaderChange,
  values: readonly ValueEntry[]
): readonly Exposed[] {
  if (removed.length === 0) return []
  const connections = Object.values(documents).flatMap(document =>
    Object.entries(document?.connections ?? {})
  )
  const names = new Map(connections.map(([linkName, { id }]) => [id, linkName]))
  const live = Object.values(documents[slot]?.authorizations ?? {}).filter(
    each => each.ended === null
  )
  const found = [
    ...live.map(each => [each.connection, each.account.name] as const),
    ...values
      .filter(each => each.slot === slot)
      .map(each => [each.connection, `vault:${each.name}`] as const)
  ]
  const told = found.map(([id, what]) => JSON.stringify([names.get(id) ?? id, what]))
  return sortedUnique(told).map(each => {
    const [connection = '', what = ''] = JSON.parse(each)
    return { connection, what }
  })
}

function noKeys(missing: readonly Slot[]): Diagnostic {
  return problem(
    'NO_KEYS_YET',
    'There are no keys to rotate',
    `${missing.length === 0 ? 'This vault has no keys' : `${missing.join(' and ')} has no keys`} yet. They come with:\n    tieline vault init`
  )
}

function otherVault(): Diagnostic {
  return problem(
    'VAULT_ELSEWHERE',
    'State belongs to a vault that is not here',
    'State names keys of a vault that holds what was authorized, and they are not in this folder. Bring that vault here, or begin anew and authorize everything again:\n    tieline vault init --replace'
  )
}

function nameInvalid(): Diagnostic {
  return problem(
    'VALUE_NAME_INVALID',
    'This is no name for a value',
    'A value is named with lower-case letters, digits and underscores, at most 50, starting with a letter: that is what vault:NAME in a spec refers to.'
  )
}

function valueEmpty({
  name,
  connection,
  environment
}: {
  readonly name: string
  readonly connection: string
  readonly environment: OwnEnvironment
}): Diagnostic {
  return problem(
    'VALUE_EMPTY',
    'The value is empty',
    `Nothing was stored. The value is typed in, or comes from standard input:\n    tieline vault set ${name} --for ${connection} -e ${environment} < FILE`
  )
}
