import { isEqualConsent } from '../apply/record-consent.ts'
import type { Authorized } from '../authorize/authorized.ts'
import { problem, Refusal } from '../model/diagnostic.ts'
import { isClient, ownSlots } from '../model/documents.ts'
import type { Account, Slot } from '../model/generated/types.ts'
import type { Target } from '../model/target.ts'
import type { AuthorizeScene } from './authorize-scene.ts'

/**
 * What the service calls the account, else `<Service> Account <n>`, the lowest that is free once the consent is stored. Our
 * environments count together, and each client by itself.
 */
export async function nameAccount(
  { documents, vault }: AuthorizeScene,
  { service, need, environment }: Target,
  slots: readonly Slot[],
  user: string | null,
  { account }: Authorized
): Promise<Account> {
  const counted: readonly Slot[] = isClient(environment) ? [environment] : ownSlots
  const recorded = counted.flatMap(slot =>
    Object.values(documents[slot]?.authorizations ?? {}).map(facts => ({ slot, user: null, facts }))
  )
  const ofUsers = (await vault.list()).files.filter(
    each => each.user !== null && counted.includes(each.slot)
  )
  const all = [...recorded, ...ofUsers]
  const known = all.find(
    ({ facts }) =>
      account.id !== null &&
      facts.account.id === account.id &&
      facts.basis.connector === need.basis.connector
  )
  const name = account.name ?? known?.facts.account.name
  if (name !== undefined) return { id: account.id, name }
  const isReplaced = (each: (typeof all)[number]): boolean =>
    slots.some(slot => slot === each.slot) &&
    each.user === user &&
    each.facts.connection === need.connection &&
    (user !== null || isEqualConsent(each.facts, { ...each.facts, ...need, asked: need.scopes }))
  const taken = new Set(all.filter(each => !isReplaced(each)).map(each => each.facts.account.name))
  for (let number = 1; ; number += 1) {
    const candidate = `${service} Account ${number}`
    if (!taken.has(candidate)) return { id: account.id, name: candidate }
  }
}

/** The first authorization fixes the account: another one by accident would send the app's data somewhere else. */
export async function refuseOtherAccount(
  { documents, vault }: AuthorizeScene,
  target: Target,
  slots: readonly Slot[],
  user: string | null,
  account: Account
): Promise<void> {
  const records =
    user === null
      ? slots.flatMap(slot => Object.values(documents[slot]?.authorizations ?? {}))
      : (await vault.list()).files
          .filter(each => each.user === user && slots.includes(each.slot))
          .map(each => each.facts)
  const other = records.find(
    each =>
      each.connection === target.need.connection &&
      each.ended === null &&
      each.basis.connector === target.need.basis.connector &&
      each.account.id !== null &&
      account.id !== null &&
      each.account.id !== account.id
  )
  if (other === undefined) return
  // A key or a token in the app's own name is no grant that somebody would have to take back.
  const { way } = target
  const isGrant = way.kind === 'oauth2' && ['authorization_code', 'device_code'].includes(way.grant)
  const left = isGrant
    ? `; the grant just given stays at ${target.service} until it is removed there`
    : ''
  throw new Refusal(
    problem(
      'ACCOUNT_DIFFERENT',
      'Another account was authorized before',
      `${target.linkName} is authorized as ${other.account.name}, and this was ${account.name}. Nothing was stored${left}. If the account shall change:\n    tieline authorize ${target.linkName} -e ${target.environment} --switch-account`
    )
  )
}
