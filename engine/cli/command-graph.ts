import { problem, Refusal, warning } from '../model/diagnostic.ts'
import type { Environment, Graph } from '../model/generated/types.ts'
import { graphAround } from '../report/graph-around.ts'
import { graphWorkflow } from '../workflow/graph.ts'
import type { CommandContext } from './globals.ts'
import { showDiagnostics, showJson } from './show.ts'

export interface GraphFlags {
  readonly env?: Environment
  readonly around?: string
}

/** Prints the graph. Exit codes: 0 done, 1 the specs are not sound, nothing is recorded, or nothing has the name. */
export async function graphCommand(
  { around, terminal }: CommandContext,
  format: string,
  flags: GraphFlags
): Promise<number> {
  const result = await graphWorkflow(around, flags.env ?? null)
  const graph = flags.around === undefined ? result.graph : graphAround(result.graph, flags.around)
  if (format === 'json') {
    await showJson(terminal, graph)
    return 0
  }
  await showDiagnostics(terminal, result.diagnostics, result.texts)
  switch (format) {
    case 'mermaid': {
      const { isTooLargeForMermaid, reportGraphMermaid } = await import(
        '../report/graph-mermaid.ts'
      )
      const text = reportGraphMermaid(graph)
      if (isTooLargeForMermaid(graph, text)) {
        await showDiagnostics(terminal, [largeForMermaid])
      }
      terminal.out(text)
      return 0
    }
    case 'dot': {
      const { reportGraphDot } = await import('../report/graph-dot.ts')
      terminal.out(reportGraphDot(graph))
      return 0
    }
    case 'svg':
      terminal.out(await drawSvg(graph))
      return 0
    default: {
      const { reportGraph } = await import('../report/report-graph.ts')
      terminal.out(reportGraph(graph, terminal.style))
      return 0
    }
  }
}

/** Beyond these, drawing takes minutes, and nobody can read the picture. */
const mostEdges = 5000
const mostNodes = 5000
/** From here on, a slightly longer way of some lines is worth the time. */
const manyEdges = 1000

async function drawSvg(graph: Graph): Promise<string> {
  const nodes = graph.connections.length + graph.components.length + graph.clients.length
  if (graph.edges.length > mostEdges || nodes > mostNodes) throw tooLarge()
  const [{ instance }, { reportGraphDot }, { finishGraphSvg }] = await Promise.all([
    import('@viz-js/viz'),
    import('../report/graph-dot.ts'),
    import('../report/graph-svg.ts')
  ])
  const viz = await instance()
  const isLarge = graph.edges.length > manyEdges
  try {
    const drawn = viz.renderString(reportGraphDot(graph), {
      format: 'svg',
      engine: 'dot',
      graphAttributes: isLarge ? { nslimit: 1, nslimit1: 1, mclimit: 0.1 } : {}
    })
    return finishGraphSvg(drawn, graph)
  } catch (error) {
    // Its stack and its memory are bounded.
    if (error instanceof RangeError || error instanceof WebAssembly.RuntimeError) throw tooLarge()
    throw error
  }
}

const smaller =
  'Draw a part of it:\n    tieline graph --around NAME --format svg\n\nor give the whole to Graphviz itself:\n    tieline graph --format dot'

function tooLarge(): Refusal {
  const detail = `There are more connections, components and references than can be laid out here (${mostNodes} and ${mostEdges} at most). ${smaller}`
  return new Refusal(problem('GRAPH_TOO_LARGE', 'Graph is too large to draw', detail))
}

const largeForMermaid = warning(
  'GRAPH_LARGE',
  'Graph is large for Mermaid',
  'GitHub draws at most 500 lines between nodes, and 50000 characters. To show a part:\n    tieline graph --around NAME --format mermaid\n\nTo have the whole as a picture:\n    tieline graph --format svg'
)
