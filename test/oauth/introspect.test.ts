import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { introspect } from '../../engine/oauth/introspect.ts'
import { ProviderFailure } from '../../engine/oauth/provider-failure.ts'
import { rejects } from '../support/assert.ts'
import {
  anOAuthSecret,
  anOAuthTarget,
  clock,
  json,
  shownOf,
  startServer,
  withCode
} from './a-target.ts'

const client = { id: 'app', secret: 'canary-client-secret' }

async function introspectedAt(answer: Parameters<typeof startServer>[0]) {
  const server = await startServer(answer)
  const way = { introspectionUrl: `${server.origin}/introspect` }
  try {
    const target = anOAuthTarget(server.origin, { way })
    const found = await introspect(target, client, anOAuthSecret(), clock).catch(
      (error: unknown) => error
    )
    return { found, requests: server.requests }
  } finally {
    await server.close()
  }
}

test('tells whether the token lives, until when and for what', async () => {
  const { found, requests } = await introspectedAt(
    json(200, { active: true, exp: 1893456000, scope: 'write read', username: 'ana' })
  )
  assert.equal(found, {
    active: true,
    expiresAt: '2030-01-01T00:00:00.000Z',
    scopes: ['read', 'write']
  })
  assert.equal(Object.fromEntries(new URLSearchParams(requests[0]?.body)), {
    token: 'canary-access-token',
    client_id: 'app',
    client_secret: 'canary-client-secret'
  })
})

test('an end that cannot be one is none, and text stands for a number', async () => {
  const of = async (exp: unknown) => (await introspectedAt(json(200, { active: true, exp }))).found
  const unknown = { active: true, expiresAt: null, scopes: null }
  for (const exp of [0, -1, 'soon', '', null, 1e300, []]) assert.equal(await of(exp), unknown)
  const known = { ...unknown, expiresAt: '2030-01-01T00:00:00.000Z' }
  assert.equal(await of('1893456000'), known)
})

test('without an endpoint nobody is asked', async () => {
  const target = anOAuthTarget('https://api.example.com')
  assert.is(await introspect(target, client, anOAuthSecret(), clock), null)
})

test('no failure of it says that a grant is gone', async () => {
  const failures = [
    [json(401, { error: 'invalid_token' }), 'refused'],
    [json(400, { error: 'invalid_grant' }), 'refused'],
    [json(401, { error: 'invalid_client' }), 'client-wrong'],
    [json(200, { active: 'yes' }), 'broken-answer'],
    [json(200, []), 'broken-answer'],
    [json(500, {}), 'try-again']
  ] as const
  for (const [answer, kind] of failures) {
    const { found } = await introspectedAt(answer)
    if (!(found instanceof ProviderFailure)) throw found
    assert.is(found.kind, kind)
    assert.not.match(shownOf(found), 'canary')
  }
})

test('an address that the token may not be sent to is refused before anything is sent', async () => {
  const way = { introspectionUrl: 'https://evil.example/introspect' }
  const target = anOAuthTarget('https://api.example.com', { way })
  await rejects(
    () => introspect(target, client, anOAuthSecret(), clock),
    withCode('DESTINATION_REFUSED')
  )
})

test.run()
