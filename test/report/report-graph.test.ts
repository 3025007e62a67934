import { instance } from '@viz-js/viz'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Refusal } from '../../engine/model/diagnostic.ts'
import type { Graph } from '../../engine/model/generated/types.ts'
import { validateGraph } from '../../engine/model/generated/validators/graph.js'
import { graphAround } from '../../engine/report/graph-around.ts'
import { reportGraphDot } from '../../engine/report/graph-dot.ts'
import { isTooLargeForMermaid, reportGraphMermaid } from '../../engine/report/graph-mermaid.ts'
import { finishGraphSvg } from '../../engine/report/graph-svg.ts'
import { reportGraph } from '../../engine/report/report-graph.ts'
import { cleaned } from '../../engine/report/strip-control.ts'
import { createStyle } from '../../engine/report/style.ts'
import { aGraph, aGraphConnection, anEdge, hostileNames } from './a-graph.ts'

const style = createStyle({ color: false, width: 80, unicode: true })

/** Every drawing has an instance of its own, as in the command: one that has drawn a hundred times runs out of its table. */
async function svgOf(graph: Graph): Promise<string> {
  const viz = await instance()
  return finishGraphSvg(viz.renderString(reportGraphDot(graph), { format: 'svg' }), graph)
}

/** One node of each kind with this name. */
function named(name: string): Graph {
  return aGraph({
    app: name,
    connections: [aGraphConnection({ name, service: name })],
    components: [{ linkName: 'form', name, kind: 'form' }],
    clients: [{ linkName: 'acme', name, wants: null, runs: null }],
    edges: [anEdge('component/form', 'uses', 'connection/salesforce')]
  })
}

function namesAround(graph: Graph): readonly string[] {
  const { components, connections, clients } = graph
  return [...components, ...connections, ...clients].map(each => each.linkName)
}

test('text shows each connection with what uses it, each component with what it needs, each client with its version', () => {
  assert.is(
    reportGraph(aGraph(), style),
    `Field Service: the specs
It shows 3 components, 2 connections and 1 client.

Connections
  salesforce  Salesforce Connection (Salesforce, administrator, shared)
    used by form
    own settings at acme
  twilio  Twilio Connection (Twilio, administrator, shared)
    used by night

Components
  day  My day (page)
    depends on form
  form  Lead (form)
    uses salesforce
    needed by day
  night  Nightly (schedule)
    uses twilio

Clients
  acme  Acme, Inc. (runs version 2, wants 3)
    has own settings for salesforce
`
  )
})

test('JSON keeps to its schema', () => {
  assert.ok(validateGraph(aGraph()))
  assert.ok(validateGraph(graphAround(aGraph(), 'form')))
})

test('around a connection stands all that uses it, directly or through others', () => {
  const graph = graphAround(aGraph(), 'salesforce')
  assert.is(graph.around, 'connection/salesforce')
  assert.equal(namesAround(graph), ['day', 'form', 'salesforce', 'acme'])
  assert.is(graph.edges.length, 3)
})

test('around a component stands what it uses itself, and nothing further on', () => {
  assert.equal(namesAround(graphAround(aGraph(), 'day')), ['day', 'form'])
  assert.equal(namesAround(graphAround(aGraph(), 'component/form')), ['day', 'form', 'salesforce'])
  assert.equal(namesAround(graphAround(aGraph(), 'client/acme')), ['salesforce', 'acme'])
})

test('components that depend on each other in a circle are all found', () => {
  const edges = [
    anEdge('component/day', 'depends', 'component/form'),
    anEdge('component/form', 'depends', 'component/night'),
    anEdge('component/night', 'depends', 'component/day')
  ]
  assert.equal(namesAround(graphAround(aGraph({ edges }), 'day')), ['day', 'form', 'night'])
})

test('a name that nothing or several things have is told', () => {
  const told = (name: string, graph = aGraph()): string => {
    try {
      graphAround(graph, name)
    } catch (error) {
      if (error instanceof Refusal)
        return error.diagnostics.map(each => `${each.code} ${each.detail}`).join()
    }
    return ''
  }
  assert.match(told('salesfroce'), /^GRAPH_UNKNOWN .*Did you mean "salesforce"\?/)
  assert.match(told('component/frm'), /Did you mean "component\/form"\?/)
  const twice = aGraph({ components: [{ linkName: 'twilio', name: 'X', kind: 'page' }], edges: [] })
  assert.match(
    told('twilio', twice),
    /^GRAPH_AMBIGUOUS .*\n.*--around connection\/twilio\n.*--around component\/twilio$/
  )
})

test('Mermaid draws every node and edge, each kind with its own class', () => {
  assert.is(
    reportGraphMermaid(aGraph()),
    `flowchart LR
  accTitle: Field Service: the specs
  component_day["My day<br/>day (page)"]
  component_form["Lead<br/>form (form)"]
  component_night["Nightly<br/>night (schedule)"]
  connection_salesforce(["Salesforce Connection<br/>salesforce (Salesforce)<br/>administrator, shared"])
  connection_twilio(["Twilio Connection<br/>twilio (Twilio)<br/>administrator, shared"])
  client_acme["Acme, Inc#46;<br/>acme<br/>runs version 2, wants 3"]
  client_acme -. own settings .-> connection_salesforce
  component_day -. depends .-> component_form
  component_form --> connection_salesforce
  component_night --> connection_twilio
  classDef component fill:#ddf4ff,stroke:#0969da,color:#1f2328
  class component_day,component_form,component_night component
  classDef connection fill:#dafbe1,stroke:#1a7f37,color:#1f2328
  class connection_salesforce,connection_twilio connection
  classDef client fill:#fff8c5,stroke:#9a6700,color:#1f2328
  class client_acme client
`
  )
})

const anyName = fc.oneof(
  fc.constantFrom(...hostileNames),
  fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }),
  fc
    .array(
      fc.constantFrom('"', '#', ';', '<', '%%', '\\', '&', 'x', '\n', '`', '_', '.', '1', '-'),
      {
        minLength: 1
      }
    )
    .map(each => each.join(''))
)
/** All that a label may be made of: nothing that Mermaid, Markdown or HTML reads as more than text. */
const mermaidLabel =
  /^(?:[\p{L}\p{M}\p{N} ,()]|#\d+;|(?<=\p{L})[.-](?=\p{L})|(?<=[\p{L}\p{N}])_(?=[\p{L}\p{N}]))*$/u

test('whatever a name holds, Mermaid reads it as a name', () => {
  fc.assert(
    fc.property(anyName, name => {
      const lines = reportGraphMermaid(named(name)).trimEnd().split('\n')
      assert.is(lines.length, 12)
      for (const line of lines.filter(each => each.includes('"'))) {
        const [, label = 'none'] = /^ {2}\w+(?:\(\[|\[)"([^"]*)"(?:\]\)|\])$/.exec(line) ?? []
        for (const part of label.split('<br/>')) assert.match(part, mermaidLabel)
      }
      assert.match(lines[1] ?? '', /^ {2}accTitle: [\p{L}\p{M}\p{N} ,:/_]*$/u)
    })
  )
})

test('Mermaid that GitHub would not draw is told apart', () => {
  assert.not.ok(isTooLargeForMermaid(aGraph(), ''))
  assert.ok(isTooLargeForMermaid(aGraph(), 'x'.repeat(50_001)))
  const edges = Array.from({ length: 501 }, () =>
    anEdge('component/form', 'uses', 'connection/twilio')
  )
  assert.ok(isTooLargeForMermaid(aGraph({ edges }), ''))
})

/** What the drawing shows, as XML says it. */
function textsOf(svg: string): readonly string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = '']) =>
    text
      .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
      .replace(/&#x([0-9a-f]+);/gi, (_, code) => String.fromCodePoint(Number.parseInt(code, 16)))
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&amp;', '&')
  )
}

test('whatever a name holds, the SVG shows it as it is, and holds nothing that acts', async () => {
  for (const name of hostileNames) {
    const svg = await svgOf(named(name))
    const visible = cleaned(name).trim()
    const shown = textsOf(svg).map(each => each.replaceAll('\u00a0', ' ').trim())
    assert.is(shown.filter(each => each === visible).length, 3, `${name}\n${shown.join('\n')}`)
    isTame(svg)
  }
})

test('the SVG of any name is whole and tame', async () => {
  await fc.assert(
    fc.asyncProperty(anyName, async name => isTame(await svgOf(named(name)))),
    { numRuns: 100 }
  )
})

/** Elements and attributes of a drawing; nothing that runs, loads or leads anywhere. */
function isTame(svg: string): void {
  const open: string[] = []
  for (const [, end, tag = '', attributes = '', single] of svg.matchAll(
    /<(\/?)([^\s>/]*)([^>]*?)(\/?)>/g
  )) {
    assert.ok(['svg', 'title', 'desc', 'style', 'g', 'path', 'polygon', 'text'].includes(tag), tag)
    assert.not.match(attributes, /\b(on\w+|href|src|style)=/)
    if (end === '/') assert.is(open.pop(), tag)
    else if (single !== '/') open.push(tag)
  }
  assert.equal(open, [])
  assert.not.match(svg.replace('http://www.w3.org/2000/svg', ''), /url\(|@import|<!|<\?/)
  assert.not.match(svg, /(?!\n)\p{Cc}|[\uFFFE\uFFFF]/u)
  assert.not.match(svg, /&(?!(?:amp|lt|gt|quot|#\d+|#x[0-9a-f]+);)/i)
}

test('the SVG says what it shows, and follows a dark surrounding', async () => {
  const svg = await svgOf(aGraph())
  assert.match(svg, /<title id="tieline-graph-title">Field Service: the specs<\/title>/)
  assert.match(
    svg,
    /<desc id="tieline-graph-desc">It shows 3 components[^<]* Lead uses Salesforce Connection\./
  )
  assert.match(svg, /role="img" aria-labelledby="tieline-graph-title tieline-graph-desc"/)
  assert.match(svg, /@media \(prefers-color-scheme: dark\)/)
  assert.match(svg, /class="node component"/)
})

test('the same graph gives the same bytes', async () => {
  assert.is(await svgOf(aGraph()), await svgOf(aGraph()))
})

test('a drawing of 1,000 components and 500 connections takes seconds, not minutes', async () => {
  const connections = Array.from({ length: 500 }, (_, at) =>
    aGraphConnection({ linkName: `c${at}` })
  )
  const components = Array.from({ length: 1000 }, (_, at) => ({
    linkName: `k${at}`,
    name: `K ${at}`,
    kind: 'form'
  }))
  const edges = components.flatMap(({ linkName }, at) => [
    anEdge(`component/${linkName}`, 'uses', `connection/c${(at * 7919) % 500}`),
    ...(at % 3 === 0
      ? [anEdge(`component/${linkName}`, 'depends', `component/k${Math.floor(at / 2)}`)]
      : [])
  ])
  const graph = aGraph({ connections, components, clients: [], edges })
  const start = process.hrtime.bigint()
  assert.match(await svgOf(graph), /component\/k999/)
  reportGraphMermaid(graph)
  reportGraph(graphAround(graph, 'c1'), style)
  assert.ok(Number(process.hrtime.bigint() - start) / 1e9 < 15)
})

test.run()
