import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Syncthing, startSyncthing } from '../support/foreign-syncthing.ts'
import {
  type ForeignWorkspace,
  foreignConnector,
  foreignWorkspace,
  headersIn
} from '../support/foreign-workspace.ts'

let server: Syncthing
let prepared: ForeignWorkspace

test.before(async () => {
  server = await startSyncthing()
  prepared = await aWorkspace()
  const { code, stderr } = await prepared.tieline(...applying)
  assert.is(code, 0, stderr)
})

test.after(() => server.stop())

/** A workspace that `init` made, with connections to this Syncthing in its specs. */
async function aWorkspace(): Promise<ForeignWorkspace> {
  const workspace = foreignWorkspace({
    SYNCTHING_KEY: server.apiKey,
    SYNCTHING_USER: server.user,
    SYNCTHING_PASSWORD: server.password
  })
  const made = await workspace.tieline('init')
  assert.is(made.code, 0, made.stderr)
  const port = `parameters: { port: "${new URL(server.origin).port}" }`
  workspace.write({
    'tieline.yaml': 'app: { name: Backups }\nconnectors: { custom: true }\n',
    ...foreignConnector('syncthing'),
    ...foreignConnector('syncthing_pages'),
    'connections/files.yaml': `connector: syncthing\n${port}\n`,
    'connections/wrong_way.yaml': `connector: syncthing\nauth: basic\n${port}\n`,
    'connections/pages.yaml': `connector: syncthing_pages\n${port}\n`,
    'components/report.yaml': 'kind: report\nname: Report\nuses: [files, pages, wrong_way]\n'
  })
  return workspace
}

const applying = ['apply', '--auto-approve', '--no-authorize']

test('specs for a service that nobody named are checked, planned and applied', async () => {
  const workspace = await aWorkspace()
  const validated = await workspace.tieline('validate')
  assert.is(validated.code, 0, validated.stderr)
  const planned = await workspace.tieline('plan', '--detailed-exitcode')
  assert.is(planned.code, 2, planned.stderr)
  assert.match(planned.stdout, 'Syncthing Connection')
  const applied = await workspace.tieline(...applying)
  assert.is(applied.code, 0, applied.stderr)
  assert.match((await workspace.tieline('plan')).stdout, 'No changes.')
  assert.is((await workspace.status('files')).status, 'pending')
})

test('an API key is tried at the service, stored, and opens its API', async () => {
  const workspace = prepared.copy()
  const done = await workspace.tieline('authorize', 'files', '--from', 'key=env:SYNCTHING_KEY')
  assert.is(done.code, 0, done.stderr)
  assert.is((await workspace.status('files')).account?.id, server.deviceId)
  assert.is(workspace.stored(), 1)
  assert.not.match(done.stdout + done.stderr, server.apiKey)

  const token = await workspace.tieline('token', 'files', '--headers')
  assert.is(token.code, 0, token.stderr)
  const url = `${server.origin}/rest/system/ping`
  const answer = await fetch(url, { headers: headersIn(token.stdout) })
  assert.equal(await answer.json(), { ping: 'pong' })
  assert.is((await fetch(url)).status, 401)
})

test('a wrong API key is refused, and nothing is stored', async () => {
  const workspace = prepared.copy()
  workspace.set('SYNCTHING_KEY', 'no key of this service')
  const done = await workspace.tieline('authorize', 'files', '--from', 'key=env:SYNCTHING_KEY')
  assert.is(done.code, 1)
  assert.match(done.stderr, /TEST_REFUSED[\s\S]*401/)
  assert.not.match(done.stdout + done.stderr, 'no key of this service')
  assert.is(workspace.stored(), 0)
  assert.is((await workspace.tieline('token', 'files', '--headers')).code, 1)
})

test('a right password is not stored where the service does not take it', async () => {
  const workspace = prepared.copy()
  const done = await workspace.tieline('authorize', 'wrong_way', ...fromPassword)
  assert.is(done.code, 1)
  assert.match(done.stderr, /TEST_REFUSED[\s\S]*\(status 403: CSRF Error\)/)
  assert.is(workspace.stored(), 0)
})

test('a service whose answer is a script, and names no account, is authorized all the same', async () => {
  const workspace = prepared.copy()
  const done = await workspace.tieline('authorize', 'pages', ...fromPassword)
  assert.is(done.code, 0, done.stderr)
  const token = await workspace.tieline('token', 'pages', '--headers')
  const answer = await fetch(`${server.origin}/meta.js`, { headers: headersIn(token.stdout) })
  assert.match(await answer.text(), server.deviceId)
})

const fromPassword = [
  ...['--from', 'user=env:SYNCTHING_USER'],
  ...['--from', 'password=env:SYNCTHING_PASSWORD']
]

test.run()
