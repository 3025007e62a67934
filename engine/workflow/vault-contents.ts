import { Refusal } from '../model/diagnostic.ts'
import type { Documents } from '../model/documents.ts'
import type { CredentialFile, EntryId, Slot } from '../model/generated/types.ts'
import type { Settings } from '../model/specs.ts'
import { openSlotKeys, openVault } from './open-vault.ts'
import type { Surroundings } from './surroundings.ts'

/** What can be seen of a vault without a key. */
export interface VaultContents {
  readonly credentials: readonly CredentialFile[]
  readonly values: readonly { readonly connection: EntryId }[]
  /** Whether the keys that state names for the slot are here. */
  readonly isOurs: (slot: Slot) => Promise<boolean>
}

export async function vaultContents(
  {
    around,
    settings,
    actor
  }: {
    readonly around: Surroundings
    readonly settings: Settings
    readonly actor: string
  },
  documents: Documents
): Promise<VaultContents> {
  const vault = await openVault(around, settings, async () => documents, actor)
  const keys = await openSlotKeys(around, settings, async () => documents)
  const { files } = await vault.list()
  return {
    credentials: files,
    values: await keys.values(),
    isOurs: async slot => {
      try {
        return (await vault.commitment(slot)) !== null
      } catch (error) {
        if (error instanceof Refusal) return false
        throw error
      }
    }
  }
}
