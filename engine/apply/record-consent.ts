import { isDeepStrictEqual } from 'node:util'
import type { Credential } from '../model/credential.ts'
import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import { type Documents, emptyContent, isClient, type StateContent } from '../model/documents.ts'
import type {
  AuthorizationRecord,
  LinkName,
  Slot,
  State,
  VaultCommitment
} from '../model/generated/types.ts'
import type { StateStore, StateWriter, Vault } from '../model/ports.ts'
import { sortedRecord } from '../model/record.ts'

/** What a consent changes beside its own record: which credential environments use, with the record in `documents` already. */
export type AfterConsent = (documents: Documents, credential: Credential) => readonly StateContent[]

/**
 * Stores a credential and records its consent: vault first, then state, so that no record is ever without its credential. A new
 * consent replaces its equal (same connection, level, basis and scopes asked) and those of its level that had ended before it;
 * one that is only deposited replaces nothing until a reader of its slot has adopted it.
 */
export async function recordConsent(
  credential: Credential,
  { state, vault }: { readonly state: StateStore; readonly vault: Vault },
  afterConsent: AfterConsent,
  options: {
    /** What the connection is called where the consent was given. */
    readonly linkName: LinkName
    readonly switchAccount: boolean
  }
): Promise<'adopted' | 'deposited'> {
  const how = await vault.store(credential, options)
  const commitment = await vault.commitment(credential.slot)
  const replaced = await state.withLock(`authorize ${options.linkName}`, writer =>
    writeConsent(writer, credential, commitment, afterConsent, how)
  )
  for (const id of replaced) await vault.remove(id)
  return how
}

/**
 * Writes the record of a stored credential and what follows from it; gives the credentials that it replaces. The record's own
 * document comes last: cut off before it, the credential still counts as lost, and the mending writes all of this again.
 */
export async function writeConsent(
  writer: StateWriter,
  credential: Credential,
  vault: VaultCommitment | null,
  afterConsent: AfterConsent,
  how: 'adopted' | 'deposited'
): Promise<readonly string[]> {
  const { slot } = credential
  const documents = await writer.read()
  if (isClient(slot) && documents[slot] === undefined) throw new Refusal(installationGone(slot))
  const before = documents[slot] ?? emptyContent(slot)
  const replaced =
    how === 'deposited' ? [] : replacedBy(before.authorizations, credential.id, credential.record)
  const kept = Object.entries(before.authorizations).filter(
    ([id]) => id !== credential.id && !replaced.includes(id)
  )
  const authorizations = sortedRecord([...kept, [credential.id, credential.record]])
  // Only to be looked at: lineage, serial and digest are the store's.
  const nowhere = { formatVersion: 1, lineage: '', serial: 0, digest: '' } as const
  const own: State = { ...nowhere, ...before, vault, authorizations }
  const after = afterConsent({ ...documents, [slot]: own }, credential)
  for (const content of after) if (content.environment !== slot) await writer.write(content)
  await writer.write(after.find(each => each.environment === slot) ?? own)
  return replaced
}

function replacedBy(
  before: State['authorizations'],
  id: string,
  record: AuthorizationRecord
): readonly string[] {
  return Object.entries(before).flatMap(([other, each]) => {
    const isFormer =
      each.ended !== null && each.connection === record.connection && each.level === record.level
    return other !== id && (isFormer || isEqualConsent(each, record)) ? [other] : []
  })
}

export function isEqualConsent(a: AuthorizationRecord, b: AuthorizationRecord): boolean {
  return (
    a.connection === b.connection &&
    a.level === b.level &&
    isDeepStrictEqual(a.basis, b.basis) &&
    isDeepStrictEqual(a.asked, b.asked)
  )
}

/** A document of its own would be another installation. What is stored is found by whoever has the document again. */
function installationGone(slot: Slot): Diagnostic {
  return problem(
    'INSTALLATION_MOVED',
    'The installation is not there any more',
    `${slot} was removed, or goes on under another name, while it was being authorized, so nothing was recorded. See what is due now:\n    tieline status`
  )
}
