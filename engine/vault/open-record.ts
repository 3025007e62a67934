import { join } from 'node:path'
import type { Credential } from '../model/credential.ts'
import { type Diagnostic, Refusal } from '../model/diagnostic.ts'
import type { CredentialFile, VaultCommitment } from '../model/generated/types.ts'
import {
  goneName,
  keysOfAdopted,
  openAdopted,
  parseName,
  type Read,
  recordName
} from './credential-file.ts'
import { isUnchanged, type Stamped, stamped } from './file-stamp.ts'
import { keyFileName } from './key-file.ts'
import type { KeyRing, OpenedKeys, SlotKeys } from './key-ring.ts'
import { isBehind, type Ledger } from './ledger.ts'
import { newestName, readRecord, recordFiles } from './record-files.ts'
import { headName, readHead } from './vault-head.ts'
import { vaultProblem, whatWasAuthorized } from './vault-problem.ts'

/** The parts of a vault that its methods share. */
export interface VaultParts {
  readonly folder: string
  readonly ring: KeyRing
  readonly ledger: Ledger
  readonly committed: (slot: CredentialFile['slot']) => Promise<VaultCommitment | null>
}

/** An opened credential, and all that has to stay as it was for it to be good. */
interface Remembered {
  readonly credential: Credential
  readonly files: readonly Stamped[]
  readonly keys: SlotKeys
  readonly opened: OpenedKeys
}

/** More are opened again when they are asked for. */
const mostRemembered = 1000

/**
 * Opens adopted records. Of one that was opened before, a few looks at the disk tell that nothing changed: its file, a newer one, its
 * tombstone, its slot's keys and ledger, and what state commits to.
 */
export function recordOpener(parts: VaultParts): (id: string) => Promise<Credential | null> {
  const remembered = new Map<string, Remembered>()
  return async id => {
    const known = remembered.get(id)
    // What cannot be read any more is told by opening it again.
    const holds = known !== undefined && (await stillHolds(parts, known).catch(() => false))
    if (holds) return known.credential
    remembered.delete(id)
    const found = await openNewest(parts, id)
    if (found === null) return null
    if (remembered.size >= mostRemembered) remembered.delete([...remembered.keys()][0] ?? '')
    remembered.set(id, found)
    return found.credential
  }
}

async function stillHolds(parts: VaultParts, known: Remembered): Promise<boolean> {
  const { credential, keys, opened, files } = known
  const now = await parts.committed(credential.slot)
  const isSameState = now?.id === keys.committed?.id && now?.keys === keys.committed?.keys
  if (!isSameState || !keys.read.every(isUnchanged) || !files.every(isUnchanged)) return false
  return (await replayOf(parts, keys, opened, credential)) === null
}

async function openNewest(parts: VaultParts, id: string): Promise<Remembered | null> {
  const { folder, ring } = parts
  for (;;) {
    const files = await recordFiles(folder, id)
    const name = newestName(files)
    if (name === null) return null
    const { part } = parseName(name) ?? { part: 'deposit' }
    if (typeof part !== 'number') throw new Refusal(vaultProblem.notAdopted(name))
    const read = [name, recordName({ id, generation: part + 1 }), goneName(id)]
    const stamps = read.map(each => stamped(join(folder, each)))
    const record = await readRecord(folder, await vaultId(folder), name)
    // A newer generation took its place just now.
    if (record === null) continue
    const file = given(record)
    const keys = await keysFor(parts, file, name)
    const opened = await ring.openFor(keys, whatWasAuthorized(file))
    const checked = await checkRecord(parts, keys, opened, file).catch((error: unknown) => {
      // The ledger of a key set goes with it.
      if (error instanceof Refusal && !keys.read.every(isUnchanged)) return null
      throw error
    })
    if (checked === null) continue
    // What looks wrong may only have been overtaken: a newer generation, its end or other keys came in between.
    if ('problem' in checked && !stamps.every(isUnchanged)) continue
    const credential = given(checked)
    return { credential, files: stamps, keys, opened }
  }
}

/** All that makes a record genuine, and then what is sealed in it. */
export async function checkRecord(
  parts: VaultParts,
  keys: SlotKeys,
  opened: OpenedKeys,
  file: CredentialFile
): Promise<Read<Credential>> {
  const by = keysOfAdopted(file, opened)
  if (by === undefined) return { problem: vaultProblem.tampered(recordName(file)) }
  const replay = await replayOf(parts, keys, opened, file)
  return replay === null ? openAdopted(file, by) : { problem: replay }
}

/** The problem if readers have written a newer one, or ended it. */
async function replayOf(
  { ledger }: VaultParts,
  keys: SlotKeys,
  opened: OpenedKeys,
  file: Pick<Credential, 'id' | 'generation'>
): Promise<Diagnostic | null> {
  for (const each of opened) {
    const known = (await ledger.read(keys, each))[file.id]
    const isOld =
      known !== undefined && known !== file.generation && !isBehind(known, file.generation)
    if (isOld) return vaultProblem.replayed(recordName(file))
  }
  return null
}

/** The keys of a file that is there. Throws a Refusal if they are missing, or not those that state knows. */
export async function keysFor(
  { ring, committed }: VaultParts,
  { slot }: Pick<CredentialFile, 'slot'>,
  name: string
): Promise<SlotKeys> {
  const keys = await ring.find(slot)
  if (keys !== null) return keys
  // Of a slot that never had keys there can be no record.
  const hadKeys = (await committed(slot)) !== null
  throw new Refusal(
    hadKeys ? vaultProblem.keysDamaged(keyFileName(slot)) : vaultProblem.tampered(name)
  )
}

/** Throws a Refusal if there is none, where there are credentials. */
export async function vaultId(folder: string): Promise<string> {
  const head = await readHead(folder)
  if (head === null) throw new Refusal(vaultProblem.keysDamaged(headName))
  return head.id
}

export function given<T>(read: Read<T>): T {
  if ('problem' in read) throw new Refusal(read.problem)
  return read.value
}
