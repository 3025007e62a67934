import { join } from 'node:path'
import { Refusal } from '../model/diagnostic.ts'
import { digestOfText } from '../model/digest.ts'
import type { SealedSlot, Slot } from '../model/generated/types.ts'
import type { ValueOwner, Vault } from '../model/ports.ts'
import { type Members, signerOf } from './deposits.ts'
import { isSameMac, stableText } from './derive-keys.ts'
import { readText } from './durable-file.ts'
import { isMac, isNewer, isObject, jsonText, parsed } from './json-shape.ts'
import { isSealedSlot } from './key-file.ts'
import type { OpenedKeys, SlotKeys } from './key-ring.ts'
import { numberedName, numbersOf, writeNext } from './numbered-files.ts'
import { memberMac, type OpenKeys } from './open-keys.ts'
import { keysFor, type VaultParts, vaultId } from './open-record.ts'
import { seal } from './seal.ts'
import { makeSubfolder } from './vault-head.ts'
import { vaultProblem, whatWasSet } from './vault-problem.ts'

/** What can be read of a value without a key. */
export interface ValueFile {
  readonly formatVersion: 1
  readonly vault: string
  readonly name: string
  readonly connection: string
  readonly slot: Slot
  /** Who set it. */
  readonly by: string
  readonly sealed: string
  /** Who vouches for it: a reader of the slot, or whoever deposited it. */
  readonly proof: { readonly kind: 'adopted' | 'deposit'; readonly mac: string }
}

export interface ValueOptions extends Members {
  readonly maySetValues?: MaySetValues
}

/** Whether a value that this member deposited counts in the slot. */
export type MaySetValues = (email: string, slot: SealedSlot) => boolean | Promise<boolean>

/** Values of `vault:` references. Each is bound to its name, connection and slot, and useless in the place of another. */
export function openValues(
  parts: VaultParts,
  options: ValueOptions,
  keysToWrite: (slot: Slot) => Promise<SlotKeys>
): { readonly get: Vault['value']; readonly set: Vault['setValue'] } {
  const folder = join(parts.folder, 'values')

  const write = async (stem: string, text: string): Promise<void> => {
    await makeSubfolder(parts.folder, 'values')
    let after = 0
    do after = (await numbersOf(folder, stem)).at(-1) ?? 0
    while (!(await writeNext(folder, stem, after, text)))
  }

  return {
    get: (name, owner) => readValue(parts, options, name, owner),

    set: async (name, value, owner, by) => {
      for (;;) {
        const keys = await keysToWrite(owner.slot)
        const [first] = await keys.open()
        const signer = first === undefined ? await signerOf(options, by, owner.slot) : null
        if (first === undefined && signer === null) {
          throw new Refusal(vaultProblem.depositNeedsKey(owner.slot))
        }
        const entry = { name, connection: owner.connection, slot: owner.slot, by, value }
        const sign =
          signer === null
            ? null
            : (proven: unknown) => memberMac(signer, keys, keys.inUse.recipient, 'value', proven)
        const text = await valueText(keys.vault, entry, first ?? keys.inUse, sign)
        await write(valueStem(name, owner), text)
        // While we wrote, state may have moved on to other keys.
        const now = await parts.ring.find(owner.slot)
        if (now === null || now.inUse.recipient === keys.inUse.recipient) return
      }
    }
  }
}

async function readValue(
  parts: VaultParts,
  options: ValueOptions,
  name: string,
  owner: ValueOwner
): Promise<string | null> {
  const folder = join(parts.folder, 'values')
  const stem = valueStem(name, owner)
  for (;;) {
    const number = (await numbersOf(folder, stem)).at(-1)
    if (number === undefined) return null
    const path = `values/${numberedName(stem, number)}`
    const keys = await keysFor(parts, owner, path)
    const opened = await parts.ring.openFor(keys, whatWasSet(name, owner))
    const file = await readValueFile(parts.folder, path)
    // A newer one took its place just now.
    if (file === null) continue
    const isHere =
      file.name === name && file.slot === owner.slot && file.connection === owner.connection
    if (!isHere) throw new Refusal(vaultProblem.tampered(path))
    const value = await openValue(options, opened, file, path)
    if (file.proof.kind === 'deposit') {
      // So that it outlives its depositor's membership. Whoever set it anew meanwhile comes first.
      const text = await valueText(keys.vault, { ...file, value }, opened[0], null)
      await writeNext(folder, stem, number, text).catch(() => false)
    }
    return value
  }
}

interface ValueEntry extends Pick<ValueFile, 'name' | 'connection' | 'slot' | 'by'> {
  readonly value: string
}

/** Signed by a depositor where `sign` is given, else by the key set itself. */
export async function valueText(
  vault: string,
  { name, connection, slot, by, value }: ValueEntry,
  keys: OpenKeys | { readonly recipient: string },
  sign: ((proven: unknown) => string) | null
): Promise<string> {
  const entry = { name, connection, slot, by }
  const sealed = await seal(JSON.stringify({ ...entry, value }), [keys.recipient])
  const kind = sign === null ? 'adopted' : 'deposit'
  const file = { formatVersion: 1, vault, ...entry, sealed } as const
  const proven = provenOf(file, kind)
  const mac = sign === null && 'mac' in keys ? keys.mac('value', proven) : sign?.(proven)
  if (mac === undefined) throw new Error('Nobody vouches for the value')
  return jsonText({ ...file, proof: { kind, mac } })
}

/** Throws a Refusal if nobody who may vouches for it, or it was changed. */
export async function openValue(
  options: Pick<ValueOptions, 'memberKey' | 'maySetValues'>,
  opened: OpenedKeys,
  file: ValueFile,
  path: string
): Promise<string> {
  const member = await depositorKey(options, file)
  const keys = opened.find(each => isVouchedFor(each, file, member))
  if (keys === undefined) throw new Refusal(vaultProblem.tampered(path))
  const found = await keys.unseal(file.sealed)
  const content = typeof found === 'string' ? null : parsed(found.text)
  if (!isObject(content) || typeof content.value !== 'string') {
    throw new Refusal(vaultProblem.damaged(path))
  }
  const { value, ...entry } = content
  const { name, connection, slot, by } = file
  if (stableText(entry) !== stableText({ name, connection, slot, by })) {
    throw new Refusal(vaultProblem.tampered(path))
  }
  return value
}

/** Whether readers of this key set vouch for it. */
export function isAdoptedBy(keys: OpenKeys, { proof, ...file }: ValueFile): boolean {
  return (
    proof.kind === 'adopted' && isSameMac(proof.mac, keys.mac('value', provenOf(file, proof.kind)))
  )
}

/** The key that vouches for a value of somebody who may leave one; undefined where nobody's does. */
async function depositorKey(
  { memberKey, maySetValues }: Pick<ValueOptions, 'memberKey' | 'maySetValues'>,
  { proof, by, slot }: ValueFile
): Promise<string | undefined> {
  if (proof.kind === 'adopted' || (await maySetValues?.(by, slot)) === false) return undefined
  return memberKey(by, slot)
}

function isVouchedFor(keys: OpenKeys, file: ValueFile, member: string | undefined): boolean {
  const { proof, ...rest } = file
  if (proof.kind === 'adopted') return isAdoptedBy(keys, file)
  if (member === undefined) return false
  try {
    return isSameMac(proof.mac, keys.depositMac(member, 'value', provenOf(rest, proof.kind)))
  } catch {
    // What a member is given is no key that can be used.
    return false
  }
}

function provenOf(file: Omit<ValueFile, 'proof'>, kind: ValueFile['proof']['kind']): unknown {
  return { ...file, sealed: digestOfText(file.sealed), kind }
}

/** File names tell nothing of what is set. */
export function valueStem(name: string, { connection, slot }: ValueOwner): string {
  return digestOfText(stableText({ name, connection, slot })).slice('sha256:'.length, 39)
}

/** null if it is gone by now. Throws a Refusal if it cannot be read. `path` is inside the vault. */
export async function readValueFile(folder: string, path: string): Promise<ValueFile | null> {
  const text = await readText(join(folder, path)).catch(() => '')
  if (text === null) return null
  const value = parsed(text)
  if (isNewer(value)) throw new Refusal(vaultProblem.newer(path))
  if (!isValueFile(value)) throw new Refusal(vaultProblem.damaged(path))
  if (value.vault !== (await vaultId(folder))) throw new Refusal(vaultProblem.tampered(path))
  return value
}

function isValueFile(value: unknown): value is ValueFile {
  return (
    isObject(value) &&
    value.formatVersion === 1 &&
    [value.vault, value.name, value.connection, value.by, value.sealed].every(
      each => typeof each === 'string'
    ) &&
    isSealedSlot(value.slot) &&
    isObject(value.proof) &&
    (value.proof.kind === 'adopted' || value.proof.kind === 'deposit') &&
    isMac(value.proof.mac)
  )
}
