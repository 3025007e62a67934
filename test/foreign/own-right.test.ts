import { generateKeyPairSync } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { directoryWorkspace } from '../support/foreign-directory.ts'
import { type Glewlwyd, startGlewlwyd } from '../support/foreign-glewlwyd.ts'
import { untilExpired } from '../support/foreign-glewlwyd-setup.ts'
import type { ForeignWorkspace } from '../support/foreign-workspace.ts'

let server: Glewlwyd
let prepared: ForeignWorkspace

test.before(async () => {
  server = await startGlewlwyd()
  const [connector, client] = ['glewlwyd_robot', 'robot'] as const
  prepared = await directoryWorkspace(server, {
    robot: { connector, client, scopes: ['read'] },
    wide: { connector, client, scopes: ['read', 'write'] },
    brief: { connector, client, scopes: ['read'], instance: 'brief' },
    signed: { connector, client: 'signed', auth: 'assertion', scopes: ['read'] }
  })
})

test.after(() => server.stop())

async function tokenOf(workspace: ForeignWorkspace, connection: string): Promise<string> {
  const { code, stdout, stderr } = await workspace.tieline('token', connection)
  assert.is(code, 0, stderr)
  return stdout.trim()
}

for (const [connection, client] of [
  ['robot', 'robot'],
  ['signed', 'signed']
] as const) {
  test(`an app gets a token in its own name, and nobody is asked: ${connection}`, async () => {
    const workspace = prepared.copy()
    const done = await workspace.tieline('authorize', connection)
    assert.is(done.code, 0, done.stderr)
    assert.equal((await workspace.status(connection)).granted, ['read'])
    const { client_id, scope } = await server.verify('main', await tokenOf(workspace, connection))
    assert.equal([client_id, scope], [client, 'read'])
  })
}

test('scopes that the registration does not have are missing, and nobody claims them', async () => {
  const workspace = prepared.copy()
  const done = await workspace.tieline('authorize', 'wide')
  assert.is(done.code, 0, done.stderr)
  const { granted, missing } = await workspace.status('wide')
  assert.equal([granted, missing], [['read'], ['write']])
})

test('a token that has run out is replaced without a refresh token', async () => {
  const workspace = prepared.copy()
  assert.is((await workspace.tieline('authorize', 'brief')).code, 0)
  const first = await tokenOf(workspace, 'brief')
  await untilExpired('brief')
  const second = await tokenOf(workspace, 'brief')
  assert.is.not(first, second)
  assert.is((await server.verify('brief', second)).client_id, 'robot')
})

test('a wrong client secret is refused, and nothing is stored', async () => {
  const workspace = prepared.copy()
  workspace.set('ROBOT_SECRET', 'not the secret')
  const { code, stdout, stderr } = await workspace.tieline('authorize', 'robot')
  assert.is(code, 1)
  assert.match(stderr, /403[\s\S]*client id or secret is wrong/)
  assert.not.match(stdout + stderr, 'not the secret')
  assert.is(workspace.stored(), 0)
})

test('another private key than the registered one is refused, and nothing is stored', async () => {
  const workspace = prepared.copy()
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  workspace.set('SIGNED_SECRET', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  const { code, stdout, stderr } = await workspace.tieline('authorize', 'signed')
  assert.is(code, 1)
  assert.match(stderr, '403')
  assert.not.match(stdout + stderr, 'PRIVATE KEY')
  assert.is(workspace.stored(), 0)
})

test.run()
