import { join } from 'node:path'
import { Refusal } from '../model/diagnostic.ts'
import { digestOf } from '../model/digest.ts'
import { ownSlots } from '../model/documents.ts'
import type { Digest, SealedSlot, Slot, VaultCommitment } from '../model/generated/types.ts'
import { isRecipient } from './derive-keys.ts'
import { readText } from './durable-file.ts'
import { isMac, isNewer, isObject, isTextList, isUuid, parsed } from './json-shape.ts'
import { namesIn } from './numbered-files.ts'
import { vaultProblem } from './vault-problem.ts'

/** One key pair of a slot: what is sealed to `recipient`, its readers open. */
export interface KeySet {
  readonly recipient: string
  /** age recipients, sorted. The sealed list wins; this one is for those who cannot open it. */
  readonly readers: readonly string[]
  /** ASCII-armoured age file to the readers. What is in it can be used as an identity file of age. */
  readonly sealed: string
}

/** The key set that a rotation moves to. */
export interface NextKeySet extends KeySet {
  /** Each of the two knows the other: only who opens one can make its proof. */
  readonly vouched: { readonly byCurrent: string; readonly byNext: string }
}

/** keys/<slot>.json; of a client keys/client/<lineage>.json */
export interface KeyFile {
  readonly formatVersion: 1
  readonly vault: string
  readonly slot: Slot
  readonly current: KeySet
  /** Only while a rotation runs. */
  readonly next: NextKeySet | null
  /** By whoever made `current`; null if nobody's key was there. */
  readonly made: Maker | null
}

/**
 * Until state names new keys, a proof by the own key of who made them tells that person that nobody else put them there. In a
 * fresh clone, or a vault that was started anew, they take the place of those that state names still.
 */
export interface Maker {
  readonly replaces: VaultCommitment | null
  readonly mac: string
}

/** Whether it is a slot as vaults know it: one of our own, or a client's by the lineage of its state. */
export function isSealedSlot(value: unknown): value is SealedSlot {
  if (typeof value !== 'string') return false
  const [kind, lineage, ...rest] = value.split('/')
  return kind === 'client'
    ? isUuid(lineage) && rest.length === 0
    : ownSlots.some(slot => slot === value)
}

/** Our own slots, and those of clients that have keys here. */
export async function keySlots(folder: string): Promise<readonly SealedSlot[]> {
  // Where something else stands in the folder's place, no client has keys.
  const names = await namesIn(join(folder, 'keys', 'client')).catch(() => [])
  const clients = names
    .flatMap(name => /^(.*)\.json$/.exec(name)?.[1] ?? [])
    .map(lineage => `client/${lineage}`)
  return [...ownSlots, ...clients.filter(isSealedSlot)]
}

/** The slot as a part of a path. Throws for what is none, so that no other text ever leads to a file. */
export function slotPath(slot: SealedSlot): string {
  if (isSealedSlot(slot)) return slot
  throw new Error('A vault knows the slot of a client by its lineage alone')
}

/** Its name inside the vault. */
export function keyFileName(slot: SealedSlot): string {
  return `keys/${slotPath(slot)}.json`
}

/** What state commits to. */
export function keysDigest(slot: Slot, { recipient }: { readonly recipient: string }): Digest {
  return digestOf({ slot, recipient })
}

/** null if the slot has none. Throws a Refusal if it cannot be read. */
export async function readKeyFile(folder: string, slot: Slot): Promise<KeyFile | null> {
  const name = keyFileName(slot)
  const text = await readText(join(folder, name)).catch(() => '')
  if (text === null) return null
  const value = parsed(text)
  if (isNewer(value)) throw new Refusal(vaultProblem.newer(name))
  if (!isKeyFile(value)) throw new Refusal(vaultProblem.keysDamaged(name))
  if (value.slot !== slot) throw new Refusal(vaultProblem.keysTampered(name))
  return value
}

function isKeyFile(value: unknown): value is KeyFile {
  return (
    isObject(value) &&
    value.formatVersion === 1 &&
    isUuid(value.vault) &&
    isSealedSlot(value.slot) &&
    isKeySet(value.current) &&
    (value.next === null || isNextKeySet(value.next)) &&
    (value.made === null || isMaker(value.made))
  )
}

function isKeySet(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value.recipient === 'string' &&
    isRecipient(value.recipient) &&
    isTextList(value.readers) &&
    value.readers.every(isRecipient) &&
    typeof value.sealed === 'string'
  )
}

function isNextKeySet(value: unknown): boolean {
  return (
    isObject(value) &&
    isKeySet(value) &&
    isObject(value.vouched) &&
    isMac(value.vouched.byCurrent) &&
    isMac(value.vouched.byNext)
  )
}

function isMaker(value: unknown): boolean {
  return (
    isObject(value) &&
    isMac(value.mac) &&
    (value.replaces === null ||
      (isObject(value.replaces) &&
        typeof value.replaces.id === 'string' &&
        typeof value.replaces.keys === 'string'))
  )
}
