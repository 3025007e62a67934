import type { Graph, GraphConnection, GraphEdge } from '../../engine/model/generated/types.ts'

/** A small app: three components on two connections, and a client. */
export function aGraph(overrides: Partial<Graph> = {}): Graph {
  return {
    formatVersion: 1,
    app: 'Field Service',
    source: 'tree',
    around: null,
    connections: [
      aGraphConnection(),
      aGraphConnection({ linkName: 'twilio', name: 'Twilio Connection', service: 'Twilio' })
    ],
    components: [
      { linkName: 'day', name: 'My day', kind: 'page' },
      { linkName: 'form', name: 'Lead', kind: 'form' },
      { linkName: 'night', name: 'Nightly', kind: 'schedule' }
    ],
    clients: [{ linkName: 'acme', name: 'Acme, Inc.', wants: 3, runs: 2 }],
    edges: [
      anEdge('client/acme', 'sets', 'connection/salesforce'),
      anEdge('component/day', 'depends', 'component/form'),
      anEdge('component/form', 'uses', 'connection/salesforce'),
      anEdge('component/night', 'uses', 'connection/twilio')
    ],
    ...overrides
  }
}

export function aGraphConnection(overrides: Partial<GraphConnection> = {}): GraphConnection {
  return {
    linkName: 'salesforce',
    name: 'Salesforce Connection',
    connector: 'salesforce',
    service: 'Salesforce',
    level: 'administrator',
    authorization: 'shared',
    ...overrides
  }
}

export function anEdge(
  from: GraphEdge['from'],
  kind: GraphEdge['kind'],
  to: GraphEdge['to']
): GraphEdge {
  return { from, to, kind }
}

/** Names that some reader of a drawing would act on. */
export const hostileNames: readonly string[] = [
  'end',
  'say "hi"',
  'a | b [c] {d} (e) <f>',
  '<script>alert(1)</script>',
  '</title></svg>',
  'x --> y; click z "javascript:alert(1)"',
  "%%{init: {'theme':'dark'}}%%",
  'style: #1;',
  '`code` **bold** __it__ _x_',
  '1. first',
  '- item',
  '# heading #quot; #35; &lt;b&gt; &amp;',
  'C:\\new\\l\\N\\G',
  'two\nlines\r\n%% three',
  'fa:fa-car ::: class',
  '\u001b[31mred\u0007 \u202eright',
  'callback "x" href "y"',
  '日本語 – “ünïcode” 🚗',
  '---',
  '$$x^2$$',
  ']]>',
  "it's"
]
