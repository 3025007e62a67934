import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Api } from '../../engine/model/generated/types.ts'
import { testRequest } from '../../engine/oauth/test-request.ts'
import { rejects } from '../support/assert.ts'
import {
  aFieldsTarget,
  anOAuthTarget,
  json,
  type OAuthParts,
  shownOf,
  startServer,
  withCode
} from './a-target.ts'

const secret = {
  kind: 'oauth2',
  accessToken: 'canary-access-token',
  refreshToken: 'canary-refresh-token',
  expiresAt: null,
  lifetime: null,
  learnt: {}
} as const

async function tested(
  answer: Parameters<typeof startServer>[0],
  partsAt: (origin: string) => OAuthParts = () => ({})
) {
  const server = await startServer(answer)
  try {
    const target = anOAuthTarget(server.origin, partsAt(server.origin))
    const result = await testRequest(target, secret)
    assert.not.match(JSON.stringify(result), /canary/)
    return { result, requests: server.requests }
  } finally {
    await server.close()
  }
}

function testOf(origin: string, overrides: Partial<Api['test']>): Partial<Api> {
  return { test: { method: 'GET', url: `${origin}/me`, success: { status: [200] }, ...overrides } }
}

test('sends the credential and the headers of the service, and reads the account', async () => {
  const { result, requests } = await tested(
    json(200, { sub: 7, name: 'Ana\u0000\n Lopez' }),
    () => ({
      api: { headers: { 'X-Version': '3' } }
    })
  )
  assert.equal(result, { outcome: 'passed', account: { id: '7', name: 'Ana Lopez' } })
  assert.is(requests[0]?.headers.authorization, 'Bearer canary-access-token')
  assert.is(requests[0]?.headers['x-version'], '3')
  assert.is(requests[0]?.headers.accept, 'application/json')
})

test('sends the body of a POST as JSON', async () => {
  const { requests } = await tested(json(200, {}), origin => ({
    api: testOf(origin, { method: 'POST', body: { query: '{ me }' } })
  }))
  assert.is(requests[0]?.method, 'POST')
  assert.is(requests[0]?.headers['content-type'], 'application/json')
  assert.equal(JSON.parse(requests[0]?.body ?? ''), { query: '{ me }' })
})

test('an account that the answer does not name is unknown', async () => {
  const { result } = await tested(json(200, { sub: { deep: true } }))
  assert.equal(result, { outcome: 'passed', account: { id: null, name: null } })
})

test('cuts the account at 200 characters', async () => {
  const { result } = await tested(json(200, { sub: 'x'.repeat(5000) }))
  assert.is(result.outcome === 'passed' && result.account.id?.length, 200)
})

test('a refusal tells the status and what the service says of it, and nothing else of the body', async () => {
  const body = { message: 'Bad token canary-access-token', other: 'canary' }
  const { result } = await tested(json(401, body))
  assert.equal(result, { outcome: 'refused', status: 401, reason: 'status 401: Bad token ***' })
})

test('a body that says no is a refusal, though the status says yes', async () => {
  const api = (origin: string) => ({
    api: testOf(origin, { success: { status: [200], body: { pointer: '/ok', equals: true } } })
  })
  const no = await tested(json(200, { ok: false, error: 'not_authed' }), api)
  assert.equal(no.result, { outcome: 'refused', status: 200, reason: 'not_authed' })
  assert.is((await tested(json(200, { ok: true }), api)).result.outcome, 'passed')
})

test('a redirect is refused and not followed', async () => {
  const elsewhere = await startServer(json(200, {}))
  const { result } = await tested((_request, response) => {
    response.writeHead(302, { Location: elsewhere.origin }).end()
  })
  assert.is(result.outcome, 'refused')
  assert.is(elsewhere.requests.length, 0)
  await elsewhere.close()
})

test('an overloaded service and none at all are worth another try', async () => {
  for (const status of [429, 500, 503]) {
    assert.is((await tested(json(status, {}))).result.outcome, 'try-again')
  }
  const gone = await startServer(json(200, {}))
  await gone.close()
  const result = await testRequest(anOAuthTarget(gone.origin), secret)
  assert.equal(result, { outcome: 'try-again', reason: 'no connection (ECONNREFUSED)' })
})

test('is skipped with a note if none of the scopes it needs was asked', async () => {
  const { result, requests } = await tested(json(200, {}), origin => ({
    api: testOf(origin, { scopes: ['profile', 'full'] })
  }))
  assert.is(result.outcome, 'skipped')
  assert.match(result.outcome === 'skipped' ? result.note : '', 'profile, full')
  assert.is(requests.length, 0)
})

test('goes where the token answer said', async () => {
  const server = await startServer(json(200, { sub: 'x' }))
  const api = testOf('{instance_url}', {})
  const target = anOAuthTarget(server.origin, { api })
  const learnt = { ...secret, learnt: { instance_url: server.origin } }
  assert.is((await testRequest(target, learnt)).outcome, 'passed')
  const foreign = { ...secret, learnt: { instance_url: 'https://evil.example' } }
  const error = await rejects(() => testRequest(target, foreign), withCode('DESTINATION_REFUSED'))
  assert.not.match(shownOf(error), /canary/)
  await rejects(() => testRequest(target, secret), withCode('DESTINATION_REFUSED'))
  assert.is(server.requests.length, 1)
  await server.close()
})

test('a field that is no secret may be part of the address, and cannot lead it elsewhere', async () => {
  const server = await startServer(json(200, {}))
  const fields = {
    account: { title: 'Account', secret: false },
    key: { title: 'Key', secret: true }
  }
  const send = { in: 'query', name: 'k', value: '{key}' } as const
  const url = `${server.origin}/accounts/{account}/me?key={key}`
  const target = aFieldsTarget(server.origin, 'api-key', fields, send, testOf('', { url }))
  await testRequest(target, { kind: 'fields', fields: { account: '../a?b', key: 'canary key' } })
  assert.is(server.requests[0]?.path, '/accounts/..%2Fa%3Fb/me?key=%7Bkey%7D&k=canary+key')
  await server.close()
})

test.run()
