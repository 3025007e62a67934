import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { authorizeWorkflow } from '../../engine/workflow/authorize.ts'
import { revokeWorkflow } from '../../engine/workflow/revoke.ts'
import { statusWorkflow } from '../../engine/workflow/status.ts'
import { statusByWorkflow } from '../../engine/workflow/status-by.ts'
import type { Surroundings } from '../../engine/workflow/surroundings.ts'
import { recipientsWorkflow, vaultKeyWorkflow } from '../../engine/workflow/vault.ts'
import { temporaryFolder } from '../support/assert.ts'
import { atBrowser, forgeFiles } from '../support/check-workspace.ts'
import type { OAuthServer } from '../support/oauth-server.ts'
import { makeScenario, type Scenario, startScenarioServer } from '../support/scenario-workspace.ts'
import { refuses } from '../support/state-workspace.ts'

let server: OAuthServer
test.before(async () => {
  server = await startScenarioServer()
})
test.after(() => server.close())

interface Team {
  readonly scenario: Scenario
  /** Reads everything. */
  readonly ana: Surroundings
  /** A developer, who does not read prod. */
  readonly dev: Surroundings
}

async function aTeam(): Promise<Team> {
  const connection = 'authorization: separate'
  const scenario = makeScenario(forgeFiles(server.origin, { ends: 'grant', connection }))
  const ana = scenario.around
  const configFolder = join(temporaryFolder(), 'tieline')
  const dev = { ...ana, configFolder, actor: 'dev@example.com' }
  const [anaKey, devKey] = [await vaultKeyWorkflow(ana), await vaultKeyWorkflow(dev)]
  scenario.write(
    'tieline.yaml',
    `app: { name: Test }
connectors: { custom: true }
members:
  ana@example.com: { role: super-admin, key: ${anaKey.key} }
  dev@example.com: { role: developer, key: ${devKey.key} }
`
  )
  const yes = async () => true
  await recipientsWorkflow(ana, [], { show: () => {}, areReaders: yes, confirm: yes })
  for (const each of ['dev', 'stage', 'prod'] as const) await scenario.apply(each)
  const talk = {
    showAddress: atBrowser().showAddress ?? (() => {}),
    showDevice: () => {},
    showRefused: () => {},
    readRedirect: async () => null,
    askFields: async () => ({})
  }
  await authorizeWorkflow(
    dev,
    {
      connection: 'forge',
      environments: ['prod'],
      user: undefined,
      method: undefined,
      place: { hasDisplay: true, isRemote: false },
      port: undefined,
      from: {},
      switchAccount: false
    },
    talk
  )
  return { scenario, ana, dev }
}

async function statusAs(around: Surroundings, refresh = false) {
  const { status, diagnostics } = await statusWorkflow(around, ['prod'], null, { refresh })
  const [line] = status.environments[0]?.connections ?? []
  const codes = diagnostics.map(each => each.code)
  return [line?.status, line?.cause, line?.adopted, ...codes]
}

const request = { connection: 'forge', environment: 'prod', user: undefined } as const
const confirm = { confirm: async () => true }

test('what a developer authorized in prod waits for a reader, and a refresh by one adopts and checks it', async () => {
  const { scenario, ana, dev } = await aTeam()
  assert.equal(await statusAs(dev), ['connected', 'not-adopted', false])
  assert.equal(await statusAs(dev, true), ['connected', 'not-adopted', false])
  const asked = server.requests.length
  assert.equal(await statusAs(ana, true), ['connected', null, true])
  assert.equal(server.requests.slice(asked), ['GET /whoami'])
  assert.equal(await statusAs(dev, true), ['connected', null, true, 'CHECK_SKIPPED'])
  await refuses(() => revokeWorkflow(dev, request, confirm), 'ROLE_REFUSED')
  assert.is(scenario.stored().length, 1)
  const result = await revokeWorkflow(ana, request, confirm)
  assert.equal(
    result?.revoked.map(each => [each.service, each.by]),
    [['ended', 'dev@example.com']]
  )
  assert.equal(await statusAs(dev), ['revoked', 'revoked', null])
})

test('what waits for a reader is ended at the service too, if a reader ends it', async () => {
  const { scenario, ana } = await aTeam()
  const result = await revokeWorkflow(ana, request, confirm)
  assert.equal([result?.revoked[0]?.service, scenario.stored()], ['ended', []])
  assert.equal(await statusAs(ana), ['revoked', 'revoked', null])
})

test('who leaves is told from what they authorized and from what they can read', async () => {
  const { ana } = await aTeam()
  const { status, diagnostics } = await statusByWorkflow(ana, 'dev@example.com')
  const [one, ...more] = status.authorizations
  assert.equal(more, [])
  assert.equal([one?.connection, one?.state, one?.adopted], ['forge', 'in-use', false])
  assert.equal(
    diagnostics.map(each => each.code),
    ['STILL_MEMBER']
  )
  assert.match(diagnostics[0]?.detail ?? '', 'may read the credentials of shared, dev, stage')
})

test.run()
