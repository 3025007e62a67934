import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { giveConsent } from '../support/foreign-consent.ts'
import { authorizeInBrowser, directoryWorkspace } from '../support/foreign-directory.ts'
import { type Glewlwyd, startGlewlwyd } from '../support/foreign-glewlwyd.ts'
import type { ForeignWorkspace } from '../support/foreign-workspace.ts'

let server: Glewlwyd
let prepared: ForeignWorkspace

test.before(async () => {
  server = await startGlewlwyd()
  const connector = 'glewlwyd_device'
  prepared = await directoryWorkspace(server, {
    either: { connector, scopes: ['openid', 'read'] },
    device: { connector, auth: 'device', scopes: ['read'] }
  })
})

test.after(() => server.stop())

for (const [connection, flags] of [
  ['either', ['--method', 'device']],
  ['device', []]
] as const) {
  test(`a code is entered on another device: ${connection}`, async () => {
    const workspace = prepared.copy()
    const running = workspace.start('authorize', connection, ...flags)
    const [address] = await running.says(/http:\S+\/device\?code=\S+/)
    // The first question comes too early, the second too soon after it.
    await new Promise(resolve => setTimeout(resolve, 1200))
    await giveConsent(address, server.person)
    const { code, stderr } = await running.ends
    assert.is(code, 0, stderr)
    assert.is((await workspace.status(connection)).account?.name, 'Ana')
    const token = await workspace.tieline('token', connection)
    assert.ok(await server.isActive('main', token.stdout.trim()))
  })
}

test('the same connection can be authorized in a browser, at a redirect of another name and path', async () => {
  const workspace = prepared.copy()
  const { code, stderr } = await authorizeInBrowser(server, workspace, 'either')
  assert.is(code, 0, stderr)
  assert.is((await workspace.status('either')).status, 'connected')
})

test('a wrong client secret is refused before anybody is asked to enter a code', async () => {
  const workspace = prepared.copy()
  workspace.set('APP_SECRET', 'not the secret')
  const { code, stdout, stderr } = await workspace.tieline('authorize', 'device')
  assert.is(code, 1)
  assert.not.match(stdout + stderr, 'not the secret')
  assert.is(workspace.stored(), 0)
})

test.run()
