import { Refusal } from '../model/diagnostic.ts'
import type { Slot } from '../model/generated/types.ts'
import { agree, bytesOf, deriveKey, macOf } from './derive-keys.ts'
import { type KeySet, keyFileName } from './key-file.ts'
import type { Identity } from './person-identity.ts'
import { seal, type Unsealed, unseal } from './seal.ts'
import { vaultProblem } from './vault-problem.ts'

/** What a proof is about, so that one never stands for another. */
export type Purpose = 'credential' | 'value' | 'ledger' | 'key sets'

/** A key set whose private half we have. Its secrets are behind functions, so that printing it does not print them. */
export interface OpenKeys {
  readonly recipient: string
  readonly readers: readonly string[]
  readonly unseal: (sealed: string) => Promise<Unsealed>
  /** A proof that only readers of the slot can make. */
  readonly mac: (purpose: Purpose, value: unknown) => string
  /** The proof that the owner of a member key can make as well. Throws if that is no key. */
  readonly depositMac: (member: string, purpose: Purpose, value: unknown) => string
  /** The private half with its readers, sealed to them. */
  readonly sealedTo: (readers: readonly string[]) => Promise<KeySet>
}

/** Where a key set belongs. */
export interface KeyPlace {
  readonly vault: string
  readonly slot: Slot
}

export function openKeys(
  place: KeyPlace,
  pair: { readonly secretKey: string; readonly recipient: string },
  readers: readonly string[]
): OpenKeys {
  const { secretKey, recipient } = pair
  const derived = new Map<Purpose, Uint8Array>()
  const keyFor = (purpose: Purpose): Uint8Array => {
    const known = derived.get(purpose)
    if (known !== undefined) return known
    const key = deriveKey(
      bytesOf(secretKey),
      place.vault,
      `tieline reader ${place.slot} ${purpose}`
    )
    derived.set(purpose, key)
    return key
  }
  return {
    recipient,
    readers,
    unseal: sealed => unseal(sealed, secretKey),
    mac: (purpose, value) => macOf(keyFor(purpose), value),
    depositMac: (member, purpose, value) => {
      const shared = agree(secretKey, recipient, member)
      return macOf(depositKey(shared, place, purpose, member, recipient), value)
    },
    sealedTo: async to => {
      const sorted = [...new Set(to)].sort()
      const text = keyText(place, secretKey, sorted)
      return { recipient, readers: sorted, sealed: await seal(text, sorted) }
    }
  }
}

/** The depositor's side of `depositMac`: needs the slot's public half alone. */
export function memberMac(
  member: Identity,
  place: KeyPlace,
  recipient: string,
  purpose: Purpose,
  value: unknown
): string {
  const shared = agree(member.secretKey(), member.recipient, recipient)
  return macOf(depositKey(shared, place, purpose, member.recipient, recipient), value)
}

/** null if it is not sealed to this identity. Throws a Refusal if it is, and what is sealed is something else than it says. */
export async function openKeySet(
  place: KeyPlace,
  set: KeySet,
  identity: Identity
): Promise<OpenKeys | null> {
  const name = keyFileName(place.slot)
  const opened = await unseal(set.sealed, identity.secretKey())
  if (opened === 'wrong key') return null
  if (opened === 'damaged') throw new Refusal(vaultProblem.keysDamaged(name))
  const secretKey = opened.text.trimEnd().split('\n').at(-1) ?? ''
  // What is sealed holds every word of it, so comparing the whole text compares all.
  const isSame = opened.text === keyText(place, secretKey, set.readers)
  if (!isSame || (await recipientOf(secretKey)) !== set.recipient) {
    throw new Refusal(vaultProblem.keysTampered(name))
  }
  return openKeys(place, { secretKey, recipient: set.recipient }, set.readers)
}

async function recipientOf(secretKey: string): Promise<string | null> {
  const { identityToRecipient } = await import('age-encryption')
  return identityToRecipient(secretKey).catch(() => null)
}

/** An identity file of age, so that `age -d -i` takes it as it is. */
function keyText({ vault, slot }: KeyPlace, secretKey: string, readers: readonly string[]): string {
  return [
    '# tieline: key of one slot of a vault',
    `# vault: ${vault}`,
    `# slot: ${slot}`,
    ...readers.map(reader => `# reader: ${reader}`),
    secretKey,
    ''
  ].join('\n')
}

function depositKey(
  shared: Uint8Array,
  { vault, slot }: KeyPlace,
  purpose: Purpose,
  member: string,
  recipient: string
): Uint8Array {
  return deriveKey(shared, vault, `tieline deposit ${slot} ${purpose} ${member} ${recipient}`)
}
