import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Conversation } from '../../engine/workflow/authorize-scene.ts'
import { verifyWorkflow } from '../../engine/workflow/state.ts'
import { statusWorkflow } from '../../engine/workflow/status.ts'
import { setValueWorkflow } from '../../engine/workflow/vault.ts'
import { type ConsentOptions, followConsent, type OAuthServer } from '../support/oauth-server.ts'
import { type KeyService, startKeyService } from '../support/scenario-service.ts'
import {
  boardConnector,
  forgeConnection,
  keyFiles,
  makeScenario,
  oauthFiles,
  type Scenario,
  startScenarioServer
} from '../support/scenario-workspace.ts'
import { refuses } from '../support/state-workspace.ts'

let service: KeyService
let server: OAuthServer
test.before(async () => {
  service = await startKeyService()
  server = await startScenarioServer()
})
test.after(async () => {
  await service.close()
  await server.close()
})

const one: { readonly from: Readonly<Record<string, string>>; readonly switchAccount?: boolean } = {
  from: { key: 'env:ONE' }
}
const two = { from: { key: 'env:TWO' } }

/** A workspace with two connections by key, in the given environments. */
async function withKeys(
  environments: readonly ('dev' | 'stage' | 'prod')[],
  files: Readonly<Record<string, string>> = {}
): Promise<Scenario> {
  const scenario = makeScenario({ ...keyFiles(service.origin), ...files })
  for (const each of environments) await scenario.apply(each)
  return scenario
}

async function withForge(
  environments: readonly ('dev' | 'stage' | 'prod')[],
  more = 'authorization: separate'
): Promise<Scenario> {
  const scenario = makeScenario(oauthFiles(server.origin, more))
  for (const each of environments) await scenario.apply(each)
  return scenario
}

/** A person at the browser; `visits` counts how often somebody was asked. */
function person(options: ConsentOptions = {}): Partial<Conversation> & { visits: number } {
  const self = {
    visits: 0,
    showAddress: ({ start }: { readonly start: string | null }) => {
      self.visits += 1
      if (start !== null) void followConsent(start, options)
    }
  }
  return self
}

function records(scenario: Scenario, slot: 'dev' | 'stage' | 'prod' | 'shared') {
  return Object.entries(scenario.state(slot)?.authorizations ?? {}).map(([credential, record]) => ({
    credential,
    ...record
  }))
}

async function dueIn(scenario: Scenario, environment: 'dev' | 'stage' | 'prod') {
  const { plan } = await scenario.plan(environment)
  return plan.authorizations.map(
    each => `${each.action} ${each.connection} ${each.reasons.map(({ code }) => code).join(' ')}`
  )
}

test('the same account in dev and prod is noticed, whether it was authorized at once or one after the other', async () => {
  const once = await withKeys(['dev', 'stage', 'prod'])
  const codes = async (environments: readonly ('dev' | 'prod')[], key = one) => {
    const { diagnostics } = await once.authorize('pager', environments, key)
    return diagnostics.map(each => each.code)
  }
  assert.equal(await codes(['dev']), [])
  assert.equal(await codes(['prod'], two), [])
  assert.equal(await codes(['prod'], { ...one, switchAccount: true }), ['SAME_ACCOUNT'])
  assert.equal(await codes(['dev', 'prod']), ['SAME_ACCOUNT'])
})

test("a user is not named where an authorization is everybody's, and nothing is stored then", async () => {
  const scenario = await withKeys(['dev'])
  await refuses(
    () => scenario.authorize('pager', ['dev'], { ...one, user: 'jo@example.com' }),
    'USER_NOT_APPLICABLE'
  )
  assert.equal(scenario.stored(), [])
})

test('a client secret comes out of the vault for the connection and slot that it was set for, and for no other', async () => {
  const files = oauthFiles(server.origin, 'authorization: separate')
  const sealed = (files['connections/forge.yaml'] ?? '').replace('env:OAUTH_SECRET', 'vault:pass')
  const scenario = makeScenario({
    ...files,
    'connections/forge.yaml': sealed,
    'connections/thief.yaml': sealed,
    'components/desk.yaml': 'kind: form\nname: Desk\nuses: [forge, thief]\n'
  })
  await scenario.apply('dev')
  await scenario.apply('stage')
  const secret = String(scenario.env.OAUTH_SECRET)
  const value = { name: 'pass', connection: 'forge', environment: 'dev' } as const
  assert.equal(await setValueWorkflow(scenario.around, value, async () => secret), { slot: 'dev' })

  for (const [connection, environment] of [
    ['thief', 'dev'],
    ['forge', 'stage']
  ] as const) {
    await refuses(
      () => scenario.authorize(connection, [environment], {}, person()),
      'REFERENCE_MISSING'
    )
  }
  const { consents } = await scenario.authorize('forge', ['dev'], {}, person())
  assert.is(consents.length, 1)
})

test('a consent is recorded where it holds, with its credential in the vault and in use', async () => {
  const scenario = await withKeys(['dev'])
  await scenario.authorize('pager', ['dev'], one)
  const [record, ...more] = records(scenario, 'dev')
  assert.equal(more, [])
  assert.is(record?.connection, 'pager.1')
  assert.equal(record?.account, { id: 'id-one', name: 'Account one' })
  assert.equal(scenario.stored(), [record?.credential])
  assert.equal(scenario.state('dev')?.serving, { 'pager.1': record?.credential })
})

test('what the service refuses is stored nowhere', async () => {
  const scenario = await withKeys(['dev'])
  await refuses(
    () => scenario.authorize('pager', ['dev'], { from: { key: 'env:OAUTH_SECRET' } }),
    'TEST_REFUSED'
  )
  assert.equal([records(scenario, 'dev'), scenario.stored()], [[], []])
})

test('a connection that an environment does not have cannot be authorized there', async () => {
  const scenario = await withKeys(['dev'])
  await refuses(() => scenario.authorize('pager', ['stage'], one), 'CONNECTION_NOT_RECORDED')
  await refuses(() => scenario.authorize('pagr', ['dev'], one), 'CONNECTION_NOT_RECORDED')
})

test('another account needs to be wanted', async () => {
  const scenario = await withKeys(['dev'])
  await scenario.authorize('pager', ['dev'], one)
  const before = scenario.state('dev')
  const refusal = await refuses(
    () => scenario.authorize('pager', ['dev'], two),
    'ACCOUNT_DIFFERENT'
  )
  assert.match(refusal.diagnostics[0]?.detail ?? '', '--switch-account')
  assert.equal(scenario.state('dev'), before)
  await scenario.authorize('pager', ['dev'], { ...two, switchAccount: true })
  assert.equal(
    records(scenario, 'dev').map(each => each.account.name),
    ['Account two']
  )
})

test('each environment may have an account of its own', async () => {
  const scenario = await withKeys(['dev', 'stage'])
  await scenario.authorize('pager', ['dev'], one)
  await scenario.authorize('pager', ['stage'], two)
  const [dev, stage] = [records(scenario, 'dev'), records(scenario, 'stage')]
  assert.equal([dev[0]?.account.id, stage[0]?.account.id], ['id-one', 'id-two'])
})

test('accounts that a service does not name are numbered, and a number is free with its record', async () => {
  const scenario = await withKeys(['dev', 'stage'], {
    'connectors/board.yaml': boardConnector(service.origin, 'ping')
  })
  await scenario.authorize('pager', ['dev'], one)
  await scenario.authorize('pager', ['stage'], one)
  await scenario.authorize('pager', ['dev'], one)
  const names = [...records(scenario, 'dev'), ...records(scenario, 'stage')].map(
    each => each.account.name
  )
  assert.equal(names, ['Board Account 1', 'Board Account 2'])
})

test('an equal consent replaces the one before and its credential', async () => {
  const scenario = await withKeys(['dev'])
  await scenario.authorize('pager', ['dev'], one)
  const [before] = records(scenario, 'dev')
  await scenario.authorize('pager', ['dev'], one)
  const [after, ...more] = records(scenario, 'dev')
  assert.equal(more, [])
  assert.is.not(after?.credential, before?.credential)
  assert.equal(scenario.stored(), [after?.credential])
})

test('one consent is stored in two slots where both stand on the same basis', async () => {
  const scenario = await withForge(['dev', 'stage'])
  const ana = person()
  const { consents } = await scenario.authorize('forge', ['dev', 'stage'], {}, ana)
  assert.is(ana.visits, 1)
  assert.equal(
    consents.map(each => each.slots),
    [['dev', 'stage']]
  )
  const [dev, stage] = [records(scenario, 'dev')[0], records(scenario, 'stage')[0]]
  assert.equal(dev?.account, stage?.account)
  assert.equal(scenario.stored().length, 2)
  assert.equal([await dueIn(scenario, 'dev'), await dueIn(scenario, 'stage')], [[], []])
})

test('one consent serves two environments that share it', async () => {
  const scenario = await withKeys(['dev', 'stage'])
  const accepted = service.accepted.length
  await scenario.authorize('hub', ['dev', 'stage'], one)
  assert.is(service.accepted.length - accepted, 1)
  assert.equal(records(scenario, 'shared').length, 1)
})

test('where the bases differ the person is asked for each', async () => {
  const differing =
    'connector: board\nauthorization: separate\nenvironments: { dev: { parameters: { area: west } } }\n'
  const scenario = await withKeys(['dev', 'stage'], { 'connections/pager.yaml': differing })
  const accepted = service.accepted.length
  const { consents } = await scenario.authorize('pager', ['dev', 'stage'], one)
  assert.equal(service.accepted.slice(accepted), ['/west/me', '/east/me'])
  assert.equal(
    consents.map(each => each.slots),
    [['dev'], ['stage']]
  )
})

test('when the second of two consents is refused, the first is told with it', async () => {
  const differing =
    'connector: board\nauthorization: separate\nenvironments: { dev: { parameters: { area: west } } }\n'
  const scenario = await withKeys(['dev', 'stage'], { 'connections/pager.yaml': differing })
  await scenario.authorize('pager', ['stage'], two)
  const { consents, diagnostics } = await scenario.authorize('pager', ['dev', 'stage'], one)
  assert.equal(
    consents.map(each => each.slots),
    [['dev']]
  )
  assert.equal(
    diagnostics.map(each => each.code),
    ['ACCOUNT_DIFFERENT']
  )
  assert.equal(
    records(scenario, 'stage').map(each => each.account.id),
    ['id-two']
  )
})

test('a connector may be edited and applied while somebody authorizes', async () => {
  const scenario = await withForge(['dev'])
  const ana = person()
  const connector = oauthFiles(server.origin)['connectors/forge.yaml'] ?? ''
  const edited = connector.replace('Read things.', 'Read many things.')
  const { diagnostics } = await scenario.authorize(
    'forge',
    ['dev'],
    {},
    {
      showAddress: async shown => {
        scenario.write('connectors/forge.yaml', edited)
        await scenario.apply('dev')
        await ana.showAddress?.(shown)
      }
    }
  )
  assert.equal(diagnostics, [])
  assert.equal(await dueIn(scenario, 'dev'), [])
})

test('a basis that was changed while somebody authorized is said, and asked for again', async () => {
  const scenario = await withForge(['dev'])
  const ana = person()
  const changed = forgeConnection('[offline_access, read]').replace('OAUTH_CLIENT', 'OTHER_CLIENT')
  const { diagnostics } = await scenario.authorize(
    'forge',
    ['dev'],
    {},
    {
      showAddress: async shown => {
        scenario.write('connections/forge.yaml', changed)
        await scenario.apply('dev')
        await ana.showAddress?.(shown)
      }
    }
  )
  assert.equal(
    diagnostics.map(each => each.code),
    ['DEFINITION_CHANGED']
  )
  assert.is(records(scenario, 'dev')[0]?.basis.clientId, 'env:OAUTH_CLIENT')
  assert.equal(await dueIn(scenario, 'dev'), [
    'reauthorize forge CLIENT_CHANGED',
    'revoke forge NOT_NEEDED'
  ])
})

test('a connection that was deleted while somebody authorized it leaves an authorization to revoke', async () => {
  const scenario = await withForge(['dev'])
  const ana = person()
  const { diagnostics } = await scenario.authorize(
    'forge',
    ['dev'],
    {},
    {
      showAddress: async shown => {
        scenario.remove('connections/forge.yaml')
        scenario.write('components/desk.yaml', 'kind: form\nname: Desk\nuses: []\n')
        await scenario.apply('dev')
        await ana.showAddress?.(shown)
      }
    }
  )
  assert.equal(
    diagnostics.map(each => each.code),
    ['DEFINITION_CHANGED']
  )
  assert.equal(await dueIn(scenario, 'dev'), ['revoke forge NOT_NEEDED'])
  await scenario.apply('dev')
  assert.equal([await dueIn(scenario, 'dev'), scenario.stored()], [[], []])
})

test('a wider consent stands beside the one that stage still runs on, until stage takes the change', async () => {
  const scenario = await withForge(['dev', 'stage'], 'authorization: shared')
  await scenario.authorize('forge', ['dev'], {}, person())
  const [narrow] = records(scenario, 'shared')
  const wider = forgeConnection('[offline_access, read, write]', 'authorization: shared')
  scenario.write('connections/forge.yaml', wider)
  await scenario.apply('dev')
  assert.equal(await dueIn(scenario, 'dev'), ['reauthorize forge SCOPES_ADDED'])
  await scenario.authorize('forge', ['dev'], {}, person())

  const both = records(scenario, 'shared')
  assert.equal(both.map(each => each.asked.length).sort(), [2, 3])
  const wide = both.find(each => each.credential !== narrow?.credential)
  const serving = () =>
    (['dev', 'stage'] as const).map(each => scenario.state(each)?.serving['forge.1'])
  assert.equal(serving(), [wide?.credential, narrow?.credential])
  assert.equal(await dueIn(scenario, 'stage'), [
    'inherit forge COVERED_BY_SHARED',
    'revoke forge NOT_NEEDED'
  ])
  await scenario.apply('stage')
  assert.equal(serving(), [wide?.credential, wide?.credential])
  assert.equal(scenario.stored(), [wide?.credential])
})

test('what an environment runs on stays when another one authorizes again', async () => {
  const scenario = await withForge(['dev', 'stage'], 'authorization: shared')
  const wider = forgeConnection('[offline_access, read, write]', 'authorization: shared')
  scenario.write('connections/forge.yaml', wider)
  await scenario.apply('dev')
  // stage, which was never authorized, goes on with the wider one from here on.
  await scenario.authorize('forge', ['dev'], {}, person())
  const [wide] = records(scenario, 'shared')
  scenario.write(
    'connections/forge.yaml',
    forgeConnection('[offline_access, read]', 'authorization: shared')
  )
  await scenario.apply('dev')
  await scenario.authorize('forge', ['dev'], {}, person())
  assert.equal(records(scenario, 'shared').length, 2)
  assert.is(scenario.state('stage')?.serving['forge.1'], wide?.credential)
  assert.is.not(scenario.state('dev')?.serving['forge.1'], wide?.credential)
})

test('an equal consent in the shared slot replaces what all environments run on', async () => {
  const scenario = await withKeys(['dev', 'stage', 'prod'])
  await scenario.authorize('hub', ['dev'], one)
  await scenario.authorize('hub', ['prod'], one)
  const [record, ...more] = records(scenario, 'shared')
  assert.equal(more, [])
  for (const each of ['dev', 'stage', 'prod'] as const) {
    assert.is(scenario.state(each)?.serving['hub.1'], record?.credential)
  }
})

test('users authorize for themselves: a credential each, and no record in state', async () => {
  const own = forgeConnection(
    '[offline_access, read]',
    'authorization: separate\nlevel: logged-in-user'
  )
  const scenario = makeScenario({ ...oauthFiles(server.origin), 'connections/forge.yaml': own })
  await scenario.apply('dev')
  const asUser = (user: string, account: string, switchAccount = false) =>
    scenario.authorize('forge', ['dev'], { user, switchAccount }, person({ account }))
  await asUser('jo@example.com', 'jo')
  await asUser('kim@example.com', 'kim')
  assert.is(scenario.stored().length, 2)
  assert.equal(records(scenario, 'dev'), [])

  const before = scenario.stored()
  await refuses(() => asUser('jo@example.com', 'kim'), 'ACCOUNT_DIFFERENT')
  assert.equal(scenario.stored(), before)
  await asUser('jo@example.com', 'jo')
  await asUser('jo@example.com', 'josephine', true)
  const after = scenario.stored()
  assert.is(after.length, 2)
  assert.is(after.filter(each => before.includes(each)).length, 1)
  const statusOfJo = async () => {
    const around = { ...scenario.around, actor: 'jo@example.com' }
    const { status } = await statusWorkflow(around, ['dev'], 'jo@example.com')
    return status.environments[0]?.connections[0]?.status
  }
  assert.is(await statusOfJo(), 'connected')
  // Nobody takes them for credentials without a record.
  await scenario.apply('dev')
  assert.equal(scenario.stored(), after)
  scenario.write('connections/forge.yaml', own.replace('env:OAUTH_CLIENT', 'env:OTHER_CLIENT'))
  await scenario.apply('dev')
  // Nothing uses what they gave for another client any more, so it ended.
  assert.equal([await statusOfJo(), scenario.stored()], ['pending', []])
})

test('a credential without a record is recorded by the next command, whichever it is', async () => {
  const scenario = await withKeys(['dev', 'stage'])
  const before = scenario.copy()
  await scenario.authorize('hub', ['dev'], one)
  const stored = scenario.stored()
  // As if the process had been killed between vault and state.
  for (const slot of ['dev', 'stage', 'shared'] as const) {
    const old = before.state(slot)
    const file = `state/${slot}.json`
    if (old === null) scenario.remove(file)
    else scenario.write(file, `${JSON.stringify(old, null, 2)}\n`)
  }
  const { diagnostics } = await scenario.authorize('pager', ['dev'], one)
  assert.equal(
    diagnostics.map(each => each.code),
    ['RECORDS_MENDED']
  )
  assert.equal(
    records(scenario, 'shared').map(each => each.credential),
    stored
  )
  assert.equal(await verifyWorkflow(scenario.around), [])
  for (const each of ['dev', 'stage'] as const) {
    assert.is(scenario.state(each)?.serving['hub.1'], stored[0])
  }
})

test('state verify records what a cut-off run stored, and then finds nothing', async () => {
  const scenario = await withKeys(['dev'])
  const before = `${JSON.stringify(scenario.state('dev'), null, 2)}\n`
  await scenario.authorize('pager', ['dev'], one)
  scenario.write('state/dev.json', before)
  const codes = async () => (await verifyWorkflow(scenario.around)).map(each => each.code)
  assert.equal(await codes(), ['RECORDS_MENDED'])
  assert.equal(
    records(scenario, 'dev').map(each => each.credential),
    scenario.stored()
  )
  assert.equal(await codes(), [])
})

test('a credential that was replaced stays ended, though somebody puts its file back', async () => {
  const scenario = await withKeys(['dev'])
  const before = `${JSON.stringify(scenario.state('dev'), null, 2)}\n`
  await scenario.authorize('pager', ['dev'], one)
  const [older = ''] = scenario.stored()
  const file = join('.tieline/vault', `${older}.1.json`)
  const text = readFileSync(join(scenario.folder, file), 'utf8')
  await scenario.authorize('pager', ['dev'], one)
  const [newer = ''] = scenario.stored()

  for (const state of [null, before]) {
    scenario.write(file, text)
    if (state !== null) scenario.write('state/dev.json', state)
    await scenario.apply('dev')
    assert.equal(
      records(scenario, 'dev').map(each => each.credential),
      [newer]
    )
  }
})

test('credentials of another vault than the one that state names are left alone', async () => {
  const scenario = await withKeys(['dev'])
  await scenario.authorize('pager', ['dev'], one)
  const foreign = await withKeys(['dev'])
  await foreign.authorize('pager', ['dev'], two)
  // The state of somebody else, as it comes out of git.
  foreign.write('state/dev.json', `${JSON.stringify(scenario.state('dev'), null, 2)}\n`)
  const stored = foreign.stored()
  await foreign.apply('dev')
  assert.equal(foreign.state('dev'), scenario.state('dev'))
  assert.equal(foreign.stored(), stored)
  await refuses(() => foreign.authorize('pager', ['dev'], one), 'VAULT_KEY_CHANGED')
})

test.run()
