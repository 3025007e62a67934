import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { environments } from '../../engine/model/documents.ts'
import type { OwnEnvironment, Slot } from '../../engine/model/generated/types.ts'
import { type RevokeResult, revokeWorkflow, type SharedEnd } from '../../engine/workflow/revoke.ts'
import { statusWorkflow } from '../../engine/workflow/status.ts'
import { temporaryFolder } from '../support/assert.ts'
import { atBrowser, boardFiles, type ForgeOptions, forgeFiles } from '../support/check-workspace.ts'
import type { OAuthServer } from '../support/oauth-server.ts'
import { startService } from '../support/run-time-workspace.ts'
import { type KeyService, startKeyService } from '../support/scenario-service.ts'
import {
  forgeConnection,
  makeScenario,
  type Scenario,
  startScenarioServer
} from '../support/scenario-workspace.ts'
import { operationsOf, refuses } from '../support/state-workspace.ts'

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

async function forged(
  options: ForgeOptions,
  authorized: readonly OwnEnvironment[] = ['dev'],
  talk = atBrowser()
): Promise<Scenario> {
  const scenario = makeScenario(forgeFiles(server.origin, options))
  for (const each of environments) await scenario.apply(each)
  for (const each of authorized) await scenario.authorize('forge', [each], {}, talk)
  return scenario
}

const separate = 'authorization: separate'
const users = `${separate}\nlevel: logged-in-user`
const nobody = () => Promise.reject(new Error('Nobody was expected to be asked'))

async function revoke(
  scenario: Scenario,
  connection: string,
  environment: OwnEnvironment,
  { user, confirm = nobody }: { user?: string; confirm?: (end: SharedEnd) => Promise<boolean> } = {}
): Promise<RevokeResult> {
  const request = { connection, environment, user }
  const result = await revokeWorkflow(scenario.around, request, { confirm })
  if (result === null) throw new Error('Nothing was revoked')
  return result
}

function causes(scenario: Scenario, slot: Slot): readonly (string | undefined)[] {
  return Object.values(scenario.state(slot)?.authorizations ?? {}).map(each => each.ended?.cause)
}

/** How often the service was told that a token is not wanted any more. */
function told(): number {
  return server.requests.filter(each => each === 'POST /token/revocation').length
}

async function statusOf(
  scenario: Scenario,
  environment: OwnEnvironment,
  actor = 'ana@example.com'
) {
  const { status } = await statusWorkflow(scenario.around, [environment], actor)
  const [line] = status.environments[0]?.connections ?? []
  return [line?.status, line?.cause]
}

async function dueIn(scenario: Scenario, environment: OwnEnvironment) {
  const { plan } = await scenario.plan(environment)
  return plan.authorizations.map(
    each => `${each.action} ${each.reasons.map(({ code }) => code).join(' ')}`
  )
}

test('an authorization is ended at the service and here, and the next plan asks for a new one', async () => {
  const scenario = await forged({ ends: 'grant', connection: separate })
  const before = told()
  const { revoked } = await revoke(scenario, 'forge', 'dev')
  const { account, by } = revoked[0] ?? {}
  assert.equal([account?.id, by], ['ana@example.com', 'ana@example.com'])
  assert.equal(
    revoked.map(({ slot, service, said, environments }) => [slot, service, said, environments]),
    [['dev', 'ended', null, ['dev']]]
  )
  assert.is(told() - before, 1)
  assert.equal([causes(scenario, 'dev'), scenario.stored()], [['REVOKED'], []])
  assert.equal(await statusOf(scenario, 'dev'), ['revoked', 'revoked'])
  assert.equal(await dueIn(scenario, 'dev'), ['reauthorize REVOKED'])
  assert.is(Object.keys(scenario.state('dev')?.connections ?? {}).length, 1)
  assert.is((await operationsOf(scenario.folder, 'dev')).at(-1), 'revoke forge')
})

test('done twice it changes nothing and says so', async () => {
  const scenario = await forged({ ends: 'grant', connection: separate })
  await revoke(scenario, 'forge', 'dev')
  const [state, count] = [scenario.state('dev'), told()]
  const { revoked, diagnostics } = await revoke(scenario, 'forge', 'dev')
  assert.equal([revoked, diagnostics.map(each => each.code)], [[], ['NOTHING_TO_REVOKE']])
  assert.equal([scenario.state('dev'), told()], [state, count])
})

test('a service that would end another live authorization with it is not told, and the last one tells it', async () => {
  const scenario = await forged({ ends: 'grant', connection: separate }, ['dev', 'stage'])
  const before = told()
  const first = await revoke(scenario, 'forge', 'dev')
  assert.is(first.revoked[0]?.service, 'not-asked')
  assert.match(first.revoked[0]?.said ?? '', 'forge in stage (Account of ana@example.com)')
  assert.equal([told() - before, causes(scenario, 'dev')], [0, ['REVOKED']])
  assert.equal(await statusOf(scenario, 'stage'), ['connected', null])
  const second = await revoke(scenario, 'forge', 'stage')
  assert.equal([second.revoked[0]?.service, told() - before], ['ended', 1])
})

test('another account of the same client is another grant', async () => {
  const scenario = await forged({ ends: 'grant', connection: separate })
  await scenario.authorize('forge', ['stage'], {}, atBrowser({ account: 'kim' }))
  const { revoked } = await revoke(scenario, 'forge', 'dev')
  assert.is(revoked[0]?.service, 'ended')
})

test('where a revocation ends one token only, only a copy of the very token keeps the service from being told', async () => {
  const scenario = await forged({ ends: 'token', connection: separate }, ['dev', 'stage'])
  assert.is((await revoke(scenario, 'forge', 'dev')).revoked[0]?.service, 'ended')
  await scenario.authorize('forge', ['dev', 'stage'], {}, atBrowser())
  const { revoked } = await revoke(scenario, 'forge', 'dev')
  assert.is(revoked[0]?.service, 'not-asked')
  assert.match(revoked[0]?.said ?? '', 'holds the same token')
})

test('another account that is authorized instead ends the grant of the one before', async () => {
  const scenario = await forged({ ends: 'grant', connection: separate })
  const before = told()
  const { diagnostics } = await scenario.authorize(
    'forge',
    ['dev'],
    { switchAccount: true },
    atBrowser({ account: 'kim' })
  )
  assert.equal([diagnostics, told() - before], [[], 1])
  assert.equal(await statusOf(scenario, 'dev'), ['connected', null])
})

test('authorizing again as the same account leaves the grant alone that both stand on', async () => {
  const scenario = await forged({ ends: 'grant', connection: separate })
  const before = told()
  const { diagnostics } = await scenario.authorize('forge', ['dev'], {}, atBrowser())
  assert.equal([diagnostics, told() - before], [[], 0])
})

test('where a revocation ends one token only, authorizing again ends the one before', async () => {
  const scenario = await forged({ ends: 'token', connection: separate })
  const before = told()
  const { diagnostics } = await scenario.authorize('forge', ['dev'], {}, atBrowser())
  // The refresh token and the access token.
  assert.equal([diagnostics, told() - before], [[], 2])
  assert.equal(await statusOf(scenario, 'dev'), ['connected', null])
})

test("a user's new authorization ends the one before", async () => {
  const scenario = await forged({ ends: 'token', connection: users })
  const before = told()
  await scenario.authorize('forge', ['dev'], {}, atBrowser())
  assert.equal([told() - before, scenario.stored().length], [2, 1])
})

test('a service that cannot be told of another account is named, and its account', async () => {
  const scenario = await forged({ connection: separate })
  const { diagnostics } = await scenario.authorize(
    'forge',
    ['dev'],
    { switchAccount: true },
    atBrowser({ account: 'kim' })
  )
  assert.equal(
    diagnostics.map(each => each.code),
    ['FORMER_GRANT_LEFT']
  )
  assert.match(diagnostics[0]?.detail ?? '', 'What Account of ana@example.com had given for dev')
})

const regions = `parameters:
  region:
    title: Region
    description: Where the data is.
    values: { eu: {}, us: {} }
    default: eu
    affectsAuthorization: true
`

test('a definition that changed long ago still says where its grant ends', async () => {
  const files = forgeFiles(server.origin, { ends: 'grant', connection: separate })
  const scenario = makeScenario({
    ...files,
    'connectors/forge.yaml': `${files['connectors/forge.yaml']}${regions}`
  })
  await scenario.apply('dev')
  await scenario.authorize('forge', ['dev'], {}, atBrowser())
  scenario.write(
    'connections/forge.yaml',
    forgeConnection('[offline_access, read]', `${separate}\nparameters: { region: us }`)
  )
  // Two applies: the second one does not know any more what the definition was.
  await scenario.apply('dev')
  const before = told()
  await scenario.authorize('forge', ['dev'], { switchAccount: true }, atBrowser({ account: 'kim' }))
  assert.is(told() - before, 0)
  const { steps } = await scenario.apply('dev')
  assert.equal(
    steps.map(({ what, outcome, detail }) => [what, outcome, detail]),
    [['revoke forge in dev', 'done', null]]
  )
  assert.is(told() - before, 1)
})

test('a service without a way to be told is said, and a key ends where it was given', async () => {
  const scenario = await forged({ connection: separate })
  const { revoked } = await revoke(scenario, 'forge', 'dev')
  assert.is(revoked[0]?.service, 'not-asked')
  assert.match(revoked[0]?.said ?? '', 'Forge has no way to be told')
  const keys = makeScenario(boardFiles([service.origin]))
  await keys.apply('dev')
  await keys.authorize('board1', ['dev'], { from: { key: 'env:ONE' } })
  const ended = await revoke(keys, 'board1', 'dev')
  assert.match(ended.revoked[0]?.said ?? '', 'account settings')
  assert.equal([causes(keys, 'dev'), keys.stored()], [['REVOKED'], []])
})

test('a service that refuses, or does not answer, keeps nothing alive here', async () => {
  for (const status of [403, 503]) {
    const broken = await startService((_, response) => {
      response.writeHead(status, { 'Content-Type': 'application/json' })
      response.end('{"error":"access_denied"}')
    })
    const files = forgeFiles(server.origin, { ends: 'grant', connection: separate })
    const connector = files['connectors/forge.yaml'] ?? ''
    const scenario = makeScenario({
      ...files,
      'connectors/forge.yaml': connector.replace(
        `${server.origin}/token/revocation`,
        `${broken.origin}/revoke`
      )
    })
    await scenario.apply('dev')
    await scenario.authorize('forge', ['dev'], {}, atBrowser())
    const { revoked } = await revoke(scenario, 'forge', 'dev')
    await broken.close()
    assert.is(revoked[0]?.service, 'refused')
    assert.match(revoked[0]?.said ?? '', 'Remove the app in the account settings of Forge')
    assert.equal([causes(scenario, 'dev'), scenario.stored()], [['REVOKED'], []])
    assert.is(broken.seen.length, 1)
    const again = await revoke(scenario, 'forge', 'dev')
    assert.equal(
      again.diagnostics.map(each => each.code),
      ['NOTHING_TO_REVOKE']
    )
  }
})

test('a missing client secret is told by name, and the end here stands', async () => {
  const scenario = await forged({ ends: 'grant', connection: separate })
  const { OAUTH_SECRET: _, ...variables } = scenario.around.variables
  const poor = { ...scenario, around: { ...scenario.around, variables } }
  const { revoked } = await revoke(poor, 'forge', 'dev')
  assert.is(revoked[0]?.service, 'not-asked')
  assert.match(revoked[0]?.said ?? '', 'env:OAUTH_SECRET')
  assert.equal(causes(scenario, 'dev'), ['REVOKED'])
})

test('what is shared ends for all environments at once, if the person says so', async () => {
  const scenario = await forged({ ends: 'grant', connection: 'authorization: shared' })
  const asked: SharedEnd[] = []
  const say = (answer: boolean) => async (end: SharedEnd) => {
    asked.push(end)
    return answer
  }
  const request = { connection: 'forge', environment: 'stage', user: undefined } as const
  const state = scenario.state('shared')
  assert.is(await revokeWorkflow(scenario.around, request, { confirm: say(false) }), null)
  assert.equal([scenario.state('shared'), scenario.stored().length], [state, 1])
  const { revoked } = await revoke(scenario, 'forge', 'stage', { confirm: say(true) })
  assert.equal(asked, [
    { connection: 'forge', user: null, environments: [...environments] },
    { connection: 'forge', user: null, environments: [...environments] }
  ])
  assert.equal(revoked[0]?.environments, [...environments])
  for (const each of environments)
    assert.equal(await dueIn(scenario, each), ['reauthorize REVOKED'])
})

test('a wider authorization that stands beside the one in use ends with it', async () => {
  const scenario = await forged({ ends: 'grant', connection: 'authorization: shared' })
  const wider = forgeConnection('[offline_access, read, write]', 'authorization: shared')
  scenario.write('connections/forge.yaml', wider)
  await scenario.apply('dev')
  await scenario.authorize('forge', ['dev'], {}, atBrowser())
  assert.is(scenario.stored().length, 2)
  const { revoked } = await revoke(scenario, 'forge', 'stage', { confirm: async () => true })
  assert.equal(
    revoked.map(({ service, environments }) => [service, environments]),
    [
      ['ended', ['stage', 'prod']],
      ['ended', ['dev']]
    ]
  )
  assert.equal(causes(scenario, 'shared'), ['REVOKED', 'REVOKED'])
})

async function withUsers(): Promise<Scenario> {
  const scenario = makeScenario(forgeFiles(server.origin, { ends: 'grant', connection: users }))
  await scenario.apply('dev')
  for (const [user, account] of [
    ['jo@example.com', 'jo'],
    ['kim@example.com', 'kim']
  ] as const) {
    await scenario.authorize('forge', ['dev'], { user }, atBrowser({ account }))
  }
  return scenario
}

function peopleIn(scenario: Scenario): readonly number[] {
  const counts = Object.values(scenario.state('dev')?.users ?? {}).flat()
  return counts.map(each => each.count)
}

test("one user's own authorization is ended, and the others stay and are counted", async () => {
  const scenario = await withUsers()
  const { revoked } = await revoke(scenario, 'forge', 'dev', { user: 'jo@example.com' })
  assert.equal(
    revoked.map(({ user, service, account }) => [user, service, account.id]),
    [['jo@example.com', 'ended', 'jo']]
  )
  assert.equal([scenario.stored().length, peopleIn(scenario)], [1, [1]])
  assert.equal(await statusOf(scenario, 'dev', 'jo@example.com'), ['pending', 'never-authorized'])
  assert.equal(await statusOf(scenario, 'dev', 'kim@example.com'), ['connected', null])
  const own = await revoke(scenario, 'forge', 'dev')
  assert.equal(
    own.diagnostics.map(each => each.code),
    ['NOTHING_TO_REVOKE']
  )
})

test('--user is refused where nobody authorizes for themselves', async () => {
  const scenario = await forged({ ends: 'grant', connection: separate }, [])
  const asUser = () => revoke(scenario, 'forge', 'dev', { user: 'jo@example.com' })
  await refuses(asUser, 'USER_NOT_APPLICABLE')
  await refuses(() => revoke(scenario, 'forgy', 'dev'), 'CONNECTION_NOT_RECORDED')
})

test('without a key that opens the slot it ends here, and the service is not told', async () => {
  const scenario = await forged({ ends: 'grant', connection: separate })
  const elsewhere = join(temporaryFolder(), 'config')
  const stranger = { ...scenario, around: { ...scenario.around, configFolder: elsewhere } }
  const before = told()
  const { revoked } = await revoke(stranger, 'forge', 'dev')
  assert.is(revoked[0]?.service, 'not-asked')
  assert.match(
    revoked[0]?.said ?? '',
    'The service was not told, because its credential could not be read'
  )
  assert.equal([told() - before, causes(scenario, 'dev')], [0, ['REVOKED']])
  assert.equal(scenario.stored(), [])
})

test('who may not revoke is told who may, and nothing ends', async () => {
  const scenario = await forged({ ends: 'grant', connection: separate }, ['prod'])
  scenario.write(
    'tieline.yaml',
    `app: { name: Test }
connectors: { custom: true }
members:
  ana@example.com: { role: super-admin }
  dev@example.com: { role: developer }
  jo@example.com: { role: user }
`
  )
  const as = (actor: string): Scenario => ({ ...scenario, around: { ...scenario.around, actor } })
  await refuses(() => revoke(as('dev@example.com'), 'forge', 'prod'), 'ROLE_REFUSED')
  await refuses(() => revoke(as('jo@example.com'), 'forge', 'dev'), 'ROLE_REFUSED')
  await refuses(() => revoke(as('eve@example.com'), 'forge', 'prod'), 'MEMBER_UNKNOWN')
  assert.equal(causes(scenario, 'prod'), [undefined])
})

test('what a plan says is not needed any more is ended at the service too, though the connection is gone', async () => {
  const scenario = makeScenario(forgeFiles(server.origin, { ends: 'grant', connection: separate }))
  await scenario.apply('dev')
  await scenario.authorize('forge', ['dev'], {}, atBrowser())
  const before = told()
  scenario.remove('connections/forge.yaml')
  scenario.write('components/desk.yaml', 'kind: form\nname: Desk\nuses: []\n')
  const { steps } = await scenario.apply('dev')
  assert.equal(
    steps.slice(1).map(({ what, outcome, detail }) => [what, outcome, detail]),
    [['revoke forge in dev', 'done', null]]
  )
  assert.equal([told() - before, causes(scenario, 'dev')], [1, ['REVOKED']])
})

test('what was replaced by a wider consent ends here alone, for at the service both are one grant', async () => {
  const scenario = await forged({ ends: 'grant', connection: separate })
  scenario.write(
    'connections/forge.yaml',
    forgeConnection('[offline_access, read, write]', separate)
  )
  const { steps } = await scenario.apply('dev', { talk: atBrowser() })
  const last = steps.at(-1)
  assert.equal([last?.what, last?.outcome], ['revoke forge in dev', 'done'])
  assert.match(last?.detail ?? '', 'Forge was not told, because that would end forge in dev')
  assert.equal([causes(scenario, 'dev').length, scenario.stored().length], [2, 1])
})

test("what a plan says nobody's users need any more is ended for each of them", async () => {
  const scenario = await withUsers()
  const before = told()
  scenario.remove('connections/forge.yaml')
  scenario.write('components/desk.yaml', 'kind: form\nname: Desk\nuses: []\n')
  const { steps } = await scenario.apply('dev')
  assert.equal(
    steps.slice(1).map(({ what, outcome, detail }) => [what, outcome, detail]),
    [['revoke forge in dev', 'done', null]]
  )
  assert.equal([told() - before, scenario.stored(), peopleIn(scenario)], [2, [], []])
  assert.equal(await dueIn(scenario, 'dev'), [])
})

test.run()
