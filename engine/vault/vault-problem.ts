import type { Diagnostic } from '../model/diagnostic.ts'
import { problem } from '../model/diagnostic.ts'
import { isClient } from '../model/documents.ts'
import type { SealedSlot } from '../model/generated/types.ts'

const authorizeAgain =
  'The other credentials are not concerned. Restore the file from a backup, or delete it and authorize its connection again.'

const startAnew =
  'Restore the file from a backup. If there is none, start anew and authorize again:\n    tieline vault init --replace'

const installAnew =
  'Restore the file from a backup. If there is none, the client has to be removed and installed anew, and authorizes again.'

function wayOut(file: string): string {
  return /\/client\//.test(file) ? installAnew : startAnew
}

/** Where the keys of those stand who may leave something in a slot. */
export function membersFile(slot: SealedSlot): string {
  return isClient(slot) ? `clients/${slot.slice('client/'.length)}.yaml` : 'tieline.yaml'
}

interface Owned {
  readonly connection: string
  readonly slot: SealedSlot
}

/** The keys of a slot, without which nothing of it is read or written. */
export function keysOf(slot: SealedSlot): string {
  return `What is in ${slot}`
}

/** Whose credential it is. A connection is called by its id here: whoever opens the vault knows its link name, and puts it in. */
export function whatWasAuthorized({ connection, slot }: Owned): string {
  return `What was authorized for connection "${connection}" in ${slot}`
}

/** The value of a `vault:` reference. */
export function whatWasSet(name: string, { connection, slot }: Owned): string {
  return `The value vault:${name} of connection "${connection}" in ${slot}`
}

const whoseKey =
  'Set TIELINE_IDENTITY to a key that may read there, or to the path of the file that holds it. Who may read which slot:\n' +
  '    tieline vault recipients'

/**
 * What can be wrong with a file of the vault. `file` is its name inside the vault's folder. A client's slot is called by its lineage
 * here, also in the name of the client's file: whoever opens the vault knows the client's link name, and puts it in.
 */
export const vaultProblem = {
  damaged: (file: string): Diagnostic =>
    problem(
      'VAULT_DAMAGED',
      'A file of the vault is damaged',
      `${file} in the vault cannot be read: it is cut short, not what tieline wrote, or not yours to read. ${authorizeAgain}`
    ),
  /** vault.json or a file of keys: what is sealed depends on it. */
  keysDamaged: (file: string): Diagnostic =>
    problem(
      'VAULT_DAMAGED',
      'A file of the vault is damaged',
      `${file} in the vault is missing or cannot be read, and credentials depend on it. ${wayOut(file)}`
    ),
  ledgerDamaged: (file: string): Diagnostic =>
    problem(
      'VAULT_DAMAGED',
      'A file of the vault is damaged',
      `${file} in the vault is missing, cannot be read or was not written by a reader. It says which credentials are the newest ones, so ` +
        'without it none of them is used. Restore it from a backup, or make new keys for the slot, which writes it anew:\n    tieline vault rotate'
    ),
  newer: (file: string): Diagnostic =>
    problem(
      'VAULT_NEWER',
      'The vault was written by a newer tieline',
      `${file} in the vault has a format that this version does not know. Update tieline.`
    ),
  tampered: (file: string): Diagnostic =>
    problem(
      'VAULT_TAMPERED',
      'A file of the vault was tampered with',
      `${file} in the vault is not what a reader of its slot wrote there: its proof, its sealed part and what it says do not fit ` +
        'together, so somebody changed, swapped or forged it. It is not used. Find out who can write there, then delete the file and ' +
        'authorize its connection again.'
    ),
  keysTampered: (file: string): Diagnostic =>
    problem(
      'VAULT_TAMPERED',
      'A file of the vault was tampered with',
      `${file} in the vault says something else than what its readers sealed: somebody changed the keys or the list of readers. ` +
        `Nothing of its slot is read or written. Find out who can write there. ${wayOut(file)}`
    ),
  replayed: (file: string): Diagnostic =>
    problem(
      'VAULT_REPLAYED',
      'An old file was put back into the vault',
      `${file} in the vault was genuine once, but has been replaced or ended since. Its credential is not used. Find out who can write ` +
        'there, then delete the file and authorize its connection again.'
    ),
  /** `what` is a file of the vault, or what stands in it as people know it. */
  keyWrong: (what: string): Diagnostic =>
    problem(
      'VAULT_KEY_WRONG',
      'Your key does not open the vault',
      `${what} is sealed to other keys than yours. ${whoseKey}`
    ),
  keyMissing: (what: string): Diagnostic =>
    problem(
      'VAULT_KEY_WRONG',
      'Your key does not open the vault',
      `${what} is sealed, and you have no key here. ${whoseKey}`
    ),
  keyChanged: (slot: SealedSlot): Diagnostic =>
    problem(
      'VAULT_KEY_CHANGED',
      'This is not the vault that state knows',
      `The ${slot} state names another vault or another key set than the one that is here, so nothing of ${slot} was read or ` +
        'written. Either this is another copy of the workspace, or somebody put other keys into the vault. Use the vault that belongs ' +
        `to this state, or ${
          isClient(slot)
            ? 'have the client removed and installed anew, and authorize again.'
            : 'start anew and authorize again:\n    tieline vault init --replace'
        }`
    ),
  noReader: (slot: SealedSlot): Diagnostic =>
    problem(
      'NO_READER',
      'Nobody could read it',
      isClient(slot)
        ? `The vault has no keys for ${slot} yet, so nothing can be sealed for its readers: the admins of the client whose \`key\` stands ` +
            `in ${membersFile(slot)}. Once there is one, a super-admin of the workspace or that admin makes them:\n    tieline vault recipients`
        : `The vault has no keys for ${slot} yet, so nothing can be sealed for its readers. A super-admin makes them:\n    tieline vault recipients`
    ),
  notAdopted: (file: string): Diagnostic =>
    problem(
      'NOT_ADOPTED',
      'The authorization waits for a reader',
      `${file} in the vault was deposited by somebody who cannot read the slot, and no reader has checked it yet. Whoever may ` +
        'read the slot takes it in with:\n    tieline status --refresh'
    ),
  depositNeedsKey: (slot: SealedSlot): Diagnostic =>
    problem(
      'DEPOSIT_NEEDS_KEY',
      'Your key vouches for what you deposit',
      `You cannot read ${slot}, so its readers have to know that this comes from you: they check it with the key that stands beside ` +
        `your name in ${membersFile(slot)}. Yours is missing there, or is another one than the key you use. Have your public key entered as ` +
        '`key` of your member entry. It is the answer of:\n    age-keygen -y'
    ),
  depositRefused: (file: string, reason: string): Diagnostic =>
    problem(
      'DEPOSIT_REFUSED',
      'A deposit cannot be taken in',
      `${file} in the vault is not taken in: ${reason} It stays where it is, and what was in use before stays in use. Ask who ` +
        'deposited it, delete the file, and have the connection authorized again.'
    ),
  ended: (file: string): Diagnostic =>
    problem(
      'CREDENTIAL_ENDED',
      'The credential was ended meanwhile',
      `${file} in the vault says that somebody ended this credential while it was being written. Nothing was stored.`
    ),
  keysExist: (file: string): Diagnostic =>
    problem(
      'VAULT_KEYS_EXIST',
      'The slot has keys already',
      `${file} is in the vault already, so nothing was changed. See who may read what:\n    tieline vault recipients`
    ),
  recipientInvalid: (recipient: string): Diagnostic =>
    problem(
      'RECIPIENT_INVALID',
      'This is no public key',
      `${recipient.slice(0, 80)} is no public key of age, or was copied with a mistake. It looks like age1 and 58 more letters and digits, ` +
        'and is the answer of:\n    age-keygen -y'
    ),
  rotationRuns: (slot: SealedSlot): Diagnostic =>
    problem(
      'ROTATION_UNFINISHED',
      'New keys were being made',
      `Making new keys for ${slot} was cut off, so its readers cannot be changed. Finish it first:\n    tieline vault rotate`
    )
}
