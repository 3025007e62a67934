import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { problem, Refusal } from '../model/diagnostic.ts'
import type { Documents } from '../model/documents.ts'
import type { Slot, WorkspaceSpec } from '../model/generated/types.ts'
import type { GrantJournal, Vault } from '../model/ports.ts'
import { whatIsWrongWithFolder } from '../state/read-plain-file.ts'
import type { Surroundings } from './surroundings.ts'

/** The vault of a workspace. Loaded only by commands that need a credential, because sealing is heavy to load. */
export async function openVault(around: Surroundings, settings: WorkspaceSpec): Promise<Vault> {
  const [{ openFileVault }, { personIdentity }] = await Promise.all([
    import('../vault/file-vault.ts'),
    import('../vault/person-identity.ts')
  ])
  const folder = ownFolder(around, (settings.vault ?? 'file:.tieline/vault').slice('file:'.length))
  const identity = personIdentity({
    variable: around.variables.TIELINE_IDENTITY,
    configFolder: around.configFolder
  })
  return openFileVault(folder, identity)
}

export async function openJournal(around: Surroundings): Promise<GrantJournal> {
  const { openGrantJournal } = await import('../vault/grant-journal.ts')
  return openGrantJournal(ownFolder(around, '.tieline/pending'))
}

/** Neither read nor written where a link leads out of the workspace: what came with it could point anywhere. */
function ownFolder({ folder }: Surroundings, path: string): string {
  const wrong = whatIsWrongWithFolder(realpathSync(folder), join(realpathSync(folder), path))
  if (wrong === null) return join(folder, path)
  throw new Refusal(
    problem(
      'VAULT_UNREADABLE',
      'The vault cannot be used where it is',
      `${path}: ${wrong} Nothing was read or written there. Move it away, and a new one is made when it is needed.`
    )
  )
}

/**
 * State says which vault its credentials are in: another one, or another key set, is not read. It may be written by a new consent where
 * nothing of the slot is here, as in a fresh clone; then state names this vault from there on.
 */
export async function checkCommitment(
  vault: Vault,
  documents: Documents,
  slot: Slot,
  use: 'read' | 'write'
): Promise<void> {
  const recorded = documents[slot]?.vault ?? null
  const found = await vault.commitment()
  if (recorded === null || found === null) return
  if (recorded.id === found.id && recorded.keys === found.keys) return
  const { files } = use === 'write' ? await vault.list() : { files: [] }
  if (use === 'write' && !files.some(each => each.slot === slot)) return
  throw new Refusal(
    problem(
      'VAULT_KEY_CHANGED',
      'This is not the vault that state knows',
      `The ${slot} state was written with another vault or another key. Nothing was read or written. Use the vault that belongs to this state, or authorize anew in a workspace of your own.`
    )
  )
}
