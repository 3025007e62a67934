import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { recordConsent } from '../apply/record-consent.ts'
import type { Authorized } from '../authorize/authorized.ts'
import type { Credential } from '../model/credential.ts'
import { type Diagnostic, note, warning } from '../model/diagnostic.ts'
import type { Account, AuthorizationRecord, Slot } from '../model/generated/types.ts'
import type { Vault } from '../model/ports.ts'
import type { Target } from '../model/target.ts'
import { afterConsent } from './after-consent.ts'
import type { AuthorizeScene } from './authorize-scene.ts'
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
    secret
  }
}

export async function storeConsent(
  { state, vault, known }: AuthorizeScene,
  credential: Credential,
  group: readonly Target[]
): Promise<void> {
  if (credential.user !== null) {
    await storeOfUser(vault, credential)
    return
  }
  const own = group.filter(each => each.need.slot === credential.slot)
  const givenIn = own.map(target => target.environment)
  await recordConsent(credential, { state, vault }, afterConsent(known, givenIn))
}

/** A user's credential is known to the vault alone; a new one replaces those the user had before. */
async function storeOfUser(vault: Vault, credential: Credential): Promise<void> {
  const { files } = await vault.list()
  await vault.store(credential)
  const replaced = files.filter(
    each =>
      each.user === credential.user &&
      each.connection === credential.connection &&
      each.slot === credential.slot
  )
  for (const each of replaced) await vault.remove(each.id)
}

/** What the person should know afterwards. The definition may have changed while they were away. */
export async function consentFindings(
  { state, known }: AuthorizeScene,
  target: Target,
  { note: text }: Authorized,
  missing: readonly string[]
): Promise<readonly Diagnostic[]> {
  const documents = await soundDocuments(state)
  const { needOf } = resolverFor(known, poolsOf(documents))
  const now = documents[target.environment]?.connections[target.linkName]
  const same =
    now !== undefined &&
    now.id === target.need.connection &&
    isDeepStrictEqual(needOf(now, target.environment).basis, target.need.basis)
  return [
    ...(text === null ? [] : [note('TEST_SKIPPED', 'The credential was not tried', text)]),
    ...(missing.length === 0
      ? []
      : [
          warning(
            'SCOPES_NOT_GRANTED',
            'Scopes were asked for, but not granted',
            `${target.service} did not grant ${missing.join(', ')}. ${target.linkName} runs without.`
          )
        ]),
    ...(same
      ? []
      : [
          warning(
            'DEFINITION_CHANGED',
            'The connection changed meanwhile',
            `${target.linkName} was changed in ${target.environment} while it was being authorized. See what is due now:\n    tieline plan -e ${target.environment}`
          )
        ])
  ]
}
