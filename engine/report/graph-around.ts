import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import { meant } from '../model/did-you-mean.ts'
import type { Graph, GraphId } from '../model/generated/types.ts'

/**
 * The part of a graph that a change of one connection, component or client would touch: what uses it, and what depends on that, as far
 * as it goes; and what it uses itself, one step. `name` is a link name, or `connection/x`, `component/x` or `client/x` where several
 * things are called x. Throws a Refusal if nothing, or more than one thing, has that name.
 */
export function graphAround(graph: Graph, name: string): Graph {
  const around = find(graph, name)
  const shown = new Set<string>([around])
  // A set hands out what is added on the way, so the walk ends when nothing new is found.
  const users = usersOf(graph)
  for (const id of shown) for (const user of users.get(id) ?? []) shown.add(user)
  for (const edge of graph.edges) if (edge.from === around) shown.add(edge.to)
  return {
    ...graph,
    around,
    connections: graph.connections.filter(each => shown.has(`connection/${each.linkName}`)),
    components: graph.components.filter(each => shown.has(`component/${each.linkName}`)),
    clients: graph.clients.filter(each => shown.has(`client/${each.linkName}`)),
    edges: graph.edges.filter(each => shown.has(each.from) && shown.has(each.to))
  }
}

function usersOf({ edges }: Graph): ReadonlyMap<string, readonly GraphId[]> {
  const users = new Map<string, GraphId[]>()
  for (const { from, to } of edges) {
    const before = users.get(to)
    if (before === undefined) users.set(to, [from])
    else before.push(from)
  }
  return users
}

function find(graph: Graph, name: string): GraphId {
  const ids = idsOf(graph)
  const found = ids.filter(id => id === name || id.slice(id.indexOf('/') + 1) === name)
  const [only, ...others] = found
  if (only === undefined) throw new Refusal(unknownName(graph, name, ids))
  if (others.length > 0) throw new Refusal(ambiguous(name, found))
  return only
}

function idsOf({ connections, components, clients }: Graph): readonly GraphId[] {
  return [
    ...connections.map(each => `connection/${each.linkName}` as const),
    ...components.map(each => `component/${each.linkName}` as const),
    ...clients.map(each => `client/${each.linkName}` as const)
  ]
}

function unknownName({ source }: Graph, name: string, ids: readonly GraphId[]): Diagnostic {
  const isWhole = name.includes('/')
  const known = ids.map(id => (isWhole ? id : id.slice(id.indexOf('/') + 1)))
  const where = source === 'tree' ? 'The specs have' : `${source} has`
  const detail = `${where} no connection, component or client "${name}".${meant(name, new Set(known))} Names are link names, as \`tieline graph\` shows them:\n    tieline graph`
  return problem('GRAPH_UNKNOWN', 'Nothing has this name', detail)
}

function ambiguous(name: string, found: readonly GraphId[]): Diagnostic {
  const detail = `Several things are called "${name}". Say which one:\n${found.map(id => `    tieline graph --around ${id}`).join('\n')}`
  return problem('GRAPH_AMBIGUOUS', 'Several things have this name', detail)
}
