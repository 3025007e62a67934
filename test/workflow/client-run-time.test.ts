// timeout: 120s
import { readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Environment } from '../../engine/model/generated/types.ts'
import { execWorkflow } from '../../engine/workflow/exec.ts'
import { openConnections } from '../../engine/workflow/open-connections.ts'
import { openRunTime } from '../../engine/workflow/run-time.ts'
import { TielineError } from '../../engine/workflow/tieline-error.ts'
import { tokenWorkflow } from '../../engine/workflow/token.ts'
import { rejects } from '../support/assert.ts'
import { acme, beta, type Clients, makeClients, type Name } from '../support/client-workspace.ts'
import type { OAuthServer } from '../support/oauth-server.ts'
import { startScenarioServer } from '../support/scenario-workspace.ts'
import { refuses } from '../support/state-workspace.ts'

let server: OAuthServer
test.before(async () => {
  server = await startScenarioServer()
})
test.after(() => server.close())

async function authorized(): Promise<Clients> {
  const clients = await makeClients(server)
  await clients.authorize('it', 'forge', [acme])
  await clients.authorize('jo', 'inbox', [acme])
  return clients
}

function token(
  clients: Clients,
  name: Name,
  connection: string,
  environment: Environment,
  user?: string
) {
  return tokenWorkflow(clients.as(name), { connection, environment, user })
}

/** With the application's own key, in nobody's name. */
function asApplication(clients: Clients, connection: string, environment: Environment) {
  const { actor: _, ...own } = clients.as('app')
  const around = { ...own, actor: undefined, variables: {} }
  const runTime = openRunTime(around, { environment, actor: null })
  return runTime.working({ connection, user: 'jo@acme.example' })
}

test("a client's admin and the application use what the client authorized; nobody else does", async () => {
  const clients = await authorized()
  const { accessToken } = await token(clients, 'it', 'forge', acme)
  assert.type(accessToken, 'string')
  const { credential } = await asApplication(clients, 'forge', acme)
  assert.is(credential.secret.kind === 'oauth2' && credential.secret.accessToken, accessToken)
  for (const name of ['ana', 'ada', 'dev', 'uwe', 'jo'] as const) {
    await refuses(() => token(clients, name, 'forge', acme), 'ROLE_REFUSED')
  }
  // Nobody's member: the key decides, and theirs is for their own client.
  await refuses(() => token(clients, 'ib', 'forge', acme), 'VAULT_KEY_WRONG')
  await refuses(() => token(clients, 'it', 'forge', beta), 'NOT_AUTHORIZED')
})

test('who may not use an installation is not told what it has', async () => {
  const clients = await authorized()
  const { message } = await refuses(() => token(clients, 'uwe', 'nothing', acme), 'ROLE_REFUSED')
  assert.not.match(message, 'forge')
  await refuses(() => token(clients, 'it', 'nothing', acme), 'CONNECTION_UNKNOWN')
})

test("a user's own authorization is adopted and used by the application, in the user's name", async () => {
  const clients = await authorized()
  const { user, credential } = await asApplication(clients, 'inbox', acme)
  assert.equal([user, credential.record.account.id], ['jo@acme.example', 'jo'])
  await refuses(() => token(clients, 'it', 'inbox', acme, 'kim@acme.example'), 'NOT_AUTHORIZED')
})

test('to a member of another client, whoever is named has authorized nothing', async () => {
  const clients = await authorized()
  const [jo, kim] = ['jo@acme.example', 'kim@acme.example'] as const
  const told = async (user: string) => {
    const { message } = await refuses(
      () => token(clients, 'ib', 'inbox', acme, user),
      'NOT_AUTHORIZED'
    )
    return message.replaceAll(user, 'USER')
  }
  assert.is(await told(jo), await told(kim))
  // Adopted, it is as little to be seen.
  await asApplication(clients, 'inbox', acme)
  assert.is(await told(jo), await told(kim))
  // Of ours, too.
  await clients.authorize('uwe', 'inbox', ['prod'])
  const ours = () => token(clients, 'ib', 'inbox', 'prod', clients.address('uwe'))
  await refuses(ours, 'NOT_AUTHORIZED')
})

test('a deposit of somebody who is no member of the client is not adopted', async () => {
  const clients = await authorized()
  // Taken out before anybody adopted what they left.
  clients.scenario.write(
    'clients/acme.yaml',
    `name: Acme\nmembers: { it@acme.example: { role: admin, key: ${clients.keyOf('it')} } }\n`
  )
  await refuses(() => asApplication(clients, 'inbox', acme), 'NOT_ADOPTED')
})

test('members are read anew when their file changes, and found under a new name', async () => {
  const clients = await authorized()
  const { actor: _, ...own } = clients.as('it')
  const runTime = openRunTime(
    { ...own, actor: undefined },
    { environment: acme, actor: 'jo@acme.example' }
  )
  const working = () => runTime.working({ connection: 'forge', user: undefined })
  await refuses(working, 'ROLE_REFUSED')
  const file = join(clients.scenario.folder, 'clients/acme.yaml')
  const text = readFileSync(file, 'utf8')
  clients.scenario.write('clients/acme.yaml', text.replace('role: user, key', 'role: admin, key'))
  assert.is((await working()).target.environment, acme)
  clients.scenario.remove('clients/acme.yaml')
  clients.scenario.write('clients/acme_us.yaml', `${text}previously: acme\n`)
  await refuses(working, 'ROLE_REFUSED')
  clients.scenario.write(
    'clients/acme_us.yaml',
    `${text.replace('role: user, key', 'role: admin, key')}previously: acme\n`
  )
  assert.is((await working()).target.environment, acme)
})

test('keys of one client are given by its name, and of all together', async () => {
  const clients = await authorized()
  const { actor: _, ...own } = clients.as('app')
  // A member's name is in the environment of the application: its key is what counts.
  const asAna = (more: string) => {
    clients.write.workspace(more)
    const around = { ...own, actor: undefined }
    const runTime = openRunTime(around, { environment: acme, actor: 'ana@example.com' })
    return runTime.working({ connection: 'forge', user: undefined })
  }
  const key = clients.keyOf('app')
  assert.is((await asAna(`runtime: { clients: [${key}] }\n`)).target.environment, acme)
  assert.is((await asAna(`runtime: { client/acme: [${key}] }\n`)).target.environment, acme)
  await refuses(() => asAna(`runtime: { client/beta: [${key}] }\n`), 'ROLE_REFUSED')
  await refuses(() => asAna(`runtime: { prod: [${key}] }\n`), 'ROLE_REFUSED')
})

test("nothing but the client's own state is needed", async () => {
  const clients = await authorized()
  for (const each of ['dev', 'stage', 'prod', 'shared', 'clients/beta']) {
    clients.scenario.write(`state/${each}.json`, '<<<<<<< ours\n')
  }
  clients.scenario.write('clients/beta.yaml', 'name: [\n')
  clients.scenario.write('connections/forge.yaml', 'connector: [\n')
  const { accessToken } = await token(clients, 'it', 'forge', acme)
  assert.type(accessToken, 'string')
  clients.scenario.write('state/clients/acme.json', '<<<<<<< ours\n')
  await refuses(() => token(clients, 'it', 'forge', acme), 'STATE_CONFLICT')
  clients.scenario.write('clients/acme.yaml', 'name: [\n')
  await rejects(() => token(clients, 'it', 'forge', acme))
})

test('what is wrong with a client stops none of ours', async () => {
  const clients = await makeClients(server)
  await clients.authorize('ana', 'forge', ['prod'])
  clients.scenario.write('state/clients/acme.json', '<<<<<<< ours\n')
  clients.scenario.write('clients/acme.yaml', 'name: [\n')
  const { accessToken } = await token(clients, 'ana', 'forge', 'prod')
  assert.type(accessToken, 'string')
})

test('a program opens the connections of a client, and its variables name the client', async () => {
  const clients = await authorized()
  const identity = join(clients.as('it').configFolder, 'identity')
  const options = { identity, actor: 'it@acme.example' }
  const opened = openConnections(clients.scenario.folder, { ...options, env: acme })
  const text = await opened.connection('forge').token()
  assert.is(text, (await token(clients, 'it', 'forge', acme)).accessToken)
  const answer = await opened.connection('forge').fetch('/whoami')
  assert.is(answer.status, 200)
  for (const env of ['client/', 'client/../acme', 'client/Acme', 'clients/acme', 'client']) {
    const bad = openConnections(clients.scenario.folder, { env: env as Environment })
    const error = await rejects(() => bad.connection('forge').token())
    assert.is(error instanceof TielineError && error.code, 'ENVIRONMENT_UNKNOWN', env)
  }
  const { variables } = await execWorkflow(clients.as('it'), {
    connections: ['forge'],
    environment: acme,
    user: undefined
  })
  assert.is(variables.TIELINE_FORGE_TOKEN, text)
})

test('a token is renewed in the slot of the client', async () => {
  const clients = await authorized()
  const { working } = await token(clients, 'it', 'forge', acme)
  const runTime = openRunTime(clients.as('it'), { environment: acme, actor: 'it@acme.example' })
  const renewed = await runTime.working({
    connection: 'forge',
    user: undefined,
    refused: working.credential
  })
  assert.is(renewed.credential.generation, working.credential.generation + 1)
  assert.is(renewed.credential.slot, acme)
  const again = await asApplication(clients, 'forge', acme)
  assert.is(again.credential.generation, renewed.credential.generation)
})

test('what was read is not read again while the files stay as they are', async () => {
  const clients = await authorized()
  const runTime = openRunTime(clients.as('it'), { environment: acme, actor: 'it@acme.example' })
  const target = async () =>
    (await runTime.working({ connection: 'forge', user: undefined })).target
  const first = await target()
  assert.is(await target(), first)
  // Of other clients and environments nothing is looked at.
  const now = new Date()
  for (const file of ['state/prod.json', 'state/clients/beta.json', 'clients/beta.yaml']) {
    utimesSync(join(clients.scenario.folder, file), now, now)
  }
  assert.is(await target(), first)
  const own = join(clients.scenario.folder, 'state/clients/acme.json')
  utimesSync(own, now, now)
  assert.is.not(await target(), first)
})

test.run()
