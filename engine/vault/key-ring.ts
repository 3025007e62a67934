import { join } from 'node:path'
import { Refusal } from '../model/diagnostic.ts'
import type { SealedSlot, Slot, VaultCommitment } from '../model/generated/types.ts'
import { bytesOf, deriveKey, isSameMac, macOf } from './derive-keys.ts'
import { isUnchanged, type Stamped, stamped } from './file-stamp.ts'
import {
  type KeyFile,
  type KeySet,
  keyFileName,
  keysDigest,
  type Maker,
  readKeyFile
} from './key-file.ts'
import { type OpenKeys, openKeySet } from './open-keys.ts'
import type { Identity, IdentitySource } from './person-identity.ts'
import { headName, readHead } from './vault-head.ts'
import { vaultProblem } from './vault-problem.ts'

export interface KeyRingOptions {
  readonly identity: IdentitySource
  /** What state commits to at this moment. */
  readonly committed: (slot: Slot) => Promise<VaultCommitment | null>
  /**
   * Whether one person is all there is in a slot: keys that state does not name yet must then have been made with our own key. false
   * where left out.
   */
  readonly isAlone?: IsAlone
}

export type IsAlone = (slot: SealedSlot) => boolean | Promise<boolean>

/** The keys of one slot, found to be those that state commits to. */
export interface SlotKeys {
  readonly vault: string
  readonly slot: Slot
  readonly file: KeyFile
  readonly inUse: KeySet
  /** What state was found to commit to. */
  readonly committed: VaultCommitment | null
  /** The files that this was read from. */
  readonly read: readonly Stamped[]
  /**
   * What our key opens: the set in use, and while a rotation runs the other one, behind it. Empty if it does not open the one in
   * use. Throws a Refusal (VAULT_TAMPERED, VAULT_DAMAGED).
   */
  readonly open: () => Promise<readonly OpenKeys[]>
}

/** Finds the keys of slots, and opens each once. */
export interface KeyRing {
  /** null if the slot has no keys. Throws a Refusal: VAULT_KEY_CHANGED if state commits to others. */
  readonly find: (slot: Slot) => Promise<SlotKeys | null>
  /**
   * What `open` gives, but nothing where the file does not name our key among its readers. Trying costs milliseconds, and there may be
   * hundreds of clients.
   */
  readonly openNamed: (keys: SlotKeys) => Promise<readonly OpenKeys[]>
  /** The set in use first. Throws a Refusal (VAULT_KEY_WRONG) if our key does not open it; `what` it was needed for. */
  readonly openFor: (keys: SlotKeys, what: string) => Promise<OpenedKeys>
}

/** At least the set in use. */
export type OpenedKeys = readonly [OpenKeys, ...OpenKeys[]]

export function openKeyRing(
  folder: string,
  { identity, committed, isAlone = () => false }: KeyRingOptions
): KeyRing {
  // Secrets stay in here, where printing a vault does not find them.
  const files = new Map<Slot, { readonly read: readonly Stamped[]; readonly found: Found | null }>()
  const opened = new Map<string, Promise<OpenKeys | null>>()

  const read = async (slot: Slot) => {
    const known = files.get(slot)
    if (known?.read.every(isUnchanged)) return known
    const paths = [headName, keyFileName(slot)].map(name => stamped(join(folder, name)))
    const fresh = { read: paths, found: await readKeys(folder, slot) }
    files.set(slot, fresh)
    return fresh
  }

  const openSet = async (keys: KeyFile, set: KeySet): Promise<OpenKeys | null> => {
    // The whole of it, so that another file never finds what belongs to this one.
    const what = JSON.stringify([keys.vault, keys.slot, set])
    const known = opened.get(what)
    if (known !== undefined) return known
    const own = await identity.find()
    if (own === null) return null
    const opening = openKeySet(keys, set, own)
    if (opened.size >= 16) opened.clear()
    opened.set(what, opening)
    // Only what worked is kept: a key may come along.
    const isKept = await opening.then(Boolean, () => false)
    if (!isKept) opened.delete(what)
    return opening
  }

  const openAll = async (
    keys: KeyFile,
    inUse: KeySet,
    isNamed: boolean
  ): Promise<readonly OpenKeys[]> => {
    const own = await openSet(keys, inUse)
    if (own === null) return []
    // Anybody can seal keys to us that they know.
    if (!isNamed && (await isAlone(keys.slot))) {
      const isOurs = await isOurMaking(keys, keys.made?.replaces ?? null, identity)
      if (!isOurs) throw new Refusal(vaultProblem.keysTampered(keyFileName(keys.slot)))
    }
    const { current, next } = keys
    if (next === null) return [own]
    const isCurrent = inUse === current
    const proof = isCurrent ? next.vouched.byCurrent : next.vouched.byNext
    if (!isSameMac(proof, vouch(own, current, next))) {
      throw new Refusal(vaultProblem.keysTampered(keyFileName(keys.slot)))
    }
    const other = await openSet(keys, isCurrent ? next : current)
    return other === null ? [own] : [own, other]
  }

  const find = async (slot: Slot): Promise<SlotKeys | null> => {
    const commitment = await committed(slot)
    const { read: stamps, found } = await read(slot)
    if (found === null) return null
    const { file } = found
    const inUse = (await setInUse(file, commitment, identity)) ?? refuse(slot)
    if (file.vault !== found.vault) throw new Refusal(vaultProblem.keysTampered(keyFileName(slot)))
    return {
      vault: found.vault,
      slot,
      file,
      inUse,
      committed: commitment,
      read: stamps,
      open: () => openAll(file, inUse, commitment !== null)
    }
  }

  return {
    find,
    openNamed: async keys => {
      const own = await identity.find()
      return own !== null && keys.inUse.readers.includes(own.recipient) ? keys.open() : []
    },
    openFor: async (keys, what) => {
      const [first, ...others] = await keys.open()
      if (first !== undefined) return [first, ...others]
      const own = await identity.find()
      throw new Refusal(own === null ? vaultProblem.keyMissing(what) : vaultProblem.keyWrong(what))
    }
  }
}

interface Found {
  readonly vault: string
  readonly file: KeyFile
}

async function readKeys(folder: string, slot: Slot): Promise<Found | null> {
  const file = await readKeyFile(folder, slot)
  if (file === null) return null
  const head = await readHead(folder)
  if (head === null) throw new Refusal(vaultProblem.keysDamaged(headName))
  return { vault: head.id, file }
}

/** The proof by which one of two key sets knows the other. */
export function vouch(
  by: OpenKeys,
  current: { readonly recipient: string },
  next: { readonly recipient: string }
): string {
  return by.mac('key sets', { current: current.recipient, next: next.recipient })
}

export function isCommitted(
  { vault, slot }: Pick<KeyFile, 'vault' | 'slot'>,
  set: KeySet,
  { id, keys }: VaultCommitment
): boolean {
  return id === vault && keys === keysDigest(slot, set)
}

/** null if state commits to another one. */
async function setInUse(
  file: KeyFile,
  commitment: VaultCommitment | null,
  identity: IdentitySource
): Promise<KeySet | null> {
  const { current, next } = file
  if (commitment === null || isCommitted(file, current, commitment)) return current
  if (next !== null && isCommitted(file, next, commitment)) return next
  return (await isOurMaking(file, commitment, identity)) ? current : null
}

/** Whether we made the keys in use, in place of these. */
async function isOurMaking(
  file: KeyFile,
  replaces: VaultCommitment | null,
  identity: IdentitySource
): Promise<boolean> {
  if (file.made === null) return false
  const own = await identity.find()
  return own !== null && isSameMac(file.made.mac, makerOf(own, file, file.current, replaces).mac)
}

/** The proof that a person made these keys. */
export function makerOf(
  person: Identity,
  { vault, slot }: Pick<KeyFile, 'vault' | 'slot'>,
  { recipient }: { readonly recipient: string },
  replaces: VaultCommitment | null
): Maker {
  const key = deriveKey(bytesOf(person.secretKey()), vault, 'tieline made keys')
  const named = replaces && { id: replaces.id, keys: replaces.keys }
  return { replaces: named, mac: macOf(key, { vault, slot, recipient, replaces: named }) }
}

function refuse(slot: Slot): never {
  throw new Refusal(vaultProblem.keyChanged(slot))
}
