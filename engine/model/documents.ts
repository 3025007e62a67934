import type {
  Component,
  Connection,
  Connector,
  Digest,
  Environment,
  LinkName,
  OwnEnvironment,
  Slot,
  State,
  Version
} from './generated/types.ts'

/** In the order in which changes travel. */
export const environments: readonly OwnEnvironment[] = ['dev', 'stage', 'prod']

/** Those that every workspace has. */
export const ownSlots: readonly Slot[] = ['shared', ...environments]

/** A client's installation. */
export type ClientEnvironment = Extract<Environment, `client/${string}`>

export function isClient(slot: Slot): slot is ClientEnvironment {
  return slot.startsWith('client/')
}

export function isOwn(environment: Environment): environment is OwnEnvironment {
  return !isClient(environment)
}

export function clientEnvironment(linkName: LinkName): ClientEnvironment {
  return `client/${linkName}`
}

/** The link name of a client. */
export function clientOf(environment: ClientEnvironment): LinkName {
  return environment.slice('client/'.length)
}

/** Whether a text names an environment. What does not must not become a path. */
export function isEnvironment(text: string): text is Environment {
  return environments.some(each => each === text) || /^client\/[a-z][a-z0-9_]{0,49}$/.test(text)
}

/** What an app consists of, in normal form, by link name. */
export interface Definitions {
  readonly connections: Readonly<Record<LinkName, Connection>>
  readonly components: Readonly<Record<LinkName, Component>>
}

export const noDefinitions: Definitions = { connections: {}, components: {} }

/** The state of a workspace; null where nothing has been written yet. Of the clients, those that have a document. */
export type Documents = Readonly<Record<'shared' | OwnEnvironment, State | null>> &
  Readonly<Partial<Record<ClientEnvironment, State>>>

/** The clients that have a document, sorted. One that was removed still has its document. */
export function clientsIn(documents: Documents): readonly ClientEnvironment[] {
  return (Object.keys(documents) as Slot[]).filter(isClient).sort()
}

/** Every environment that has a document or could have one, in the order in which changes travel. */
export function environmentsIn(documents: Documents): readonly Environment[] {
  return [...environments, ...clientsIn(documents)]
}

export function slotsIn(documents: Documents): readonly Slot[] {
  return [...ownSlots, ...clientsIn(documents)]
}

/** The environments that may run on the same authorizations: ours stand together, each client stands alone. */
export function neighboursOf(slot: Slot): readonly Environment[] {
  return isClient(slot) ? [slot] : environments
}

/** The slots whose authorizations an environment may use. A client's installation never sees ours. */
export function visibleSlots(environment: Environment): readonly Slot[] {
  return isClient(environment) ? [environment] : [environment, 'shared']
}

/** What a writer decides; lineage, serial and digest are the store's. */
export type StateContent = Omit<State, 'formatVersion' | 'lineage' | 'serial' | 'digest'>

/** Published versions that were read, by number, each with the digest of the whole document. */
export type Versions = Readonly<
  Record<number, { readonly content: Version; readonly digest: Digest }>
>

/** Workspace connectors by digest. */
export type ConnectorsByDigest = Readonly<Record<Digest, Connector>>

/** The content of a document that does not exist yet. */
export function emptyContent(environment: Slot): StateContent {
  return {
    environment,
    version: null,
    pinned: false,
    had: [],
    versions: {},
    retired: { connections: {}, components: {} },
    given: {},
    source: null,
    vault: null,
    connectors: {},
    connections: {},
    components: {},
    serving: {},
    users: {},
    authorizations: {}
  }
}

/** The slot in which a connection's authorization holds. */
export function slotOf(connection: Connection, environment: Environment): Slot {
  return connection.authorization === 'shared' && isOwn(environment) ? 'shared' : environment
}
