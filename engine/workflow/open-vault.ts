import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { problem, Refusal } from '../model/diagnostic.ts'
import type { Documents } from '../model/documents.ts'
import type { WorkspaceSpec } from '../model/generated/types.ts'
import type { GrantJournal, RefreshLeases, Vault } from '../model/ports.ts'
import { whatIsWrongWithFolder } from '../state/read-plain-file.ts'
import type { IdentitySource } from '../vault/person-identity.ts'
import { isPermitted } from './permit.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * The vault of a workspace, held to the key sets that state commits to at the moment of each use. `actor` signs what is deposited.
 * Loaded only by commands that need a credential, because sealing is heavy to load.
 */
export async function openVault(
  around: Surroundings,
  settings: WorkspaceSpec,
  documents: () => Promise<Documents>,
  actor: string | null
): Promise<Vault> {
  const { openFileVault } = await import('../vault/file-vault.ts')
  const identity = await identityOf(around)
  return openFileVault(vaultFolder(around, settings), {
    identity,
    committed: async slot => (await documents())[slot]?.vault ?? null,
    // Alone, a person is the only reader. A team says who reads what before the first secret comes in.
    readers:
      settings.members === undefined ? async () => [(await identity.ensure()).recipient] : null,
    actor,
    memberKey: email => memberKey(settings, email),
    maySetValues: (email, slot) =>
      isPermitted(settings, email, {
        kind: 'authorize',
        level: 'administrator',
        environment: slot === 'shared' ? 'prod' : slot,
        isOwn: false
      })
  })
}

/** The key pair of whoever runs this. */
export async function identityOf(around: Surroundings): Promise<IdentitySource> {
  const { personIdentity } = await import('../vault/person-identity.ts')
  return personIdentity({
    variable: around.variables.TIELINE_IDENTITY,
    configFolder: around.configFolder
  })
}

export function memberKey({ members = {} }: WorkspaceSpec, email: string): string | undefined {
  return Object.hasOwn(members, email) ? members[email]?.key : undefined
}

/** Lets one process at a time renew a credential of this workspace. */
export async function openLeases(
  around: Surroundings,
  settings: WorkspaceSpec
): Promise<RefreshLeases> {
  const { openRefreshLeases } = await import('../vault/refresh-leases.ts')
  return openRefreshLeases(vaultFolder(around, settings))
}

export async function openJournal(around: Surroundings): Promise<GrantJournal> {
  const { openGrantJournal } = await import('../vault/grant-journal.ts')
  return openGrantJournal(ownFolder(around, '.tieline/pending'))
}

export function vaultFolder(around: Surroundings, settings: WorkspaceSpec): string {
  return ownFolder(around, (settings.vault ?? 'file:.tieline/vault').slice('file:'.length))
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
