import { join } from 'node:path'
import type { Credential } from '../model/credential.ts'
import { Refusal } from '../model/diagnostic.ts'
import { isClient } from '../model/documents.ts'
import type { CredentialFile, SealedSlot } from '../model/generated/types.ts'
import type { DepositCheck } from '../model/ports.ts'
import {
  type Deposit,
  depositName,
  depositText,
  goneName,
  keysOfDeposit,
  openDeposit
} from './credential-file.ts'
import { createFile, deleteFile, replaceFile } from './durable-file.ts'
import type { OpenedKeys, SlotKeys } from './key-ring.ts'
import { memberMac, type OpenKeys, type Purpose } from './open-keys.ts'
import { given, keysFor, type VaultParts, vaultId } from './open-record.ts'
import type { Identity, IdentitySource } from './person-identity.ts'
import { readRecord, recordFiles } from './record-files.ts'
import { storeGeneration } from './store-record.ts'
import { membersFile, vaultProblem, whatWasAuthorized } from './vault-problem.ts'

/** Who the members are, as far as deposits need it. */
export interface Members {
  readonly identity: IdentitySource
  /** The actor, in whose name we deposit. */
  readonly actor: string | null
  /**
   * The public key that tieline.yaml gives a member; in the slot of a client, the one that the client's file gives one of its own
   * members.
   */
  readonly memberKey: MemberKey
}

export type MemberKey = (
  email: string,
  slot: SealedSlot
) => string | undefined | Promise<string | undefined>

/** Leaves a credential for the readers of its slot, which we are not. */
export async function storeDeposit(
  parts: VaultParts,
  members: Members,
  keys: SlotKeys,
  credential: Credential,
  switchAccount: boolean
): Promise<void> {
  const { folder, ring } = parts
  const name = depositName(credential.id)
  const by = members.actor
  const { slot } = credential
  const signer = by === null ? null : await signerOf(members, by, slot)
  // Who has a key under members is believed with it only: anybody could leave a deposit in their name.
  const isOwn =
    by !== null && credential.user === by && (await members.memberKey(by, slot)) === undefined
  if (by === null || (signer === null && !isOwn)) {
    throw new Refusal(vaultProblem.depositNeedsKey(slot))
  }
  const textFor = (to: SlotKeys): Promise<string> =>
    depositText(
      to.vault,
      { credential, switchAccount, by },
      to.inUse.recipient,
      signing(signer, to)
    )
  if (!(await createFile(join(folder, name), await textFor(keys)))) {
    throw new Error(`There is a ${name} already`)
  }
  if ((await recordFiles(folder, credential.id)).isGone) {
    await deleteFile(join(folder, name))
    throw new Refusal(vaultProblem.ended(goneName(credential.id)))
  }
  // While we wrote, state may have moved on to other keys.
  const now = await ring.find(keys.slot)
  if (now !== null && now.inUse.recipient !== keys.inUse.recipient) {
    await replaceFile(join(folder, name), await textFor(now))
  }
}

/** Our own key, where it is the one that this member is given for the slot; else null. */
export async function signerOf(
  { identity, memberKey }: Members,
  email: string,
  slot: SealedSlot
): Promise<Identity | null> {
  const own = await identity.find()
  return own !== null && (await memberKey(email, slot)) === own.recipient ? own : null
}

function signing(signer: Identity | null, keys: SlotKeys, purpose: Purpose = 'credential') {
  if (signer === null) return null
  return (proven: unknown): string => memberMac(signer, keys, keys.inUse.recipient, purpose, proven)
}

/** Takes a deposit in, if it is what its depositor left and `check` finds nothing wrong. */
export async function adoptDeposit(
  parts: VaultParts,
  members: Members,
  id: string,
  check: DepositCheck,
  openAdopted: (id: string) => Promise<Credential | null>
): Promise<Credential | null> {
  const { folder, ring } = parts
  const name = depositName(id)
  const files = await recordFiles(folder, id)
  if (files.isGone || !files.hasDeposit) return null
  if (files.generations.length > 0) {
    // Taken in before; only its deposit was left.
    const credential = await openAdopted(id)
    if (credential !== null) await deleteFile(join(folder, name))
    return credential
  }
  const read = await readRecord(folder, await vaultId(folder), name)
  if (read === null) return null
  const file = given(read)
  const keys = await keysFor(parts, file, name)
  const opened = await ring.openFor(keys, whatWasAuthorized(file))
  await refuseKnown(parts, keys, opened, id)
  const { deposit, verified } = await examine(members, opened, file)
  const { credential, by, switchAccount } = deposit
  const found = await check({ credential, by, verified, switchAccount })
  if (found !== null) throw new Refusal(found)
  const stored = await storeGeneration(parts, keys, opened, credential)
  if (stored === 'ended') return null
  await deleteFile(join(folder, name))
  return stored === 'stored' ? credential : openAdopted(id)
}

/** A credential that readers know of has been taken in before: its deposit was put back. */
async function refuseKnown(
  { ledger }: VaultParts,
  keys: SlotKeys,
  opened: OpenedKeys,
  id: string
): Promise<void> {
  for (const each of opened) {
    if ((await ledger.read(keys, each))[id] !== undefined) {
      refuse(id, 'it was taken in or ended before, and was put back since.')
    }
  }
}

/** Throws a Refusal (DEPOSIT_REFUSED) unless it is what its depositor left. */
export async function examine(
  { memberKey }: Pick<Members, 'memberKey'>,
  opened: OpenedKeys,
  file: CredentialFile
): Promise<{
  readonly deposit: Deposit
  readonly verified: boolean
  readonly by: OpenKeys | null
}> {
  const { proof, id, slot } = file
  const members = membersFile(slot)
  if (proof.kind !== 'deposit') return refuse(id, 'it is no deposit.')
  if (proof.mac === null) {
    const deposit = await openWithAny(opened, file)
    const { user, record } = deposit.credential
    const isOwn = user === deposit.by && record.level === 'logged-in-user'
    if (!isOwn) refuse(id, 'nobody vouches for it, and it is not the own sign-in of who left it.')
    if ((await memberKey(deposit.by, slot)) !== undefined) {
      refuse(id, `${deposit.by} has a key in ${members}, and it does not vouch for this.`)
    }
    return { deposit, verified: false, by: null }
  }
  const member =
    (await memberKey(proof.by, slot)) ?? refuse(id, `${proof.by} has no key in ${members}.`)
  const keys = keysOfDeposit(file, member, opened)
  if (keys === undefined) {
    return refuse(
      id,
      `it was not left by ${proof.by}, or was changed since, or ${members} has got another key for them.`
    )
  }
  const deposit = await openWithAny([keys], file)
  // At a client only its admins may, and they are its readers: who came into the spec since is taken in by one of them first.
  const isForAll = deposit.credential.record.level === 'administrator'
  if (isClient(slot) && isForAll && !keys.readers.includes(member)) {
    refuse(
      id,
      `the key of ${proof.by} in ${members} is none that reads this slot. An admin who reads it takes it in with tieline vault recipients.`
    )
  }
  return { deposit, verified: true, by: keys }
}

async function openWithAny(opened: OpenedKeys, file: CredentialFile): Promise<Deposit> {
  for (const keys of opened) {
    const found = await openDeposit(file, keys)
    if ('value' in found) return found.value
    const isOtherKey = found.problem.code === 'VAULT_KEY_WRONG'
    if (found.problem.code === 'VAULT_NEWER') throw new Refusal(found.problem)
    if (!isOtherKey) {
      const reason =
        found.problem.code === 'VAULT_TAMPERED'
          ? 'what it says is not what is sealed in it.'
          : 'what is sealed in it cannot be read.'
      refuse(file.id, reason)
    }
  }
  return refuse(file.id, 'it is not sealed to the keys of its slot.')
}

function refuse(id: string, reason: string): never {
  throw new Refusal(vaultProblem.depositRefused(depositName(id), reason))
}
