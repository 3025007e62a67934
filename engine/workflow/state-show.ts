import { problem, Refusal } from '../model/diagnostic.ts'
import { slotOf } from '../model/documents.ts'
import type {
  AuthorizationRecord,
  Component,
  Connection,
  ListedAuthorization,
  Slot,
  UserCount
} from '../model/generated/types.ts'
import { findEntry } from '../plan/state-surgery.ts'
import { isSeen } from './sight.ts'
import { authorizationsOf, openSeenState } from './state-list.ts'
import type { Surroundings } from './surroundings.ts'

/** One recorded thing, whole. */
export type ShownEntry = { readonly document: Slot } & (
  | {
      readonly subject: 'connection'
      readonly linkName: string
      readonly entry: Connection
      /** The document that its authorizations stand in. */
      readonly slot: Slot
      readonly authorizations: readonly ListedAuthorization[]
      readonly users: readonly UserCount[]
    }
  | {
      readonly subject: 'component'
      readonly linkName: string
      readonly entry: Component
    }
  | {
      readonly subject: 'authorization'
      readonly credential: string
      readonly connection: string
      readonly entry: AuthorizationRecord
    }
)

/**
 * What a document holds under a name: `connection/x`, `component/x`, `authorization/<credential id>`, or a bare link name. Throws a
 * Refusal where it holds nothing of that name that the actor sees, or cannot be read.
 */
export async function stateShowWorkflow(
  around: Surroundings,
  name: string,
  slot: Slot
): Promise<ShownEntry> {
  const { documents, sightOf, problems } = await openSeenState(around, slot)
  const document = documents[slot] ?? null
  if (document === null && problems.length > 0) throw new Refusal(...problems)
  const sight = sightOf(slot)
  const credential = credentialIn(name)
  if (credential !== null) {
    const seen = authorizationsOf(documents, slot).filter(each => isSeen(sight, each))
    const found = recordCalled(seen, credential, slot)
    const entry = document?.authorizations[found.credential]
    if (entry === undefined) throw new Error('A listed record was expected')
    const { connection } = found
    return {
      document: slot,
      subject: 'authorization',
      credential: found.credential,
      connection,
      entry
    }
  }
  // What somebody does not see is not there.
  const seen =
    document === null || sight === 'all'
      ? document
      : {
          ...document,
          connections: Object.fromEntries(
            Object.entries(document.connections).filter(([, each]) => isSeen(sight, each))
          ),
          components: {}
        }
  const { subject, linkName } = findEntry(seen, name, slot)
  if (subject === 'component') {
    const entry = document?.components[linkName]
    if (entry === undefined) throw new Error('A recorded component was expected')
    return { document: slot, subject, linkName, entry }
  }
  const entry = document?.connections[linkName]
  if (entry === undefined || slot === 'shared')
    throw new Error('A recorded connection was expected')
  const home = slotOf(entry, slot)
  return {
    document: slot,
    subject,
    linkName,
    entry,
    slot: home,
    authorizations: authorizationsOf(documents, home).filter(each => each.id === entry.id),
    users: documents[home]?.users[entry.id] ?? []
  }
}

/** The id behind `authorization/`; null for another name. */
export function credentialIn(name: string): string | null {
  return name.startsWith('authorization/') ? name.slice('authorization/'.length) : null
}

/** The one record whose credential has this id, or begins with it. Throws a Refusal (AUTHORIZATION_UNKNOWN). */
export function recordCalled(
  records: readonly ListedAuthorization[],
  credential: string,
  slot: Slot
): ListedAuthorization {
  const exact = records.find(each => each.credential === credential)
  const isBeginning = /^[0-9a-f][0-9a-f-]{5,}$/.test(credential)
  const fitting = isBeginning ? records.filter(each => each.credential.startsWith(credential)) : []
  const [first, second] = exact === undefined ? fitting : [exact]
  if (first !== undefined && second === undefined) return first
  throw new Refusal(
    problem(
      'AUTHORIZATION_UNKNOWN',
      'No such authorization is recorded',
      `${second === undefined ? `${slot} has no authorization with this id.` : `Several authorizations of ${slot} have an id that begins like this: give more of it.`} The first six characters of an id are enough where no other begins with them. What there is:\n    tieline state list -e ${slot}`
    )
  )
}
