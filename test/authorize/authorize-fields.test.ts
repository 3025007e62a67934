import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { authorizeFields } from '../../engine/authorize/authorize-fields.ts'
import { Refusal } from '../../engine/model/diagnostic.ts'
import {
  aFieldsTarget,
  json,
  type SmallServer,
  shownOf,
  startServer,
  withCode
} from '../oauth/a-target.ts'
import { rejects } from '../support/assert.ts'

let server: SmallServer
const password = 'canary pass:word ä'

test.before(async () => {
  server = await startServer((request, response) => {
    const basic = `Basic ${Buffer.from(`ana@example.com:${password}`).toString('base64')}`
    const isBasic = request.path === '/whoami' && request.headers.authorization === basic
    const isKey = request.path === '/accounts/AC1/me' && request.headers['x-key'] === 'canary-key'
    const said = `No access for ${request.headers.authorization} and ${request.headers['x-key']}`
    if (isBasic) json(200, { sub: 1, name: 'Ana' })(request, response)
    else if (isKey) json(200, { sub: 'AC1' })(request, response)
    else json(401, { message: said })(request, response)
  })
})

test.after(() => server.close())

const basicTarget = () =>
  aFieldsTarget(
    server.origin,
    'basic',
    {
      username: { title: 'User name', secret: false },
      password: { title: 'Auth token', description: 'Found under Settings.', secret: true }
    },
    { in: 'basic', username: '{username}', password: '{password}' }
  )

const keyTarget = () =>
  aFieldsTarget(
    server.origin,
    'api-key',
    {
      account: { title: 'Account', secret: false, pattern: 'AC[0-9]|AD' },
      key: { title: 'Key', secret: true, pattern: '[a-z-]+' }
    },
    { in: 'header', name: 'X-Key', value: '{key}' },
    {
      test: {
        method: 'GET',
        url: `${server.origin}/accounts/{account}/me`,
        scopes: ['a scope of another way'],
        success: { status: [200] },
        account: { id: '/sub', name: '/name' }
      }
    }
  )

test('authorizes with user name and password', async () => {
  const fields = { username: 'ana@example.com', password }
  assert.equal(await authorizeFields(basicTarget(), fields), {
    secret: { kind: 'fields', fields },
    granted: [],
    account: { id: '1', name: 'Ana' },
    clientId: null,
    note: null
  })
})

test('authorizes with an API key, whose test needs no scopes', async () => {
  const { account } = await authorizeFields(keyTarget(), { account: 'AC1', key: 'canary-key' })
  assert.equal(account, { id: 'AC1', name: null })
})

test('a wrong password is refused by the service, and not repeated', async () => {
  const fields = { username: 'ana@example.com', password: 'canary wrong' }
  const error = await rejects(
    () => authorizeFields(basicTarget(), fields),
    withCode('TEST_REFUSED')
  )
  assert.match(shownOf(error), 'status 401: No access for ***')
  assert.not.match(shownOf(error), /canary|Y2FuYXJ5|YW5h/)
})

test('tells every field that is missing or wrong at once, sends nothing and repeats nothing', async () => {
  const before = server.requests.length
  const missing = await rejects(() => authorizeFields(basicTarget(), { username: '' }))
  assert.ok(missing instanceof Refusal)
  assert.equal(
    missing.diagnostics.map(each => each.code),
    ['FIELD_MISSING', 'FIELD_MISSING']
  )
  assert.match(missing.diagnostics[1]?.detail ?? '', 'Found under Settings.')
  const wrong = await rejects(() =>
    authorizeFields(keyTarget(), { account: 'xAD', key: 'canary\n' })
  )
  assert.ok(wrong instanceof Refusal)
  assert.equal(
    wrong.diagnostics.map(each => each.code),
    ['FIELD_INVALID', 'FIELD_INVALID']
  )
  assert.not.match(shownOf(wrong), /canary|xAD/)
  assert.is(server.requests.length, before)
})

test('a service that is down is no refusal', async () => {
  const gone = await startServer(json(200, {}))
  await gone.close()
  const fields = { key: { title: 'Key', secret: true } }
  const target = aFieldsTarget(gone.origin, 'api-key', fields, {
    in: 'query',
    name: 'k',
    value: '{key}'
  })
  const error = await rejects(
    () => authorizeFields(target, { key: 'canary' }),
    withCode('PROVIDER_UNAVAILABLE')
  )
  assert.not.match(shownOf(error), /canary/)
})

test.run()
