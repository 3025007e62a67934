import type { Graph, GraphEdge, GraphId } from '../model/generated/types.ts'
import { graphCounts, graphTitle, versionWords } from './graph-labels.ts'
import { indented, joined, spaced } from './layout.ts'
import { cleaned } from './strip-control.ts'
import type { Style } from './style.ts'

/** A graph as indented text: every connection with what uses it, every component with what it uses, every client with its version. */
export function reportGraph(given: Graph, style: Style): string {
  const graph = cleaned(given)
  const { bold, dim } = style
  const edges = linesBy(graph, style)
  const section = (
    title: string,
    entries: readonly { readonly id: GraphId; readonly name: string; readonly about: string }[]
  ): readonly string[] => {
    if (entries.length === 0) return []
    return [
      bold(title),
      ...entries.flatMap(({ id, name, about }) => [
        ...indented(`${bold(linkNameOf(id))}  ${name} ${dim(`(${about})`)}`, style.width, 2, 6),
        ...edges(id)
      ])
    ]
  }
  return joined(
    spaced([
      [`${bold(graphTitle(graph))}`, `It shows ${graphCounts(graph)}.`],
      section(
        'Connections',
        graph.connections.map(({ linkName, name, service, level, authorization }) => ({
          id: `connection/${linkName}`,
          name,
          about: `${service}, ${level}, ${authorization}`
        }))
      ),
      section(
        'Components',
        graph.components.map(({ linkName, name, kind }) => ({
          id: `component/${linkName}`,
          name,
          about: kind
        }))
      ),
      section(
        'Clients',
        graph.clients.map(client => ({
          id: `client/${client.linkName}`,
          name: client.name,
          about: versionWords(client)
        }))
      )
    ])
  )
}

const forward = { uses: 'uses', depends: 'depends on', sets: 'has own settings for' } as const
const backward = {
  uses: 'used by',
  depends: 'needed by',
  sets: 'own settings at'
} as const

/** Lines below a node: where its edges lead, and where edges to it come from. */
function linesBy({ edges }: Graph, style: Style): (id: GraphId) => readonly string[] {
  const found = new Map<string, Map<string, string[]>>()
  const add = (id: GraphId, words: string, other: GraphId): void => {
    const of = found.get(id) ?? new Map<string, string[]>()
    found.set(id, of.set(words, [...(of.get(words) ?? []), linkNameOf(other)]))
  }
  const order: readonly GraphEdge['kind'][] = ['uses', 'depends', 'sets']
  for (const kind of order) {
    for (const edge of edges) if (edge.kind === kind) add(edge.from, forward[kind], edge.to)
  }
  for (const kind of order) {
    for (const edge of edges) if (edge.kind === kind) add(edge.to, backward[kind], edge.from)
  }
  return id =>
    [...(found.get(id) ?? [])].flatMap(([words, names]) =>
      indented(`${style.dim(words)} ${names.join(', ')}`, style.width, 4, 8)
    )
}

function linkNameOf(id: GraphId): string {
  return id.slice(id.indexOf('/') + 1)
}
