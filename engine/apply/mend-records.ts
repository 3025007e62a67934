import { type Documents, emptyContent } from '../model/documents.ts'
import type { AuthorizationRecord, CredentialFile, Slot } from '../model/generated/types.ts'
import type { StateStore, Vault } from '../model/ports.ts'
import { sortedRecord } from '../model/record.ts'
import { isEqualConsent } from './record-consent.ts'

/**
 * Brings records and vault together again after a process ended in between: a credential that state does not know is recorded, one
 * that was replaced or ended is dropped. The vault is the authority on credentials; definitions are not touched. Returns how many
 * records were added.
 */
export async function mendRecords(
  documents: Documents,
  { state, vault }: { readonly state: StateStore; readonly vault: Vault }
): Promise<number> {
  const { files } = await vault.list()
  const own = files.filter(each => each.user === null)
  const lost = own.filter(file => isLost(documents, file))
  const here = new Set(own.map(each => each.id))
  const dead = own.filter(file => isDead(documents, file, here))
  // The sealed part wins: what an unsealed file says of itself is a hint only.
  const opened = await Promise.all(lost.map(file => vault.open(file.id)))
  const credentials = opened.filter(each => each !== null)
  if (credentials.length > 0) {
    const commitment = await vault.commitment()
    await state.withLock('mend', async writer => {
      for (const slot of new Set(credentials.map(each => each.slot))) {
        const before = (await writer.read())[slot] ?? emptyContent(slot)
        const added = credentials.filter(each => each.slot === slot)
        const kept = Object.entries(before.authorizations).filter(
          ([, record]) => !added.some(each => isEqualConsent(record, each.record))
        )
        await writer.write({
          ...before,
          vault: commitment,
          authorizations: sortedRecord([
            ...kept,
            ...added.map((each): [string, AuthorizationRecord] => [each.id, each.record])
          ])
        })
      }
    })
  }
  for (const file of dead) await vault.remove(file.id)
  return credentials.length
}

function recordsOf(
  documents: Documents,
  slot: Slot
): Readonly<Record<string, AuthorizationRecord>> {
  return documents[slot]?.authorizations ?? {}
}

/** Stored, but its process ended before state knew. */
function isLost(documents: Documents, file: CredentialFile): boolean {
  if (recordsOf(documents, file.slot)[file.id] !== undefined) return false
  return replacementsOf(documents, file).length === 0
}

/** Ended, or replaced by a newer consent that is here too, but its process ended before the vault knew. */
function isDead(documents: Documents, file: CredentialFile, here: ReadonlySet<string>): boolean {
  const record = recordsOf(documents, file.slot)[file.id]
  if (record !== undefined) return record.ended !== null
  return replacementsOf(documents, file).some(id => here.has(id))
}

/** Credentials of equal consents that are not older. */
function replacementsOf(documents: Documents, { slot, facts }: CredentialFile): readonly string[] {
  return Object.entries(recordsOf(documents, slot))
    .filter(([, each]) => isEqualConsent(each, facts) && each.at >= facts.at)
    .map(([id]) => id)
}
