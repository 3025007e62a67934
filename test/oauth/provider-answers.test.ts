/** What token endpoints really answer, to a refresh and to a code alike, over real HTTP. */
import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exchangeCode } from '../../engine/oauth/exchange-code.ts'
import { type FailureKind, ProviderFailure } from '../../engine/oauth/provider-failure.ts'
import type { TokenGrant } from '../../engine/oauth/read-tokens.ts'
import { refreshTokens } from '../../engine/oauth/refresh-tokens.ts'
import {
  anOAuthSecret,
  anOAuthTarget,
  json,
  type OAuthParts,
  type SeenRequest,
  shownOf,
  startServer
} from './a-target.ts'

const now = new Date('2026-03-01T12:00:00.000Z')
const clock = { now: () => now }
const client = { id: 'app-1.example_x', secret: 'canary client+secret/%' }
const asked = ['offline_access', 'read', 'write']

type Answering = Parameters<typeof startServer>[0]

const raw =
  (
    status: number,
    text: string | Buffer,
    headers: Readonly<Record<string, string>> = {}
  ): Answering =>
  (_request, response) => {
    response.writeHead(status, headers).end(text)
  }

async function exchangedAt(answer: Answering, parts: OAuthParts = {}): Promise<unknown> {
  const server = await startServer(answer)
  const target = anOAuthTarget(server.origin, parts)
  const request = {
    url: '',
    redirectUri: 'http://127.0.0.1:1/callback',
    state: 'canary-state',
    codeVerifier: `canary${'v'.repeat(43)}`,
    nonce: null,
    dpopKey: null
  }
  const callback = new URLSearchParams({ code: 'canary-code', state: request.state })
  const grant = exchangeCode(target, { client, request, callback, clock })
  return grant.catch((error: unknown) => error).finally(() => server.close())
}

async function refreshedAt(answer: Answering, parts: OAuthParts = {}): Promise<unknown> {
  const server = await startServer(answer)
  const target = anOAuthTarget(server.origin, parts)
  const tokens = refreshTokens(target, client, anOAuthSecret(), clock)
  return tokens.catch((error: unknown) => error).finally(() => server.close())
}

function isGrant(value: unknown): value is TokenGrant {
  return typeof value === 'object' && value !== null && 'granted' in value
}

/** What both a code and a refresh make of an answer; the refresh token before goes on where none comes. */
async function gives(answer: Answering, expected: object, parts: OAuthParts = {}): Promise<void> {
  const usual = {
    kind: 'oauth2',
    accessToken: 'new-token',
    refreshToken: null,
    obtainedAt: now.toISOString(),
    expiresAt: null,
    lifetime: null,
    scopes: asked,
    learnt: {},
    dpopKey: null
  }
  const exchanged = await exchangedAt(answer, parts)
  if (!isGrant(exchanged)) throw exchanged
  assert.equal(exchanged.secret, { ...usual, ...expected }, 'to the code')
  assert.equal(exchanged.granted, exchanged.secret.scopes)
  const refreshed = await refreshedAt(answer, parts)
  if (refreshed instanceof Error) throw refreshed
  const kept = { refreshToken: anOAuthSecret().refreshToken }
  assert.equal(refreshed, { ...usual, ...kept, ...expected }, 'to the refresh')
}

async function failsAs(
  kind: FailureKind,
  message: string | RegExp,
  answer: Answering
): Promise<ProviderFailure> {
  const [exchanged, refreshed] = [await exchangedAt(answer), await refreshedAt(answer)]
  for (const failure of [exchanged, refreshed]) {
    if (!(failure instanceof ProviderFailure)) throw failure
    assert.is(failure.kind, kind, failure.message)
    assert.match(failure.message, message)
    assert.not.match(shownOf(failure), 'canary')
  }
  if (!(refreshed instanceof ProviderFailure)) throw refreshed
  return refreshed
}

const plain = { access_token: 'new-token', token_type: 'Bearer' }

test('an answer without a token_type is for a bearer token', async () => {
  await gives(json(200, { access_token: 'new-token' }), {})
})

test('a token_type that no standard knows is for a bearer token', async () => {
  for (const token_type of ['bot', 'user', '', null, 7]) {
    await gives(json(200, { ...plain, token_type }), {})
  }
})

test('a lifetime may come as text', async () => {
  const expected = { lifetime: 3600, expiresAt: '2026-03-01T13:00:00.000Z' }
  await gives(json(200, { ...plain, expires_in: '3600' }), expected)
})

test('a lifetime that nobody can mean is none', async () => {
  for (const expires_in of [0, -1, '', 'NaN', 'soon', null, 1e300, {}, false]) {
    await gives(json(200, { ...plain, expires_in }), {})
  }
})

test('members like expires_at are not taken for a lifetime', async () => {
  await gives(json(200, { ...plain, expires_at: 1893456000, expires: 60 }), {})
})

test('scopes may come as a list, with commas or with spaces', async () => {
  for (const scope of [['write', 'read'], 'write,read', 'write, read', ' write  read ']) {
    await gives(json(200, { ...plain, scope }), { scopes: ['read', 'write'] })
  }
})

test('a token among the scopes is not recorded as one', async () => {
  await gives(json(200, { ...plain, scope: 'read new-token' }), { scopes: ['read'] })
})

test('status 201 is a success', async () => {
  await gives(json(201, plain), {})
})

test('an error with status 200 is an error', async () => {
  await failsAs('grant-gone', 'invalid_grant', json(200, { error: 'invalid_grant' }))
  await failsAs('grant-gone', 'bad_refresh_token', json(200, { error: 'bad_refresh_token' }))
  const ok = { ok: false, error: 'invalid_client_id' }
  await failsAs('client-wrong', 'invalid_client_id', json(200, ok))
  await failsAs('refused', 'odd_code', json(200, { ...plain, error: 'odd_code' }))
})

test('a form is read like JSON', async () => {
  const form = 'access_token=new-token&expires_in=60&scope=read%2Cwrite&token_type=bearer'
  const expected = {
    lifetime: 60,
    expiresAt: '2026-03-01T12:01:00.000Z',
    scopes: ['read', 'write']
  }
  await gives(raw(200, form, { 'Content-Type': 'application/x-www-form-urlencoded' }), expected)
  await gives(raw(200, form, { 'Content-Type': 'text/plain' }), expected)
  const error = 'error=bad_verification_code&error_description=It+is+gone.'
  await failsAs('grant-gone', 'bad_verification_code: It is gone.', raw(200, error))
})

test('JSON is read whatever its content type says', async () => {
  await gives(raw(200, JSON.stringify(plain), { 'Content-Type': 'text/html' }), {})
  await gives(raw(200, JSON.stringify(plain)), {})
})

test('a byte order mark and a packed body are no obstacle', async () => {
  await gives(raw(200, `\ufeff${JSON.stringify(plain)}`), {})
  await gives(raw(200, gzipSync(JSON.stringify(plain)), { 'Content-Encoding': 'gzip' }), {})
})

test('an empty 400 says nothing about the grant', async () => {
  await failsAs('broken-answer', /^status 400 without an error code$/, raw(400, ''))
})

test('a page with status 502 is worth another try', async () => {
  const page = raw(502, '<html>Bad gateway</html>', { 'Content-Type': 'text/html' })
  await failsAs('try-again', /^status 502$/, page)
})

test('invalid_grant keeps the words of the provider, without what is secret', async () => {
  const failure = await failsAs(
    'grant-gone',
    /^invalid_grant: .* expired after 7 days \(test mode\)\.$/,
    (request: SeenRequest, response) => {
      const sent = new URLSearchParams(request.body)
      const error_description = `Token ${sent.get('refresh_token') ?? sent.get('code')} of ${sent.get('client_secret')} expired after 7 days (test mode).`
      json(400, { error: 'invalid_grant', error_description })(request, response)
    }
  )
  assert.is(failure.error, 'invalid_grant')
})

test('tokens are read from where the connector says', async () => {
  const way = {
    answer: {
      accessToken: '/authed_user/access_token',
      refreshToken: '/authed_user/refresh_token',
      scope: '/authed_user/scope'
    }
  }
  const bot = { access_token: 'bot-token', token_type: 'bot', scope: 'chat', refresh_token: 'bot' }
  const mine = { access_token: 'new-token', refresh_token: 'new-refresh', scope: 'read,write' }
  const expected = { refreshToken: 'new-refresh', scopes: ['read', 'write'] }
  await gives(json(200, { ok: true, ...bot, authed_user: mine }), expected, { way })
  const without = await exchangedAt(json(200, { ok: true, ...bot }), { way })
  assert.ok(without instanceof ProviderFailure && without.kind === 'broken-answer')
})

test('an id token that cannot be read is no obstacle where openid was not asked', async () => {
  await gives(json(200, { ...plain, id_token: 'not.readable' }), {})
  await gives(
    json(200, { ...plain, id_token: { odd: true } }),
    {},
    { way: { issuer: 'https://a' } }
  )
})

test('an id token that cannot be read is refused where openid was asked, but never loses a refresh', async () => {
  const parts = {
    way: { issuer: 'https://a.example' },
    scopes: ['openid', 'read']
  }
  const answer = json(200, { ...plain, id_token: 'not.readable' })
  const exchanged = await exchangedAt(answer, parts)
  assert.ok(exchanged instanceof ProviderFailure && exchanged.kind === 'broken-answer')
  const refreshed = await refreshedAt(answer, parts)
  assert.not.ok(refreshed instanceof Error)
})

test('a refresh token that is null or empty does not replace the one before', async () => {
  await gives(json(200, { ...plain, refresh_token: null }), {})
  await gives(json(200, { ...plain, refresh_token: '' }), {})
})

test('a token that no request could carry is a broken answer', async () => {
  for (const access_token of ['a\nb', 'tök€n', '\u0000', 7, {}, '', null]) {
    const answer = json(200, { access_token })
    await failsAs('broken-answer', /token/, answer)
  }
  await failsAs('broken-answer', /token/, json(200, { ...plain, refresh_token: 'a\r\nb' }))
})

test('a page of a proxy with 401 or 403 is not the word of the provider', async () => {
  const page = '<html>error=invalid_grant: log in to the network first</html>'
  for (const status of [401, 403, 511]) {
    const headers = { 'Content-Type': 'text/html', 'WWW-Authenticate': 'Basic realm="proxy"' }
    const kind = status >= 500 ? 'try-again' : 'broken-answer'
    await failsAs(kind, new RegExp(`^status ${status}`), raw(status, page, headers))
  }
})

test('a challenge without a body means the client', async () => {
  const challenge = { 'WWW-Authenticate': 'Basic realm="tokens"' }
  await failsAs('client-wrong', /^status 401$/, raw(401, '', challenge))
  await failsAs('client-wrong', /^invalid_client$/, json(401, { error: 'invalid_client' }))
})

test('a grant is gone only where the answer has the form of the standard', async () => {
  for (const status of [400, 401, 403, 422]) {
    await failsAs('grant-gone', /^Invalid_Grant$/, json(status, { error: ' Invalid_Grant ' }))
  }
  for (const status of [404, 405, 410, 418]) {
    await failsAs('refused', 'invalid_grant', json(status, { error: 'invalid_grant' }))
  }
  for (const status of [408, 425, 429, 500, 503]) {
    await failsAs('try-again', 'invalid_grant', json(status, { error: 'invalid_grant' }))
  }
  await failsAs('broken-answer', 'status 400', raw(400, '"invalid_grant"'))
  await failsAs('broken-answer', 'status 400', raw(400, '{"error":"invalid_grant"'))
  await failsAs('broken-answer', 'status 400', raw(400, 'invalid_grant'))
})

const waits: readonly (readonly [string, number | null])[] = [
  ['120', 120_000],
  ['0', 0],
  ['86400', 3_600_000],
  ['Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
  ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
  ['Mon, 02 Mar 2026 12:00:00 GMT', 3_600_000],
  ['soon', null],
  ['-5', null],
  ['1e3', null],
  ['999999999999999999999', null]
]

for (const [value, expected] of waits) {
  test(`Retry-After: ${value} asks for ${expected === null ? 'nothing' : `${expected} ms`}`, async () => {
    for (const body of ['', '{"error":"slow_down"}']) {
      const failure = await refreshedAt(raw(429, body, { 'Retry-After': value }))
      assert.ok(failure instanceof ProviderFailure && failure.kind === 'try-again')
      assert.is(failure instanceof ProviderFailure && failure.retryAfterMs, expected)
    }
  })
}

test('an error of a thousand secrets or words is told without them', async () => {
  const tokens = Object.fromEntries(
    Array.from({ length: 5000 }, (_each, index) => [`token_${index}`, `canary-token-${index}`])
  )
  const error_description = 'canary-token-7 is bad'
  const many = json(400, { error: 'invalid_grant', error_description, ...tokens })
  await failsAs('grant-gone', /^status 400$/, many)
  const long = json(400, { error: 'invalid_grant', error_description: 'x'.repeat(500_000) })
  await failsAs('grant-gone', /^invalid_grant$/, long)
})

test('a secret deep in an answer is masked as well, and so is whatever looks like a JWT', async () => {
  const data = [{ inner: { access_token: 'canary-deep-inside' } }]
  const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2ln'
  const error_description = `canary-deep-inside and ${jwt}.`
  const failure = await refreshedAt(json(400, { error: 'odd', error_description, data }))
  assert.is(failure instanceof Error && failure.message, 'odd: *** and ***.')
})

test.run()
