import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Credential } from '../model/credential.ts'
import { type Diagnostic, Refusal } from '../model/diagnostic.ts'
import type { Slot, VaultCommitment } from '../model/generated/types.ts'
import type { Vault } from '../model/ports.ts'
import { adoptedText, goneName, readCredentialFile, recordName } from './credential-file.ts'
import { adoptDeposit, type Members, storeDeposit } from './deposits.ts'
import { createFile, deleteFile, makeFolder } from './durable-file.ts'
import { isUuid, jsonText, parsed } from './json-shape.ts'
import { keyFileName, keySlots, keysDigest, readKeyFile } from './key-file.ts'
import { type IsAlone, openKeyRing, type SlotKeys } from './key-ring.ts'
import { deleteLeases } from './lease-files.ts'
import { openLedger } from './ledger.ts'
import { makeKeys } from './make-keys.ts'
import { checkRecord, keysFor, recordOpener, type VaultParts, vaultId } from './open-record.ts'
import {
  allRecordFiles,
  deleteRecord,
  inGroups,
  newestName,
  readRecord,
  recordFiles,
  recordsReader
} from './record-files.ts'
import { raise, storeGeneration } from './store-record.ts'
import { unwritable } from './unwritable.ts'
import { ensureHead, headProblem, readHead } from './vault-head.ts'
import { keysOf, vaultProblem, whatWasAuthorized } from './vault-problem.ts'
import { type MaySetValues, openValues } from './vault-values.ts'

export interface FileVaultOptions extends Members {
  /** What state commits to for a slot at this moment: read anew by each call. */
  readonly committed: (slot: Slot) => Promise<VaultCommitment | null>
  /**
   * A one-person workspace: to whom the keys are sealed that the first `store` makes. null in a team, where only the `vault`
   * commands make keys.
   */
  readonly readers: (() => Promise<readonly string[]>) | null
  /** With `readers`: whether they are those of this slot. false where others read it, as in a team; true where left out. */
  readonly isAlone?: IsAlone
  /** Whether a value that this member deposited counts in the slot; every member's does if left out. */
  readonly maySetValues?: MaySetValues
}

/**
 * A vault in a folder (absolute path), one file a credential. Reading takes no lock and writing none either: the disk decides which
 * of two writers comes first.
 */
export function openFileVault(folder: string, options: FileVaultOptions): Vault {
  const ring = openKeyRing(folder, {
    ...options,
    isAlone: async slot => (await firstReaders(options, slot)) !== null
  })
  const parts: VaultParts = {
    folder,
    ring,
    ledger: openLedger(folder),
    committed: options.committed
  }
  const open = recordOpener(parts)
  const records = recordsReader(folder)
  const toWrite = (slot: Slot): Promise<SlotKeys> => keysToWrite(parts, options, slot)
  const values = openValues(parts, options, toWrite)

  return {
    commitment: async slot => {
      const file = await readKeyFile(folder, slot)
      if (file === null) return null
      const committed = await options.committed(slot)
      const isNext = file.next !== null && committed?.keys === keysDigest(slot, file.next)
      const { recipient } = isNext && file.next !== null ? file.next : file.current
      return { id: await vaultId(folder), keys: keysDigest(slot, { recipient }) }
    },

    canRead: async slot => {
      const keys = await ring.find(slot)
      return keys !== null && (await ring.openNamed(keys)).length > 0
    },

    checkStore: slot => checkStore(parts, options, slot),

    readers: async slot => (await ring.find(slot))?.inUse.readers ?? null,

    list: () => listVault(folder, records),

    open: async id => (isUuid(id) ? open(id) : null),

    store: async (credential, { switchAccount = false } = {}) => {
      if (!isUuid(credential.id)) throw new Error('The id of a credential must be a UUID')
      const keys = await toWrite(credential.slot)
      const [first, ...others] = await keys.open()
      if (first === undefined) {
        await storeDeposit(parts, options, keys, credential, switchAccount)
        return 'deposited'
      }
      const stored = await storeGeneration(parts, keys, [first, ...others], credential)
      if (stored === 'ended') throw new Refusal(vaultProblem.ended(goneName(credential.id)))
      if (stored === 'superseded') throw new Error(`There is a ${recordName(credential)} already`)
      return 'adopted'
    },

    replace: next => replaceRecord(parts, next),

    seal: async next => {
      const keys = await keysFor(parts, next, recordName(next))
      const [first] = await ring.openFor(keys, whatWasAuthorized(next))
      return adoptedText(keys.vault, next, first)
    },

    unseal: text => unsealAside(parts, text),

    adopt: async (id, check) => (isUuid(id) ? adoptDeposit(parts, options, id, check, open) : null),

    remove: async id => {
      if (isUuid(id)) await removeRecord(parts, id)
    },

    sweep: async () => {
      const gone = (await allRecordFiles(folder)).filter(({ isGone }) => isGone)
      const left = gone.filter(each => each.generations.length > 0 || each.hasDeposit)
      for (const { id } of left) await removeRecord(parts, id)
      for (const { id } of gone) await deleteLeases(folder, id)
      for (const slot of await keySlots(folder)) await endInLedger(parts, slot, gone)
    },

    value: values.get,
    setValue: values.set
  }
}

/** Whose are the first keys of a slot, where they may be made by storing something; null where they may not. */
async function firstReaders(
  { readers, isAlone = () => true }: Pick<FileVaultOptions, 'readers' | 'isAlone'>,
  slot: Slot
): Promise<FileVaultOptions['readers']> {
  return readers !== null && (await isAlone(slot)) ? readers : null
}

/** The keys that something new of the slot is sealed to. Makes them where there may be made some. */
async function keysToWrite(
  parts: VaultParts,
  options: FileVaultOptions,
  slot: Slot
): Promise<SlotKeys> {
  const { ring } = parts
  const readers = await firstReaders(options, slot)
  const found = await ring.find(slot)
  if (readers === null) {
    checkTeamKeys(found, slot, await parts.committed(slot))
    return found
  }
  const keys = found ?? (await makeFirstKeys(parts, { ...options, readers }, slot))
  // Alone, one never seals to keys that somebody else put there.
  await ring.openFor(keys, keysOf(slot))
  return keys
}

async function checkStore(
  { folder, ring, committed }: VaultParts,
  options: FileVaultOptions,
  slot: Slot
): Promise<void> {
  const readers = await firstReaders(options, slot)
  const found = await ring.find(slot)
  if (readers === null) checkTeamKeys(found, slot, await committed(slot))
  else if (found !== null) await ring.openFor(found, keysOf(slot))
  try {
    await makeFolder(folder)
    const probe = join(folder, `.${randomUUID()}.tmp`)
    await createFile(probe, '')
    await deleteFile(probe)
  } catch (error) {
    unwritable(error, 'Nobody was asked, since what they give could not be stored.')
  }
}

/** Keys that are missing, or that state does not name and so may be anybody's. */
function checkTeamKeys(
  found: SlotKeys | null,
  slot: Slot,
  committed: VaultCommitment | null
): asserts found is SlotKeys {
  if (found !== null && found.committed !== null) return
  throw new Refusal(
    committed === null ? vaultProblem.noReader(slot) : vaultProblem.keyChanged(slot)
  )
}

async function makeFirstKeys(
  { folder, ring, committed }: VaultParts,
  {
    readers,
    identity
  }: Pick<FileVaultOptions, 'identity'> & {
    readonly readers: NonNullable<FileVaultOptions['readers']>
  },
  slot: Slot
): Promise<SlotKeys> {
  const commitment = await committed(slot)
  const { files } = await listVault(folder)
  if (files.some(each => each.slot === slot)) {
    // This is no fresh clone: its keys were taken away.
    throw new Refusal(vaultProblem.keysDamaged(keyFileName(slot)))
  }
  const to = await readers()
  const maker = { person: await identity.ensure(), replaces: commitment }
  const { id } = await ensureHead(folder)
  await makeKeys(folder, { vault: id, slot }, to, maker)
  const made = await ring.find(slot)
  if (made === null) throw new Refusal(vaultProblem.keysDamaged(keyFileName(slot)))
  return made
}

async function listVault(
  folder: string,
  records = recordsReader(folder)
): ReturnType<Vault['list']> {
  const damage = await headProblem(folder)
  const vault = damage === null ? ((await readHead(folder))?.id ?? null) : null
  const names = (await allRecordFiles(folder)).flatMap(each => newestName(each) ?? [])
  const read = await records(vault, names)
  const found = read.filter(each => each !== null)
  const keyProblems = await inGroups(await keySlots(folder), slot => keyProblem(folder, slot))
  return {
    files: found.flatMap(each => ('value' in each ? [each.value] : [])),
    problems: [
      ...[damage, ...keyProblems].filter(each => each !== null),
      ...found.flatMap(each => ('problem' in each ? [each.problem] : []))
    ]
  }
}

async function keyProblem(folder: string, slot: Slot): Promise<Diagnostic | null> {
  try {
    await readKeyFile(folder, slot)
    return null
  } catch (error) {
    if (error instanceof Refusal) return error.diagnostics[0] ?? null
    throw error
  }
}

async function replaceRecord(
  parts: VaultParts,
  next: Credential
): Promise<'stored' | 'superseded' | 'ended'> {
  const name = recordName(next)
  const keys = await keysFor(parts, next, name)
  const opened = await parts.ring.openFor(keys, whatWasAuthorized(next))
  const { generations, isGone } = await recordFiles(parts.folder, next.id)
  const newest = generations.at(-1)
  // Without a tombstone somebody deleted its files by hand, which ends it as well.
  if (isGone || newest === undefined) return 'ended'
  if (newest >= next.generation) return 'superseded'
  if (newest < next.generation - 1) {
    throw new Refusal(vaultProblem.replayed(recordName({ id: next.id, generation: newest })))
  }
  const before = await readRecord(
    parts.folder,
    keys.vault,
    recordName({ ...next, generation: newest })
  )
  // The client was installed anew meanwhile: what it was given before does not come along.
  if (before !== null && 'value' in before && before.value.slot !== next.slot) return 'ended'
  return storeGeneration(parts, keys, opened, next)
}

async function unsealAside(parts: VaultParts, text: string): Promise<Credential | null> {
  const { folder, ring } = parts
  const value = parsed(text)
  const isNamed =
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    isUuid(value.id) &&
    'generation' in value &&
    typeof value.generation === 'number'
  if (!isNamed) return null
  const name = recordName({ id: String(value.id), generation: Number(value.generation) })
  const read = readCredentialFile(name, await vaultId(folder), text)
  if ('problem' in read) return null
  const keys = await keysFor(parts, read.value, name)
  const opened = await ring.openFor(keys, whatWasAuthorized(read.value))
  if ((await recordFiles(folder, read.value.id)).isGone) return null
  const found = await checkRecord(parts, keys, opened, read.value)
  return 'value' in found ? found.value : null
}

/**
 * Who ends a record of a slot that they cannot read leaves a tombstone and nothing else, and without it the record could be put back.
 * Readers note it where nobody else can write.
 */
async function endInLedger(
  parts: VaultParts,
  slot: Slot,
  gone: readonly { readonly id: string }[]
): Promise<void> {
  if (gone.length === 0) return
  try {
    const keys = await parts.ring.find(slot)
    if (keys === null) return
    const [first, ...others] = await parts.ring.openNamed(keys)
    if (first === undefined) return
    const known = await parts.ledger.read(keys, first)
    const ended = gone.filter(({ id }) => typeof known[id] === 'number')
    const entries = Object.fromEntries(ended.map(({ id }) => [id, 'ended'] as const))
    await raise(parts, keys, [first, ...others], entries)
  } catch (error) {
    // What is wrong with a slot is told by whoever reads it.
    if (!(error instanceof Refusal)) throw error
  }
}

async function removeRecord(parts: VaultParts, id: string): Promise<void> {
  const { folder, ring } = parts
  const before = await recordFiles(folder, id)
  const head = await readHead(folder)
  if (head === null) return
  // Even beside a tombstone: whoever wrote it may have been cut off before the ledger had it.
  const name = newestName({ ...before, isGone: false })
  if (before.isGone && name === null) return deleteLeases(folder, id)
  const read = name === null ? null : await readRecord(folder, head.id, name)
  // A file that cannot be read tells no slot. It can be ended all the same.
  const keys = read !== null && 'value' in read ? await ring.find(read.value.slot) : null
  await createFile(join(folder, goneName(id)), jsonText({ formatVersion: 1 }))
  const [first, ...others] = (await keys?.open()) ?? []
  if (keys !== null && first !== undefined) {
    await raise(parts, keys, [first, ...others], { [id]: 'ended' })
  }
  await deleteRecord(folder, await recordFiles(folder, id))
  await deleteLeases(folder, id)
}
