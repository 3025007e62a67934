import type { Diagnostic } from '../model/diagnostic.ts'
import { type Documents, isClient, neighboursOf, slotOf, slotsIn } from '../model/documents.ts'
import type {
  AuthorizationRecord,
  EntryId,
  ListedAuthorization,
  ListedConnection,
  ListedDocument,
  Slot,
  State,
  StateList
} from '../model/generated/types.ts'
import { compareText } from '../model/record.ts'
import type { Settings } from '../model/specs.ts'
import { knownActor } from './actor.ts'
import { checkInstalled } from './authorize-scene.ts'
import { openState, openWorkspace } from './open-workspace.ts'
import { isGuest } from './permit.ts'
import { isSeen, ownEnvironments, permitLook, type Sight, sightOf } from './sight.ts'
import type { Surroundings } from './surroundings.ts'

/** State as somebody sees it who asked for it. */
export interface SeenState {
  readonly settings: Settings
  /** Only what can be read. */
  readonly documents: Documents
  /** Those to show, in order. */
  readonly slots: readonly Slot[]
  readonly sightOf: (slot: Slot) => Sight
  /** What is wrong with documents that were to be shown. */
  readonly problems: readonly Diagnostic[]
}

/** Of one document, or of all that the actor sees. Throws a Refusal where the actor sees nothing of what was asked for. */
export async function openSeenState(
  around: Surroundings,
  slot: Slot | undefined
): Promise<SeenState> {
  const { settings } = await openWorkspace(around)
  const actor = await knownActor(around)
  const seen = (each: Slot): Sight => sightOf(settings, each === 'shared' ? 'dev' : each, actor)
  if (slot !== undefined) {
    await permitLook(around, settings, slot === 'shared' ? 'dev' : slot, actor)
  }
  const { documents, problems } = await openState(around, settings, actor ?? '').read()
  if (slot !== undefined && isClient(slot) && !problems.some(each => isAbout(each, [slot]))) {
    checkInstalled({ settings, documents }, slot)
  }
  const all: readonly Slot[] =
    actor !== null && isGuest(settings, actor)
      ? ownEnvironments(settings, documents, actor)
      : slotsIn(documents)
  const slots = slot === undefined ? all.filter(each => seen(each) !== 'none') : [slot]
  const own = slot === undefined && slots.length < slotsIn(documents).length
  const shown = problems.filter(each => !own || isAbout(each, slots))
  return { settings, documents, slots, sightOf: seen, problems: shown }
}

/** Whoever sees a client's document alone is not told of others. */
export function isAbout({ at }: Diagnostic, slots: readonly Slot[]): boolean {
  return slots.some(slot =>
    at?.file.endsWith(`/${isClient(slot) ? slot.replace('client/', 'clients/') : slot}.json`)
  )
}

/** What state documents hold, of one or of all that the actor sees, and what cannot be read of them. */
export async function stateListWorkflow(
  around: Surroundings,
  slot: Slot | undefined
): Promise<{ readonly list: StateList; readonly problems: readonly Diagnostic[] }> {
  const { documents, slots, sightOf, problems } = await openSeenState(around, slot)
  const isUnreadable = (each: Slot): boolean =>
    documents[each] == null && problems.some(problem => isAbout(problem, [each]))
  const shown = slots.filter(each => !isUnreadable(each))
  return {
    list: {
      formatVersion: 1,
      documents: shown.map(each => listed(documents, each, sightOf(each)))
    },
    problems
  }
}

function listed(documents: Documents, slot: Slot, sight: Sight): ListedDocument {
  const document = documents[slot] ?? null
  const { lineage, serial, version, pinned } = document ?? nothing
  return {
    document: slot,
    lineage,
    serial,
    version,
    pinned,
    connections: connectionsOf(document, sight),
    components: sight === 'all' ? componentsOf(document) : [],
    authorizations: authorizationsOf(documents, slot).filter(each => isSeen(sight, each)),
    users: usersOf(documents, slot)
  }
}

const nothing = { lineage: null, serial: 0, version: null, pinned: false }

function connectionsOf(document: State | null, sight: Sight): readonly ListedConnection[] {
  if (document === null || document.environment === 'shared') return []
  const { environment } = document
  return Object.entries(document.connections)
    .filter(([, each]) => isSeen(sight, each))
    .sort(([a], [b]) => compareText(a, b))
    .map(([linkName, connection]) => ({
      linkName,
      id: connection.id,
      name: connection.name,
      connector: connection.connector,
      level: connection.level,
      slot: slotOf(connection, environment),
      usedBy:
        sight === 'all'
          ? Object.entries(document.components)
              .filter(([, each]) => each.uses.includes(linkName))
              .map(([name]) => name)
              .sort(compareText)
          : []
    }))
}

function componentsOf(document: State | null): ListedDocument['components'] {
  return Object.entries(document?.components ?? {})
    .sort(([a], [b]) => compareText(a, b))
    .map(([linkName, { id, name, kind, uses, depends }]) => ({
      linkName,
      id,
      name,
      kind,
      uses,
      depends
    }))
}

/** The records of a slot, by connection and then by time. */
export function authorizationsOf(documents: Documents, slot: Slot): readonly ListedAuthorization[] {
  const nameOf = connectionNames(documents, slot)
  return Object.entries(documents[slot]?.authorizations ?? {})
    .map(([credential, record]) => toListed(documents, slot, credential, record, nameOf))
    .sort(
      (a, b) =>
        compareText(a.connection, b.connection) ||
        compareText(a.at, b.at) ||
        compareText(a.credential, b.credential)
    )
}

function toListed(
  documents: Documents,
  slot: Slot,
  credential: string,
  { connection: id, level, account, by, at, ended, asked, granted }: AuthorizationRecord,
  nameOf: (id: EntryId) => string
): ListedAuthorization {
  const usedIn = neighboursOf(slot).filter(
    environment => documents[environment]?.serving[id] === credential
  )
  return {
    credential,
    connection: nameOf(id),
    id,
    level,
    account,
    by,
    at,
    ended,
    asked,
    granted,
    usedIn
  }
}

function usersOf(documents: Documents, slot: Slot): ListedDocument['users'] {
  const nameOf = connectionNames(documents, slot)
  return Object.entries(documents[slot]?.users ?? {})
    .map(([id, counts]) => ({
      connection: nameOf(id),
      id,
      count: counts.reduce((sum, each) => sum + each.count, 0)
    }))
    .sort((a, b) => compareText(a.connection, b.connection) || compareText(a.id, b.id))
}

/** What a slot's own environments call a connection, the first of them; its id where none does. */
export function connectionNames(documents: Documents, slot: Slot): (id: EntryId) => string {
  const names = new Map<EntryId, string>()
  for (const environment of [...neighboursOf(slot)].reverse()) {
    for (const [linkName, { id }] of Object.entries(documents[environment]?.connections ?? {})) {
      names.set(id, linkName)
    }
  }
  return id => names.get(id) ?? id
}
