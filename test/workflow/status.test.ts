import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { OwnEnvironment, Slot, State } from '../../engine/model/generated/types.ts'
import { statusWorkflow } from '../../engine/workflow/status.ts'
import { statusByWorkflow } from '../../engine/workflow/status-by.ts'
import { temporaryFolder } from '../support/assert.ts'
import { atBrowser, boardFiles, type ForgeOptions, forgeFiles } from '../support/check-workspace.ts'
import type { OAuthServer } from '../support/oauth-server.ts'
import { type Answering, type Service, startService } from '../support/run-time-workspace.ts'
import { keys } from '../support/scenario-service.ts'
import {
  forgeConnection,
  makeScenario,
  type Scenario,
  startScenarioServer
} from '../support/scenario-workspace.ts'
import { operationsOf, refuses } from '../support/state-workspace.ts'

let server: OAuthServer
test.before(async () => {
  server = await startScenarioServer()
})
test.after(() => server.close())

const services: Service[] = []
test.after.each(async () => {
  for (const each of services.splice(0)) await each.close()
})

/** Closed after the test, however that ends. */
async function started(answer: Answering): Promise<Service> {
  const service = await startService(answer)
  services.push(service)
  return service
}

const separate = 'authorization: separate'
const users = `${separate}\nlevel: logged-in-user`

async function forged(
  options: ForgeOptions = {},
  authorized: readonly OwnEnvironment[] = ['dev']
): Promise<Scenario> {
  const files = forgeFiles(server.origin, { connection: separate, ...options })
  const scenario = makeScenario(files)
  await scenario.apply('dev')
  for (const each of authorized) await scenario.authorize('forge', [each], {}, atBrowser())
  return scenario
}

async function statusIn(
  { around }: Scenario,
  { refresh = false, actor = 'ana@example.com', only = [] as readonly OwnEnvironment[] } = {}
) {
  const { status, diagnostics } = await statusWorkflow(around, only, actor, { refresh })
  return {
    environments: status.environments,
    lines: status.environments.flatMap(({ environment, connections }) =>
      connections.map(({ connection, status, cause }) =>
        [environment, connection, status, ...(cause === null ? [] : [cause])].join(' ')
      )
    ),
    codes: diagnostics.map(each => each.code),
    details: diagnostics.map(each => each.detail).join('\n')
  }
}

async function dueIn(scenario: Scenario, environment: OwnEnvironment) {
  const { plan } = await scenario.plan(environment)
  return plan.authorizations.map(
    each => `${each.action} ${each.reasons.map(({ code }) => code).join(' ')}`
  )
}

function recordIn(scenario: Scenario, slot: Slot) {
  return Object.values(scenario.state(slot)?.authorizations ?? {})[0]
}

/** A service whose answer to the test request is decided by the test. */
interface Answers {
  status: number
  id: string
}

async function answering(answers: Answers): Promise<Service> {
  return started((_, response) => {
    response.writeHead(answers.status, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify({ id: answers.id, name: `Account ${answers.id}` }))
  })
}

async function boarded(service: Service): Promise<Scenario> {
  const scenario = makeScenario(boardFiles([service.origin]))
  await scenario.apply('dev')
  await scenario.authorize('board1', ['dev'], { from: { key: 'env:ONE' } })
  return scenario
}

test('without a refresh status asks nobody and needs no key', async () => {
  const scenario = await forged()
  const asked = server.requests.length
  const around = { ...scenario.around, configFolder: join(temporaryFolder(), 'none') }
  const { environments, lines, codes } = await statusIn({ ...scenario, around })
  assert.equal([lines, codes], [['dev forge connected'], []])
  const [line] = environments[0]?.connections ?? []
  assert.equal(
    [line?.account?.id, line?.by, line?.asked, line?.missing, line?.adopted, line?.users],
    ['ana@example.com', 'ana@example.com', ['offline_access', 'read'], [], true, null]
  )
  assert.is(server.requests.length, asked)
})

test('each step in the life of an authorization has its word and its cause', async () => {
  const scenario = await forged({}, [])
  assert.equal((await statusIn(scenario)).lines, ['dev forge pending never-authorized'])
  await scenario.authorize('forge', ['dev'], {}, atBrowser())
  scenario.write('connections/forge.yaml', forgeConnection('[offline_access, read, write]'))
  await scenario.apply('dev')
  const wider = await statusIn(scenario)
  assert.equal(wider.lines, ['dev forge needs-reauthorization scopes-added'])
  assert.equal(wider.environments[0]?.connections[0]?.missing, ['write'])
  const files = { ...forgeFiles(server.origin, { connection: 'authorization: shared' }) }
  scenario.write('connections/forge.yaml', files['connections/forge.yaml'] ?? '')
  await scenario.apply('dev')
  assert.equal((await statusIn(scenario)).lines, ['dev forge needs-reauthorization slot-changed'])
  const other = forgeConnection('[offline_access, read]').replace('OAUTH_CLIENT', 'OTHER_CLIENT')
  scenario.write('connections/forge.yaml', other)
  await scenario.apply('dev')
  assert.match(
    (await statusIn(scenario)).lines.join(),
    /needs-reauthorization basis-changed|pending/
  )
})

test('an authorization that the service has ended is recorded so, once, and the next plan shows it', async () => {
  const scenario = await forged()
  const before = await statusIn(scenario, { refresh: true })
  assert.equal([before.lines, before.codes], [['dev forge connected'], []])
  const serial = scenario.state('dev')?.serial
  await server.endGrants('ana@example.com')
  const { lines, codes } = await statusIn(scenario, { refresh: true })
  assert.equal([lines, codes], [['dev forge needs-reauthorization grant-gone'], []])
  const { cause, by } = recordIn(scenario, 'dev')?.ended ?? {}
  assert.equal([cause, by], ['EXPIRED', 'ana@example.com'])
  assert.equal(await dueIn(scenario, 'dev'), ['reauthorize EXPIRED'])
  assert.is(scenario.state('dev')?.serial, (serial ?? 0) + 1)
  const state = scenario.state('dev')
  const again = await statusIn(scenario, { refresh: true })
  assert.equal([again.lines, scenario.state('dev')], [lines, state])
  await scenario.authorize('forge', ['dev'], {}, atBrowser())
  assert.equal((await statusIn(scenario, { refresh: true })).lines, ['dev forge connected'])
  assert.is(Object.keys(scenario.state('dev')?.authorizations ?? {}).length, 1)
})

test('a refresh of one environment leaves the others alone', async () => {
  const scenario = await forged()
  await scenario.apply('stage')
  await scenario.authorize('forge', ['stage'], {}, atBrowser())
  await server.endGrants('ana@example.com')
  await statusIn(scenario, { refresh: true, only: ['stage'] })
  assert.equal(
    [recordIn(scenario, 'dev')?.ended, recordIn(scenario, 'stage')?.ended?.cause],
    [null, 'EXPIRED']
  )
})

test('a key that the service does not take any more is gone, and a service in trouble takes nothing away', async () => {
  const answers = { status: 200, id: 'one' }
  const service = await answering(answers)
  const scenario = await boarded(service)
  const state = scenario.state('dev')
  for (const status of [500, 503, 429, 403, 404]) {
    answers.status = status
    const { lines, codes, details } = await statusIn(scenario, { refresh: true })
    assert.equal([status, lines, codes], [status, ['dev board1 connected'], ['CHECK_FAILED']])
    assert.not.ok(details.includes(keys.one))
    assert.equal(scenario.state('dev'), state)
  }
  answers.status = 401
  const { lines } = await statusIn(scenario, { refresh: true })
  assert.equal(lines, ['dev board1 needs-reauthorization grant-gone'])
  assert.equal(await dueIn(scenario, 'dev'), ['reauthorize EXPIRED'])
})

test('a service that is not there takes nothing away', async () => {
  const service = await answering({ status: 200, id: 'one' })
  const scenario = await boarded(service)
  await service.close()
  const { lines, codes } = await statusIn(scenario, { refresh: true })
  assert.equal([lines, codes], [['dev board1 connected'], ['CHECK_FAILED']])
  assert.is(recordIn(scenario, 'dev')?.ended, null)
})

test('another account than was authorized is told, and nothing is ended for it', async () => {
  const answers = { status: 200, id: 'one' }
  const service = await answering(answers)
  const scenario = await boarded(service)
  answers.id = 'two'
  const { lines, codes } = await statusIn(scenario, { refresh: true })
  assert.equal([lines, codes], [['dev board1 drifted account-changed'], ['ACCOUNT_CHANGED']])
  assert.equal(
    [recordIn(scenario, 'dev')?.ended, recordIn(scenario, 'dev')?.account.id],
    [null, 'one']
  )
  assert.equal(
    [await dueIn(scenario, 'dev'), (await statusIn(scenario)).lines],
    [[], ['dev board1 connected']]
  )
})

test('scopes that the service took back are drift, if they are needed', async () => {
  let scope = 'read write'
  const introspection = await started((_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify({ active: true, scope }))
  })
  const told = {
    introspection: `${introspection.origin}/introspect`,
    scopes: '[offline_access, read, write]'
  }
  const scenario = await forged(told)
  assert.equal((await statusIn(scenario, { refresh: true })).lines, ['dev forge connected'])
  scenario.write('connections/forge.yaml', forgeConnection('[offline_access, read]'))
  await scenario.apply('dev')
  scope = 'read'
  assert.equal((await statusIn(scenario, { refresh: true })).lines, ['dev forge connected'])
  scenario.write('connections/forge.yaml', forgeConnection('[offline_access, read, write]'))
  await scenario.apply('dev')
  const { lines } = await statusIn(scenario, { refresh: true })
  assert.equal(lines, ['dev forge drifted scopes-lost'])
  assert.is(recordIn(scenario, 'dev')?.ended?.cause, 'SCOPES_LOST')
  assert.equal(await dueIn(scenario, 'dev'), ['reauthorize SCOPES_LOST'])
  assert.is(scenario.stored().length, 1)
})

test('introspection works with the real server', async () => {
  const scenario = await forged({ introspection: `${server.origin}/token/introspection` })
  const asked = () => server.requests.filter(each => each === 'POST /token/introspection').length
  const before = asked()
  assert.equal((await statusIn(scenario, { refresh: true })).lines, ['dev forge connected'])
  assert.is(asked(), before + 1)
})

test('a service that contradicts itself ends nothing: a fresh token is got, and that is not called active either', async () => {
  const introspection = await started((_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' })
    response.end('{"active":false}')
  })
  const scenario = await forged({ introspection: `${introspection.origin}/introspect` })
  const { lines, codes } = await statusIn(scenario, { refresh: true })
  assert.equal([lines, codes], [['dev forge connected'], ['CHECK_FAILED']])
  assert.is(recordIn(scenario, 'dev')?.ended, null)
})

test('what our key does not open is said, not asked about', async () => {
  const scenario = await forged()
  const around = { ...scenario.around, configFolder: join(temporaryFolder(), 'none') }
  const asked = server.requests.length
  const { lines, codes, details } = await statusIn({ ...scenario, around }, { refresh: true })
  assert.equal([lines, codes], [['dev forge connected'], ['CHECK_SKIPPED']])
  assert.match(details, '1 authorization in dev was not checked')
  assert.is(server.requests.length, asked)
})

test('who may not record what services say is told who may', async () => {
  const scenario = await forged()
  scenario.write(
    'tieline.yaml',
    `app: { name: Test }
connectors: { custom: true }
members: { jo@example.com: { role: user }, ana@example.com: { role: admin } }
`
  )
  const around = { ...scenario.around, actor: 'jo@example.com' }
  const asked = server.requests.length
  await refuses(() => statusIn({ ...scenario, around }, { refresh: true }), 'ROLE_REFUSED')
  assert.is(server.requests.length, asked)
})

test('users are counted, each is asked about, and who lost theirs is not counted any more', async () => {
  const scenario = await forged({ connection: users }, [])
  for (const account of ['jo', 'kim']) {
    const user = `${account}@example.com`
    await scenario.authorize('forge', ['dev'], { user }, atBrowser({ account }))
  }
  const counts = () =>
    Object.values(scenario.state('dev')?.users ?? {}).map((each: State['users'][string]) =>
      each.map(({ count }) => count)
    )
  const before = await statusIn(scenario, { actor: 'jo@example.com' })
  assert.equal([before.lines, counts()], [['dev forge connected'], []])
  assert.is(before.environments[0]?.connections[0]?.users, 2)
  await statusIn(scenario, { refresh: true })
  assert.equal(counts(), [[2]])
  const operations = () => operationsOf(scenario.folder, 'dev')
  assert.is((await operations()).at(-1), 'status --refresh')
  await server.endGrants('kim')
  const after = await statusIn(scenario, { refresh: true, actor: 'kim@example.com' })
  assert.equal([after.lines, counts()], [['dev forge needs-reauthorization grant-gone'], [[1]]])
  assert.equal((await statusIn(scenario)).lines, ['dev forge pending never-authorized'])
  await scenario.authorize(
    'forge',
    ['dev'],
    { user: 'kim@example.com' },
    atBrowser({ account: 'kim' })
  )
  await scenario.apply('dev')
  assert.equal([counts(), (await operations()).at(-1)], [[[2]], 'apply dev'])
  await server.endGrants('kim')
  await statusIn(scenario, { refresh: true })
  scenario.write('connections/forge.yaml', forgeConnection('[offline_access, read, write]', users))
  const { plan } = await scenario.plan('dev')
  assert.equal(
    plan.authorizations.map(each => [each.action, each.users]),
    [['reauthorize', 1]]
  )
})

test('services are asked at the same time, eight in all and two of one', async () => {
  const most = { all: 0, one: 0 }
  let all = 0
  const five = await Promise.all(
    Array.from({ length: 5 }, () => {
      let own = 0
      return started((_, response) => {
        all += 1
        own += 1
        most.all = Math.max(most.all, all)
        most.one = Math.max(most.one, own)
        setTimeout(() => {
          all -= 1
          own -= 1
          response.writeHead(200, { 'Content-Type': 'application/json' })
          response.end('{"id":"one","name":"One"}')
        }, 100)
      })
    })
  )
  const scenario = makeScenario(boardFiles(five.map(each => each.origin)))
  for (const each of ['dev', 'stage', 'prod'] as const) {
    await scenario.apply(each)
    for (const name of five.map((_, at) => `board${at + 1}`)) {
      await scenario.authorize(name, [each], { from: { key: 'env:ONE' } })
    }
  }
  const { lines } = await statusIn(scenario, { refresh: true })
  assert.is(lines.filter(each => each.endsWith('connected')).length, 15)
  assert.equal(most, { all: 8, one: 2 })
})

test('all that one person authorized is listed with what to do about it', async () => {
  const service = await answering({ status: 200, id: 'one' })
  const scenario = makeScenario({
    ...boardFiles([service.origin, service.origin]),
    'connections/board2.yaml': 'connector: board2\nlevel: logged-in-user\n'
  })
  await scenario.apply('dev')
  const from = { from: { key: 'env:ONE' } }
  const jo = 'jo@example.com'
  const asJo = { ...scenario.around, actor: jo }
  await scenario.authorize('board1', ['dev'], from)
  await scenario.authorize('board2', ['dev'], { ...from, user: jo })
  await scenario.authorize('board2', ['dev'], { ...from, user: 'kim@example.com' })
  const brief = async (person: string) => {
    const { status } = await statusByWorkflow(asJo, person)
    return status.authorizations.map(
      ({ connection, slot, state, user, environments, commands }) => [
        connection,
        slot,
        state,
        user,
        environments,
        commands
      ]
    )
  }
  const revokeOf = (user: string) => [`tieline revoke board2 -e dev --user ${user}`]
  assert.equal(await brief('ana@example.com'), [
    [
      'board1',
      'dev',
      'in-use',
      null,
      ['dev'],
      ['tieline authorize board1 -e dev --switch-account']
    ],
    ['board2', 'shared', 'own', jo, ['dev'], revokeOf(jo)],
    ['board2', 'shared', 'own', 'kim@example.com', ['dev'], revokeOf('kim@example.com')]
  ])
  assert.equal(await brief(jo), [['board2', 'shared', 'own', jo, ['dev'], revokeOf(jo)]])
  assert.equal(await brief('nobody@example.com'), [])
  scenario.write('connections/board1.yaml', 'connector: board1\nparameters: { area: west }\n')
  await scenario.apply('dev')
  const state = async () =>
    (await brief('ana@example.com')).map(each => [each[0], each[2], each[5]])
  const own = async () => (await state()).find(([name]) => name === 'board1')
  assert.equal(await own(), ['board1', 'unused', ['tieline apply -e dev']])
  await scenario.authorize('board1', ['dev'], from)
  await scenario.apply('dev')
  const both = (await state()).filter(([name]) => name === 'board1')
  assert.equal(
    both.map(each => each[1]),
    ['in-use', 'ended']
  )
})

test.run()
