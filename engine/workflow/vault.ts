import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import { emptyContent, isClient } from '../model/documents.ts'
import { fingerprintOf, isFingerprint } from '../model/fingerprint.ts'
import type { Environment, Slot, VaultCommitment } from '../model/generated/types.ts'
import type { StateWriter } from '../model/ports.ts'
import { sortedUnique } from '../model/record.ts'
import type { ValueEntry, VaultKeys } from '../vault/vault-keys.ts'
import { openAuthorizeScene } from './authorize.ts'
import { checkInstalled, targetIn } from './authorize-scene.ts'
import { identityOf, vaultFolder } from './open-vault.ts'
import { permit } from './permit.ts'
import type { Surroundings } from './surroundings.ts'
import { type Reader, type ReaderChange, readerChanges, readerOf } from './vault-readers.ts'
import {
  dueChanges,
  keptByReaders,
  openVaultScene,
  otherVault,
  readersOnly,
  soundKeySets,
  type VaultScene
} from './vault-scene.ts'

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

/** What a person runs to change the vault's readers and keys. */
type VaultOperation = 'vault init' | 'vault init --replace' | 'vault recipients' | 'vault rotate'

/**
 * Makes the readers of each slot those whom tieline.yaml names: keys for slots without, more readers, or new keys where somebody goes.
 * Every key that is new is confirmed by its fingerprint first. null if the person said no; nothing was changed then.
 */
export async function recipientsWorkflow(
  around: Surroundings,
  expected: readonly string[],
  conversation: VaultConversation,
  operation: VaultOperation = 'vault recipients'
): Promise<VaultResult | null> {
  const scene = await openVaultScene(around)
  const { changes, diagnostics } = await dueChanges(scene)
  return change(scene, changes, expected, conversation, diagnostics, operation)
}

/** New keys for slots, for the same readers. */
export async function rotateWorkflow(
  around: Surroundings,
  slots: readonly Slot[],
  conversation: VaultConversation
): Promise<VaultResult | null> {
  const scene = await openVaultScene(around)
  const { settings, actor, documents, own } = scene
  for (const slot of slots) {
    permit(settings, actor, { kind: 'manage-vault', slot })
    if (isClient(slot)) checkInstalled({ settings, documents }, slot)
  }
  const { keySets, diagnostics } = await soundKeySets(scene, slots.length > 0 ? slots : scene.slots)
  const missing = slots.filter(slot => keySets.every(each => each.slot !== slot))
  if (missing.length > 0 || keySets.length === 0) throw new Refusal(noKeys(missing))
  const closed = keySets.filter(each => isClient(each.slot) && !each.canOpen).map(each => each.slot)
  if (closed.length > 0 && (slots.length > 0 || !scene.isWhole)) {
    throw new Refusal(...closed.map(slot => readersOnly(scene, keySets, slot)))
  }
  const changes = keySets
    .filter(each => !closed.includes(each.slot))
    .map(each => ({
      slot: each.slot,
      action: 'rotate' as const,
      readers: each.readers.map(key => readerOf(settings, own, key, each.slot)),
      added: [],
      removed: []
    }))
  const kept = closed.length === 0 ? [] : [keptByReaders(closed)]
  return change(scene, changes, [], conversation, [...diagnostics, ...kept], 'vault rotate')
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
  permit(scene.settings, scene.actor, { kind: 'manage-vault', slot: null })
  const { replaceVault, ensureVault } = await import('../vault/vault-keys.ts')
  const folder = vaultFolder(around, scene.settings)
  if (!replace) {
    const committed = Object.values(scene.documents).filter(each => each?.vault != null)
    const { keySets, wrong } = await soundKeySets(scene, scene.slots)
    const isHere = keySets.length + wrong.length > 0
    if (committed.length > 0 && !isHere) throw new Refusal(otherVault())
    await ensureVault(folder)
    return recipientsWorkflow(around, expected, conversation, 'vault init')
  }
  const changes = readerChanges(scene.settings, scene.own, [], () => false, scene.slots)
  const sure = await conversation.confirm(
    `The vault is moved aside and a new one is made. What was authorized before${scene.slots.some(isClient) ? ', here and at the clients,' : ''} has to be authorized again.`
  )
  if (!sure) return null
  const shown = changes.map(each => ({ ...each, exposed: [] }))
  if (!(await agreed(scene, shown, expected, conversation))) return null
  const operation: VaultOperation = 'vault init --replace'
  return scene.state.withLock(operation, async writer => {
    const { movedTo } = await replaceVault(folder)
    for (const { slot, readers } of changes) {
      const commitment = await scene.keys.make(
        slot,
        readers.map(each => each.key)
      )
      await commit(writer, slot, commitment)
    }
    // Installations without readers get their keys once they have some, in the new vault.
    const without = scene.slots.filter(slot => changes.every(each => each.slot !== slot))
    const named = without.filter(slot => isClient(slot) && scene.documents[slot]?.vault != null)
    for (const slot of named) await commit(writer, slot, null)
    return { changes: shown, diagnostics: [], movedTo }
  })
}

/** Seals a value for `vault:NAME`, for one connection in one environment's slot. */
export async function setValueWorkflow(
  around: Surroundings,
  request: {
    readonly name: string
    readonly connection: string
    readonly environment: Environment
  },
  readValue: () => Promise<string>
): Promise<{ readonly slot: Slot }> {
  const { scene } = await openAuthorizeScene(around)
  if (!/^[a-z][a-z0-9_]{0,49}$/.test(request.name)) throw new Refusal(nameInvalid())
  const target = targetIn(scene, request.connection, request.environment)
  // Whose value readers would take in: it decides what everybody's authorizations are made with.
  permit(scene.settings, scene.actor, {
    kind: 'authorize',
    level: 'administrator',
    environment: target.environment,
    isOwn: false
  })
  const { connection, slot } = target.need
  await scene.vault.checkStore(slot)
  const value = await readValue()
  if (value === '') throw new Refusal(valueEmpty(request))
  await scene.vault.setValue(request.name, value, { connection, slot }, scene.actor)
  return { slot }
}

async function change(
  scene: VaultScene,
  changes: readonly ReaderChange[],
  expected: readonly string[],
  conversation: VaultConversation,
  found: readonly Diagnostic[],
  operation: VaultOperation
): Promise<VaultResult | null> {
  const values = await scene.keys.values()
  const shown = changes.map(each => ({ ...each, exposed: exposedBy(scene, each, values) }))
  const due = shown.filter(each => each.action !== 'keep')
  if (due.length === 0) return { changes: shown, diagnostics: found, movedTo: null }
  if (!(await agreed(scene, shown, expected, conversation))) return null
  const diagnostics = await scene.state.withLock(operation, async writer => {
    const problems: Diagnostic[] = []
    for (const each of due) problems.push(...(await run(scene.keys, writer, each)))
    return problems
  })
  return {
    changes: shown,
    diagnostics: [
      ...found,
      ...diagnostics.map(each => ({ ...each, severity: 'warning' as const }))
    ],
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
      await commit(writer, slot, await (isClient(slot) ? keys.remake : keys.make)(slot, recipients))
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

async function commit(
  writer: StateWriter,
  slot: Slot,
  vault: VaultCommitment | null
): Promise<void> {
  const before = (await writer.read())[slot]
  // A client that was renamed or taken away meanwhile has nothing to be written into.
  if (isClient(slot) && before === undefined)
    throw new Error(`There is no state of ${slot} any more`)
  await writer.write({ ...(before ?? emptyContent(slot)), vault })
}

/** What can be read in a slot by those who go. */
function exposedBy(
  { documents }: VaultScene,
  { slot, removed }: ReaderChange,
  values: readonly ValueEntry[]
): readonly Exposed[] {
  if (removed.length === 0) return []
  // Its own names come last, and so they count.
  const connections = [...Object.values(documents), documents[slot]].flatMap(document =>
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
    `${missing.length === 0 ? 'This vault has no keys' : `${missing.join(' and ')} has no keys`} yet. They come with:\n    tieline vault ${missing.some(isClient) ? 'recipients' : 'init'}`
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
  readonly environment: Environment
}): Diagnostic {
  return problem(
    'VALUE_EMPTY',
    'The value is empty',
    `Nothing was stored. The value is typed in, or comes from standard input:\n    tieline vault set ${name} --for ${connection} -e ${environment} < FILE`
  )
}
