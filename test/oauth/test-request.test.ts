import type { ServerResponse } from 'node:http'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { OAuth2Secret } from '../../engine/model/credential.ts'
import type { Api } from '../../engine/model/generated/types.ts'
import { newDpopKey } from '../../engine/oauth/dpop.ts'
import { testRequest } from '../../engine/oauth/test-request.ts'
import { rejects } from '../support/assert.ts'
import {
  aFieldsTarget,
  anOAuthSecret,
  anOAuthTarget,
  json,
  type OAuthParts,
  shownOf,
  startServer,
  withCode
} from './a-target.ts'

const secret = anOAuthSecret()
const owned = (own: OAuth2Secret = secret) => ({ secret: own, clientId: 'app-1' })

async function tested(
  answer: Parameters<typeof startServer>[0],
  partsAt: (origin: string) => OAuthParts = () => ({})
) {
  const server = await startServer(answer)
  try {
    const target = anOAuthTarget(server.origin, partsAt(server.origin))
    const result = await testRequest(target, owned())
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
  const result = await testRequest(anOAuthTarget(gone.origin), owned())
  assert.equal(result, { outcome: 'try-again', reason: 'no connection (ECONNREFUSED)' })
})

test('a token that is bound to a key is shown with a proof, and once more with the nonce that is asked for', async () => {
  const seen: string[] = []
  const server = await startServer((request, response) => {
    const proof = String(request.headers.dpop).split('.')[1] ?? ''
    const { nonce } = JSON.parse(Buffer.from(proof, 'base64url').toString())
    seen.push(`${request.headers.authorization} ${nonce}`)
    if (nonce === 'n1') return json(200, { sub: 'ana' })(request, response)
    response.writeHead(401, {
      'WWW-Authenticate': 'DPoP error="use_dpop_nonce", error_description="With a nonce."',
      'DPoP-Nonce': 'n1'
    })
    response.end()
  })
  const target = anOAuthTarget(server.origin, { way: { dpop: true } })
  const bound = anOAuthSecret({ dpopKey: await newDpopKey() })
  const result = await testRequest(target, owned(bound))
  assert.equal(result, { outcome: 'passed', account: { id: 'ana', name: null } })
  assert.equal(seen, ['DPoP canary-access-token undefined', 'DPoP canary-access-token n1'])
  await server.close()
})

test('a service that is never content with a nonce is asked twice', async () => {
  const server = await startServer((_request, response) => {
    const headers = { 'WWW-Authenticate': 'DPoP error="use_dpop_nonce"', 'DPoP-Nonce': 'n' }
    response.writeHead(401, headers).end()
  })
  const bound = anOAuthSecret({ dpopKey: await newDpopKey() })
  const result = await testRequest(anOAuthTarget(server.origin), owned(bound))
  assert.is(result.outcome, 'refused')
  assert.is(server.requests.length, 2)
  await server.close()
})

function plain(text: string, type = 'text/plain; charset=utf-8', status = 403) {
  return (_request: unknown, response: ServerResponse): void => {
    response.writeHead(status, { 'Content-Type': type }).end(text)
  }
}

test('of a short plain text the first line is shown, without the credential', async () => {
  const reasonOf = async (...answer: Parameters<typeof plain>) => {
    const { result } = await tested(plain(...answer))
    return 'reason' in result ? result.reason : result.outcome
  }
  assert.is(await reasonOf('CSRF Error\n'), 'status 403: CSRF Error')
  assert.is(await reasonOf('\r\nNo.\r\nat line 3', 'TEXT/PLAIN', 401), 'status 401: No.')
  assert.is(await reasonOf('canary-access-token is\u0007 bad'), 'status 403: *** is bad')
  for (const [text, type] of [
    ['<!DOCTYPE html><p>No.', 'text/plain'],
    ['<html>No.</html>', 'text/html'],
    ['No.', 'text/html'],
    ['No.', 'text/plainer'],
    ['No.', ''],
    ['\n', 'text/plain'],
    [`No.\n${'x'.repeat(500)}`, 'text/plain']
  ] as const) {
    assert.is(await reasonOf(text, type), 'status 403', `${type} ${text}`)
  }
})

test('the client id is sent where the service wants it, and is no secret: an app may be its own account', async () => {
  const { result, requests } = await tested(json(200, { sub: 'app-1' }), () => ({
    way: {
      send: [
        { in: 'header', name: 'Authorization', value: 'Bearer {access_token}' },
        { in: 'header', name: 'Client-Id', value: '{client_id}' }
      ]
    }
  }))
  assert.is(requests[0]?.headers['client-id'], 'app-1')
  assert.equal(result, { outcome: 'passed', account: { id: 'app-1', name: null } })
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
  const rule = { member: 'instance_url', hosts: ['*.example.com'] }
  const target = anOAuthTarget(server.origin, { api, way: { learns: { instance_url: rule } } })
  const learnt = { ...secret, learnt: { instance_url: server.origin } }
  assert.is((await testRequest(target, owned(learnt))).outcome, 'passed')
  const foreign = { ...secret, learnt: { instance_url: 'https://evil.example' } }
  const error = await rejects(
    () => testRequest(target, owned(foreign)),
    withCode('DESTINATION_REFUSED')
  )
  assert.not.match(shownOf(error), /canary/)
  await rejects(() => testRequest(target, owned()), withCode('DESTINATION_REFUSED'))
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
  await testRequest(target, {
    secret: { kind: 'fields', fields: { account: '../a?b', key: 'canary key' } },
    clientId: null
  })
  assert.is(server.requests[0]?.path, '/accounts/..%2Fa%3Fb/me?key=%7Bkey%7D&k=canary+key')
  await server.close()
})

test.run()
