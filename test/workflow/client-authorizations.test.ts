// timeout: 120s
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Diagnostic, Refusal } from '../../engine/model/diagnostic.ts'
import type { Slot } from '../../engine/model/generated/types.ts'
import { verifyWorkflow } from '../../engine/workflow/state.ts'
import { statusWorkflow } from '../../engine/workflow/status.ts'
import { statusByWorkflow } from '../../engine/workflow/status-by.ts'
import { typesWorkflow } from '../../engine/workflow/types.ts'
import { rejects } from '../support/assert.ts'
import {
  acme,
  beta,
  type Clients,
  codesOf,
  makeClients,
  type Name
} from '../support/client-workspace.ts'
import type { OAuthServer } from '../support/oauth-server.ts'
import { startScenarioServer } from '../support/scenario-workspace.ts'
import { operationsOf, refuses } from '../support/state-workspace.ts'

let server: OAuthServer
test.before(async () => {
  server = await startScenarioServer()
})
test.after(() => server.close())

function told(): number {
  return server.requests.filter(each => each === 'POST /token/revocation').length
}

/** Status of connections as somebody sees them: connection, word, cause. */
async function seen(clients: Clients, name: Name, only: readonly Slot[] = [], refresh = false) {
  const environments = only.filter(each => each !== 'shared')
  const { status } = await statusWorkflow(clients.as(name), environments, clients.address(name), {
    refresh
  })
  return status.environments.map(({ environment, connections }) => [
    environment,
    ...connections.map(each => `${each.connection} ${each.status}`)
  ])
}

function records({ scenario }: Clients, slot: Slot) {
  return Object.values(scenario.state(slot)?.authorizations ?? {})
}

async function refusal(work: () => Promise<unknown>): Promise<Diagnostic> {
  const error = await rejects(work)
  const [first] = error instanceof Refusal ? error.diagnostics : []
  if (first === undefined) throw error
  return first
}

test("a client's admin authorizes for the client alone, and nobody else's environment runs on it", async () => {
  const clients = await makeClients(server)
  const { consents } = await clients.authorize('it', 'forge', [acme])
  assert.equal(
    consents.map(({ slots, adopted }) => [slots, adopted]),
    [[[acme], true]]
  )
  assert.equal(
    records(clients, acme).map(each => each.by),
    ['it@acme.example']
  )
  for (const slot of ['shared', 'dev', 'prod', beta] as const) {
    assert.equal(records(clients, slot), [])
  }
  assert.equal(await seen(clients, 'ana', ['prod', acme, beta]), [
    ['prod', 'forge pending', 'inbox pending'],
    [acme, 'forge connected', 'inbox pending'],
    [beta, 'forge pending', 'inbox pending']
  ])
})

test('what we authorized never serves a client', async () => {
  const clients = await makeClients(server)
  await clients.authorize('ana', 'forge', ['prod'])
  assert.equal(await seen(clients, 'ana', ['prod', acme]), [
    ['prod', 'forge connected', 'inbox pending'],
    [acme, 'forge pending', 'inbox pending']
  ])
})

test('who is no member of the client is refused, and told who may', async () => {
  const clients = await makeClients(server)
  const before = server.requests.length
  for (const name of ['ana', 'ada', 'dev', 'uwe', 'jo', 'ib'] as const) {
    const { code, detail } = await refusal(() => clients.authorize(name, 'forge', [acme]))
    assert.is(code, 'ROLE_REFUSED', name)
    assert.match(detail, 'an admin of client/acme', name)
  }
  await refuses(() => clients.authorize('app', 'forge', [acme]), 'MEMBER_UNKNOWN')
  await refuses(() => clients.authorize('it', 'forge', ['prod']), 'ROLE_REFUSED')
  const forKim = { user: 'kim@acme.example' }
  await refuses(() => clients.authorize('jo', 'inbox', [acme], forKim), 'ROLE_REFUSED')
  assert.is(server.requests.length, before)
})

test('a client that is not there, and one that is not installed, are told apart', async () => {
  const clients = await makeClients(server)
  clients.scenario.write(
    'clients/gamma.yaml',
    'name: Gamma\nmembers: { it@acme.example: { role: admin } }\n'
  )
  await refuses(() => clients.authorize('it', 'forge', ['client/gamma']), 'CLIENT_NOT_INSTALLED')
  const { code, detail } = await refusal(() => seen(clients, 'ana', ['client/acne']))
  assert.is(code, 'CLIENT_UNKNOWN')
  assert.match(detail, 'acme')
  assert.equal(await seen(clients, 'it'), [
    [acme, 'forge pending', 'inbox pending'],
    ['client/gamma']
  ])
})

test('of the same person, prod and the client get a consent each', async () => {
  const clients = await makeClients(server)
  clients.write.acme(`  ana@example.com: { role: admin, key: ${clients.keyOf('ana')} }\n`)
  await clients.scenario.apply(acme)
  const { consents } = await clients.authorize('ana', 'forge', ['prod', acme])
  assert.equal(
    consents.map(({ slots, adopted }) => [slots, adopted]),
    [
      [['shared'], true],
      [[acme], false]
    ]
  )
  const [ours, theirs] = [records(clients, 'shared')[0], records(clients, acme)[0]]
  assert.equal([ours?.account.id, theirs?.account.id], ['ana', 'ana'])
  assert.is.not(ours?.at, theirs?.at)
})

test('one environment that may not be authorized refuses all of a command', async () => {
  const clients = await makeClients(server)
  await refuses(() => clients.authorize('ana', 'forge', ['prod', acme]), 'ROLE_REFUSED')
  assert.equal([records(clients, 'shared'), clients.scenario.stored()], [[], []])
})

test("a client's users authorize for themselves without reading anything, and its admin takes that in", async () => {
  const clients = await makeClients(server)
  for (const name of ['jo', 'kim'] as const) {
    const { consents } = await clients.authorize(name, 'inbox', [acme])
    assert.equal(
      consents.map(({ slots, user, adopted }) => [slots, user, adopted]),
      [[[acme], clients.address(name), false]]
    )
  }
  const { status } = await statusWorkflow(clients.as('jo'), [acme], 'jo@acme.example')
  const [line] = status.environments[0]?.connections ?? []
  assert.equal([line?.connection, line?.adopted, line?.users], ['inbox', false, 2])
  await seen(clients, 'it', [acme], true)
  const { status: after } = await statusWorkflow(clients.as('jo'), [acme], 'jo@acme.example')
  assert.is(after.environments[0]?.connections[0]?.adopted, true)
  const counts = Object.values(clients.scenario.state(acme)?.users ?? {}).flat()
  assert.equal(
    counts.map(each => each.count),
    [2]
  )
  assert.equal(clients.scenario.state('shared')?.users ?? {}, {})
})

test("each sees what is theirs: an admin all of the client's, a user what users authorize, ours as their role says", async () => {
  const clients = await makeClients(server)
  const [all, own] = [[[acme, 'forge pending', 'inbox pending']], [[acme, 'inbox pending']]]
  assert.equal(await seen(clients, 'it'), all)
  assert.equal(await seen(clients, 'it', [acme]), all)
  assert.equal(await seen(clients, 'jo'), own)
  assert.equal(await seen(clients, 'jo', [acme]), own)
  for (const name of ['ana', 'ada', 'dev'] as const) {
    assert.equal(await seen(clients, name, [acme]), all)
    assert.equal(
      (await seen(clients, name)).map(([environment]) => environment),
      ['dev', 'stage', 'prod']
    )
  }
  for (const [name, environment] of [
    ['it', 'prod'],
    ['it', beta],
    ['jo', 'dev'],
    ['ib', acme],
    ['uwe', acme]
  ] as const) {
    await refuses(() => seen(clients, name, [environment]), 'ROLE_REFUSED')
  }
  await refuses(() => seen(clients, 'app', [acme]), 'MEMBER_UNKNOWN')
  assert.is((await seen(clients, 'app', ['prod'])).length, 1)
})

test("what a client's own state has wrong stops nobody else", async () => {
  const clients = await makeClients(server)
  clients.scenario.write('state/clients/beta.json', '<<<<<<< ours\n')
  const { status, diagnostics } = await statusWorkflow(
    clients.as('ana'),
    ['dev'],
    'ana@example.com'
  )
  assert.equal([status.environments.length, codesOf(diagnostics)], [1, []])
  assert.equal((await seen(clients, 'it')).length, 1)
  await refuses(() => seen(clients, 'ana', [beta]), 'STATE_CONFLICT')
  clients.scenario.write('state/dev.json', '<<<<<<< ours\n')
  assert.equal((await seen(clients, 'it')).length, 1)
  await refuses(() => seen(clients, 'ana', ['prod']), 'STATE_CONFLICT')
})

test('services are asked about a client by its admin, and by ours about ours', async () => {
  const clients = await makeClients(server)
  await clients.authorize('it', 'forge', [acme])
  await clients.authorize('ana', 'forge', ['prod'])
  for (const name of ['ana', 'jo', 'ib'] as const) {
    await refuses(() => seen(clients, name, [acme], true), 'ROLE_REFUSED')
  }
  await refuses(() => seen(clients, 'jo', [], true), 'ROLE_REFUSED')
  const before = server.requests.length
  assert.equal(await seen(clients, 'it', [acme], true), [
    [acme, 'forge connected', 'inbox pending']
  ])
  assert.is(server.requests.slice(before).filter(each => each === 'GET /whoami').length, 1)
  const { diagnostics } = await statusWorkflow(clients.as('ana'), [], 'ana@example.com', {
    refresh: true
  })
  assert.equal(codesOf(diagnostics), [])
  assert.is(server.requests.slice(before).filter(each => each === 'GET /whoami').length, 2)
})

test("a client's authorization is ended by its admin, a user's by themselves, and by none of ours", async () => {
  const clients = await makeClients(server)
  await clients.authorize('it', 'forge', [acme])
  await clients.authorize('jo', 'inbox', [acme])
  for (const name of ['ana', 'ada', 'dev', 'jo', 'ib'] as const) {
    await refuses(() => clients.revoke(name, 'forge', acme), 'ROLE_REFUSED')
  }
  await refuses(() => clients.revoke('ana', 'inbox', acme, 'jo@acme.example'), 'ROLE_REFUSED')
  await refuses(() => clients.revoke('kim', 'inbox', acme, 'jo@acme.example'), 'ROLE_REFUSED')
  const before = told()
  const theirs = await clients.revoke('it', 'forge', acme)
  assert.equal(
    theirs?.revoked.map(({ slot, service, environments }) => [slot, service, environments]),
    [[acme, 'ended', [acme]]]
  )
  assert.is(told() - before, 1)
  assert.is(records(clients, acme)[0]?.ended?.cause, 'REVOKED')
  const own = await clients.revoke('jo', 'inbox', acme)
  assert.equal(
    own?.revoked.map(({ slot, user }) => [slot, user]),
    [[acme, 'jo@acme.example']]
  )
  assert.equal(clients.scenario.stored(), [])
})

test('a grant that others live on is not ended at the service, and who may not see them is not told who', async () => {
  const clients = await makeClients(server)
  const consent = { account: 'common' }
  await clients.authorize('ana', 'forge', ['prod'], {}, consent)
  await clients.authorize('it', 'forge', [acme], {}, consent)
  await clients.authorize('ib', 'forge', [beta], {}, consent)
  const before = told()
  const theirs = await clients.revoke('it', 'forge', acme)
  const [end] = theirs?.revoked ?? []
  assert.is(end?.service, 'not-asked')
  assert.match(end?.said ?? '', 'another authorization of this app')
  assert.not.match(end?.said ?? '', /prod|shared|beta|Account of/)
  const ours = await clients.revoke('ana', 'forge', 'prod')
  assert.match(ours?.revoked[0]?.said ?? '', 'forge in client/beta (Account of common)')
  const last = await clients.revoke('ib', 'forge', beta)
  assert.equal([last?.revoked[0]?.service, told() - before], ['ended', 1])
})

test('names that tieline gives to accounts count for each client by itself', async () => {
  const clients = await makeClients(server)
  const file = 'connectors/forge.yaml'
  const text = readFileSync(join(clients.scenario.folder, file), 'utf8')
  clients.scenario.write(file, text.replace(/\n\s+account: .*/, ''))
  for (const each of ['dev', 'stage', 'prod', acme, beta] as const) {
    await clients.scenario.apply(each)
  }
  const named = async (name: Name, environment: 'prod' | typeof acme | typeof beta) =>
    (await clients.authorize(name, 'forge', [environment])).consents[0]?.account.name
  assert.equal(
    [await named('ana', 'prod'), await named('it', acme), await named('ib', beta)],
    ['Forge Account 1', 'Forge Account 1', 'Forge Account 1']
  )
})

test('all that a person of a client authorized is told to ours and to the client, with the commands', async () => {
  const clients = await makeClients(server)
  await clients.authorize('it', 'forge', [acme])
  await clients.authorize('it', 'inbox', [acme])
  await clients.authorize('jo', 'inbox', [acme])
  await clients.authorize('ana', 'forge', ['prod'])
  const by = async (viewer: Name, person: Name) => {
    const found = await statusByWorkflow(clients.as(viewer), clients.address(person))
    const lines = found.status.authorizations.map(each => [each.connection, each.slot, each.state])
    return [lines, codesOf(found.diagnostics)]
  }
  const both = [
    ['forge', acme, 'in-use'],
    ['inbox', acme, 'own']
  ]
  assert.equal(await by('ana', 'it'), [both, ['STILL_MEMBER']])
  assert.equal(await by('it', 'it'), [both, ['STILL_MEMBER']])
  assert.equal(await by('it', 'jo'), [[['inbox', acme, 'own']], ['STILL_MEMBER']])
  assert.equal(await by('jo', 'jo'), [[['inbox', acme, 'own']], []])
  assert.equal(await by('jo', 'it'), [[], []])
  assert.equal(await by('ib', 'it'), [[], []])
  assert.equal(await by('uwe', 'it'), [[], []])
  assert.equal(await by('it', 'ana'), [[], []])
  const { status } = await statusByWorkflow(clients.as('ana'), 'it@acme.example')
  assert.equal(status.authorizations[0]?.commands, [
    'tieline authorize forge -e client/acme --switch-account'
  ])
})

test('removing a client ends here what only its own people can read, and says what is left at the service', async () => {
  const clients = await makeClients(server)
  await clients.authorize('it', 'forge', [acme])
  await clients.authorize('jo', 'inbox', [acme])
  await seen(clients, 'it', [acme], true)
  await clients.authorize('ib', 'forge', [beta], {}, { account: 'other' })
  clients.scenario.remove('clients/acme.yaml')
  const before = told()
  const { steps } = await clients.scenario.apply(acme)
  const ends = steps.filter(each => each.what.startsWith('revoke'))
  assert.equal(
    ends.map(({ what, outcome }) => [what, outcome]),
    [
      ['revoke forge in client/acme', 'done'],
      ['revoke inbox in client/acme', 'done']
    ]
  )
  for (const { detail } of ends) {
    assert.match(detail ?? '', 'only the admins of client/acme can read this credential')
    assert.match(detail ?? '', 'stays at the service until the client ends it there')
  }
  assert.is(told(), before)
  assert.is(clients.scenario.stored().length, 1)
  assert.equal(
    records(clients, acme).map(each => each.ended?.cause),
    ['REVOKED']
  )
  assert.equal(clients.scenario.state(acme)?.users, {})
  const operations = await operationsOf(clients.scenario.folder, acme)
  assert.equal(operations.slice(-3), ['apply client/acme', 'revoke forge', 'revoke inbox'])
  assert.equal(codesOf(await verifyWorkflow(clients.as('ana'))), [])
})

test('where the key opens it, removing a client ends it at the service too', async () => {
  const clients = await makeClients(server, true)
  await clients.authorize('ana', 'forge', [acme])
  await clients.authorize('ana', 'inbox', [acme], {}, { account: 'second' })
  clients.scenario.remove('clients/acme.yaml')
  const before = told()
  const { steps } = await clients.scenario.apply(acme)
  assert.equal(
    steps
      .filter(each => each.what.startsWith('revoke'))
      .map(({ outcome, detail }) => [outcome, detail]),
    [
      ['done', null],
      ['done', null]
    ]
  )
  assert.equal([told() - before, clients.scenario.stored()], [2, []])
})

test('a client that goes on under another name keeps what it authorized', async () => {
  const clients = await makeClients(server)
  await clients.authorize('it', 'forge', [acme])
  const spec = readFileSync(join(clients.scenario.folder, 'clients/acme.yaml'), 'utf8')
  clients.scenario.remove('clients/acme.yaml')
  clients.scenario.write('clients/acme_us.yaml', `${spec}previously: acme\n`)
  // Still to be applied: its people go on as before.
  assert.equal(await seen(clients, 'it'), [[acme, 'forge connected', 'inbox pending']])
  await clients.scenario.apply('client/acme_us')
  assert.equal(await seen(clients, 'it'), [['client/acme_us', 'forge connected', 'inbox pending']])
  const end = await clients.revoke('it', 'forge', 'client/acme_us')
  assert.is(end?.revoked[0]?.service, 'ended')
})

test('credentials of a client whose state was lost are left alone, and verify says so', async () => {
  const clients = await makeClients(server)
  await clients.authorize('it', 'forge', [acme])
  await clients.authorize('jo', 'inbox', [acme])
  const { folder } = clients.scenario
  const file = join(folder, 'state/clients/acme.json')
  renameSync(file, join(folder, 'lost.json'))
  const before = readdirSync(join(folder, '.tieline/vault'))
  const found = await verifyWorkflow(clients.as('ana'))
  const [orphaned] = found.filter(each => each.code === 'ORPHANED_CREDENTIALS')
  assert.match(orphaned?.detail ?? '', '2 credentials belong')
  for (const id of clients.scenario.stored()) {
    assert.match(orphaned?.detail ?? '', `rm .tieline/vault/${id}.*`)
  }
  assert.equal((await seen(clients, 'ana')).length, 3)
  const { status } = await statusByWorkflow(clients.as('ana'), 'it@acme.example')
  assert.equal(status.authorizations, [])
  await clients.authorize('ana', 'forge', ['prod'], {}, { account: 'it' })
  const end = await clients.revoke('ana', 'forge', 'prod')
  assert.match(end?.revoked[0]?.said ?? '', 'an installation that is not here')
  const left = readdirSync(join(folder, '.tieline/vault')).filter(name => !name.endsWith('.gone'))
  assert.equal(left, before)
  assert.not.ok(existsSync(file))
  renameSync(join(folder, 'lost.json'), file)
  const after = await verifyWorkflow(clients.as('ana'))
  assert.not.ok(after.some(each => each.code === 'ORPHANED_CREDENTIALS'))
  assert.equal(await seen(clients, 'it'), [[acme, 'forge connected', 'inbox pending']])
})

test('what a run that was cut off stored for a client is recorded for the client', async () => {
  const clients = await makeClients(server)
  const { folder } = clients.scenario
  const before = readFileSync(join(folder, 'state/clients/acme.json'), 'utf8')
  await clients.authorize('it', 'forge', [acme])
  clients.scenario.write('state/clients/acme.json', before)
  rmSync(join(folder, 'state/history/clients/acme.jsonl'), { force: true })
  // Nobody else can read it, so nobody else mends it.
  await verifyWorkflow(clients.as('ana'))
  assert.equal(records(clients, acme), [])
  assert.equal(codesOf((await clients.authorize('it', 'inbox', [acme])).diagnostics), [
    'RECORDS_MENDED'
  ])
  assert.equal(await seen(clients, 'it'), [[acme, 'forge connected', 'inbox connected']])
  assert.equal(records(clients, 'shared'), [])
})

test('types are made of what a client has recorded, as far as somebody sees it', async () => {
  const clients = await makeClients(server)
  clients.scenario.remove('connections/inbox.yaml')
  clients.scenario.write('components/desk.yaml', 'kind: form\nname: Desk\nuses: [forge]\n')
  const typesOf = (name: Name, environment?: typeof acme) =>
    typesWorkflow(clients.as(name), environment ?? null)
  assert.not.match(await typesOf('ana'), 'inbox')
  assert.match(await typesOf('ana', acme), /forge: \{[\s\S]*inbox: \{/)
  assert.not.match(await typesOf('jo', acme), 'forge:')
  await refuses(() => typesOf('ib', acme), 'ROLE_REFUSED')
})

test.run()
