import { isDeepStrictEqual } from 'node:util'
import type { Credential } from '../model/credential.ts'
import { type Documents, emptyContent, type StateContent } from '../model/documents.ts'
import type { AuthorizationRecord, State } from '../model/generated/types.ts'
import type { StateStore, Vault } from '../model/ports.ts'
import { sortedRecord } from '../model/record.ts'

/** What a consent changes beside its own record: which credential an environment uses. */
export type AfterConsent = (documents: Documents) => readonly StateContent[]

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
  const replaced = await state.withLock(`authorize ${credential.connection}`, async writer => {
    const documents = await writer.read()
    const before = documents[credential.slot] ?? emptyContent(credential.slot)
    const { authorizations, replaced } = withConsent(
      before.authorizations,
      credential.id,
      credential.record
    )
    await writer.write({ ...before, vault: commitment, authorizations })
    for (const content of afterConsent(await writer.read())) await writer.write(content)
    return replaced
  })
  for (const id of replaced) await vault.remove(id)
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
