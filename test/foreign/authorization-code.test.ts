import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunResult } from '../support/assert.ts'
import { type ForeignConsentOptions, giveConsent } from '../support/foreign-consent.ts'
import { authorizeInBrowser, directoryWorkspace } from '../support/foreign-directory.ts'
import { type Glewlwyd, startGlewlwyd } from '../support/foreign-glewlwyd.ts'
import { type ForeignWorkspace, headersIn } from '../support/foreign-workspace.ts'

let server: Glewlwyd
let prepared: ForeignWorkspace

test.before(async () => {
  server = await startGlewlwyd()
  prepared = await directoryWorkspace(server, {
    people: { scopes: ['openid', 'read'] },
    wide: { scopes: ['openid', 'read', 'write'] },
    plain: { scopes: ['read'] },
    odd_post: { scopes: ['openid', 'read'], auth: 'code-post', client: 'odd' },
    odd_basic: { scopes: ['read'], client: 'odd' },
    odd_raw: { scopes: ['read'], auth: 'code-raw', client: 'odd' },
    asserted: { scopes: ['openid'], auth: 'assertion', client: 'signed' }
  })
})

test.after(() => server.stop())

function authorize(
  workspace: ForeignWorkspace,
  connection: string,
  options: ForeignConsentOptions = {}
): Promise<RunResult & { readonly page: string }> {
  return authorizeInBrowser(server, workspace, connection, options)
}

test('a person consents in a browser, and the token opens the service', async () => {
  const workspace = prepared.copy()
  const done = await authorize(workspace, 'people')
  assert.is(done.code, 0, done.stderr)
  assert.match(done.page, 'Glewlwyd')
  const status = await workspace.status('people')
  assert.is(status.status, 'connected')
  assert.is(workspace.stored(), 1)
  assert.is(status.account?.name, 'Ana')
  assert.equal(status.granted, ['openid', 'read'])
  const { code, stdout } = await workspace.tieline('token', 'people', '--headers')
  assert.is(code, 0)
  const answer = await fetch(`${server.base('main')}/userinfo`, { headers: headersIn(stdout) })
  assert.equal(await answer.json(), { sub: status.account?.id, name: 'Ana' })
})

test('what the service grants without openid is stored without an id token', async () => {
  const workspace = prepared.copy()
  const done = await authorize(workspace, 'plain')
  assert.is(done.code, 0, done.stderr)
  assert.equal((await workspace.status('plain')).granted, ['read'])
})

test('a scope that the person left unticked is missing, and nobody claims it', async () => {
  const workspace = prepared.copy()
  const done = await authorize(workspace, 'wide', { scopes: ['openid', 'read'] })
  assert.is(done.code, 0, done.stderr)
  const { granted, missing } = await workspace.status('wide')
  assert.equal([granted, missing], [['openid', 'read'], ['write']])
  assert.match(done.stdout + done.stderr, 'write')
})

test('the redirected address can be pasted', async () => {
  const workspace = prepared.copy()
  const running = workspace.start('authorize', 'people', '--method', 'paste')
  const [, address = ''] = await running.says(/^ {4}(http\S+\/auth\?\S+)$/m)
  const { redirected } = await giveConsent(address, server.person, { deliver: false })
  running.child.stdin?.end(`${redirected}\n`)
  const { code, stderr } = await running.ends
  assert.is(code, 0, stderr)
  assert.is((await workspace.status('people')).account?.name, 'Ana')
})

test('a wrong client secret is refused as such, and nothing is stored', async () => {
  const workspace = prepared.copy()
  workspace.set('APP_SECRET', 'not the secret')
  const done = await authorize(workspace, 'people')
  assert.is(done.code, 1)
  assert.match(done.stderr, 'CLIENT_REJECTED')
  assert.not.match(done.stderr + done.page, 'not the secret')
  assert.is(workspace.stored(), 0)
})

test('a secret with characters that forms encode works in the body', async () => {
  const workspace = prepared.copy()
  const done = await authorize(workspace, 'odd_post')
  assert.is(done.code, 0, done.stderr)
})

// This server compares the encoded secret as it came (against RFC 6749, section 2.3.1).
test('a secret that HTTP Basic must encode is refused as wrong, and nothing is stored', async () => {
  const workspace = prepared.copy()
  const done = await authorize(workspace, 'odd_basic')
  assert.is(done.code, 1)
  assert.match(done.stderr, /CLIENT_REJECTED[\s\S]*basic-raw/)
  assert.not.match(done.stderr + done.page, server.clients.odd.secret)
  assert.is(workspace.stored(), 0)
})

test('the same secret works as it is, for tokens and for their end', async () => {
  const workspace = prepared.copy()
  const done = await authorize(workspace, 'odd_raw')
  assert.is(done.code, 0, done.stderr)
  const revoked = await workspace.tieline('revoke', 'odd_raw', '--auto-approve')
  assert.is(revoked.code, 0, revoked.stderr)
  assert.not.match(revoked.stdout, 'did not end it')
})

// For each endpoint the server wants an assertion that names this very endpoint.
test('a client that signs assertions has its code exchanged, and its tokens ended', async () => {
  const workspace = prepared.copy()
  const before = await server.liveGrants('main')
  const done = await authorize(workspace, 'asserted')
  assert.is(done.code, 0, done.stderr)
  assert.not.match(done.stderr, 'PRIVATE KEY')
  assert.is((await workspace.status('asserted')).account?.name, 'Ana')
  assert.is(await server.liveGrants('main'), before + 1)
  const revoked = await workspace.tieline('revoke', 'asserted', '--auto-approve')
  assert.is(revoked.code, 0, revoked.stderr)
  assert.not.match(revoked.stdout, 'did not end it')
  assert.is(await server.liveGrants('main'), before)
})

test.run()
