import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { recordConsent } from '../apply/record-consent.ts'
import type { Authorized } from '../authorize/authorized.ts'
import type { Credential } from '../model/credential.ts'
import { type Diagnostic, note, warning } from '../model/diagnostic.ts'
import { type Documents, environments, isClient } from '../model/documents.ts'
import type { Account, AuthorizationRecord, Slot } from '../model/generated/types.ts'
import type { Vault } from '../model/ports.ts'
import type { Target } from '../model/target.ts'
import { afterConsent } from './after-consent.ts'
import type { AuthorizeScene, Consent } from './authorize-scene.ts'
import { poolsOf, resolverFor, soundDocuments } from './open-workspace.ts'

export function credentialOf(
  { actor, around }: AuthorizeScene,
  { need }: Target,
  slot: Slot,
  user: string | null,
  { secret, granted, clientId }: Authorized,
  account: Account
): Credential {
  const record: AuthorizationRecord = {
    connection: need.connection,
    level: need.level,
    basis: need.basis,
    asked: need.scopes,
    granted,
    account,
    by: actor,
    at: around.clock.now().toISOString(),
    ended: null
  }
  return {
    formatVersion: 1,
    id: randomUUID(),
    slot,
    connection: need.connection,
    user,
    generation: 1,
    record,
    clientId,
    dead: null,
    secret
  }
}

/** Whether it is in use at once, or waits for a reader of its slot. */
export async function storeConsent(
  { state, vault, known }: AuthorizeScene,
  credential: Credential,
  group: readonly Target[],
  options: { readonly switchAccount: boolean }
): Promise<'adopted' | 'deposited'> {
  if (credential.user !== null) return storeOfUser(vault, credential, options)
  const own = group.filter(each => each.need.slot === credential.slot)
  const givenIn = own.map(target => target.environment)
  return recordConsent(credential, { state, vault }, afterConsent(known, givenIn), {
    ...options,
    linkName: own[0]?.linkName ?? credential.connection
  })
}

/** A user's credential is known to the vault alone; a new one replaces those the user had before, once it is adopted. */
async function storeOfUser(
  vault: Vault,
  credential: Credential,
  options: { readonly switchAccount: boolean }
): Promise<'adopted' | 'deposited'> {
  const { files } = await vault.list()
  const how = await vault.store(credential, options)
  if (how === 'deposited') return how
  const replaced = files.filter(
    each =>
      each.user === credential.user &&
      each.connection === credential.connection &&
      each.slot === credential.slot
  )
  for (const each of replaced) await vault.remove(each.id)
  return how
}

/** What the person should know afterwards. The definition may have changed while they were away. */
export async function consentFindings(
  { state, known }: AuthorizeScene,
  target: Target,
  { note: text }: Authorized,
  consent: Pick<Consent, 'missing' | 'adopted' | 'slots' | 'account' | 'user'>
): Promise<readonly Diagnostic[]> {
  const documents = await soundDocuments(state)
  const { needOf } = resolverFor(known, poolsOf(documents))
  const now = documents[target.environment]?.connections[target.linkName]
  const isSame =
    now !== undefined &&
    now.id === target.need.connection &&
    isDeepStrictEqual(needOf(now, target.environment).basis, target.need.basis)
  const same = consent.user === null ? slotsOfAccount(documents, target, consent) : []
  return [
    ...(text === null ? [] : [note('TEST_SKIPPED', 'The credential was not tried', text)]),
    ...(consent.missing.length === 0 ? [] : [scopesNotGranted(target, consent.missing)]),
    ...(same.length === 0 ? [] : [sameAccount(target, consent.account, same)]),
    ...(consent.adopted ? [] : [waitsForReader(target, consent.slots)]),
    ...(isSame ? [] : [definitionChanged(target)])
  ]
}

/** The slots in which the same connection is authorized as the same account; none unless prod and another one are among them. */
function slotsOfAccount(
  documents: Documents,
  { need, environment }: Target,
  { slots, account }: Pick<Consent, 'slots' | 'account'>
): readonly Slot[] {
  if (account.id === null || isClient(environment)) return []
  const found = environments.filter(
    slot =>
      slots.includes(slot) ||
      Object.values(documents[slot]?.authorizations ?? {}).some(
        each =>
          each.connection === need.connection &&
          each.ended === null &&
          each.basis.connector === need.basis.connector &&
          each.account.id === account.id
      )
  )
  return found.includes('prod') && found.length > 1 ? found : []
}

function sameAccount(
  { linkName, service }: Target,
  account: Account,
  slots: readonly Slot[]
): Diagnostic {
  return note(
    'SAME_ACCOUNT',
    'prod and another environment use the same account',
    `${linkName} is authorized as ${account.name} in ${slots.slice(0, -1).join(', ')} and ${slots.at(-1)}: what is tried out reaches the data of prod. If ${service} offers an account for testing, authorize that one instead.`
  )
}

function scopesNotGranted({ service, linkName }: Target, missing: readonly string[]): Diagnostic {
  return warning(
    'SCOPES_NOT_GRANTED',
    'Scopes were asked for, but not granted',
    `${service} did not grant ${missing.join(', ')}. ${linkName} runs without.`
  )
}

function waitsForReader({ linkName }: Target, slots: readonly Slot[]): Diagnostic {
  return note(
    'WAITS_FOR_READER',
    'A reader has still to adopt it',
    `${linkName} is stored sealed, and you cannot read ${slots.join(' and ')}. The application, or a member who can read it, checks and adopts it at the next use; until then what was used before stays in use.`
  )
}

function definitionChanged({ linkName, environment }: Target): Diagnostic {
  return warning(
    'DEFINITION_CHANGED',
    'The connection changed meanwhile',
    `${linkName} was changed in ${environment} while it was being authorized. See what is due now:\n    tieline plan -e ${environment}`
  )
}
