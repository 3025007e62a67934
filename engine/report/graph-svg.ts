import type { Graph, GraphId } from '../model/generated/types.ts'
import { drawnNodes, graphCounts, graphTitle } from './graph-labels.ts'

/** More than these help nobody who is read to. */
const mostSentences = 60

/**
 * Makes the SVG that Graphviz drew of `reportGraphDot` self-contained: no document type, comment, id or reference to anything else; a
 * title and a description for those who do not see it; colours that follow a light or dark surrounding.
 */
export function finishGraphSvg(drawn: string, graph: Graph): string {
  const [, width = '100', height = '100', rest = ''] =
    /<svg width="([\d.]+)pt" height="([\d.]+)pt"[^>]*>([\s\S]*)$/.exec(drawn) ?? []
  const body = rest
    .replace(/<!--[\s\S]*?-->\n?/g, '')
    .replace(/(<g) id="[^"]*"/g, '$1')
    .replace(/(<g class="graph"[^>]*>\n)<title>[^<]*<\/title>\n/, '$1')
    .replace(/ xml:space="preserve"/g, '')
  const title = escaped(graphTitle(graph))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="tieline-graph" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="tieline-graph-title tieline-graph-desc">`,
    `<title id="tieline-graph-title">${title}</title>`,
    `<desc id="tieline-graph-desc">${escaped(description(graph))}</desc>`,
    `<style>\n${style}</style>`,
    body
  ]
    .join('\n')
    .replace(/[\uFFFE\uFFFF]/g, '')
}

const style = `.tieline-graph { max-width: 100%; height: auto }
.tieline-graph text { font-family: Helvetica, Arial, 'Liberation Sans', sans-serif }
.tieline-graph .node title + path + text { font-weight: 600 }
@media (prefers-color-scheme: dark) {
.tieline-graph .graph > polygon { fill: #0d1117 }
.tieline-graph text { fill: #e6edf3 }
.tieline-graph .component path { fill: #10263f; stroke: #58a6ff }
.tieline-graph .connection path { fill: #0f2a18; stroke: #3fb950 }
.tieline-graph .client path { fill: #2e2408; stroke: #d29922 }
.tieline-graph .uses path { stroke: #8b949e }
.tieline-graph .uses polygon { fill: #8b949e; stroke: #8b949e }
.tieline-graph .depends path { stroke: #58a6ff }
.tieline-graph .depends polygon { fill: #58a6ff; stroke: #58a6ff }
.tieline-graph .sets path { stroke: #d29922 }
.tieline-graph .sets polygon { fill: #d29922; stroke: #d29922 }
}
`

const verbs = { uses: 'uses', depends: 'depends on', sets: 'has own settings for' } as const

function description(graph: Graph): string {
  const counts = `It shows ${graphCounts(graph)}.`
  if (graph.edges.length > mostSentences) return counts
  const names = new Map<GraphId, string>(
    drawnNodes(graph).map(({ id, lines }) => [id, lines[0] ?? id])
  )
  const sentences = graph.edges.map(({ from, to, kind }) => {
    return `${names.get(from) ?? from} ${verbs[kind]} ${names.get(to) ?? to}.`
  })
  return [counts, ...sentences].join(' ')
}

/** As text of XML. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
