import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Refusal } from '../../engine/model/diagnostic.ts'
import type { Graph } from '../../engine/model/generated/types.ts'
import { validateGraph } from '../../engine/model/generated/validators/graph.js'
import { graphWorkflow } from '../../engine/workflow/graph.ts'
import { rejects } from '../support/assert.ts'
import { keyFiles, makeScenario, type Scenario } from '../support/scenario-workspace.ts'

const files = {
  ...keyFiles('http://127.0.0.1:9'),
  'components/shelf.yaml': 'kind: page\ndepends: [desk]\n'
}
const acme =
  'name: "Acme, Inc."\nversion: 3\nconnections: { hub: { parameters: { area: west } } }\n'

async function graphOf(
  { around }: Scenario,
  environment: Parameters<typeof graphWorkflow>[1] = null
): Promise<Graph> {
  const { graph } = await graphWorkflow(around, environment)
  assert.ok(validateGraph(graph))
  return graph
}

function edgesOf({ edges }: Graph): readonly string[] {
  return edges.map(({ from, kind, to }) => `${from} ${kind} ${to}`)
}

test('the specs are drawn with the names that people see', async () => {
  const graph = await graphOf(makeScenario({ ...files, 'clients/acme.yaml': acme }))
  assert.is(graph.source, 'tree')
  assert.equal(graph.connections, [
    {
      linkName: 'hub',
      name: 'Board Connection',
      connector: 'board',
      service: 'Board',
      level: 'administrator',
      authorization: 'shared'
    },
    {
      linkName: 'pager',
      name: 'Board Connection 2',
      connector: 'board',
      service: 'Board',
      level: 'administrator',
      authorization: 'separate'
    }
  ])
  assert.equal(graph.components, [
    { linkName: 'desk', name: 'Desk', kind: 'form' },
    { linkName: 'shelf', name: 'shelf', kind: 'page' }
  ])
  assert.equal(graph.clients, [{ linkName: 'acme', name: 'Acme, Inc.', wants: 3, runs: null }])
  assert.equal(edgesOf(graph), [
    'client/acme sets connection/hub',
    'component/desk uses connection/hub',
    'component/desk uses connection/pager',
    'component/shelf depends component/desk'
  ])
})

test('an environment is drawn as it is recorded, whatever the specs say by now', async () => {
  const scenario = makeScenario(files)
  await scenario.apply('dev')
  scenario.remove('components/shelf.yaml')
  scenario.write('connections/pager.yaml', 'connector: [broken\n')
  const graph = await graphOf(scenario, 'dev')
  assert.is(graph.source, 'dev')
  assert.equal(
    graph.components.map(each => each.linkName),
    ['desk', 'shelf']
  )
  assert.equal(
    graph.connections.map(each => each.service),
    ['Board', 'Board']
  )
})

test('where nothing is recorded there is nothing to draw', async () => {
  const scenario = makeScenario(files)
  for (const environment of ['stage', 'client/acme'] as const) {
    const error = await rejects(() => graphOf(scenario, environment), 'GRAPH_NO_RECORD')
    assert.match(
      error instanceof Refusal ? (error.diagnostics[0]?.detail ?? '') : '',
      `tieline apply -e ${environment}`
    )
  }
})

test('specs that are not sound are told as validate tells them', async () => {
  const scenario = makeScenario({ ...files, 'components/desk.yaml': 'kind: form\nuses: [hubb]\n' })
  await rejects(() => graphOf(scenario), 'CONNECTION_UNKNOWN')
})

test('prod is drawn with the clients that run the app', async () => {
  const scenario = makeScenario(files)
  for (const environment of ['dev', 'stage', 'prod'] as const) await scenario.apply(environment)
  scenario.write('clients/acme.yaml', acme.replace('3', '1'))
  assert.equal((await graphOf(scenario, 'prod')).clients, [])
  await scenario.apply('client/acme')
  const installed = { linkName: 'acme', name: 'Acme, Inc.', wants: 1, runs: 1 }
  for (const environment of [null, 'prod', 'client/acme'] as const) {
    const graph = await graphOf(scenario, environment)
    assert.equal(graph.clients, [installed])
    assert.ok(edgesOf(graph).includes('client/acme sets connection/hub'))
  }
  assert.equal((await graphOf(scenario, 'stage')).clients, [])
})

test.run()
