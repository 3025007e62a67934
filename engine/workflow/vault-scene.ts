import { type Diagnostic, note, problem, Refusal, warning } from '../model/diagnostic.ts'
import {
  clientEnvironment,
  clientsIn,
  type Documents,
  isClient,
  ownSlots
} from '../model/documents.ts'
import type { Slot } from '../model/generated/types.ts'
import type { StateStore } from '../model/ports.ts'
import type { Settings } from '../model/specs.ts'
import type { SlotKeySet, VaultKeys } from '../vault/vault-keys.ts'
import { actorOf } from './actor.ts'
import { checkInstalled } from './authorize-scene.ts'
import { clientHasNoReader } from './client-keys.ts'
import { identityOf, openSlotKeys } from './open-vault.ts'
import { openState, openWorkspace, soundDocuments } from './open-workspace.ts'
import { clientRoleOf, clientSpecOf, isPermitted, permit } from './permit.ts'
import { latestDocuments } from './read-documents.ts'
import type { Surroundings } from './surroundings.ts'
import { type ReaderChange, readerChanges, readerOf } from './vault-readers.ts'

/** What the commands work with that change who reads a vault. */
export interface VaultScene {
  readonly around: Surroundings
  readonly settings: Settings
  readonly actor: string
  readonly state: StateStore
  readonly documents: Documents
  readonly keys: VaultKeys
  /** The public half of our own key. */
  readonly own: string
  /** false for the admin of a client: the slots of these clients are all there is to see and to change. */
  readonly isWhole: boolean
  /** Those that the actor may manage: of clients, the recorded ones. */
  readonly slots: readonly Slot[]
}

/** Throws a Refusal unless the actor may manage the vault, or the slot of some client. */
export async function openVaultScene(around: Surroundings): Promise<VaultScene> {
  const { settings } = await openWorkspace(around)
  const actor = await actorOf(around)
  const whole = { kind: 'manage-vault', slot: null } as const
  const isWhole = isPermitted(settings, actor, whole)
  const mayManage = (slot: Slot): boolean => isPermitted(settings, actor, { ...whole, slot })
  const theirs = [...settings.clients.keys()].map(clientEnvironment).filter(mayManage)
  if (!isWhole && theirs.length === 0) permit(settings, actor, whole)
  const state = openState(around, settings, actor)
  const documents = await soundDocuments(state)
  const clients = clientsIn(documents).filter(mayManage)
  const [first] = theirs
  if (!isWhole && clients.length === 0 && first !== undefined) {
    checkInstalled({ settings, documents }, first)
  }
  return {
    around,
    settings,
    actor,
    state,
    documents,
    keys: await openSlotKeys(around, settings, latestDocuments(around, settings, state)),
    own: (await (await identityOf(around)).ensure()).recipient,
    isWhole,
    slots: isWhole ? [...ownSlots, ...clients] : clients
  }
}

/** Key sets that can be worked with, and what was found besides. */
export interface FoundKeySets {
  readonly keySets: readonly SlotKeySet[]
  /** Slots of clients that something is wrong with. They stop nobody who manages others. */
  readonly wrong: readonly Slot[]
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Throws a Refusal where something is wrong with a slot that the actor is here for. Whatever is in the place of a client's keys before
 * state names any counts for nothing: it gives way to the first ones.
 */
export async function soundKeySets(
  { keys, isWhole, documents }: Pick<VaultScene, 'keys' | 'isWhole' | 'documents'>,
  slots: readonly Slot[]
): Promise<FoundKeySets> {
  const found = await Promise.all(
    slots.map(async slot => {
      const { keySets, problems } = await keySetOf(keys, slot)
      const isNothing = problems.length > 0 && isClient(slot) && documents[slot]?.vault == null
      return isNothing ? { slot, keySets: [], problems: [] } : { slot, keySets, problems }
    })
  )
  const isStopping = (slot: Slot): boolean => !isWhole || !isClient(slot)
  const stopping = found.filter(each => isStopping(each.slot)).flatMap(each => each.problems)
  if (stopping.length > 0) throw new Refusal(...stopping)
  const wrong = found.filter(each => each.problems.length > 0)
  return {
    keySets: found.flatMap(each => (each.problems.length > 0 ? [] : each.keySets)),
    wrong: wrong.map(each => each.slot),
    diagnostics: wrong.flatMap(each => each.problems).map(asWarning)
  }
}

async function keySetOf(keys: VaultKeys, slot: Slot) {
  try {
    const keySets = await keys.list([slot])
    return { keySets, problems: keySets.flatMap(each => each.problem ?? []) }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { keySets: [], problems: error.diagnostics }
  }
}

/**
 * What would bring the readers of the actor's slots in line with the specs. What only a client can do with its own keys is left out of
 * the changes and noted; keys that state names and that are not here are never made anew, which would hide that they are gone.
 */
export async function dueChanges(scene: VaultScene): Promise<{
  readonly changes: readonly ReaderChange[]
  readonly diagnostics: readonly Diagnostic[]
}> {
  const { settings, own, isWhole } = scene
  const { keySets, wrong, diagnostics } = await soundKeySets(scene, scene.slots)
  const slots = scene.slots.filter(slot => !wrong.includes(slot))
  const isCommitted = (slot: Slot): boolean => scene.documents[slot]?.vault != null
  const isLost = ({ slot, action }: ReaderChange): boolean => action === 'make' && isCommitted(slot)
  const isClosed = ({ slot, action }: ReaderChange): boolean =>
    isClient(slot) &&
    (action === 'add' || action === 'rotate') &&
    keySets.some(each => each.slot === slot && !each.canOpen)

  const all = readerChanges(settings, own, keySets, isCommitted, slots)
  if (all.some(each => isLost(each) && (!isWhole || !isClient(each.slot)))) {
    throw new Refusal(otherVault())
  }
  const closed = all.filter(isClosed).map(each => readersOnly(scene, keySets, each.slot))
  if (closed.length > 0 && !isWhole) throw new Refusal(...closed)
  return {
    changes: all.filter(each => !isLost(each) && !isClosed(each)),
    diagnostics: [
      ...diagnostics,
      ...all.filter(isLost).map(each => keysLost(each.slot)),
      ...closed.map(each => note(each.code, each.summary, each.detail)),
      ...withoutReaders(settings, slots, all)
    ]
  }
}

/** Clients that nobody is to read, though they are no former ones. */
function withoutReaders(
  settings: Settings,
  slots: readonly Slot[],
  changes: readonly ReaderChange[]
): readonly Diagnostic[] {
  return slots
    .filter(isClient)
    .filter(slot => clientSpecOf(settings, slot) !== undefined)
    .filter(slot => changes.every(each => each.slot !== slot))
    .map(slot => clientHasNoReader(settings, slot))
}

/** For keys of a client that ours do not open: what only its readers can do, and who they are. */
export function readersOnly(
  { settings, own }: Pick<VaultScene, 'settings' | 'own'>,
  keySets: readonly SlotKeySet[],
  slot: Slot
): Diagnostic {
  const keys = keySets.find(each => each.slot === slot)?.readers ?? []
  const readers = keys.map(key => readerOf(settings, own, key, slot))
  const admin = readers.find(
    each =>
      isClient(slot) && each.name !== null && clientRoleOf(settings, slot, each.name) === 'admin'
  )
  const known = readers.map(each => each.name ?? 'a key that no file names').join(', ')
  const how =
    admin === undefined
      ? 'With the key of one of them:\n    tieline vault recipients'
      : `One of them does it:\n    tieline vault recipients --as ${admin.name}`
  return problem(
    'READERS_ONLY',
    'Only who reads it can change who reads it',
    `${slot} is read by ${known}, and by nobody else. Its readers and its keys stay as they are: whoever changes them has to open them first. ${how}`
  )
}

/** The same for many, of which nobody asked by name. */
export function keptByReaders(slots: readonly Slot[]): Diagnostic {
  const shown = slots.slice(0, 10).join(', ')
  return note(
    'READERS_ONLY',
    'Only who reads it can change who reads it',
    `These keep their keys, because only their own readers can make others: ${shown}${slots.length > 10 ? ` and ${slots.length - 10} more` : ''}.`
  )
}

export function otherVault(): Diagnostic {
  return problem(
    'VAULT_ELSEWHERE',
    'State belongs to a vault that is not here',
    'State names keys of a vault that holds what was authorized, and they are not in this folder. Bring that vault here, or begin anew and authorize everything again:\n    tieline vault init --replace'
  )
}

function keysLost(slot: Slot): Diagnostic {
  return warning(
    'VAULT_ELSEWHERE',
    'State belongs to a vault that is not here',
    `State names keys of ${slot} that are not in this vault, so its readers were left as they are. Bring them back from a backup. If there is none, the client has to be removed and installed anew, and authorizes again.`
  )
}

function asWarning(diagnostic: Diagnostic): Diagnostic {
  return { ...diagnostic, severity: 'warning' }
}
