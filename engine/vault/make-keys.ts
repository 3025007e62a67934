import { join, posix } from 'node:path'
import { Refusal } from '../model/diagnostic.ts'
import type { Slot, VaultCommitment } from '../model/generated/types.ts'
import { isRecipient } from './derive-keys.ts'
import { createFile } from './durable-file.ts'
import { jsonText } from './json-shape.ts'
import { type KeyFile, keyFileName } from './key-file.ts'
import { makerOf } from './key-ring.ts'
import { beginLedger, dropLedger } from './ledger.ts'
import { type KeyPlace, type OpenKeys, openKeys } from './open-keys.ts'
import type { Identity } from './person-identity.ts'
import { newKeyPair } from './seal.ts'
import { makeSubfolder } from './vault-head.ts'
import { vaultProblem } from './vault-problem.ts'

/** Makes the first key set of a slot, in place of what state names if it names any. false if there is one by now. */
export async function makeKeys(
  folder: string,
  place: KeyPlace,
  readers: readonly string[],
  maker: { readonly person: Identity | null; readonly replaces: VaultCommitment | null }
): Promise<boolean> {
  checkReaders(place.slot, readers)
  const { keys, set } = await newKeys(place, readers)
  const file: KeyFile = {
    formatVersion: 1,
    vault: place.vault,
    slot: place.slot,
    current: set,
    next: null,
    made: maker.person && makerOf(maker.person, place, set, maker.replaces)
  }
  await makeSubfolder(folder, posix.dirname(keyFileName(place.slot)))
  await beginLedger(folder, place, keys, {})
  if (await createFile(join(folder, keyFileName(place.slot)), jsonText(file))) return true
  await dropLedger(folder, place.slot, set)
  return false
}

/** A new key pair, sealed to its readers. Its ledger is still to be written. */
export async function newKeys(place: KeyPlace, readers: readonly string[]) {
  const keys: OpenKeys = openKeys(place, await newKeyPair(), readers)
  return { keys, set: await keys.sealedTo(readers) }
}

/** Throws a Refusal if there is none, or one is no key. */
export function checkReaders(slot: Slot, readers: readonly string[]): void {
  if (readers.length === 0) throw new Refusal(vaultProblem.noReader(slot))
  const wrong = readers.filter(each => !isRecipient(each))
  if (wrong.length > 0) throw new Refusal(...wrong.map(vaultProblem.recipientInvalid))
}
