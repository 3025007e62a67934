import { join } from 'node:path'
import { problem, Refusal } from '../model/diagnostic.ts'
import type { Documents } from '../model/documents.ts'
import type { Slot, WorkspaceSpec } from '../model/generated/types.ts'
import type { GrantJournal, Vault } from '../model/ports.ts'
import type { Surroundings } from './surroundings.ts'

/** The vault of a workspace. Loaded only by commands that need a credential, because sealing is heavy to load. */
export async function openVault(around: Surroundings, settings: WorkspaceSpec): Promise<Vault> {
  const [{ openFileVault }, { personIdentity }] = await Promise.all([
    import('../vault/file-vault.ts'),
    import('../vault/person-identity.ts')
  ])
  const folder = join(
    around.folder,
    (settings.vault ?? 'file:.tieline/vault').slice('file:'.length)
  )
  const identity = personIdentity({
    variable: around.variables.TIELINE_IDENTITY,
    configFolder: around.configFolder
  })
  return openFileVault(folder, identity)
}

export async function openJournal(around: Surroundings): Promise<GrantJournal> {
  const { openGrantJournal } = await import('../vault/grant-journal.ts')
  return openGrantJournal(join(around.folder, '.tieline', 'pending'))
}

/** State says which vault its credentials are in: another one, or another key set, is not read and not written. */
export async function checkCommitment(
  vault: Vault,
  documents: Documents,
  slot: Slot
): Promise<void> {
  const recorded = documents[slot]?.vault ?? null
  const found = await vault.commitment()
  if (recorded === null || found === null) return
  if (recorded.id === found.id && recorded.keys === found.keys) return
  throw new Refusal(
    problem(
      'VAULT_KEY_CHANGED',
      'This is not the vault that state knows',
      `The ${slot} state was written with another vault or another key. Nothing was read or written. Use the vault that belongs to this state, or authorize anew in a workspace of your own.`
    )
  )
}
