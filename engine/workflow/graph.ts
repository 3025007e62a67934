import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import {
  clientEnvironment,
  clientOf,
  clientsIn,
  type Definitions,
  type Documents,
  isClient
} from '../model/documents.ts'
import type {
  ClientSpec,
  Connection,
  Connector,
  Environment,
  Graph,
  GraphClient,
  GraphEdge,
  LinkName,
  State
} from '../model/generated/types.ts'
import { compareText } from '../model/record.ts'
import { isGone } from './client-view.ts'
import { openState, openWorkspace, soundDocuments, type Workspace } from './open-workspace.ts'
import { resolveScene } from './plan-scene.ts'
import { permitAll } from './sight.ts'
import type { Surroundings } from './surroundings.ts'

export interface GraphResult {
  readonly graph: Graph
  readonly diagnostics: readonly Diagnostic[]
  readonly texts: ReadonlyMap<string, string>
}

/**
 * Which component uses which connection, which depends on which, and which client runs which version: as the specs say, or as an
 * environment has it recorded. Asks no service and needs no key. Throws a Refusal where the specs are not sound (their graph only), or
 * nothing is recorded.
 */
export async function graphWorkflow(
  around: Surroundings,
  environment: Environment | null
): Promise<GraphResult> {
  const workspace = await openWorkspace(around)
  await permitAll(around, workspace.settings, environment ?? 'dev')
  const state = openState(around, workspace.settings, '')
  const documents = await soundDocuments(state)
  const app = workspace.settings.app.name
  if (environment !== null) {
    const recorded = recordedIn(documents, environment)
    const clients = recordedClients(environment, workspace, documents)
    const serviceOf = serviceNames(workspace, recorded.connectors)
    const graph = graphOf(app, environment, recorded, clients, serviceOf)
    return { graph, diagnostics: [], texts: new Map() }
  }
  const { diagnostics, textsOf } = workspace
  const scene = { workspace, state, documents, diagnostics }
  const { definitions, connectors } = resolveScene(scene, (documents.dev?.serial ?? 0) + 1)
  const clients = specClients(workspace, documents)
  const graph = graphOf(app, 'tree', definitions, clients, serviceNames(workspace, connectors))
  return { graph, diagnostics, texts: textsOf(diagnostics) }
}

function recordedIn(documents: Documents, environment: Environment): State {
  const recorded = documents[environment]
  if (recorded != null && recorded.source !== null) return recorded
  const detail = `${environment} has no definitions recorded yet, so there is nothing to draw. Apply it first, or draw the specs:\n    tieline apply -e ${environment}\n    tieline graph`
  throw new Refusal(problem('GRAPH_NO_RECORD', 'Nothing is recorded to draw', detail))
}

/** A client of the graph, and the connections for which it has settings of its own. */
interface Client extends GraphClient {
  readonly sets: readonly LinkName[]
}

function specClients({ specs }: Workspace, documents: Documents): readonly Client[] {
  return (specs?.clients ?? []).map(({ linkName, spec }) => {
    const { previously } = spec
    const former = previously === undefined ? undefined : documents[clientEnvironment(previously)]
    return aClient(linkName, spec, documents[clientEnvironment(linkName)] ?? former)
  })
}

/** Clients run what prod has had, so they are shown with prod; each is shown with its own installation. */
function recordedClients(
  environment: Environment,
  { settings }: Workspace,
  documents: Documents
): readonly Client[] {
  const shown = isClient(environment)
    ? [environment]
    : environment === 'prod'
      ? clientsIn(documents)
      : []
  return shown.flatMap(each => {
    const document = documents[each]
    if (document === undefined || isGone(document)) return []
    return [aClient(clientOf(each), settings.clients.get(clientOf(each)), document)]
  })
}

function aClient(
  linkName: LinkName,
  spec: ClientSpec | undefined,
  document: State | undefined
): Client {
  return {
    linkName,
    name: spec?.name ?? linkName,
    wants: spec?.version ?? null,
    runs: document?.version ?? null,
    sets: Object.keys(spec?.connections ?? {})
  }
}

type ServiceOf = (connection: Connection) => string

function serviceNames(
  { known }: Workspace,
  recorded: Readonly<Record<string, Connector>>
): ServiceOf {
  return ({ connector, connectorDigest }) => {
    const found =
      connectorDigest === null ? known.get(connector)?.connector : recorded[connectorDigest]
    return found?.service ?? connector
  }
}

function graphOf(
  app: string,
  source: Graph['source'],
  { connections, components }: Definitions,
  clients: readonly Client[],
  serviceOf: ServiceOf
): Graph {
  const sorted = <T>(record: Readonly<Record<string, T>>) =>
    Object.entries(record).sort(([a], [b]) => compareText(a, b))
  const edges = [
    ...sorted(components).flatMap(([linkName, { uses, depends }]): readonly GraphEdge[] => [
      ...uses.map(to => edge(`component/${linkName}`, `connection/${to}`, 'uses')),
      ...depends.map(to => edge(`component/${linkName}`, `component/${to}`, 'depends'))
    ]),
    ...clients.flatMap(({ linkName, sets }) =>
      sets
        .filter(to => Object.hasOwn(connections, to))
        .map(to => edge(`client/${linkName}`, `connection/${to}`, 'sets'))
    )
  ]
  return {
    formatVersion: 1,
    app,
    source,
    around: null,
    connections: sorted(connections).map(([linkName, connection]) => {
      const { name, connector, level, authorization } = connection
      return { linkName, name, connector, service: serviceOf(connection), level, authorization }
    }),
    components: sorted(components).map(([linkName, { name, kind }]) => ({ linkName, name, kind })),
    clients: clients
      .map(({ sets: _, ...client }) => client)
      .sort((a, b) => compareText(a.linkName, b.linkName)),
    edges: edges.sort((a, b) => compareText(a.from, b.from) || compareText(a.to, b.to))
  }
}

function edge(from: GraphEdge['from'], to: GraphEdge['to'], kind: GraphEdge['kind']): GraphEdge {
  return { from, to, kind }
}
