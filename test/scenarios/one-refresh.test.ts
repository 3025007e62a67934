// timeout: 120s
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { authorizePaste } from '../../engine/authorize/authorize-paste.ts'
import { validCredential } from '../../engine/runtime/valid-credential.ts'
import { anOAuthTarget, clientResolver, clock } from '../oauth/a-target.ts'
import { temporaryFolder } from '../support/assert.ts'
import { followConsent, startOAuthServer } from '../support/oauth-server.ts'
import { resultsOf, startAll } from '../support/refresh-processes.ts'
import { callers, withScene } from '../support/refresh-scene.ts'
import { optionsIn, storeIn, vaultIn } from '../support/refresh-vault.ts'

const processes = 16

test('128 callers in 16 processes make one refresh, and all get a valid token', () =>
  withScene({}, async ({ server, work, inVault }) => {
    const { got, refused, errors } = await resultsOf(await startAll(processes, work))
    assert.is(errors, '')
    assert.equal(refused, [])
    assert.is(got.length, processes * callers)
    assert.equal(new Set(got), new Set(['2 canary-access-1']))
    assert.equal(server.refreshes, ['canary-refresh-1'])
    assert.ok(server.takes('canary-access-1'))
    assert.is((await inVault())?.generation, 2)
  }))

test('the same with a provider that is not ours, and the grant lives on', async () => {
  const server = await startOAuthServer({
    clients: [
      {
        id: 'app-1.example_x',
        secret: 'canary client+secret/%',
        authentication: 'client_secret_post',
        redirectUris: ['http://127.0.0.1/callback']
      }
    ],
    scopes: ['read', 'write'],
    rotation: true
  })
  const target = anOAuthTarget(server.origin)
  let redirected = ''
  const { secret } = await authorizePaste(target, {
    resolve: clientResolver,
    clock,
    onAddress: async ({ authorizationUrl }) => {
      redirected = (await followConsent(authorizationUrl, { deliver: false })).redirected
    },
    readLine: async () => redirected
  })
  const expired = { ...secret, expiresAt: new Date(Date.now() - 1000).toISOString() }
  const folder = temporaryFolder()
  const { id } = await storeIn(folder, target, expired)
  const work = { folder, origin: server.origin, id, callers }
  const asked = (): number => server.requests.filter(each => each === 'POST /token').length
  const before = asked()
  const { got, refused, errors } = await resultsOf(await startAll(processes, work))
  assert.is(errors, '')
  assert.equal(refused, [])
  assert.is(got.length, processes * callers)
  assert.is(new Set(got).size, 1)
  assert.is(asked(), before + 1)
  const statusWith = async (token: string): Promise<number> => {
    const headers = { Authorization: `Bearer ${token}` }
    return (await fetch(`${server.origin}/whoami`, { headers })).status
  }
  assert.is(await statusWith(got[0]?.split(' ')[1] ?? ''), 200)
  const stored = await vaultIn(folder).open(id)
  if (stored === null) throw new Error('It is not in the vault')
  const next = await validCredential({ ...optionsIn(folder, target, stored), force: 2 })
  assert.is(next.generation, 3)
  assert.is(await statusWith(next.secret.kind === 'oauth2' ? next.secret.accessToken : ''), 200)
  await server.close()
})

test.run()
