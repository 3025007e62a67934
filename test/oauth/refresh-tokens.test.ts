import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { newDpopKey } from '../../engine/oauth/dpop.ts'
import { ProviderFailure } from '../../engine/oauth/provider-failure.ts'
import { refreshTokens } from '../../engine/oauth/refresh-tokens.ts'
import { rejects } from '../support/assert.ts'
import {
  anOAuthSecret,
  anOAuthTarget,
  json,
  type OAuthParts,
  type RefreshableSecret,
  startServer,
  withCode
} from './a-target.ts'

const now = new Date('2026-03-01T12:00:00.000Z')
const clock = { now: () => now }
const client = { id: 'app', secret: 'client-secret' }

async function refreshedAt(
  answer: Parameters<typeof startServer>[0],
  partsAt: (origin: string) => OAuthParts = () => ({}),
  before: Partial<RefreshableSecret> = {}
) {
  const server = await startServer(answer)
  try {
    const target = anOAuthTarget(server.origin, partsAt(server.origin))
    const secret = await refreshTokens(target, client, anOAuthSecret(before), clock)
    return { secret, requests: server.requests }
  } finally {
    await server.close()
  }
}

const plain = { access_token: 'new-token', token_type: 'Bearer' }

test('goes where the connector says that tokens are refreshed, with the parameters that belong there', async () => {
  const { requests } = await refreshedAt(json(200, plain), origin => ({
    way: {
      refreshUrl: `${origin}/refresh`,
      tokenParameters: { api: '2', format: 'json' },
      refreshParameters: { format: 'short' }
    }
  }))
  assert.is(requests[0]?.path, '/refresh')
  assert.equal(Object.fromEntries(new URLSearchParams(requests[0]?.body)), {
    api: '2',
    format: 'short',
    grant_type: 'refresh_token',
    refresh_token: 'canary-refresh-token',
    client_id: 'app',
    client_secret: 'client-secret'
  })
})

test('a refresh address elsewhere is refused before anything is sent', async () => {
  const way = { refreshUrl: 'https://evil.example/refresh' }
  await rejects(
    () => refreshedAt(json(200, plain), () => ({ way })),
    withCode('DESTINATION_REFUSED')
  )
})

test('writes the request as JSON, with the headers that the connector names', async () => {
  const { requests } = await refreshedAt(json(200, plain), () => ({
    way: {
      tokenBody: 'json',
      tokenHeaders: { Accept: 'application/vnd.example', 'X-Version': '7', 'Content-Type': 'no' }
    }
  }))
  const { headers = {}, body = '' } = requests[0] ?? {}
  assert.is(headers['content-type'], 'application/json')
  assert.is(headers.accept, 'application/vnd.example')
  assert.is(headers['x-version'], '7')
  assert.equal(JSON.parse(body), {
    grant_type: 'refresh_token',
    refresh_token: 'canary-refresh-token',
    client_id: 'app',
    client_secret: 'client-secret'
  })
})

test('a header of the connector does not replace the one that proves the client', async () => {
  const { requests } = await refreshedAt(json(200, plain), () => ({
    way: { clientAuthentication: 'basic', tokenHeaders: { authorization: 'Bearer other' } }
  }))
  assert.is(requests[0]?.headers.authorization, `Basic ${btoa('app:client-secret')}`)
})

test('what the answer leaves out goes on as before, and what it tells replaces it', async () => {
  const before = { scopes: ['read'], learnt: { api: 'https://eu.example.com' } }
  const learns = { api: { member: 'api', hosts: ['*.example.com'] } }
  const parts = () => ({ way: { learns } })
  const kept = (await refreshedAt(json(200, plain), parts, before)).secret
  assert.equal(kept, {
    ...anOAuthSecret(before),
    accessToken: 'new-token',
    obtainedAt: now.toISOString()
  })
  const told = {
    ...plain,
    refresh_token: 'newer',
    scope: 'write,read',
    expires_in: 60,
    api: 'https://us.example.com/x'
  }
  const next = (await refreshedAt(json(200, told), parts, before)).secret
  assert.equal(next, {
    ...anOAuthSecret(),
    accessToken: 'new-token',
    refreshToken: 'newer',
    obtainedAt: now.toISOString(),
    expiresAt: '2026-03-01T12:01:00.000Z',
    lifetime: 60,
    scopes: ['read', 'write'],
    learnt: { api: 'https://us.example.com' }
  })
})

test('a host that is not allowed is not taken, and the new tokens are not lost for it', async () => {
  const before = { learnt: { api: 'https://eu.example.com' } }
  const learns = { api: { member: 'api', hosts: ['*.example.com'] } }
  const answer = json(200, { ...plain, api: 'https://evil.net' })
  const { secret } = await refreshedAt(answer, () => ({ way: { learns } }), before)
  assert.is(secret.accessToken, 'new-token')
  assert.equal(secret.learnt, before.learnt)
})

test('a lifetime of the connector that no date can hold is the longest there is', async () => {
  const way = { accessTokenLifetime: 1e15 }
  const { secret } = await refreshedAt(json(200, plain), () => ({ way }))
  assert.match(secret.expiresAt ?? '', /^2126-/)
})

test('tokens that are bound to a key are refreshed with it, and once more with the nonce that is asked for', async () => {
  const dpopKey = await newDpopKey()
  const nonces: unknown[] = []
  const { secret } = await refreshedAt(
    (request, response) => {
      const proof = String(request.headers.dpop).split('.')[1] ?? ''
      const { nonce } = JSON.parse(Buffer.from(proof, 'base64url').toString())
      nonces.push(nonce)
      if (nonce === 'n1') {
        return json(200, { ...plain, token_type: 'DPoP' })(request, response)
      }
      response.setHeader('DPoP-Nonce', 'n1')
      json(400, { error: 'use_dpop_nonce' })(request, response)
    },
    () => ({ way: { dpop: true } }),
    { dpopKey }
  )
  assert.equal(nonces, [undefined, 'n1'])
  assert.is(secret.dpopKey, dpopKey)
})

test('a token for everybody is refused where one for our key is due', async () => {
  const error = await rejects(async () =>
    refreshedAt(json(200, plain), () => ({ way: { dpop: true } }), { dpopKey: await newDpopKey() })
  )
  assert.is(error instanceof ProviderFailure && error.kind, 'broken-answer')
})

test.run()
