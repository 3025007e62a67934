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
  const connector = 'glewlwyd_strict'
  prepared = await directoryWorkspace(server, {
    bound: { connector, scopes: ['openid', 'read'] }
  })
})

test.after(() => server.stop())

test('a request is pushed, and the tokens are bound to a key that each request proves', async () => {
  const workspace = prepared.copy()
  const { code, stderr } = await authorizeInBrowser(server, workspace, 'bound')
  assert.is(code, 0, stderr)
  assert.match(stderr, /request_uri=urn/)
  assert.not.match(stderr, 'redirect_uri')
  assert.is((await workspace.status('bound')).account?.name, 'Ana')
  const token = (await workspace.tieline('token', 'bound')).stdout.trim()
  for (const scheme of ['Bearer', 'DPoP']) {
    const headers = { Authorization: `${scheme} ${token}` }
    const stolen = await fetch(`${server.base('strict')}/userinfo`, { headers })
    assert.is(stolen.status, 401, scheme)
  }
  const asked = await workspace.tieline('request', 'bound', 'GET', '/userinfo')
  assert.is(asked.code, 0, asked.stderr)
  assert.match(asked.stdout, '"name":"Ana"')
})

test('a bound token is refreshed with the same key', async () => {
  const workspace = prepared.copy()
  assert.is((await authorizeInBrowser(server, workspace, 'bound')).code, 0)
  const first = (await workspace.tieline('token', 'bound')).stdout
  await untilExpired('strict')
  const asked = await workspace.tieline('request', 'bound', 'GET', '/userinfo')
  assert.is(asked.code, 0, asked.stderr)
  assert.is.not((await workspace.tieline('token', 'bound')).stdout, first)
})

test.run()
