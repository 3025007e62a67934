import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { authorizeInBrowser, directoryWorkspace } from '../support/foreign-directory.ts'
import { type Glewlwyd, startGlewlwyd } from '../support/foreign-glewlwyd.ts'
import { untilExpired } from '../support/foreign-glewlwyd-setup.ts'
import type { ForeignWorkspace } from '../support/foreign-workspace.ts'

let server: Glewlwyd
let prepared: ForeignWorkspace

test.before(async () => {
  server = await startGlewlwyd()
  prepared = await directoryWorkspace(server, {
    people: { scopes: ['openid', 'read'] },
    robot: { connector: 'glewlwyd_robot', client: 'robot', scopes: ['read'] },
    older: { connector: 'glewlwyd_plain', scopes: ['read'] }
  })
})

test.after(() => server.stop())

async function tokenOf(workspace: ForeignWorkspace, connection: string): Promise<string> {
  const { code, stdout, stderr } = await workspace.tieline('token', connection)
  assert.is(code, 0, stderr)
  return stdout.trim()
}

const revoke = (connection: string) => ['revoke', connection, '--auto-approve'] as const

test('revoking ends the refresh token and the access token at the service', async () => {
  const workspace = prepared.copy()
  const before = await server.liveGrants('main')
  assert.is((await authorizeInBrowser(server, workspace, 'people')).code, 0)
  const token = await tokenOf(workspace, 'people')
  assert.is(await server.liveGrants('main'), before + 1)
  assert.ok(await server.isActive('main', token))

  const done = await workspace.tieline(...revoke('people'))
  assert.is(done.code, 0, done.stderr)
  assert.is(await server.liveGrants('main'), before)
  assert.not(await server.isActive('main', token))
  assert.is((await workspace.status('people')).status, 'revoked')
  assert.is((await workspace.tieline('token', 'people')).code, 1)
  assert.match((await workspace.tieline('plan')).stdout, 'people')
})

test("revoking a program's own token ends it at the service", async () => {
  const workspace = prepared.copy()
  assert.is((await workspace.tieline('authorize', 'robot')).code, 0)
  const token = await tokenOf(workspace, 'robot')
  assert.ok(await server.isActive('main', token, 'robot'))
  const done = await workspace.tieline(...revoke('robot'))
  assert.is(done.code, 0, done.stderr)
  assert.not(await server.isActive('main', token, 'robot'))
})

test('where the service refuses to revoke, it is ended here, and that is said', async () => {
  const workspace = prepared.copy()
  const before = await server.liveGrants('main')
  assert.is((await authorizeInBrowser(server, workspace, 'people')).code, 0)
  workspace.set('APP_SECRET', 'not the secret')
  const done = await workspace.tieline(...revoke('people'))
  assert.is(done.code, 0, done.stderr)
  assert.match(done.stdout, /did not end it[\s\S]*401/)
  assert.not.match(done.stdout + done.stderr, 'not the secret')
  assert.is(await server.liveGrants('main'), before + 1)
  assert.is((await workspace.status('people')).status, 'revoked')
})

test('asking the service finds nothing to say about what works', async () => {
  const workspace = prepared.copy()
  assert.is((await authorizeInBrowser(server, workspace, 'older')).code, 0)
  const checked = await workspace.tieline('status', '--refresh')
  assert.is(checked.code, 0, checked.stderr)
  assert.is(checked.stderr, '')
  assert.is((await workspace.status('older')).status, 'connected')
})

// A refresh is answered with status 400 and not a word; introspection tells.
test('asking the service finds that a grant has ended there, and the plan asks for another', async () => {
  const workspace = prepared.copy()
  assert.is((await authorizeInBrowser(server, workspace, 'older')).code, 0)
  await server.endGrants('plain')
  await untilExpired('brief')
  const checked = await workspace.tieline('status', '--refresh')
  assert.is(checked.code, 0, checked.stderr)
  assert.not.match(checked.stderr, 'CHECK_FAILED')
  assert.is((await workspace.status('older')).status, 'needs-reauthorization')
  const planned = await workspace.tieline('plan', '--detailed-exitcode')
  assert.is(planned.code, 2, planned.stdout)
})

test.run()
