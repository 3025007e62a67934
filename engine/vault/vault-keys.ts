import { randomUUID } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { type Diagnostic, Refusal } from '../model/diagnostic.ts'
import type { Slot, VaultCommitment } from '../model/generated/types.ts'
import type { MemberKey, Members } from './deposits.ts'
import { deleteFile, readText, replaceFile, syncFolder } from './durable-file.ts'
import { jsonText } from './json-shape.ts'
import {
  type KeyFile,
  type KeySet,
  keyFileName,
  keySlots,
  keysDigest,
  readKeyFile
} from './key-file.ts'
import {
  type KeyRing,
  type KeyRingOptions,
  makerOf,
  openKeyRing,
  type SlotKeys,
  vouch
} from './key-ring.ts'
import { beginLedger, type Generations, type Ledger, openLedger, sweepLedgers } from './ledger.ts'
import { checkReaders, makeKeys, newKeys } from './make-keys.ts'
import { namesIn } from './numbered-files.ts'
import type { KeyPlace, OpenKeys } from './open-keys.ts'
import { allRecordFiles, inGroups, newestName, readRecord } from './record-files.ts'
import { type Move, reseal } from './reseal.ts'
import { ensureHead, makeSubfolder, readHead } from './vault-head.ts'
import { keysOf, vaultProblem } from './vault-problem.ts'
import { readValueFile, type ValueFile } from './vault-values.ts'

/** One slot's keys, as a person is shown them. */
export interface SlotKeySet {
  readonly slot: Slot
  readonly recipient: string
  /** age recipients, sorted: as sealed where our key opens it, else as the file says. */
  readonly readers: readonly string[]
  readonly commitment: VaultCommitment
  /** Whether our key opens it. */
  readonly canOpen: boolean
  /** A rotation that was cut off: who will read, and whether state names the new keys already. */
  readonly rotation: { readonly readers: readonly string[]; readonly isCommitted: boolean } | null
  /** VAULT_KEY_CHANGED, VAULT_TAMPERED and the like; the rest then is what the file says. */
  readonly problem: Diagnostic | null
}

/** A rotation that waits for state. */
export interface Rotation {
  /** What state has to commit to. */
  readonly commitment: VaultCommitment
  /** Files that were not genuine. They stay as they are, and are of no use afterwards. */
  readonly problems: readonly Diagnostic[]
}

export interface ValueEntry extends Pick<ValueFile, 'name' | 'connection' | 'slot' | 'by'> {
  /** Whether a reader vouches for it, not only who left it. */
  readonly adopted: boolean
}

/**
 * What the `vault` commands do with key sets. Two of them at once would undo each other: call what writes under the state lock. Reading
 * and storing credentials goes on meanwhile.
 */
export interface VaultKeys {
  /** Of these slots, those that have keys; of all if left out. Throws a Refusal where a file of keys is damaged. */
  readonly list: (slots?: readonly Slot[]) => Promise<readonly SlotKeySet[]>
  /** The first keys of a slot, whatever state says: whoever makes them may use them before state names them. Throws a Refusal (VAULT_KEYS_EXIST, RECIPIENT_INVALID, NO_READER). */
  readonly make: (slot: Slot, readers: readonly string[]) => Promise<VaultCommitment>
  /**
   * The same in place of keys that state does not name, whoever made them. Throws a Refusal (VAULT_KEYS_EXIST) where state names some,
   * or something of the slot is here.
   */
  readonly remake: (slot: Slot, readers: readonly string[]) => Promise<VaultCommitment>
  /** Adds readers. Throws where one would lose the right: what that reader knows, only `rotate` makes worthless. */
  readonly addReaders: (slot: Slot, readers: readonly string[]) => Promise<void>
  /**
   * New keys for a slot, and all of it sealed to them. State has to commit to them next, and then `finish` is called. Until then
   * the old keys are in use. Run again after it was cut off, it goes on; with other readers, or once state commits, it begins anew.
   */
  readonly rotate: (slot: Slot, readers: readonly string[]) => Promise<Rotation>
  /** Drops the old keys, once state commits to the new ones. Without a rotation it tidies up only. */
  readonly finish: (slot: Slot) => Promise<readonly Diagnostic[]>
  /** Goes back to the old keys, as long as state commits to them. */
  readonly abandon: (slot: Slot) => Promise<readonly Diagnostic[]>
  /** What is set for `vault:` references. Damaged files are passed over. */
  readonly values: () => Promise<readonly ValueEntry[]>
}

export interface VaultKeysOptions extends KeyRingOptions, Pick<Members, 'memberKey'> {}

export function openVaultKeys(folder: string, options: VaultKeysOptions): VaultKeys {
  const parts: Parts = {
    folder,
    ring: openKeyRing(folder, options),
    ledger: openLedger(folder),
    memberKey: options.memberKey,
    identity: options.identity
  }
  return {
    list: async slots => {
      const found = await inGroups(slots ?? (await keySlots(folder)), slot => describe(parts, slot))
      return found.filter(each => each !== null)
    },
    make: (slot, readers) => make(folder, options, slot, readers),
    remake: (slot, readers) => remake(folder, options, slot, readers),
    addReaders: (slot, readers) => addReaders(parts, slot, readers),
    rotate: (slot, readers) => rotate(parts, slot, readers),
    finish: slot => finish(parts, slot),
    abandon: slot => abandon(parts, slot),
    values: () => listValues(folder)
  }
}

/** The id of the vault that is there; null if there is none. Throws a Refusal if it cannot be read. */
export async function vaultIn(folder: string): Promise<string | null> {
  return (await readHead(folder))?.id ?? null
}

/** Makes an empty vault where there is none. Gives its id. */
export async function ensureVault(folder: string): Promise<string> {
  return (await ensureHead(folder)).id
}

/**
 * Starts a vault anew: all of the old one is moved beside it, into a folder with the old vault's id in its name, and never deleted.
 */
export async function replaceVault(
  folder: string
): Promise<{ readonly id: string; readonly movedTo: string | null }> {
  const isThere = (await namesIn(folder)).length > 0
  const movedTo = isThere ? `${folder}-${await oldName(folder)}` : null
  if (movedTo !== null) {
    await fs.rename(folder, movedTo)
    await syncFolder(dirname(folder))
  }
  return { id: await ensureVault(folder), movedTo }
}

async function oldName(folder: string): Promise<string> {
  const head = await readHead(folder).catch((error: unknown) => {
    if (error instanceof Refusal) return null
    throw error
  })
  return head?.id ?? `unreadable-${randomUUID()}`
}

interface Parts {
  readonly folder: string
  readonly ring: KeyRing
  readonly ledger: Ledger
  readonly memberKey: MemberKey
  readonly identity: Members['identity']
}

async function make(
  folder: string,
  { identity, committed }: VaultKeysOptions,
  slot: Slot,
  readers: readonly string[]
): Promise<VaultCommitment> {
  checkReaders(slot, readers)
  const { id } = await ensureHead(folder)
  const maker = { person: await identity.find(), replaces: await committed(slot) }
  const isMade = await makeKeys(folder, { vault: id, slot }, readers, maker)
  const file = await readKeyFile(folder, slot)
  if (!isMade || file === null) throw new Refusal(vaultProblem.keysExist(keyFileName(slot)))
  return commitmentTo(file, file.current)
}

async function remake(
  folder: string,
  options: VaultKeysOptions,
  slot: Slot,
  readers: readonly string[]
): Promise<VaultCommitment> {
  checkReaders(slot, readers)
  const name = keyFileName(slot)
  const isNamed = (await options.committed(slot)) !== null
  const isThere = (await readText(join(folder, name)).catch(() => '')) !== null
  if (isNamed || (isThere && (await hasContent(folder, slot)))) {
    throw new Refusal(vaultProblem.keysExist(name))
  }
  await deleteFile(join(folder, name))
  const commitment = await make(folder, options, slot, readers)
  const file = await readKeyFile(folder, slot)
  if (file !== null) await sweepLedgers(folder, slot, file.current)
  return commitment
}

/** Whether something is sealed to keys of the slot. */
async function hasContent(folder: string, slot: Slot): Promise<boolean> {
  const vault = (await readHead(folder))?.id ?? null
  const names = (await allRecordFiles(folder)).flatMap(each => newestName(each) ?? [])
  const records = await inGroups(names, name => readRecord(folder, vault, name))
  const isOfSlot = records.some(
    each => each !== null && 'value' in each && each.value.slot === slot
  )
  return isOfSlot || (await listValues(folder)).some(each => each.slot === slot)
}

async function describe({ folder, ring }: Parts, slot: Slot): Promise<SlotKeySet | null> {
  const file = await readKeyFile(folder, slot)
  if (file === null) return null
  const shown = (set: KeySet, problem: Diagnostic | null, canOpen: boolean): SlotKeySet => ({
    slot,
    recipient: set.recipient,
    readers: set.readers,
    commitment: commitmentTo(file, set),
    canOpen,
    rotation: file.next && { readers: file.next.readers, isCommitted: set !== file.current },
    problem
  })
  try {
    const keys = await ring.find(slot)
    if (keys === null) return null
    const canOpen = (await keys.open()).length > 0
    return shown(
      keys.inUse === keys.file.next ? (file.next ?? file.current) : file.current,
      null,
      canOpen
    )
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return shown(file.current, error.diagnostics[0] ?? null, false)
  }
}

async function addReaders(
  { folder, ring }: Parts,
  slot: Slot,
  readers: readonly string[]
): Promise<void> {
  checkReaders(slot, readers)
  const keys = await found(ring, slot)
  if (keys.file.next !== null) throw new Refusal(vaultProblem.rotationRuns(slot))
  const [own] = await ring.openFor(keys, keysOf(slot))
  if (own.readers.some(each => !readers.includes(each))) {
    throw new Error('A reader is only taken away by new keys')
  }
  await writeKeys(folder, { ...keys.file, current: await own.sealedTo(readers) })
}

async function rotate(parts: Parts, slot: Slot, readers: readonly string[]): Promise<Rotation> {
  const { folder, ring } = parts
  checkReaders(slot, readers)
  const keys = await found(ring, slot)
  const { next, current } = keys.file
  const wanted = [...new Set(readers)].sort().join()
  if (next !== null && keys.inUse === next) {
    await finish(parts, slot)
    return rotate(parts, slot, readers)
  }
  if (next !== null && next.readers.join() !== wanted) {
    await abandon(parts, slot)
    return rotate(parts, slot, readers)
  }
  const opened = await ring.openFor(keys, keysOf(slot))
  const [from] = opened
  if (next !== null) {
    const to = opened[1] ?? refuseKey(slot)
    return {
      commitment: commitmentTo(keys.file, next),
      problems: await reseal(move(parts, keys, from, to))
    }
  }
  const made = await newKeys(keys, readers)
  await beginLedger(folder, keys, made.keys, await knownGenerations(parts, keys, from))
  const vouched = {
    byCurrent: vouch(from, current, made.set),
    byNext: vouch(made.keys, current, made.set)
  }
  await writeKeys(folder, { ...keys.file, next: { ...made.set, vouched } })
  const problems = await reseal(move(parts, keys, from, made.keys))
  return { commitment: commitmentTo(keys.file, made.set), problems }
}

async function finish(parts: Parts, slot: Slot): Promise<readonly Diagnostic[]> {
  const { folder, ring } = parts
  const keys = await found(ring, slot)
  const { next, current } = keys.file
  if (next === null) {
    await sweepLedgers(folder, slot, current)
    return []
  }
  if (keys.inUse !== next) throw new Error('State does not commit to the new keys yet')
  const [to, from] = await ring.openFor(keys, keysOf(slot))
  const { recipient, readers, sealed } = next
  return settle(parts, keys, from ?? refuseKey(slot), to, { recipient, readers, sealed })
}

async function abandon(parts: Parts, slot: Slot): Promise<readonly Diagnostic[]> {
  const { ring } = parts
  const keys = await found(ring, slot)
  const { next, current } = keys.file
  if (next === null) return []
  if (keys.inUse === next) throw new Error('State commits to the new keys already')
  const [to, from] = await ring.openFor(keys, keysOf(slot))
  return settle(parts, keys, from ?? refuseKey(slot), to, current)
}

/** Leaves one key set, with all that the slot has. */
async function settle(
  parts: Parts,
  keys: SlotKeys,
  from: OpenKeys,
  to: OpenKeys,
  set: KeySet
): Promise<readonly Diagnostic[]> {
  const { folder, ledger, identity } = parts
  const person = await identity.find()
  const made = person && makerOf(person, keys, set, null)
  await reseal(move(parts, keys, from, to))
  await ledger.raise(keys, to, await readLedger(ledger, keys, from))
  await writeKeys(folder, { ...keys.file, current: set, next: null, made })
  // Who read the keys before now and wrote after our first look is found by a second one.
  const problems = await reseal(move(parts, keys, from, to))
  await ledger.raise(keys, to, await readLedger(ledger, keys, from))
  await sweepLedgers(folder, keys.slot, set)
  return problems
}

/** What the new ledger begins with: the old one, or what is there where the old one is damaged. */
async function knownGenerations(
  { folder, ledger }: Parts,
  keys: SlotKeys,
  from: OpenKeys
): Promise<Generations> {
  try {
    return await ledger.read(keys, from)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const files = await allRecordFiles(folder)
    const ended = files.filter(each => each.isGone).map(each => [each.id, 'ended'] as const)
    return Object.fromEntries(ended)
  }
}

/** Nothing where it is damaged: the other one holds then. */
async function readLedger(ledger: Ledger, place: KeyPlace, keys: OpenKeys): Promise<Generations> {
  return ledger.read(place, keys).catch((error: unknown) => {
    if (error instanceof Refusal) return {}
    throw error
  })
}

async function listValues(folder: string): Promise<readonly ValueEntry[]> {
  const newest = new Map<string, string>()
  for (const name of await namesIn(join(folder, 'values'))) {
    const [, stem, number] = /^([0-9a-f]{32})\.(\d+)\.json$/.exec(name) ?? []
    if (stem === undefined || number === undefined) continue
    const known = Number(newest.get(stem)?.split('.')[1] ?? 0)
    if (Number(number) > known) newest.set(stem, name)
  }
  const files = await Promise.all(
    [...newest.values()].map(name => readValueFile(folder, `values/${name}`).catch(() => null))
  )
  return files
    .filter(each => each !== null)
    .map(({ name, connection, slot, by, proof }) => ({
      name,
      connection,
      slot,
      by,
      adopted: proof.kind === 'adopted'
    }))
}

function move({ folder, memberKey }: Parts, place: KeyPlace, from: OpenKeys, to: OpenKeys): Move {
  return { folder, place, from, to, memberKey }
}

async function found(ring: KeyRing, slot: Slot): Promise<SlotKeys> {
  const keys = await ring.find(slot)
  if (keys === null) throw new Refusal(vaultProblem.noReader(slot))
  return keys
}

function commitmentTo(
  { vault, slot }: Pick<KeyFile, 'vault' | 'slot'>,
  set: KeySet
): VaultCommitment {
  return { id: vault, keys: keysDigest(slot, set) }
}

async function writeKeys(folder: string, file: KeyFile): Promise<void> {
  await makeSubfolder(folder, posix.dirname(keyFileName(file.slot)))
  await replaceFile(join(folder, keyFileName(file.slot)), jsonText(file))
}

function refuseKey(slot: Slot): never {
  throw new Refusal(vaultProblem.keyWrong(keysOf(slot)))
}
