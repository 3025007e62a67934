import { isDeepStrictEqual } from 'node:util'
import { type Diagnostic, note } from '../model/diagnostic.ts'
import { type Documents, environments, slots } from '../model/documents.ts'
import type {
  AuthorizationRecord,
  CredentialFile,
  PersonalAuthorization,
  PersonalEnd,
  PersonalState,
  Slot,
  StatusBy,
  WorkspaceSpec
} from '../model/generated/types.ts'
import { compareText } from '../model/record.ts'
import { readersOf } from '../model/roles.ts'
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
import type { Surroundings } from './surroundings.ts'

/**
 * All that one person authorized, in every slot, and what users' authorizations are their own, with the commands for the day they
 * leave. Reads state and the vault's clear part; needs no key, asks nobody.
 */
export async function statusByWorkflow(
  around: Surroundings,
  person: string
): Promise<{ readonly status: StatusBy; readonly diagnostics: readonly Diagnostic[] }> {
  const { settings, known } = await openWorkspace(around)
  const state = openState(around, settings, '')
  const documents = await soundDocuments(state)
  const actor = await knownActor(around)
  const vault = await openVault(around, settings, async () => documents, actor)
  const { files, problems } = await vault.list()
  const scene = { documents, resolver: resolverFor(known, poolsOf(documents)), files }
  const recorded = slots.flatMap(slot =>
    Object.entries(documents[slot]?.authorizations ?? {})
      .filter(([, each]) => each.by === person)
      .map(([credential, record]) => ofRecord(scene, slot, credential, record))
  )
  const own = files
    .filter(each => each.user !== null && (each.user === person || each.facts.by === person))
    .map(file => ofUser(scene, file))
  return {
    status: { by: person, authorizations: inOrder([...recorded, ...own]) },
    diagnostics: [
      ...problems.map(each => ({ ...each, severity: 'warning' as const })),
      ...stillMember(settings, person)
    ]
  }
}

/** What they authorized is one half of leaving, what they can read is the other. */
function stillMember({ members = {} }: WorkspaceSpec, person: string): readonly Diagnostic[] {
  const member = Object.hasOwn(members, person) ? members[person] : undefined
  if (member === undefined) return []
  const readable = slots.filter(slot => readersOf(slot).includes(member.role))
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
  const used = placesOf(scene, record.connection).filter(({ environment, connection }) => {
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
        : [
            `tieline authorize ${place.linkName} -e ${place.environment} --switch-account`,
            `tieline revoke ${place.linkName} -e ${place.environment}`
          ]
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
  const usable = placesOf(scene, facts.connection).filter(({ environment, connection }) => {
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
function placesOf({ documents }: ByScene, id: string) {
  return environments.flatMap(environment =>
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
  const [place] = placesOf(scene, connection)
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
