import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { authorizeInBrowser, directoryWorkspace } from '../support/foreign-directory.ts'
import { type Glewlwyd, type Habit, startGlewlwyd } from '../support/foreign-glewlwyd.ts'
import { untilExpired } from '../support/foreign-glewlwyd-setup.ts'
import { type ForeignWorkspace, headersIn } from '../support/foreign-workspace.ts'

let server: Glewlwyd
let prepared: ForeignWorkspace

test.before(async () => {
  server = await startGlewlwyd()
  prepared = await directoryWorkspace(server, {
    brief: { scopes: ['read'], instance: 'brief' },
    told: { scopes: ['read'], instance: 'brief', auth: 'code-raw' },
    lasting: { scopes: ['openid'], instance: 'lasting' },
    older: { scopes: ['read'], connector: 'glewlwyd_plain' }
  })
})

test.after(() => server.stop())

async function authorize(workspace: ForeignWorkspace, connection: string): Promise<void> {
  const { code, stderr } = await authorizeInBrowser(server, workspace, connection)
  assert.is(code, 0, stderr)
}

async function tokenOf(workspace: ForeignWorkspace, connection: string): Promise<string> {
  const { code, stdout, stderr } = await workspace.tieline('token', connection)
  assert.is(code, 0, stderr)
  return stdout.trim()
}

async function whoIs(instance: Habit, token: string): Promise<Response> {
  const headers = { Authorization: `Bearer ${token}` }
  return fetch(`${server.base(instance)}/userinfo`, { headers })
}

test('a refresh token that serves once is followed by the next, and one that stays is kept', async () => {
  const workspace = prepared.copy()
  const instances = ['brief', 'lasting'] as const
  for (const instance of instances) await authorize(workspace, instance)
  const tokens = { brief: [''], lasting: [''] }
  for (let round = 0; round < 3; round++) {
    if (round > 0) await untilExpired('brief')
    for (const instance of instances) {
      const token = await tokenOf(workspace, instance)
      assert.is((await whoIs(instance, token)).status, 200, instance)
      tokens[instance][round] = token
    }
  }
  for (const instance of instances) {
    assert.is(new Set(tokens[instance]).size, 3, instance)
    assert.is((await whoIs(instance, tokens[instance][0] ?? '')).status, 401, instance)
  }
})

test('an older server without issuer and OpenID Connect is authorized and refreshed', async () => {
  const workspace = prepared.copy()
  await authorize(workspace, 'older')
  assert.equal((await workspace.status('older')).account, { id: 'ana', name: 'Ana' })
  await untilExpired('brief')
  const { stdout } = await workspace.tieline('token', 'older', '--headers')
  const answer = await fetch(`${server.base('plain')}/profile`, { headers: headersIn(stdout) })
  assert.equal(await answer.json(), { username: 'ana', name: 'Ana', email: 'ana@example.com' })
})

test('a refresh refused without a word is the end of the grant where introspection says so', async () => {
  const workspace = prepared.copy()
  await authorize(workspace, 'told')
  await server.endGrants('brief')
  await untilExpired('brief')
  const refused = await workspace.tieline('token', 'told')
  assert.is(refused.code, 1)
  assert.match(refused.stderr, 'NEEDS_REAUTHORIZATION')
  assert.is((await workspace.status('told')).status, 'needs-reauthorization')
  await authorize(workspace, 'told')
  assert.is((await workspace.tieline('token', 'told')).code, 0)
})

// Dead refresh tokens and wrong clients read the same here: status 400, and not a word.
test('a wrong client is no end of a grant that introspection does not speak of', async () => {
  const workspace = prepared.copy()
  await authorize(workspace, 'older')
  await untilExpired('brief')
  workspace.set('APP_SECRET', 'not the secret')
  assert.is((await workspace.tieline('token', 'older')).code, 1)
  assert.is((await workspace.status('older')).status, 'connected')
})

test('a refresh that is refused without a word is no end of the grant where nobody can be asked', async () => {
  const workspace = prepared.copy()
  await authorize(workspace, 'brief')
  await server.endGrants('brief')
  await untilExpired('brief')
  const refused = await workspace.tieline('token', 'brief')
  assert.is(refused.code, 1)
  assert.match(refused.stderr, /PROVIDER_ANSWER_BROKEN[\s\S]*400/)
  assert.is((await workspace.status('brief')).status, 'connected')
  await authorize(workspace, 'brief')
  assert.is((await workspace.tieline('token', 'brief')).code, 0)
})

test.run()
