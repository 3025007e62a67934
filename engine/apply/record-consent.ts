import { isDeepStrictEqual } from 'node:util'
import type { Credential } from '../model/credential.ts'
import { type Documents, emptyContent, type StateContent } from '../model/documents.ts'
import type { AuthorizationRecord, State, VaultCommitment } from '../model/generated/types.ts'
import type { StateStore, StateWriter, Vault } from '../model/ports.ts'
import { sortedRecord } from '../model/record.ts'

/** What a consent changes beside its own record: which credential environments use, with the record in `documents` already. */
export type AfterConsent = (documents: Documents, credential: Credential) => readonly StateContent[]

/**
 * Stores a credential and records its consent: vault first, then state, so that no record is ever without its credential. A new
 * consent replaces its equal (same connection, level, basis and scopes asked) and whatever had ended before it.
 */
export async function recordConsent(
  credential: Credential,
  { state, vault }: { readonly state: StateStore; readonly vault: Vault },
  afterConsent: AfterConsent
): Promise<void> {
  await vault.store(credential)
  const commitment = await vault.commitment()
  const replaced = await state.withLock(`authorize ${credential.connection}`, writer =>
    writeConsent(writer, credential, commitment, afterConsent)
  )
  for (const id of replaced) await vault.remove(id)
}

/**
 * Writes the record of a stored credential and what follows from it; gives the credentials that it replaces. The record's own
 * document comes last: cut off before it, the credential still counts as lost, and the mending writes all of this again.
 */
export async function writeConsent(
  writer: StateWriter,
  credential: Credential,
  vault: VaultCommitment | null,
  afterConsent: AfterConsent
): Promise<readonly string[]> {
  const { slot } = credential
  const documents = await writer.read()
  const before = documents[slot] ?? emptyContent(slot)
  const { authorizations, replaced } = withConsent(
    before.authorizations,
    credential.id,
    credential.record
  )
  // Only to be looked at: lineage, serial and digest are the store's.
  const nowhere = { formatVersion: 1, lineage: '', serial: 0, digest: '' } as const
  const own: State = { ...nowhere, ...before, vault, authorizations }
  const after = afterConsent({ ...documents, [slot]: own }, credential)
  for (const content of after) if (content.environment !== slot) await writer.write(content)
  await writer.write(after.find(each => each.environment === slot) ?? own)
  return replaced
}

function withConsent(
  before: State['authorizations'],
  id: string,
  record: AuthorizationRecord
): { readonly authorizations: State['authorizations']; readonly replaced: readonly string[] } {
  const isReplaced = (other: AuthorizationRecord): boolean =>
    other.connection === record.connection &&
    (other.ended !== null || isEqualConsent(other, record))
  const entries = Object.entries(before).filter(([other]) => other !== id)
  return {
    authorizations: sortedRecord([
      ...entries.filter(([, each]) => !isReplaced(each)),
      [id, record]
    ]),
    replaced: entries.filter(([, each]) => isReplaced(each)).map(([other]) => other)
  }
}

export function isEqualConsent(a: AuthorizationRecord, b: AuthorizationRecord): boolean {
  return (
    a.connection === b.connection &&
    a.level === b.level &&
    isDeepStrictEqual(a.basis, b.basis) &&
    isDeepStrictEqual(a.asked, b.asked)
  )
}
