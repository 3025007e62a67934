import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Diagnostic, hasErrors, problem, Refusal } from '../model/diagnostic.ts'
import { type Documents, environmentsIn } from '../model/documents.ts'
import type {
  Connection,
  Connector,
  Digest,
  Environment,
  LinkName,
  WorkspaceSpec
} from '../model/generated/types.ts'
import type { StateStore } from '../model/ports.ts'
import { compareText } from '../model/record.ts'
import type { KnownConnectors, Located, Settings, Specs } from '../model/specs.ts'
import type { Need, Target } from '../model/target.ts'
import { checkConnections } from '../resolve/check-connection.ts'
import { needOf } from '../resolve/need-of.ts'
import { connectorDigest } from '../resolve/resolve-specs.ts'
import { targetOf } from '../resolve/target-of.ts'
import { checkConnector } from '../spec/check-connector.ts'
import { type Catalogue, openCatalogue } from '../spec/load-catalogue.ts'
import { loadWorkspace } from '../spec/load-workspace.ts'
import type { RecordedIn } from '../spec/lost-connection.ts'
import { type FileState, openFileState } from '../state/open-file-state.ts'
import type { Surroundings } from './surroundings.ts'

/** A workspace as its files say it is. Nothing has been resolved against state yet. */
export interface Workspace {
  readonly settings: Settings
  /** null if a spec has an error. */
  readonly specs: Specs | null
  readonly known: KnownConnectors
  /** Sorted by file, line and column. */
  readonly diagnostics: readonly Diagnostic[]
  /** The sources that diagnostics point into, safe to show. */
  readonly textsOf: (diagnostics: readonly Diagnostic[]) => ReadonlyMap<string, string>
}

/** Reads and checks all specs. Throws a Refusal if there is no sound tieline.yaml. */
export async function openWorkspace(around: Surroundings): Promise<Workspace> {
  const loaded = await loadWorkspace(around.folder, checkConnector, spec =>
    recordedIn(around, spec)
  )
  const { workspace, readable, textsOf } = loaded
  if (readable === null) throw new SpecRefusal(loaded.diagnostics, loaded.texts)
  const catalogue = openCatalogue(join(around.packageFolder, 'dist', 'connectors'))
  const known = knownConnectors(catalogue, readable.connectors)
  const diagnostics = inOrder([
    ...loaded.diagnostics,
    ...readable.connectors.filter(each => catalogue.get(each.spec.id) !== undefined).map(idTaken),
    ...checkConnections(readable.connections, known, loaded.brokenConnectors)
  ])
  if (workspace === null) throw new SpecRefusal(diagnostics, textsOf(diagnostics))
  const specs = hasErrors(diagnostics) ? null : loaded.specs
  const settings = { ...workspace.spec, clients: clientsOf(around, workspace.spec, readable) }
  return { settings, specs, known, diagnostics, textsOf }
}

/** What state knows of connections whose files are gone. Of what cannot be read, nothing: whoever needs it is told why. */
async function recordedIn(around: Surroundings, spec: WorkspaceSpec): Promise<RecordedIn> {
  try {
    const { documents } = await openState(around, { ...spec, clients: new Map() }, '').read()
    return name =>
      environmentsIn(documents).filter(each =>
        Object.hasOwn(documents[each]?.connections ?? {}, name)
      )
  } catch (error) {
    if (error instanceof Refusal) return () => []
    throw error
  }
}

/**
 * The clients by the names that their installations are recorded under: one whose rename is still to be applied is its former name's,
 * whoever takes that name next.
 */
function clientsOf(
  { folder }: Surroundings,
  spec: WorkspaceSpec,
  { clients }: Specs
): Settings['clients'] {
  const own = clients.map(each => [each.linkName, each.spec] as const)
  const isRecorded = (name: LinkName): boolean =>
    existsSync(join(folder, stateFolder(spec), 'clients', `${name}.json`))
  const moving = clients.flatMap(each => {
    const { previously } = each.spec
    const isMoving =
      previously !== undefined && !isRecorded(each.linkName) && isRecorded(previously)
    return isMoving ? [[previously, each.spec] as const] : []
  })
  return new Map([...own, ...moving])
}

function stateFolder({ state = 'file:state' }: WorkspaceSpec): string {
  return state.slice('file:'.length)
}

/** The workspace's own connectors beside those that come with tieline. */
function knownConnectors(
  catalogue: Catalogue,
  connectors: readonly Located<Connector>[]
): KnownConnectors {
  const own = new Map(connectors.map(each => [each.spec.id, each.spec] as const))
  return {
    ids: () => [...new Set([...catalogue.ids(), ...own.keys()])].sort(),
    get: id => {
      const builtIn = catalogue.get(id)
      if (builtIn !== undefined) return { connector: builtIn, digest: null }
      const connector = own.get(id)
      return connector === undefined ? undefined : { connector, digest: connectorDigest(connector) }
    }
  }
}

/** By file and line; what points nowhere comes first. */
function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return [...diagnostics].sort(
    (a, b) =>
      compareText(a.at?.file ?? '', b.at?.file ?? '') ||
      (a.at?.line ?? 0) - (b.at?.line ?? 0) ||
      (a.at?.column ?? 0) - (b.at?.column ?? 0)
  )
}

/** Carries the sources along, so that the place of a mistake can be shown. */
export class SpecRefusal extends Refusal {
  readonly texts: ReadonlyMap<string, string>

  constructor(diagnostics: readonly Diagnostic[], texts: ReadonlyMap<string, string>) {
    super(...diagnostics)
    this.texts = texts
  }
}

/** The specs, or a Refusal that tells everything that is wrong with them. */
export function soundSpecs(workspace: Workspace): Specs {
  if (workspace.specs !== null) return workspace.specs
  throw new SpecRefusal(workspace.diagnostics, workspace.textsOf(workspace.diagnostics))
}

export function openState(around: Surroundings, settings: Settings, actor: string): FileState {
  return openFileState(around.folder, stateFolder(settings), '.tieline/locks', {
    actor,
    clock: around.clock
  })
}

/** The documents, or a Refusal that tells everything that is wrong with them. */
export async function soundDocuments(state: StateStore): Promise<Documents> {
  const { documents, problems } = await state.read()
  if (problems.length > 0) throw new Refusal(...problems)
  return documents
}

/** Needs and targets of recorded connections, whatever connectors the tree has by now. */
export interface Resolver {
  readonly needOf: (connection: Connection, environment: Environment) => Need
  readonly targetOf: (linkName: string, connection: Connection, environment: Environment) => Target
}

/**
 * A connection on a connector that comes with tieline follows that connector; one on a workspace connector keeps to the very file it
 * was recorded with, which travels in state.
 */
export function resolverFor(
  known: KnownConnectors,
  pools: readonly { readonly connectors: Readonly<Record<Digest, Connector>> }[]
): Resolver {
  const find = connectorFor(known, pools)
  return {
    needOf: (connection, environment) =>
      orMissing(connection, () => needOf(connection, find(connection), environment)),
    targetOf: (linkName, connection, environment) =>
      orMissing(connection, () => targetOf(linkName, connection, find(connection), environment))
  }
}

/** The connector that a recorded connection keeps to. Throws a Refusal (CONNECTOR_MISSING) where it is nowhere. */
export function connectorFor(
  known: KnownConnectors,
  pools: readonly { readonly connectors: Readonly<Record<Digest, Connector>> }[]
): (connection: Connection) => Connector {
  return ({ connector: id, connectorDigest: digest }) => {
    const now = known.get(id)
    if (now !== undefined && now.digest === digest) return now.connector
    const recorded = digest === null ? [] : pools.map(pool => pool.connectors[digest])
    const connector = recorded.find(each => each?.id === id && digestOnce(each) === digest)
    if (connector !== undefined) return connector
    throw new Refusal(
      problem(
        'CONNECTOR_MISSING',
        'A recorded connector is not here',
        `State names connector "${id}", which this version of tieline and this workspace do not have. Use the version of tieline that wrote the state, or bring connectors/${id}.yaml back.`
      )
    )
  }
}

const digests = new WeakMap<Connector, Digest>()

/** State only says under which digest it keeps a connector: another one could have been put there. */
function digestOnce(connector: Connector): Digest {
  const digest = digests.get(connector) ?? connectorDigest(connector)
  digests.set(connector, digest)
  return digest
}

/** A connector that came with tieline may have lost what a connection was recorded with. */
function orMissing<T>(connection: Connection, resolve: () => T): T {
  try {
    return resolve()
  } catch (cause) {
    // What does not fit together is a plain Error; any other sort is a mistake of ours, which nobody can mend in a spec.
    if (!(cause instanceof Error) || cause.constructor !== Error) throw cause
    throw new Refusal(
      problem(
        'CONNECTOR_MISSING',
        'A recorded connector is not here',
        `"${connection.name}" was recorded with a way to authorize, or a parameter, that connector "${connection.connector}" does not have any more. Change the connection to what the connector offers, and apply it:\n    tieline connectors show ${connection.connector}`
      )
    )
  }
}

/** All documents that exist, for their connectors. */
export function poolsOf(documents: Documents) {
  return environmentsIn(documents).flatMap(each => documents[each] ?? [])
}

function idTaken({ spec, place }: Located<Connector>): Diagnostic {
  return problem(
    'CONNECTOR_TAKEN',
    'A connector with this id comes with tieline',
    `Connector "${spec.id}" comes with tieline and cannot be replaced. Give yours another id and file name.`,
    place('/id')
  )
}
