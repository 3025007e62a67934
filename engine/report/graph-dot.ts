import type { Graph, GraphEdge } from '../model/generated/types.ts'
import { type DrawnNode, drawnNodes, graphTitle } from './graph-labels.ts'
import { displayWidth } from './layout.ts'

/**
 * A graph in the DOT language. Texts are quoted strings in which nothing is left that Graphviz would act on: no escapes, no entities, no
 * HTML. Nodes and edges have classes, so that the drawing can be styled.
 */
export function reportGraphDot(graph: Graph): string {
  const nodes = drawnNodes(graph)
  return [
    `digraph ${quoted(graphTitle(graph))} {`,
    '  graph [rankdir=LR, bgcolor=white, pad=0.3, nodesep=0.2, ranksep=0.9, fontname=Helvetica, fontsize=11]',
    '  node [shape=box, style="rounded,filled", margin="0.22,0.08", fontname=Helvetica, fontsize=11]',
    '  edge [arrowsize=0.7, fontname=Helvetica, fontsize=9]',
    ...nodes.map(node),
    // Components to the left, connections in one column, clients to the right.
    ...column('same', nodes, 'connection'),
    ...column('max', nodes, 'client'),
    ...graph.edges.map(edge),
    '}',
    ''
  ].join('\n')
}

function column(
  rank: string,
  nodes: readonly DrawnNode[],
  kind: DrawnNode['kind']
): readonly string[] {
  const ids = nodes.filter(each => each.kind === kind).map(each => quoted(each.id))
  return ids.length === 0 ? [] : [`  { rank=${rank}; ${ids.join('; ')} }`]
}

const looks: Readonly<Record<DrawnNode['kind'], string>> = {
  component: 'fillcolor="#ddf4ff", color="#0969da"',
  connection: 'fillcolor="#dafbe1", color="#1a7f37"',
  client: 'fillcolor="#fff8c5", color="#9a6700"'
}

function node({ id, kind, lines }: DrawnNode): string {
  const label = `"${lines.map(escaped).join('\\n')}"`
  return `  ${quoted(id)} [class=${kind}, label=${label}, ${looks[kind]}${widthOf(lines)}]`
}

/** Graphviz knows how wide Latin letters are; where others stand, it is told. */
function widthOf(lines: readonly string[]): string {
  if (lines.every(line => /^[ -~]*$/.test(line))) return ''
  const columns = Math.max(...lines.map(displayWidth))
  return `, width=${(columns * 0.09 + 0.3).toFixed(2)}`
}

const ways: Readonly<Record<GraphEdge['kind'], string>> = {
  uses: 'class=uses, color="#57606a"',
  depends: 'class=depends, style=dashed, color="#0969da"',
  // Clients stand behind the connections, so that components and clients do not mix.
  sets: 'class=sets, style=dashed, color="#9a6700", dir=back'
}

function edge({ from, to, kind }: GraphEdge): string {
  const [left, right] = kind === 'sets' ? [to, from] : [from, to]
  return `  ${quoted(left)} -> ${quoted(right)} [${ways[kind]}]`
}

function quoted(text: string): string {
  return `"${escaped(text)}"`
}

/** A backslash begins an escape, and an ampersand an entity, also inside of quotes. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('\\', '\\\\').replaceAll('"', '\\"')
}
