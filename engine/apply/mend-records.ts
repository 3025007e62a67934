import { isDeepStrictEqual } from 'node:util'
import type { Credential } from '../model/credential.ts'
import type { Documents } from '../model/documents.ts'
import type { AuthorizationRecord, CredentialFile, Slot } from '../model/generated/types.ts'
import type { StateStore, Vault } from '../model/ports.ts'
import { compareText } from '../model/record.ts'
import { type AfterConsent, isEqualConsent, writeConsent } from './record-consent.ts'

/**
 * Brings records and vault together again after a process ended in between: a credential that state does not know is recorded, one
 * that was replaced or ended is dropped. The vault is the authority on credentials; definitions are not touched, nor are slots
 * whose state names another vault. Returns how many records were added.
 */
export async function mendRecords(
  documents: Documents,
  { state, vault }: { readonly state: StateStore; readonly vault: Vault },
  afterConsent: AfterConsent
): Promise<number> {
  const commitment = await vault.commitment()
  const { files } = await vault.list()
  const own = files.filter(({ user, slot }) => {
    const known = documents[slot]?.vault ?? null
    return user === null && (known === null || isDeepStrictEqual(known, commitment))
  })
  const lost = own.filter(file => isLost(documents, file))
  // The sealed part wins: what an unsealed file says of itself is a hint only.
  const opened = await Promise.all(lost.map(file => vault.open(file.id)))
  const credentials = opened
    .filter(each => each !== null)
    .sort((a, b) => compareText(a.record.at, b.record.at))
  const { after, added } =
    credentials.length === 0
      ? { after: documents, added: 0 }
      : await state.withLock('mend', async writer => {
          let added = 0
          for (const each of credentials) {
            // Whoever stored it may have recorded it by now, or something newer.
            if (!isLost(await writer.read(), asFile(each))) continue
            await writeConsent(writer, each, commitment, afterConsent)
            added += 1
          }
          return { after: await writer.read(), added }
        })
  const here = new Set(own.map(each => each.id))
  for (const file of own) if (isDead(after, file, here)) await vault.remove(file.id)
  return added
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

/** Ended, or replaced by a newer consent that is here too, but its process ended before the vault knew. */
function isDead(documents: Documents, file: Clear, here: ReadonlySet<string>): boolean {
  const record = recordsOf(documents, file.slot)[file.id]
  if (record !== undefined) return record.ended !== null
  return replacementsOf(documents, file).some(id => here.has(id))
}

/** Credentials of equal consents that are not older. */
function replacementsOf(documents: Documents, { slot, facts }: Clear): readonly string[] {
  return Object.entries(recordsOf(documents, slot))
    .filter(([, each]) => isEqualConsent(each, facts) && each.at >= facts.at)
    .map(([id]) => id)
}
