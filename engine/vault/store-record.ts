import { join } from 'node:path'
import type { Credential } from '../model/credential.ts'
import { Refusal } from '../model/diagnostic.ts'
import { adoptedText, recordName } from './credential-file.ts'
import { createFile, deleteFile, replaceFile } from './durable-file.ts'
import type { KeyRing, OpenedKeys, SlotKeys } from './key-ring.ts'
import type { Generations } from './ledger.ts'
import { dropOlder } from './numbered-files.ts'
import type { OpenKeys } from './open-keys.ts'
import type { VaultParts } from './open-record.ts'
import { recordFiles } from './record-files.ts'
import { keysOf, whatWasAuthorized } from './vault-problem.ts'

/**
 * Stores a generation that nobody has stored yet. A hard link decides between writers; looking behind it afterwards, for a newer
 * generation and for the tombstone, decides for one that slept before it came to link.
 */
export async function storeGeneration(
  parts: VaultParts,
  keys: SlotKeys,
  opened: OpenedKeys,
  credential: Credential
): Promise<'stored' | 'superseded' | 'ended'> {
  const { folder } = parts
  const { id, generation } = credential
  const path = join(folder, recordName(credential))
  const text = await adoptedText(keys.vault, credential, opened[0])
  if (!(await createFile(path, text))) return 'superseded'
  const found = await recordFiles(folder, id)
  const isPassed = (found.generations.at(-1) ?? 0) > generation
  if (found.isGone || isPassed) {
    await deleteFile(path)
    return found.isGone ? 'ended' : 'superseded'
  }
  const used = await sealAnewIfMoved(parts, keys, opened, credential)
  await unlessDiskFails(() => raise(parts, keys, used, { [id]: generation }))
  await dropOlder(folder, id, found.generations)
  return 'stored'
}

/** Writes entries into the ledgers of all key sets that we can open. */
export async function raise(
  { ledger, ring }: Pick<VaultParts, 'ledger' | 'ring'>,
  keys: SlotKeys,
  opened: OpenedKeys,
  entries: Generations
): Promise<void> {
  for (const each of opened) {
    try {
      await ledger.raise(keys, each, entries)
    } catch (error) {
      for (const instead of await keysInstead(ring, keys, each, error)) {
        await ledger.raise(keys, instead, entries)
      }
    }
  }
}

/** The ledger of a key set goes with it: what a rotation that just ended made instead. Throws the error if the set still counts. */
async function keysInstead(
  ring: KeyRing,
  { slot }: SlotKeys,
  gone: OpenKeys,
  error: unknown
): Promise<readonly OpenKeys[]> {
  const now = error instanceof Refusal ? await ring.find(slot) : null
  if (now === null) throw error
  const { current, next } = now.file
  if (current.recipient === gone.recipient || next?.recipient === gone.recipient) throw error
  return ring.openFor(now, keysOf(slot))
}

/** While we wrote, state may have moved on to other keys, whose maker did not see our file any more. */
async function sealAnewIfMoved(
  { folder, ring }: VaultParts,
  keys: SlotKeys,
  opened: OpenedKeys,
  credential: Credential
): Promise<OpenedKeys> {
  const path = join(folder, recordName(credential))
  try {
    const now = await ring.find(keys.slot)
    if (now === null || now.inUse.recipient === opened[0].recipient) return opened
    const [first, ...others] = await ring.openFor(now, whatWasAuthorized(credential))
    await replaceFile(path, await adoptedText(now.vault, credential, first))
    return [first, ...others]
  } catch (error) {
    if (error instanceof Refusal) await deleteFile(path)
    throw error
  }
}

/** The record is there already, and the next one raises the ledger again. */
async function unlessDiskFails(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return
    throw error
  }
}
