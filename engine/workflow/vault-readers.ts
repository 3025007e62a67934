import { fingerprintOf } from '../model/fingerprint.ts'
import type { Slot, WorkspaceSpec } from '../model/generated/types.ts'
import { compareText, without } from '../model/record.ts'
import { readersOf } from '../model/roles.ts'
import type { SlotKeySet } from '../vault/vault-keys.ts'

/** A key that opens a slot, or is to. */
export interface Reader {
  /** age1... */
  readonly key: string
  readonly fingerprint: string
  /** Whose it is, as tieline.yaml says; null for one that it does not name any more. */
  readonly name: string | null
}

/** What becomes of one slot's readers. */
export interface ReaderChange {
  readonly slot: Slot
  /** `make`: its first keys; `add`: the same keys for more readers; `rotate`: new keys, because somebody goes. */
  readonly action: 'make' | 'add' | 'rotate' | 'keep'
  readonly readers: readonly Reader[]
  readonly added: readonly Reader[]
  readonly removed: readonly Reader[]
}

/**
 * Compares who reads each slot with who should: members whose role may, and the application's own keys. A one-person workspace has that
 * person (`own`) in every slot. Slots that nobody should read and nobody reads are left out. In a team, keys that state does not name
 * (`committed`) may be anybody's, so they give way to new ones.
 */
export function readerChanges(
  settings: WorkspaceSpec,
  own: string,
  keySets: readonly SlotKeySet[],
  committed: (slot: Slot) => boolean
): readonly ReaderChange[] {
  const slots = ['shared', 'dev', 'stage', 'prod'] as const
  return slots.flatMap((slot): readonly ReaderChange[] => {
    const found = keySets.find(each => each.slot === slot)
    const wanted = wantedReaders(settings, own, slot)
    if (found === undefined && wanted.length === 0) return []
    const before = found?.readers ?? []
    const name = (key: string) => readerOf(settings, own, key)
    const added = without(wanted, before).map(name)
    const removed = without(before, wanted).map(name)
    const isForeign = settings.members !== undefined && !committed(slot)
    const action =
      found === undefined
        ? 'make'
        : removed.length > 0 || found.rotation !== null || isForeign
          ? 'rotate'
          : added.length > 0
            ? 'add'
            : 'keep'
    return [{ slot, action, readers: wanted.map(name), added, removed }]
  })
}

function wantedReaders(settings: WorkspaceSpec, own: string, slot: Slot): readonly string[] {
  const { members, runtime = {} } = settings
  const roles = readersOf(slot)
  const people =
    members === undefined
      ? [own]
      : Object.values(members).flatMap(({ role, key }) =>
          key !== undefined && roles.includes(role) ? [key] : []
        )
  return [...new Set([...people, ...(runtime[slot] ?? [])])].sort(compareText)
}

/** Whose a key is, as far as tieline.yaml tells. */
export function readerOf(
  { members, runtime = {} }: WorkspaceSpec,
  own: string,
  key: string
): Reader {
  const member = Object.entries(members ?? {}).find(([, each]) => each.key === key)?.[0]
  const isYou = members === undefined && key === own
  const slots = (['shared', 'dev', 'stage', 'prod'] as const).filter(slot =>
    runtime[slot]?.includes(key)
  )
  const application = slots.length === 0 ? null : `the application (${slots.join(', ')})`
  return { key, fingerprint: fingerprintOf(key), name: member ?? (isYou ? 'you' : application) }
}
