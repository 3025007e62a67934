import type {
  Component,
  Connection,
  Connector,
  Digest,
  LinkName,
  OwnEnvironment,
  Slot,
  State,
  Version
} from './generated/types.ts'

/** In the order in which changes travel. */
export const environments: readonly OwnEnvironment[] = ['dev', 'stage', 'prod']

export const slots: readonly Slot[] = ['shared', ...environments]

/** What an app consists of, in normal form, by link name. */
export interface Definitions {
  readonly connections: Readonly<Record<LinkName, Connection>>
  readonly components: Readonly<Record<LinkName, Component>>
}

export const noDefinitions: Definitions = { connections: {}, components: {} }

/** The state of a workspace; null where nothing has been written yet. */
export type Documents = Readonly<Record<Slot, State | null>>

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
export function slotOf(connection: Connection, environment: OwnEnvironment): Slot {
  return connection.authorization === 'shared' ? 'shared' : environment
}
