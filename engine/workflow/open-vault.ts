import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { problem, Refusal } from '../model/diagnostic.ts'
import { type Documents, isClient } from '../model/documents.ts'
import type { SealedSlot, Slot, VaultCommitment } from '../model/generated/types.ts'
import type { GrantJournal, RefreshLeases, Vault } from '../model/ports.ts'
import type { Settings } from '../model/specs.ts'
import { whatIsWrongWithFolder } from '../state/read-plain-file.ts'
import type { IdentitySource } from '../vault/person-identity.ts'
import type { VaultKeys } from '../vault/vault-keys.ts'
import { namedVault, namedVaultKeys, slotNames } from './named-slots.ts'
import { clientSpecOf, isPermitted } from './permit.ts'
import type { Surroundings } from './surroundings.ts'
import { isAlone } from './vault-readers.ts'

/**
 * The vault of a workspace, held to the key sets that state commits to at the moment of each use. `actor` signs what is deposited.
 * Loaded only by commands that need a credential, because sealing is heavy to load.
 */
export async function openVault(
  around: Surroundings,
  settings: Settings,
  documents: () => Promise<Documents>,
  actor: string | null
): Promise<Vault> {
  const { openFileVault } = await import('../vault/file-vault.ts')
  const identity = await identityOf(around)
  const about = aboutSlots(settings, documents)
  const vault = openFileVault(vaultFolder(around, settings), {
    identity,
    ...about,
    // Alone, a person is the only reader. A team says who reads what before the first secret comes in.
    readers:
      settings.members === undefined ? async () => [(await identity.ensure()).recipient] : null,
    actor,
    maySetValues: (email, sealed) =>
      about.ask(sealed, false, slot =>
        isPermitted(settings, email, {
          kind: 'authorize',
          level: 'administrator',
          environment: slot === 'shared' ? 'prod' : slot,
          isOwn: false
        })
      )
  })
  return namedVault(vault, documents)
}

/** The keys of a workspace's vault, held to what state commits to. */
export async function openSlotKeys(
  around: Surroundings,
  settings: Settings,
  documents: () => Promise<Documents>
): Promise<VaultKeys> {
  const { openVaultKeys } = await import('../vault/vault-keys.ts')
  const identity = await identityOf(around)
  const about = aboutSlots(settings, documents)
  return namedVaultKeys(
    openVaultKeys(vaultFolder(around, settings), { identity, ...about }),
    documents
  )
}

/** What specs and state say of the slots that the vault asks for. Of one that state does not have they say nothing. */
function aboutSlots(settings: Settings, documents: () => Promise<Documents>) {
  const ask = async <T>(
    sealed: SealedSlot,
    nothing: T,
    answer: (slot: Slot, documents: Documents) => T
  ): Promise<T> => {
    const now = await documents()
    const slot = slotNames(now).named(sealed)
    return slot === null ? nothing : answer(slot, now)
  }
  return {
    ask,
    committed: (sealed: SealedSlot): Promise<VaultCommitment | null> =>
      ask<VaultCommitment | null>(sealed, null, (slot, now) => now[slot]?.vault ?? null),
    isAlone: (sealed: SealedSlot): Promise<boolean> =>
      ask(sealed, false, slot => isAlone(settings, slot)),
    memberKey: (email: string, sealed: SealedSlot): Promise<string | undefined> =>
      ask<string | undefined>(sealed, undefined, slot => memberKey(settings, email, slot))
  }
}

/** The key pair of whoever runs this. */
export async function identityOf(around: Surroundings): Promise<IdentitySource> {
  const { personIdentity } = await import('../vault/person-identity.ts')
  return personIdentity({
    variable: around.variables.TIELINE_IDENTITY,
    configFolder: around.configFolder
  })
}

/** The key by which a member is known in a slot: in a client's, only its own members are. */
export function memberKey(settings: Settings, email: string, slot: Slot): string | undefined {
  const { members = {} } = (isClient(slot) ? clientSpecOf(settings, slot) : settings) ?? {}
  return Object.hasOwn(members, email) ? members[email]?.key : undefined
}

/** Lets one process at a time renew a credential of this workspace. */
export async function openLeases(around: Surroundings, settings: Settings): Promise<RefreshLeases> {
  const { openRefreshLeases } = await import('../vault/refresh-leases.ts')
  return openRefreshLeases(vaultFolder(around, settings))
}

export async function openJournal(around: Surroundings): Promise<GrantJournal> {
  const { openGrantJournal } = await import('../vault/grant-journal.ts')
  return openGrantJournal(ownFolder(around, '.tieline/pending'))
}

export function vaultFolder(around: Surroundings, settings: Settings): string {
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
