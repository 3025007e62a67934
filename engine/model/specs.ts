import type {
  ClientSpec,
  ComponentSpec,
  ConnectionSpec,
  Connector,
  ConnectorId,
  Digest,
  LinkName,
  Place,
  WorkspaceSpec
} from './generated/types.ts'

/** A checked spec and where it stands. */
export interface Located<T> {
  /** The name of its file without `.yaml`; `tieline` for tieline.yaml. */
  readonly linkName: LinkName
  readonly spec: T
  /** Path relative to the workspace, with forward slashes. */
  readonly file: string
  /** false if what breaks the schema was left out: what is missing then may be no mistake of its own. */
  readonly whole: boolean
  /** Where the value at a JSON Pointer (RFC 6901) stands; of the nearest parent, if there is nothing at the pointer. */
  readonly place: (pointer: string) => Place
}

/** A component with what its source files say. */
export interface LocatedComponent extends Located<ComponentSpec> {
  /** null without `source`. */
  readonly source: SourceFiles | null
}

export interface SourceFiles {
  readonly glob: string
  /** Over the paths and the texts (with LF), so that a change of the code is a change of the component. */
  readonly digest: Digest
  readonly files: readonly string[]
  readonly references: readonly SourceReference[]
}

/** A connection that a source file names: `connection("x")`, or in Deluge a request or an integration task with it. */
export interface SourceReference {
  readonly connection: string
  readonly at: Place
}

/** All specs of a workspace. Every list is sorted by link name. */
export interface Specs {
  readonly workspace: Located<WorkspaceSpec>
  readonly connections: readonly Located<ConnectionSpec>[]
  readonly components: readonly LocatedComponent[]
  readonly clients: readonly Located<ClientSpec>[]
  /** The workspace's own connectors; empty unless `connectors: { custom: true }`. */
  readonly connectors: readonly Located<Connector>[]
}

/** What tieline.yaml says, and the clients with their members: everything that decides who may do what. */
export interface Settings extends WorkspaceSpec {
  readonly clients: ReadonlyMap<LinkName, ClientSpec>
}

/** A connector that specs may name; `digest` is null for one that comes with tieline. */
export interface KnownConnector {
  readonly connector: Connector
  readonly digest: Digest | null
}

export interface KnownConnectors {
  readonly get: (id: ConnectorId) => KnownConnector | undefined
  readonly ids: () => readonly ConnectorId[]
}
