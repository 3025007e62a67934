import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Etcd, startEtcd } from '../support/foreign-etcd.ts'
import {
  appliedWorkspace,
  type ForeignWorkspace,
  foreignConnector,
  headersIn
} from '../support/foreign-workspace.ts'

let server: Etcd

test.before.each(async () => {
  server = await startEtcd()
})

test.after.each(() => server.stop())

async function aWorkspace(): Promise<ForeignWorkspace> {
  const { port } = new URL(server.origin)
  return appliedWorkspace(
    { ETCD_USER: server.user, ETCD_PASSWORD: server.password },
    {
      'tieline.yaml': 'app: { name: Settings }\nconnectors: { custom: true }\n',
      ...foreignConnector('etcd'),
      'connections/settings.yaml': `connector: etcd\nparameters: { port: "${port}" }\n`,
      'components/form.yaml': 'kind: form\nname: Form\nuses: [settings]\n'
    }
  )
}

const fields = ['--from', 'user=env:ETCD_USER', '--from', 'password=env:ETCD_PASSWORD']

/** What the service answers to the headers that `token` prints. */
async function asks(workspace: ForeignWorkspace): Promise<Response> {
  const { code, stdout, stderr } = await workspace.tieline('token', 'settings', '--headers')
  assert.is(code, 0, stderr)
  return fetch(`${server.origin}/v2/auth/users`, { headers: headersIn(stdout) })
}

test('a password with a colon and letters outside ASCII opens the service', async () => {
  const workspace = await aWorkspace()
  const done = await workspace.tieline('authorize', 'settings', ...fields)
  assert.is(done.code, 0, done.stderr)
  assert.not.match(done.stdout + done.stderr, server.password)
  assert.equal((await workspace.status('settings')).account?.id, 'root')
  const answer = await asks(workspace)
  assert.is(answer.status, 200)
  assert.match(await answer.text(), '"user":"root"')
})

test('a wrong password is refused, and nothing is stored', async () => {
  const workspace = await aWorkspace()
  workspace.set('ETCD_PASSWORD', 'not the password')
  const done = await workspace.tieline('authorize', 'settings', ...fields)
  assert.is(done.code, 1)
  assert.match(done.stderr, /TEST_REFUSED[\s\S]*401/)
  assert.not.match(done.stdout + done.stderr, 'not the password')
  assert.is(workspace.stored(), 0)
  assert.is((await workspace.status('settings')).status, 'pending')
})

test('a field that does not look right is not sent anywhere', async () => {
  const workspace = await aWorkspace()
  workspace.set('ETCD_USER', 'Not A User')
  const done = await workspace.tieline('authorize', 'settings', ...fields)
  assert.is(done.code, 1)
  assert.not.match(done.stderr, 'Not A User')
  assert.is(workspace.stored(), 0)
})

test('a service that is away is no wrong password, and nothing is stored', async () => {
  const workspace = await aWorkspace()
  await server.stop()
  const done = await workspace.tieline('authorize', 'settings', ...fields)
  assert.is(done.code, 1)
  assert.match(done.stderr, 'PROVIDER_UNAVAILABLE')
  assert.is(workspace.stored(), 0)
})

test('a password that was changed at the service is entered anew, and the new one is used', async () => {
  const workspace = await aWorkspace()
  const authorize = () => workspace.tieline('authorize', 'settings', ...fields)
  assert.is((await authorize()).code, 0)
  const next = 'another: pässword'
  await server.changePassword(next)
  assert.is((await asks(workspace)).status, 401)
  const old = await authorize()
  assert.is(old.code, 1, 'the old one was taken')
  workspace.set('ETCD_PASSWORD', next)
  const again = await authorize()
  assert.is(again.code, 0, again.stderr)
  assert.is((await asks(workspace)).status, 200)
})

test('asking the service finds that a password was changed there, and the plan asks for the new one', async () => {
  const workspace = await aWorkspace()
  assert.is((await workspace.tieline('authorize', 'settings', ...fields)).code, 0)
  const fine = await workspace.tieline('status', '--refresh')
  assert.is(fine.code, 0, fine.stderr)
  assert.is((await workspace.status('settings')).status, 'connected')
  await server.changePassword('another: pässword')
  const checked = await workspace.tieline('status', '--refresh')
  assert.is(checked.code, 0, checked.stderr)
  assert.is((await workspace.status('settings')).status, 'needs-reauthorization')
  const planned = await workspace.tieline('plan', '--detailed-exitcode')
  assert.is(planned.code, 2, planned.stdout)
})

test('revoking a password forgets it here, and says that the service was not asked', async () => {
  const workspace = await aWorkspace()
  assert.is((await workspace.tieline('authorize', 'settings', ...fields)).code, 0)
  const done = await workspace.tieline('revoke', 'settings', '--auto-approve')
  assert.is(done.code, 0, done.stderr)
  assert.match(done.stdout, 'ended here')
  assert.not.match(done.stdout, 'at the service')
  assert.is((await workspace.status('settings')).status, 'revoked')
  assert.is((await workspace.tieline('token', 'settings', '--headers')).code, 1)
})

test.run()
