import { recordFindings } from '../apply/record-findings.ts'
import { Refusal } from '../model/diagnostic.ts'
import { digestOf } from '../model/digest.ts'
import { type Documents, slotsIn } from '../model/documents.ts'
import type { CredentialFile, Slot, State, UserCount } from '../model/generated/types.ts'
import type { Clock, StateStore, Vault } from '../model/ports.ts'
import { compareText, sortedRecord } from '../model/record.ts'

/**
 * How many people have authorized what, of all that the vault lists, for each of the slots whose keys are here and are those that
 * state commits to. About other slots this vault knows nothing. Left out is where nobody is counted and nobody was before.
 */
export async function countUsers(
  documents: Documents,
  vault: Pick<Vault, 'commitment'>,
  files: readonly CredentialFile[],
  slots: readonly Slot[] = slotsIn(documents)
): Promise<ReadonlyMap<Slot, State['users']>> {
  const people = new Map<Slot, CredentialFile[]>()
  for (const file of files) {
    if (file.user === null) continue
    const own = people.get(file.slot)
    if (own === undefined) people.set(file.slot, [file])
    else own.push(file)
  }
  const counted = await Promise.all(
    slots.map(async (slot): Promise<(readonly [Slot, State['users']])[]> => {
      const own = people.get(slot) ?? []
      const nobody = own.length === 0 && Object.keys(documents[slot]?.users ?? {}).length === 0
      return !nobody && (await isOurs(vault, slot)) ? [[slot, usersIn(own)]] : []
    })
  )
  return new Map(counted.flat())
}

/** Brings the counts in state up to date; nothing is written where they are right. */
export async function recordUserCounts({
  documents,
  state,
  vault,
  clock,
  actor
}: {
  readonly documents: Documents
  readonly state: StateStore
  readonly vault: Pick<Vault, 'commitment' | 'list'>
  readonly clock: Clock
  readonly actor: string
}): Promise<boolean> {
  const { files } = await vault.list()
  const users = await countUsers(documents, vault, files)
  const about = { by: actor, at: clock.now().toISOString() }
  return recordFindings({ ended: [], users }, about, state)
}

async function isOurs(vault: Pick<Vault, 'commitment'>, slot: Slot): Promise<boolean> {
  try {
    return (await vault.commitment(slot)) !== null
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}

/** What each person has that works: the newest, adopted or still to be adopted. */
export function usersIn(files: readonly CredentialFile[]): State['users'] {
  const people = new Map<string, CredentialFile>()
  for (const file of files) {
    if (file.user === null || file.dead !== null) continue
    const key = JSON.stringify([file.connection, file.user])
    const other = people.get(key)
    if (other === undefined || file.facts.at > other.facts.at) people.set(key, file)
  }
  const counts = new Map<string, Map<string, UserCount>>()
  for (const { connection, facts } of people.values()) {
    const { basis, asked } = facts
    const own = counts.get(connection) ?? new Map<string, UserCount>()
    const key = digestOf([basis, asked])
    own.set(key, { basis, asked, count: (own.get(key)?.count ?? 0) + 1 })
    counts.set(connection, own)
  }
  return sortedRecord(
    [...counts].map(([connection, own]) => [
      connection,
      [...own].sort(([a], [b]) => compareText(a, b)).map(([, each]) => each)
    ])
  )
}
