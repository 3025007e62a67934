import type { Credential } from '../model/credential.ts'
import { Refusal } from '../model/diagnostic.ts'
import { type Documents, isClient, neighboursOf, slotsIn } from '../model/documents.ts'
import type { AuthorizationRecord, Slot } from '../model/generated/types.ts'
import type { SecretResolver, Vault } from '../model/ports.ts'
import type { Settings } from '../model/specs.ts'
import { sightOf } from './sight.ts'

export interface GrantScene {
  readonly settings: Settings
  /** Who is told why. */
  readonly actor: string
  readonly documents: Documents
  readonly vault: Pick<Vault, 'list' | 'open'>
  readonly secrets: SecretResolver
}

/** Another authorization that lives. */
interface Other {
  readonly id: string
  readonly slot: Slot
  readonly user: string | null
  readonly record: AuthorizationRecord
}

/**
 * Why ending an authorization at its service could end another one that lives: services end the whole grant of an account to a
 * client, unless the connector says that a revocation ends one token only. Even then a token that another one holds too must live.
 * null if nobody would lose anything. Where it cannot be told, it counts as harm. `together` are ended at the same time.
 */
export async function whoWouldLose(
  scene: GrantScene,
  credential: Credential,
  ends: 'token' | 'grant',
  together: ReadonlySet<string>
): Promise<string | null> {
  for (const other of await othersOf(scene, credential, together)) {
    const opened = await openOther(scene, other)
    const where = nameOf(scene, other)
    if (opened !== null && sharesToken(opened, credential)) {
      return `${where} holds the same token`
    }
    if (ends === 'token' || !maybeSameAccount(other.record, credential.record)) continue
    const same = await isSameClient(scene, other, opened, credential)
    const isKnown = other.record.account.id !== null && credential.record.account.id !== null
    if (same === null) return `that could end ${where} too, whose client cannot be read here`
    if (same && !isKnown)
      return `that could end ${where} too, for nobody knows whose accounts they are`
    if (same) return `that would end ${where} too, which has the same client and account`
  }
  return null
}

async function othersOf(
  { documents, vault }: GrantScene,
  { id, record }: Credential,
  together: ReadonlySet<string>
): Promise<readonly Other[]> {
  const recorded = slotsIn(documents).flatMap(slot =>
    Object.entries(documents[slot]?.authorizations ?? {}).map(
      ([other, each]): Other => ({ id: other, slot, user: null, record: each })
    )
  )
  const { files } = await vault.list()
  const known = new Set(recorded.map(each => each.id))
  const stored = files
    .filter(each => !known.has(each.id) && each.dead === null)
    .map(({ id: other, slot, user, facts }): Other => ({ id: other, slot, user, record: facts }))
  const dead = new Set(files.filter(each => each.dead !== null).map(each => each.id))
  return [...recorded, ...stored].filter(
    other =>
      other.id !== id &&
      !together.has(other.id) &&
      !dead.has(other.id) &&
      other.record.ended === null &&
      other.record.basis.connector === record.basis.connector
  )
}

/** null where it is not here, or our key does not open it. */
async function openOther({ vault }: GrantScene, { id }: Other): Promise<Credential | null> {
  try {
    return await vault.open(id)
  } catch (error) {
    if (error instanceof Refusal) return null
    throw error
  }
}

/** One consent may be stored in several slots, and then all copies hold its tokens. */
function sharesToken({ secret: a }: Credential, { secret: b }: Credential): boolean {
  if (a.kind !== 'oauth2' || b.kind !== 'oauth2') return false
  const isSameRefresh = a.refreshToken !== null && a.refreshToken === b.refreshToken
  return isSameRefresh || a.accessToken === b.accessToken
}

function maybeSameAccount(
  { account: a }: AuthorizationRecord,
  { account: b }: AuthorizationRecord
) {
  return a.id === null || b.id === null || a.id === b.id
}

/** null where nobody here can tell. */
async function isSameClient(
  { secrets }: GrantScene,
  { record, slot }: Other,
  opened: Credential | null,
  { clientId, record: own }: Credential
): Promise<boolean | null> {
  if (record.basis.clientId === null) return false
  if (opened !== null) return opened.clientId === clientId
  if (record.basis.clientId === own.basis.clientId) return true
  try {
    const owner = { connection: record.connection, slot }
    return (await secrets(record.basis.clientId, owner)) === clientId
  } catch (error) {
    if (error instanceof Refusal) return null
    throw error
  }
}

/** Of an installation that whoever asks sees nothing of, only that there is one. */
function nameOf({ settings, documents, actor }: GrantScene, { record, slot, user }: Other): string {
  if (isClient(slot) && documents[slot] === undefined) return 'an installation that is not here'
  const place = slot === 'shared' ? 'prod' : slot
  if (sightOf(settings, place, actor) !== 'all') return 'another authorization of this app'
  const names = neighboursOf(slot).flatMap(environment =>
    Object.entries(documents[environment]?.connections ?? {})
      .filter(([, { id }]) => id === record.connection)
      .map(([linkName]) => linkName)
  )
  const whose = user === null ? '' : ` of ${user}`
  return `${names[0] ?? record.connection.replace(/\.\d+$/, '')}${whose} in ${slot} (${record.account.name})`
}
