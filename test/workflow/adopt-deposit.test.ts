import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openConnections, TielineError } from '../../engine/index.ts'
import type { Credential } from '../../engine/model/credential.ts'
import { type Identity, personIdentity } from '../../engine/vault/person-identity.ts'
import { rejects, temporaryFolder } from '../support/assert.ts'
import {
  aConnector,
  aHub,
  anOAuthSecret,
  aWorkspace,
  type RunTimeWorkspace,
  secret
} from '../support/run-time-workspace.ts'

delete process.env.TIELINE_ENV
delete process.env.TIELINE_ACTOR

interface Team {
  readonly workspace: RunTimeWorkspace
  readonly dev: Identity
  /** As the application, with a key of its own. */
  readonly token: (user?: string) => Promise<string>
}

/** Ana and the application read prod; dev@ is a developer, and jo@ a plain user without a key. */
async function aTeam(level: 'administrator' | 'logged-in-user' = 'administrator'): Promise<Team> {
  const dev = await anIdentity()
  const app = await anIdentity()
  const workspace = aWorkspace(aConnector('http://127.0.0.1:9'), [app.recipient])
  workspace.settings(`app: { name: Test }
members:
  ana@example.com: { role: super-admin }
  dev@example.com: { role: developer, key: ${dev.recipient} }
  jo@example.com: { role: user }
runtime: { prod: [${app.recipient}] }
`)
  workspace.record('prod', {
    hub: aHub({ level }),
    // So that the slot has keys.
    other: aHub({ id: 'other.1' })
  })
  await workspace.authorize('prod', 'other')
  return {
    workspace,
    dev,
    token: user =>
      openConnections(workspace.folder, { env: 'prod', identity: app.secretKey(), user })
        .connection('hub')
        .token()
  }
}

async function anIdentity(): Promise<Identity> {
  return personIdentity({ variable: undefined, configFolder: temporaryFolder() }).ensure()
}

const newer = { at: '2026-02-01T00:00:00.000Z', by: 'dev@example.com' }
const deposited = { secret: anOAuthSecret({ accessToken: 'canary-deposited' }) }

/** What a developer who cannot read prod authorizes there. */
function deposit(
  { workspace, dev }: Team,
  record: Partial<Credential['record']> = {}
): Promise<Credential> {
  const into = workspace.vaultOf('dev@example.com', dev)
  return workspace.authorize('prod', 'hub', deposited, { ...newer, ...record }, into)
}

async function failure(work: () => Promise<unknown>): Promise<TielineError> {
  const error = await rejects(work, each => each instanceof TielineError)
  if (!(error instanceof TielineError)) throw error
  return error
}

function depositsIn({ workspace }: Team): number {
  const names = readdirSync(join(workspace.folder, '.tieline/vault'))
  return names.filter(each => each.endsWith('.deposit.json')).length
}

test('the application adopts what a developer deposited, and uses it from then on', async () => {
  const team = await aTeam()
  await deposit(team)
  assert.is(depositsIn(team), 1)
  assert.is(await team.token(), 'canary-deposited')
  assert.is(depositsIn(team), 0)
  assert.is(await team.token(), 'canary-deposited')
})

test('a deposit for another account is refused, and the older credential goes on', async () => {
  const team = await aTeam()
  await team.workspace.authorize('prod', 'hub')
  await deposit(team, { account: { id: '2', name: 'else@example.com' } })
  assert.is(await team.token(), secret)
  assert.is(await team.token(), secret)
  assert.is(depositsIn(team), 1)
})

test('it goes on too where the deposit was asked for more scopes', async () => {
  const team = await aTeam()
  await team.workspace.authorize('prod', 'hub')
  team.workspace.record('prod', { hub: aHub({ scopes: ['read', 'write'] }) })
  await deposit(team, { account: { id: '2', name: 'else@example.com' } })
  assert.is(await team.token(), secret)
})

test('a deposit for another account is adopted where the depositor said that it shall change', async () => {
  const team = await aTeam()
  await team.workspace.authorize('prod', 'hub')
  const vault = team.workspace.vaultOf('dev@example.com', team.dev)
  const switching = {
    ...vault,
    store: (credential: Credential) => vault.store(credential, { switchAccount: true })
  }
  const record = { ...newer, account: { id: '2', name: 'else@example.com' } }
  await team.workspace.authorize('prod', 'hub', deposited, record, switching)
  assert.is(await team.token(), 'canary-deposited')
})

test('where nothing older serves, a refused deposit is told with the reason', async () => {
  const team = await aTeam()
  await deposit(team)
  team.workspace.settings(`app: { name: Test }
members:
  ana@example.com: { role: super-admin }
  dev@example.com: { role: user, key: ${team.dev.recipient} }
`)
  const { code, detail } = await failure(() => team.token())
  assert.is(code, 'NOT_ADOPTED')
  assert.match(detail, 'dev@example.com deposited it, whose role may not authorize there.')
  assert.match(detail, '\n    tieline authorize hub -e prod')
  assert.is(depositsIn(team), 1)
})

test('a deposit that says that somebody else authorized it is not adopted', async () => {
  const team = await aTeam()
  await deposit(team, { by: 'ana@example.com' })
  const { code, detail } = await failure(() => team.token())
  assert.is(code, 'NOT_ADOPTED')
  assert.match(detail, 'it says that ana@example.com authorized it')
})

test('a deposit of somebody who is no member any more is not adopted', async () => {
  const team = await aTeam()
  await deposit(team)
  team.workspace.settings(
    'app: { name: Test }\nmembers: { ana@example.com: { role: super-admin } }\n'
  )
  assert.is((await failure(() => team.token())).code, 'NOT_ADOPTED')
})

test('a deposit for something else than what is recorded now is not adopted', async () => {
  const team = await aTeam()
  const { id, record } = await deposit(team, { basis: { ...aBasis(), clientId: 'env:OTHER' } })
  // State was made to say that it fits; the sealed part knows better.
  team.workspace.state('prod', { authorizations: { [id]: { ...record, basis: aBasis() } } })
  const { code, detail } = await failure(() => team.token())
  assert.is(code, 'NOT_ADOPTED')
  assert.match(detail, 'the connection changed in between')
})

function aBasis(): Credential['record']['basis'] {
  return {
    connector: 'hub',
    auth: 'oauth2',
    origins: ['http://127.0.0.1:9'],
    parameters: {},
    clientId: 'env:HUB_ID'
  }
}

test('who cannot read the slot is told to wait for somebody who can', async () => {
  const team = await aTeam()
  await deposit(team)
  const connections = openConnections(team.workspace.folder, {
    env: 'prod',
    identity: team.dev.secretKey()
  })
  assert.is((await failure(() => connections.connection('hub').token())).code, 'NOT_ADOPTED')
  assert.is(depositsIn(team), 1)
})

test('a user without a key deposits their own sign-in, and it replaces their older one', async () => {
  const team = await aTeam('logged-in-user')
  const user = 'jo@example.com'
  const key = await anIdentity()
  const into = team.workspace.vaultOf(user, key, false)
  await team.workspace.authorize('prod', 'hub', { user }, { by: user })
  assert.is(await team.token(user), secret)
  await team.workspace.authorize(
    'prod',
    'hub',
    { ...deposited, user },
    { ...newer, by: user },
    into
  )
  assert.is(await team.token(user), 'canary-deposited')
  assert.is(depositsIn(team), 0)
  const { files } = await team.workspace.vault.list()
  assert.is(files.filter(each => each.user === user).length, 1)
})

test('where one person works alone, nobody leaves a deposit in their name', async () => {
  const workspace = aWorkspace(aConnector('http://127.0.0.1:9'))
  const user = 'ana@example.com'
  workspace.record('prod', { hub: aHub({ level: 'logged-in-user' }) })
  await workspace.authorize('prod', 'hub', { user })
  const forger = workspace.vaultOf(user, await anIdentity(), false)
  await workspace.authorize('prod', 'hub', { ...deposited, user }, { ...newer, by: user }, forger)
  const identity = join(workspace.configFolder, 'identity')
  const connections = openConnections(workspace.folder, { env: 'prod', identity, user })
  assert.is(await connections.connection('hub').token(), secret)
})

test('another reader that adopts it is noticed', async () => {
  const team = await aTeam()
  await team.workspace.authorize('prod', 'hub')
  await deposit(team)
  const dev = openConnections(team.workspace.folder, {
    env: 'prod',
    identity: team.dev.secretKey()
  }).connection('hub')
  await failure(() => dev.token())
  const tokens = await Promise.all(Array.from({ length: 4 }, () => team.token()))
  assert.equal(new Set(tokens), new Set(['canary-deposited']))
})

test('a member whose role may not read is refused by name of the roles that may, the application is not', async () => {
  const team = await aTeam()
  await team.workspace.authorize('prod', 'hub')
  const identity = join(team.workspace.configFolder, 'identity')
  const as = (actor: string) =>
    openConnections(team.workspace.folder, { env: 'prod', identity, actor })
      .connection('hub')
      .token()
  const { code, detail } = await failure(() => as('dev@example.com'))
  assert.is(code, 'ROLE_REFUSED')
  assert.match(detail, 'a super admin or an admin')
  assert.is(await as('ana@example.com'), secret)
  assert.is(await as('nobody@example.com'), secret)
  assert.is(await team.token(), secret)
})

test.run()
