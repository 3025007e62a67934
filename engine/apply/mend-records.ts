import type { Credential } from '../model/credential.ts'
import { Refusal } from '../model/diagnostic.ts'
import { type Documents, isClient, slotsIn } from '../model/documents.ts'
import type { AuthorizationRecord, CredentialFile, Slot, State } from '../model/generated/types.ts'
import type { StateStore, StateWriter, Vault } from '../model/ports.ts'
import { compareText, sortedRecord } from '../model/record.ts'
import { type AfterConsent, isEqualConsent, writeConsent } from './record-consent.ts'

interface Ports {
  readonly state: StateStore
  readonly vault: Vault
}

/**
 * Brings records and vault together again after a process ended in between, in the slots that our key opens: a credential that
 * state does not know is recorded, one that was replaced or revoked is dropped, and with it the record of one that a deposit
 * replaced which has been adopted since. The vault is the authority on credentials; definitions are not touched. Returns how many
 * records were added.
 */
export async function mendRecords(
  documents: Documents,
  { state, vault }: Ports,
  afterConsent: AfterConsent
): Promise<number> {
  const { files } = await vault.list()
  // Of a slot that no document stands for, nobody can say what is missing.
  const slots = new Set(slotsIn(documents))
  const recordable = files.filter(
    each => each.user === null && each.proof.kind === 'adopted' && slots.has(each.slot)
  )
  const stored = new Set(recordable.map(each => each.id))
  const isDue = (each: CredentialFile): boolean =>
    isLost(documents, each) ||
    isSuperseded(documents, each, stored) ||
    isDead(documents, each, stored)
  // A key is tried only where there is something to mend.
  const due = new Set(recordable.filter(isDue).map(each => each.slot))
  const readable = await readableSlots(vault, [...due])
  const own = recordable.filter(each => readable.has(each.slot))
  const lost = own.filter(file => isLost(documents, file))
  // The sealed part wins: what an unsealed file says of itself is a hint only.
  const opened = await Promise.all(lost.map(file => vault.open(file.id)))
  const credentials = opened
    .filter(each => each !== null)
    .sort((a, b) => compareText(a.record.at, b.record.at))
  const here = new Set(own.map(each => each.id))
  const isBehind = own.some(file => isSuperseded(documents, file, here))
  const { after, added } =
    credentials.length === 0 && !isBehind
      ? { after: documents, added: 0 }
      : await state.withLock('mend', async writer => {
          const added = await recordLost(writer, credentials, vault, afterConsent)
          for (const slot of readable) await dropSuperseded(writer, slot, own, here)
          return { after: await writer.read(), added }
        })
  for (const file of own) if (isDead(after, file, here)) await vault.remove(file.id)
  return added
}

/** Where another key set stands than state commits to, nothing is mended; whoever needs such a slot is told why. */
async function readableSlots(vault: Vault, slots: readonly Slot[]): Promise<ReadonlySet<Slot>> {
  const readable = await Promise.all(
    slots.map(async slot => {
      try {
        return (await vault.canRead(slot)) ? [slot] : []
      } catch (error) {
        if (error instanceof Refusal) return []
        throw error
      }
    })
  )
  return new Set(readable.flat())
}

async function recordLost(
  writer: StateWriter,
  credentials: readonly Credential[],
  vault: Vault,
  afterConsent: AfterConsent
): Promise<number> {
  let added = 0
  for (const each of credentials) {
    const documents = await writer.read()
    // Whoever stored it may have recorded it by now, or something newer; a client may have gone, or go on under another name.
    const isHere = !isClient(each.slot) || documents[each.slot] !== undefined
    if (!isHere || !isLost(documents, asFile(each))) continue
    const commitment = await vault.commitment(each.slot)
    await writeConsent(writer, each, commitment, afterConsent, 'adopted')
    added += 1
  }
  return added
}

/** Records whose equal is newer and adopted go, and what used them uses that one. */
async function dropSuperseded(
  writer: StateWriter,
  slot: Slot,
  own: readonly CredentialFile[],
  here: ReadonlySet<string>
): Promise<void> {
  const documents = await writer.read()
  if (documents[slot] == null) return
  const gone = new Map<string, string>()
  for (const file of own.filter(
    each => each.slot === slot && isSuperseded(documents, each, here)
  )) {
    const [newer] = replacementsOf(documents, file).filter(id => here.has(id))
    if (newer !== undefined) gone.set(file.id, newer)
  }
  if (gone.size === 0) return
  for (const document of Object.values<State | null | undefined>(documents)) {
    if (document == null) continue
    const serving = Object.entries(document.serving).map(
      ([id, credential]) => [id, gone.get(credential) ?? credential] as const
    )
    const authorizations = Object.entries(document.authorizations).filter(([id]) => !gone.has(id))
    const isOther = serving.some(([id, credential]) => document.serving[id] !== credential)
    if (document.environment !== slot && !isOther) continue
    await writer.write({
      ...document,
      serving: sortedRecord(serving),
      authorizations: sortedRecord(authorizations)
    })
  }
}

type Clear = Pick<CredentialFile, 'id' | 'slot' | 'facts'>

function asFile({ id, slot, record }: Credential): Clear {
  return { id, slot, facts: record }
}

function recordsOf(
  documents: Documents,
  slot: Slot
): Readonly<Record<string, AuthorizationRecord>> {
  return documents[slot]?.authorizations ?? {}
}

/** Stored, but its process ended before state knew. */
function isLost(documents: Documents, file: Clear): boolean {
  if (recordsOf(documents, file.slot)[file.id] !== undefined) return false
  return replacementsOf(documents, file).length === 0
}

/** Recorded still, though a newer consent that is here replaces it. */
function isSuperseded(documents: Documents, file: Clear, here: ReadonlySet<string>): boolean {
  const record = recordsOf(documents, file.slot)[file.id]
  if (record === undefined) return false
  return replacementsOf(documents, file).some(id => here.has(id))
}

/** Revoked, or replaced by a newer consent that is here too, but its process ended before the vault knew. */
function isDead(documents: Documents, file: Clear, here: ReadonlySet<string>): boolean {
  const record = recordsOf(documents, file.slot)[file.id]
  if (record !== undefined) return record.ended?.cause === 'REVOKED'
  return replacementsOf(documents, file).some(id => here.has(id))
}

/** Credentials of equal consents that are newer, or not older where state does not know this one. */
function replacementsOf(documents: Documents, { id: own, slot, facts }: Clear): readonly string[] {
  const records = recordsOf(documents, slot)
  const isRecorded = records[own] !== undefined
  return Object.entries(records)
    .filter(([id, each]) => {
      const isNewer = isRecorded ? each.at > facts.at : each.at >= facts.at
      return id !== own && each.ended === null && isEqualConsent(each, facts) && isNewer
    })
    .map(([id]) => id)
}
