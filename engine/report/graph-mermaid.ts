import type { Graph, GraphEdge, GraphId } from '../model/generated/types.ts'
import { type DrawnNode, drawnNodes, graphTitle } from './graph-labels.ts'

/** What GitHub draws at most, in edges and in characters. */
const mostEdges = 500
const mostCharacters = 50_000

/**
 * A Mermaid flowchart as GitHub draws it in a fenced block. Names may hold anything: all that Mermaid, Markdown or HTML would act on is
 * written as a character code.
 */
export function reportGraphMermaid(graph: Graph): string {
  const nodes = drawnNodes(graph)
  return [
    'flowchart LR',
    `  accTitle: ${plain(graphTitle(graph))}`,
    ...nodes.map(node),
    ...graph.edges.map(edge),
    ...classes(nodes),
    ''
  ].join('\n')
}

/** Whether GitHub would show an error instead. */
export function isTooLargeForMermaid(graph: Graph, text: string): boolean {
  return graph.edges.length > mostEdges || text.length > mostCharacters
}

function node({ id, kind, lines }: DrawnNode): string {
  const label = lines.map(escaped).join('<br/>')
  const [open, close] = kind === 'connection' ? ['([', '])'] : ['[', ']']
  return `  ${idOf(id)}${open}"${label}"${close}`
}

/** With the kind in front, no id is a word of Mermaid, and no two are the same. */
function idOf(id: GraphId): string {
  return id.replace('/', '_')
}

const arrows: Readonly<Record<GraphEdge['kind'], string>> = {
  uses: '-->',
  depends: '-. depends .->',
  sets: '-. own settings .->'
}

function edge({ from, to, kind }: GraphEdge): string {
  return `  ${idOf(from)} ${arrows[kind]} ${idOf(to)}`
}

/** Readable on white and on black. */
const styles: Readonly<Record<DrawnNode['kind'], string>> = {
  component: 'fill:#ddf4ff,stroke:#0969da,color:#1f2328',
  connection: 'fill:#dafbe1,stroke:#1a7f37,color:#1f2328',
  client: 'fill:#fff8c5,stroke:#9a6700,color:#1f2328'
}

function classes(nodes: readonly DrawnNode[]): readonly string[] {
  return (['component', 'connection', 'client'] as const).flatMap(kind => {
    const ids = nodes.filter(each => each.kind === kind).map(each => idOf(each.id))
    if (ids.length === 0) return []
    return [`  classDef ${kind} ${styles[kind]}`, `  class ${ids.join(',')} ${kind}`]
  })
}

/**
 * As Mermaid's character codes, all but letters, digits, spaces, commas, parentheses, and what joins words: a number and a point, or a
 * lone hyphen, would begin a list, and lone underscores are emphasis.
 */
function escaped(text: string): string {
  return text.replace(special, (each, joint?: string) => joint ?? code(each))
}

const special =
  /((?<=\p{L})[.-](?=\p{L})|(?<=[\p{L}\p{N}])_(?=[\p{L}\p{N}]))|[^\p{L}\p{M}\p{N} ,()]/gu

function code(character: string): string {
  return `#${character.codePointAt(0)};`
}

/** In a title, character codes are not read. */
function plain(text: string): string {
  return text.replace(/[^\p{L}\p{M}\p{N} ,:/_]/gu, '')
}
