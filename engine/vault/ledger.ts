import { join, posix } from 'node:path'
import { Refusal } from '../model/diagnostic.ts'
import type { Slot } from '../model/generated/types.ts'
import { isSameMac } from './derive-keys.ts'
import { createFile, deleteFile, readText } from './durable-file.ts'
import { isUnchanged, type Stamped, stamped } from './file-stamp.ts'
import { isMac, isNewer, isObject, isUuid, jsonText, parsed } from './json-shape.ts'
import { keysDigest, slotPath } from './key-file.ts'
import { namesIn, numberedName, numbersOf, writeNext } from './numbered-files.ts'
import type { KeyPlace, OpenKeys } from './open-keys.ts'
import { makeSubfolder } from './vault-head.ts'
import { vaultProblem } from './vault-problem.ts'

/** The newest generation of each credential that its readers wrote, or that it was ended. */
export type Generations = Readonly<Record<string, number | 'ended'>>

interface LedgerFile {
  readonly formatVersion: 1
  readonly vault: string
  readonly slot: Slot
  readonly generations: Generations
  readonly mac: string
}

/**
 * ledger/<slot>-<key set>.<number>.json, of a client in ledger/client: what makes an old record that was put back stand out. A record is written before its
 * entry, so one that is newer than the ledger says is fine.
 */
export interface Ledger {
  /** Throws a Refusal (VAULT_DAMAGED) if it is missing or not genuine. Of an unchanged file it costs two looks at the disk. */
  readonly read: (place: KeyPlace, keys: OpenKeys) => Promise<Generations>
  /** Durable when it returns. Entries never go back. */
  readonly raise: (place: KeyPlace, keys: OpenKeys, entries: Generations) => Promise<void>
}

export function openLedger(folder: string): Ledger {
  const known = new Map<
    string,
    {
      readonly read: readonly Stamped[]
      readonly number: number
      readonly generations: Generations
    }
  >()

  const current = async (place: KeyPlace, keys: OpenKeys) => {
    const { subfolder, stem } = whereOf(place.slot, keys)
    const ledgers = join(folder, subfolder)
    const cached = known.get(stem)
    if (cached?.read.every(isUnchanged)) return cached
    for (;;) {
      const number = (await numbersOf(ledgers, stem)).at(-1)
      if (number === undefined) {
        throw new Refusal(vaultProblem.ledgerDamaged(`${subfolder}/${numberedName(stem, 1)}`))
      }
      const names = [number, number + 1].map(each => numberedName(stem, each))
      const read = names.map(name => stamped(join(ledgers, name)))
      const generations = await readLedger(folder, place, keys, number)
      // A newer one took its place just now.
      if (generations === null) continue
      const found = { read, number, generations }
      known.set(stem, found)
      return found
    }
  }

  return {
    read: async (place, keys) => (await current(place, keys)).generations,
    raise: async (place, keys, entries) => {
      for (;;) {
        const { number, generations } = await current(place, keys)
        const raised = merged(generations, entries)
        if (raised === generations) return
        const text = ledgerText(place, keys, raised)
        const { subfolder, stem } = whereOf(place.slot, keys)
        if (await writeNext(join(folder, subfolder), stem, number, text)) return
      }
    }
  }
}

/** Begins the ledger of a new key set. Before the key set itself, so that none is ever without one. */
export async function beginLedger(
  folder: string,
  place: KeyPlace,
  keys: OpenKeys,
  generations: Generations
): Promise<void> {
  const { subfolder, stem } = whereOf(place.slot, keys)
  await makeSubfolder(folder, subfolder)
  const path = join(folder, subfolder, numberedName(stem, 1))
  await createFile(path, ledgerText(place, keys, generations))
}

/** Removes the ledger of a key set that nobody uses. */
export async function dropLedger(
  folder: string,
  slot: Slot,
  keys: { readonly recipient: string }
): Promise<void> {
  const { subfolder, stem } = whereOf(slot, keys)
  await deleteLedgers(join(folder, subfolder), name => name.startsWith(`${stem}.`))
}

/** Removes what other key sets of the slot left behind. */
export async function sweepLedgers(
  folder: string,
  slot: Slot,
  kept: { readonly recipient: string }
): Promise<void> {
  const { subfolder, stem } = whereOf(slot, kept)
  const ofSlot = `${posix.basename(slot)}-`
  await deleteLedgers(
    join(folder, subfolder),
    name => name.startsWith(ofSlot) && !name.startsWith(`${stem}.`)
  )
}

async function deleteLedgers(ledgers: string, isMeant: (name: string) => boolean): Promise<void> {
  for (const name of (await namesIn(ledgers)).filter(isMeant)) {
    await deleteFile(join(ledgers, name))
  }
}

/** The first one itself if the second adds nothing. */
export function merged(one: Generations, other: Generations): Generations {
  const added = Object.entries(other).filter(([id, generation]) => isBehind(one[id], generation))
  return added.length === 0 ? one : { ...one, ...Object.fromEntries(added) }
}

/** Whether an entry says that this generation is not the newest. */
export function isBehind(
  known: number | 'ended' | undefined,
  generation: number | 'ended'
): boolean {
  if (known === undefined) return true
  if (known === 'ended') return false
  return generation === 'ended' || known < generation
}

/** The folder inside the vault, and what the names of the files in it begin with. */
function whereOf(slot: Slot, keys: { readonly recipient: string }) {
  const digest = keysDigest(slot, keys).slice('sha256:'.length, 23)
  const path = `ledger/${slotPath(slot)}-${digest}`
  return { subfolder: posix.dirname(path), stem: posix.basename(path) }
}

function ledgerText(place: KeyPlace, keys: OpenKeys, generations: Generations): string {
  const { vault, slot } = place
  const file = { formatVersion: 1, vault, slot, generations } as const
  return jsonText({ ...file, mac: keys.mac('ledger', file) })
}

async function readLedger(
  folder: string,
  place: KeyPlace,
  keys: OpenKeys,
  number: number
): Promise<Generations | null> {
  const { subfolder, stem } = whereOf(place.slot, keys)
  const name = `${subfolder}/${numberedName(stem, number)}`
  const text = await readText(join(folder, name)).catch(() => '')
  if (text === null) return null
  const value = parsed(text)
  if (isNewer(value)) throw new Refusal(vaultProblem.newer(name))
  if (!isLedger(value)) throw new Refusal(vaultProblem.ledgerDamaged(name))
  const { mac, ...file } = value
  const isOurs = file.vault === place.vault && file.slot === place.slot
  if (!isOurs || !isSameMac(mac, keys.mac('ledger', file))) {
    throw new Refusal(vaultProblem.ledgerDamaged(name))
  }
  return file.generations
}

function isLedger(value: unknown): value is LedgerFile {
  return (
    isObject(value) &&
    value.formatVersion === 1 &&
    typeof value.vault === 'string' &&
    isMac(value.mac) &&
    isObject(value.generations) &&
    Object.entries(value.generations).every(
      ([id, each]) => isUuid(id) && (each === 'ended' || Number.isSafeInteger(each))
    )
  )
}
