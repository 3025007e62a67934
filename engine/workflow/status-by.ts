import { isDeepStrictEqual } from 'node:util'
import { type Diagnostic, note, Refusal } from '../model/diagnostic.ts'
import {
  clientEnvironment,
  clientOf,
  type Documents,
  neighboursOf,
  ownSlots,
  slotsIn
} from '../model/documents.ts'
import type {
  AuthorizationRecord,
  CredentialFile,
  Environment,
  Level,
  PersonalAuthorization,
  PersonalEnd,
  PersonalState,
  Slot,
  StatusBy
} from '../model/generated/types.ts'
import { compareText } from '../model/record.ts'
import { readersOf } from '../model/roles.ts'
import type { Settings } from '../model/specs.ts'
import { servingRecord, visibleRecords } from '../plan/used-record.ts'
import { knownActor } from './actor.ts'
import { openVault } from './open-vault.ts'
import {
  openState,
  openWorkspace,
  poolsOf,
  type Resolver,
  resolverFor,
  soundDocuments
} from './open-workspace.ts'
import { clientRoleOf, clientsOfActor, isGuest } from './permit.ts'
import { readDocuments } from './read-documents.ts'
import { isSeen, seenClients, sightOf } from './sight.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * All that one person authorized, in every slot that the actor sees, and what users' authorizations are their own, with the commands
 * for the day they leave. Reads state and the vault's clear part; needs no key, asks nobody.
 */
export async function statusByWorkflow(
  around: Surroundings,
  person: string
): Promise<{ readonly status: StatusBy; readonly diagnostics: readonly Diagnostic[] }> {
  const { settings, known } = await openWorkspace(around)
  const actor = await knownActor(around)
  const documents = await documentsFor(around, settings, actor)
  const vault = await openVault(around, settings, async () => documents, actor)
  const { files, problems } = await vault.list()
  const scene = { documents, resolver: resolverFor(known, poolsOf(documents)), files }
  const sights = new Map(
    slotsIn(documents).map(slot => [slot, sightOf(settings, placeOf(slot), actor)] as const)
  )
  const sees = (slot: Slot, each: Seen): boolean => {
    const sight = sights.get(slot) ?? 'none'
    // A client's plain user sees what is their own, and of nobody else what they did.
    return isSeen(sight, each) && (sight === 'all' || each.user === actor)
  }
  const recorded = slotsIn(documents).flatMap(slot =>
    Object.entries(documents[slot]?.authorizations ?? {})
      .filter(([, each]) => each.by === person && sees(slot, { level: each.level, user: null }))
      .map(([credential, record]) => ofRecord(scene, slot, credential, record))
  )
  const own = files
    .filter(each => each.user !== null && (each.user === person || each.facts.by === person))
    .filter(each => sees(each.slot, { level: each.facts.level, user: each.user }))
    .map(file => ofUser(scene, file))
  return {
    status: { by: person, authorizations: inOrder([...recorded, ...own]) },
    diagnostics: [
      ...problems.map(each => ({ ...each, severity: 'warning' as const })),
      ...(sightOf(settings, 'prod', actor) === 'all' ? stillMember(settings, person) : []),
      ...stillAtClients(settings, person, actor)
    ]
  }
}

/** All of them; what is wrong with those that a client's member does not see does not stop them. */
async function documentsFor(
  around: Surroundings,
  settings: Settings,
  actor: string | null
): Promise<Documents> {
  if (!isGuest(settings, actor)) return soundDocuments(openState(around, settings, ''))
  const { documents, problems } = readDocuments(around, settings, seenClients(settings, actor))
  if (problems.size > 0) throw new Refusal(...problems.values())
  return documents
}

interface Seen {
  readonly level: Level
  /** null: an authorization of everybody's. */
  readonly user: string | null
}

/** An environment that stands for a slot. */
function placeOf(slot: Slot): Environment {
  return slot === 'shared' ? 'prod' : slot
}

/** What they authorized is one half of leaving, what they can read is the other. */
function stillMember({ members = {} }: Settings, person: string): readonly Diagnostic[] {
  const member = Object.hasOwn(members, person) ? members[person] : undefined
  if (member === undefined) return []
  const readable = ownSlots.filter(slot => readersOf(slot).includes(member.role))
  const reads =
    member.key === undefined || readable.length === 0
      ? ''
      : `, with a key that may read the credentials of ${readable.join(', ')}`
  return [
    note(
      'STILL_MEMBER',
      'This person is a member of the workspace',
      `${person} has the role ${member.role}${reads}. When they leave, take them out of tieline.yaml, and then make new keys for what they could read:\n    tieline vault recipients`
    )
  ]
}

function stillAtClients(
  settings: Settings,
  person: string,
  actor: string | null
): readonly Diagnostic[] {
  return clientsOfActor(settings, person)
    .map(clientEnvironment)
    .filter(each => sightOf(settings, each, actor) === 'all')
    .map(each =>
      note(
        'STILL_MEMBER',
        'This person is a member of the workspace',
        `${person} is ${clientRoleOf(settings, each, person) === 'admin' ? 'an admin' : 'a user'} of ${each}. When they leave, take them out of clients/${clientOf(each)}.yaml, and then make new keys for what they could read:\n    tieline vault recipients`
      )
    )
}

interface ByScene {
  readonly documents: Documents
  readonly resolver: Pick<Resolver, 'needOf'>
  readonly files: readonly CredentialFile[]
}

const order: readonly PersonalState[] = ['in-use', 'own', 'unused', 'ended']

function inOrder(all: readonly PersonalAuthorization[]): readonly PersonalAuthorization[] {
  return all.toSorted(
    (a, b) =>
      order.indexOf(a.state) - order.indexOf(b.state) ||
      compareText(a.connection, b.connection) ||
      compareText(a.slot, b.slot) ||
      compareText(a.at, b.at)
  )
}

function ofRecord(
  scene: ByScene,
  slot: Slot,
  credential: string,
  record: AuthorizationRecord
): PersonalAuthorization {
  const { documents, resolver } = scene
  const file = scene.files.find(each => each.id === credential)
  const used = placesOf(scene, slot, record.connection).filter(({ environment, connection }) => {
    const remembered = documents[environment]?.serving[record.connection]
    const need = resolver.needOf(connection, environment)
    const records = visibleRecords(documents, environment)
    return servingRecord(need, records, remembered)?.credential === credential
  })
  const ended = endOf(record, file)
  const state = ended !== null ? 'ended' : used.length > 0 ? 'in-use' : 'unused'
  const [place] = used
  const commands =
    state === 'ended'
      ? []
      : place === undefined
        ? [`tieline apply -e ${slot === 'shared' ? 'dev' : slot}`]
        : // What is given anew ends what was given before.
          [`tieline authorize ${place.linkName} -e ${place.environment} --switch-account`]
  return {
    ...factsOf(scene, slot, record, file),
    user: null,
    state,
    environments: used.map(each => each.environment),
    ended,
    commands
  }
}

/** A user's own, or one that the person gave in a user's name. */
function ofUser(scene: ByScene, file: CredentialFile): PersonalAuthorization {
  const { slot, facts, user } = file
  const usable = placesOf(scene, slot, facts.connection).filter(({ environment, connection }) => {
    const need = scene.resolver.needOf(connection, environment)
    const isHere = need.slot === slot && need.level === facts.level
    return isHere && isDeepStrictEqual(need.basis, facts.basis)
  })
  const ended = endOf(facts, file)
  const [place] = usable
  const state = ended !== null ? 'ended' : place === undefined ? 'unused' : 'own'
  const commands =
    state === 'ended'
      ? []
      : place === undefined
        ? [`tieline apply -e ${slot === 'shared' ? 'dev' : slot}`]
        : [`tieline revoke ${place.linkName} -e ${place.environment} --user ${asWord(user ?? '')}`]
  return {
    ...factsOf(scene, slot, facts, file),
    user,
    state,
    environments: usable.map(each => each.environment),
    ended,
    commands
  }
}

/** Where a connection is recorded by now, and under which link name. */
function placesOf({ documents }: ByScene, slot: Slot, id: string) {
  return neighboursOf(slot).flatMap(environment =>
    Object.entries(documents[environment]?.connections ?? {})
      .filter(([, connection]) => connection.id === id)
      .map(([linkName, connection]) => ({ environment, linkName, connection }))
  )
}

function factsOf(
  scene: ByScene,
  slot: Slot,
  { connection, level, account, by, at, granted }: AuthorizationRecord,
  file: CredentialFile | undefined
) {
  const [place] = placesOf(scene, slot, connection)
  return {
    connection: place?.linkName ?? connection.replace(/\.\d+$/, ''),
    ...{ slot, level, account, by, at, granted },
    adopted: file === undefined ? null : file.proof.kind === 'adopted'
  }
}

function endOf(
  { ended }: AuthorizationRecord,
  file: CredentialFile | undefined
): PersonalEnd | null {
  const dead = file?.dead ?? null
  if (ended === null) return dead === null ? null : { ...dead, by: null }
  const cause = { EXPIRED: 'expired', REVOKED: 'revoked', SCOPES_LOST: 'scopes-lost' } as const
  return { cause: cause[ended.cause], by: ended.by, at: ended.at }
}

/** An address of a stranger, so that a shell takes it as one word. */
function asWord(text: string): string {
  return /^[\w.@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
