import {
  type ClientEnvironment,
  clientEnvironment,
  isClient,
  ownSlots
} from '../model/documents.ts'
import { fingerprintOf } from '../model/fingerprint.ts'
import type { Slot } from '../model/generated/types.ts'
import { compareText, without } from '../model/record.ts'
import { readersOf } from '../model/roles.ts'
import type { Settings } from '../model/specs.ts'
import type { SlotKeySet } from '../vault/vault-keys.ts'
import { clientSpecOf } from './permit.ts'

/** A key that opens a slot, or is to. */
export interface Reader {
  /** age1... */
  readonly key: string
  readonly fingerprint: string
  /** Whose it is, as tieline.yaml or the client's file says; null for one that it does not name any more. */
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
 * Compares who reads each of the slots with who should: members whose role may, and the application's own keys. Where one person is all
 * there is, that person's key (`own`). Slots that nobody should read and nobody reads are left out, and those of clients that have no
 * readers to be. Otherwise keys that state does not name (`committed`) may be anybody's, so they give way to new ones.
 */
export function readerChanges(
  settings: Settings,
  own: string,
  keySets: readonly SlotKeySet[],
  committed: (slot: Slot) => boolean,
  slots: readonly Slot[] = ownSlots
): readonly ReaderChange[] {
  return slots.flatMap((slot): readonly ReaderChange[] => {
    const found = keySets.find(each => each.slot === slot)
    const wanted = wantedReaders(settings, own, slot)
    if (wanted.length === 0 && (found === undefined || isClient(slot))) return []
    const before = found?.readers ?? []
    const name = (key: string) => readerOf(settings, own, key, slot)
    const added = without(wanted, before).map(name)
    const removed = without(before, wanted).map(name)
    const isForeign = !isAlone(settings, slot) && !committed(slot)
    // Nothing is sealed to keys of a client that state does not name, so whoever cannot open them makes others.
    const isOthers = isClient(slot) && isForeign && found?.canOpen === false
    const action =
      found === undefined || isOthers
        ? 'make'
        : removed.length > 0 || found.rotation !== null || isForeign
          ? 'rotate'
          : added.length > 0
            ? 'add'
            : 'keep'
    return [{ slot, action, readers: wanted.map(name), added, removed }]
  })
}

/** Whether one person is all there is in a slot. A client's is its admins', where one of them has a key. */
export function isAlone(settings: Settings, slot: Slot): boolean {
  return (
    settings.members === undefined &&
    (!isClient(slot) || keysOfMembers(settings, slot).length === 0)
  )
}

/** The keys that are to open a slot, sorted; `own` is the person's who is alone. */
export function wantedReaders(settings: Settings, own: string, slot: Slot): readonly string[] {
  // Nobody is to read more of a client that is gone.
  if (isClient(slot) && clientSpecOf(settings, slot) === undefined) return []
  const people = isAlone(settings, slot) ? [own] : keysOfMembers(settings, slot)
  const applications = runtimeKeys(settings, slot).flatMap(each => each.keys)
  return [...new Set([...people, ...applications])].sort(compareText)
}

/** Of members whose role reads the slot: of ours, or of the client's own. */
function keysOfMembers(settings: Settings, slot: Slot): readonly string[] {
  const isReader = isClient(slot)
    ? (role: string) => role === 'admin'
    : (role: string) => readersOf(slot).some(each => each === role)
  const { members = {} } = (isClient(slot) ? clientSpecOf(settings, slot) : settings) ?? {}
  return Object.values(members).flatMap(({ role, key }) =>
    key !== undefined && isReader(role) ? [key] : []
  )
}

/** The application's own keys that open the slot, by what tieline.yaml gives them for. */
function runtimeKeys(settings: Settings, slot: Slot) {
  const { runtime = {} } = settings
  const names = isClient(slot) ? ['clients', ...namesOf(settings, slot)] : [slot]
  return names.map(name => ({ name, keys: runtime[name] ?? [] }))
}

/** While a rename of the client is still to be applied, tieline.yaml may give keys under either name. */
function namesOf({ clients }: Settings, slot: ClientEnvironment): readonly ClientEnvironment[] {
  const spec = clientSpecOf({ clients }, slot)
  const names = [...clients].flatMap(([linkName, each]) =>
    each === spec ? [clientEnvironment(linkName)] : []
  )
  return [...new Set([slot, ...names])]
}

/** Whose a key is, as far as tieline.yaml tells, or the file of the slot's client. */
export function readerOf(settings: Settings, own: string, key: string, slot: Slot): Reader {
  const isYou = isAlone(settings, slot) && key === own
  const name =
    memberWith(settings, key, slot) ?? (isYou ? 'you' : applicationWith(settings, key, slot))
  return { key, fingerprint: fingerprintOf(key), name }
}

function memberWith(settings: Settings, key: string, slot: Slot): string | undefined {
  const teams = [isClient(slot) ? clientSpecOf(settings, slot) : undefined, settings]
  const members = teams.flatMap(team => Object.entries(team?.members ?? {}))
  return members.find(([, each]) => each.key === key)?.[0]
}

function applicationWith(settings: Settings, key: string, slot: Slot): string | null {
  const slots = isClient(slot) ? [slot] : ownSlots
  const names = slots
    .flatMap(each => runtimeKeys(settings, each))
    .flatMap(({ name, keys }) => (keys.includes(key) ? [name] : []))
  return names.length === 0 ? null : `the application (${names.join(', ')})`
}
