import { realpathSync, statSync } from 'node:fs'
import { type Diagnostic, hasErrors } from '../model/diagnostic.ts'
import type { Connector, WorkspaceSpec } from '../model/generated/types.ts'
import { validateClientSpec } from '../model/generated/validators/client.js'
import { validateComponentSpec } from '../model/generated/validators/component.js'
import { validateConnectionSpec } from '../model/generated/validators/connection.js'
import { validateConnector } from '../model/generated/validators/connector.js'
import type { Located, Specs } from '../model/specs.ts'
import { checkAcross } from './check-across.ts'
import { checkClientMembers } from './check-client-members.ts'
import { checkClientReferences, checkConnectionReferences } from './check-references.ts'
import { ignoredByGit } from './ignored-by-git.ts'
import { listSpecs } from './list-specs.ts'
import type { RecordedIn } from './lost-connection.ts'
import { readSources } from './read-sources.ts'
import { Reading } from './reading.ts'
import { specProblem, topOf } from './spec-summaries.ts'
import { foldersApart } from './workspace-folders.ts'

/** What a workspace says, or all that is wrong with it. */
export interface LoadedWorkspace {
  /** Null if there is any error. */
  readonly specs: Specs | null
  /** All that can be read, for the checks that come after. Null if tieline.yaml cannot. */
  readonly readable: Specs | null
  /** tieline.yaml alone, if it is sound, even when other specs are not. */
  readonly workspace: Located<WorkspaceSpec> | null
  /** Ids of the workspace's own connectors that are not sound. */
  readonly brokenConnectors: ReadonlySet<string>
  /** Sorted by file, line, column and code. */
  readonly diagnostics: readonly Diagnostic[]
  /** The files that diagnostics point into, with everything masked that could be a secret. */
  readonly texts: ReadonlyMap<string, string>
  /** The same for further diagnostics. */
  readonly textsOf: (diagnostics: readonly Diagnostic[]) => ReadonlyMap<string, string>
}

/** Where state has the connections of a workspace: a hint for what to say of one whose file is gone, and nothing more. */
export type RecordedConnections = (workspace: WorkspaceSpec) => Promise<RecordedIn>

/** Says what the schema cannot say of a connector. */
export type ConnectorCheck = (located: Located<Connector>) => readonly Diagnostic[]

/**
 * Reads and checks the specs of a workspace and the sources of its components. Opens plain files inside the workspace only, and
 * none that git ignores; starts no program but git. Nothing a user can write makes it throw.
 */
export async function loadWorkspace(
  folder: string,
  checkConnector: ConnectorCheck,
  recorded: RecordedConnections = async () => () => []
): Promise<LoadedWorkspace> {
  const root = realFolder(folder)
  if (root === null) return failed(noFolder)
  const listing = listSpecs(root)
  if (listing === null) return failed(noWorkspace)

  const ignored = await ignoredByGit(
    root,
    listing.files.map(each => each.file)
  )
  if (ignored.problem !== null) return failed(ignored.problem)
  const reading = new Reading(root, listing.files, ignored.files)
  reading.add(listing.diagnostics)
  return await readAll(reading, checkConnector, recorded)
}

async function readAll(
  reading: Reading,
  checkConnector: ConnectorCheck,
  recorded: RecordedConnections
): Promise<LoadedWorkspace> {
  const workspace = reading.readWorkspace()
  const connections = reading.readFolder('connections', 'connection', validateConnectionSpec)
  const components = reading.readFolder('components', 'component', validateComponentSpec)
  const clients = reading.readFolder('clients', 'client', validateClientSpec)
  const connectors = readConnectors(reading, workspace)
  const apart = foldersApart(workspace?.spec)
  reading.add([
    ...connections.flatMap(each => checkConnectionReferences(each, apart)),
    ...clients.flatMap(each => checkClientReferences(each, apart)),
    ...clients.flatMap(each => checkClientMembers(each, workspace?.spec)),
    ...connectors.filter(each => each.whole).flatMap(checkConnector)
  ])

  const connectionNames = reading.namesIn('connections')
  const componentNames = reading.namesIn('components')
  const isLost = components.some(({ spec }) => spec.uses?.some(each => !connectionNames.has(each)))
  const recordedIn = isLost && workspace?.whole === true ? await recorded(workspace.spec) : () => []
  const known = { connections, connectionNames, recordedIn }
  const sources = await readSources(reading.root, components, connectionNames, apart)
  reading.add(sources.diagnostics)
  const read = sources.components.length > 0 ? sources.components : components
  reading.add(checkAcross({ ...known, components: read, clients, componentNames }))

  const diagnostics = reading.sorted()
  const brokenConnectors = new Set(
    [...reading.namesIn('connectors')].filter(
      name => !connectors.some(each => each.linkName === name && each.whole)
    )
  )
  const textsOf = (found: readonly Diagnostic[]) => reading.textsOf(found, sources.texts)
  const texts = textsOf(diagnostics)
  const found = { brokenConnectors, diagnostics, texts, textsOf }
  if (workspace === null) return { specs: null, readable: null, workspace, ...found }
  const sound = workspace.whole ? workspace : null
  const readable = { workspace, connections, components: sources.components, clients, connectors }
  const specs = hasErrors(diagnostics) ? null : readable
  return { specs, readable, workspace: sound, ...found }
}

function readConnectors(
  reading: Reading,
  workspace: Located<WorkspaceSpec> | null
): readonly Located<Connector>[] {
  if (workspace === null) return []
  if (workspace.spec.connectors?.custom === true) {
    return reading.readFolder('connectors', 'connector', validateConnector)
  }
  const first = reading.filesIn('connectors')[0]
  if (first !== undefined) {
    const detail =
      'Connectors of the workspace decide where credentials are sent, so they count only if tieline.yaml allows them:\n' +
      '    connectors: { custom: true }\n\nAdd that line, or delete the folder connectors/.'
    reading.add([specProblem('CUSTOM_CONNECTORS_OFF', detail, topOf(first.file))])
  }
  return []
}

function realFolder(folder: string): string | null {
  try {
    const real = realpathSync.native(folder)
    return statSync(real).isDirectory() ? real : null
  } catch {
    return null
  }
}

const noFolder = specProblem(
  'NO_WORKSPACE',
  'There is no such folder. Name the folder that holds tieline.yaml with -C.',
  null
)

const noWorkspace = specProblem(
  'NO_WORKSPACE',
  'There is no tieline.yaml in this folder. Make a workspace here:\n    tieline init\n\nor name the folder that holds one with -C.',
  null
)

function failed(problem: Diagnostic): LoadedWorkspace {
  return {
    specs: null,
    readable: null,
    workspace: null,
    brokenConnectors: new Set(),
    diagnostics: [problem],
    texts: new Map(),
    textsOf: () => new Map()
  }
}
