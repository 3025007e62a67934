import type { ServerResponse } from 'node:http'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exchangeCode } from '../../engine/oauth/exchange-code.ts'
import { type FailureKind, ProviderFailure } from '../../engine/oauth/provider-failure.ts'
import { refreshTokens } from '../../engine/oauth/refresh-tokens.ts'
import { rejects } from '../support/assert.ts'
import {
  anOAuthSecret,
  anOAuthTarget,
  clock,
  json,
  type OAuthParts,
  type SeenRequest,
  shownOf,
  startServer,
  withCode
} from './a-target.ts'

const client = { id: 'app-1.example_x', secret: 'canary client+secret/%' }
const before = anOAuthSecret()
const canaries = [client.secret, before.accessToken, before.refreshToken, 'canary-in-the-answer']

type Answering = (request: SeenRequest, response: ServerResponse) => void

async function refreshAt(
  answer: Answering,
  parts: OAuthParts = {},
  secret: string | null = client.secret
) {
  const server = await startServer(answer)
  try {
    const target = anOAuthTarget(server.origin, parts)
    const result = await refreshTokens(target, { ...client, secret }, before, clock).catch(
      (error: unknown) => error
    )
    return { result, requests: server.requests }
  } finally {
    await server.close()
  }
}

async function failureAt(answer: Answering): Promise<ProviderFailure> {
  const { result } = await refreshAt(answer)
  if (!(result instanceof ProviderFailure)) throw new Error('It was to fail')
  for (const canary of canaries) {
    assert.not.ok(shownOf(result).includes(canary), 'A secret in the error')
  }
  return result
}

const raw =
  (status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answering =>
  (_request, response) => {
    response.writeHead(status, headers).end(text)
  }

const failures: readonly (readonly [string, FailureKind, Answering])[] = [
  ['invalid_grant', 'grant-gone', json(400, { error: 'invalid_grant' })],
  ['invalid_grant with 200', 'grant-gone', json(200, { error: 'invalid_grant' })],
  ['an own code for a dead token', 'grant-gone', json(200, { error: 'bad_refresh_token' })],
  ['invalid_client', 'client-wrong', json(401, { error: 'invalid_client' })],
  [
    '401 with a challenge and no body',
    'client-wrong',
    raw(401, '', { 'WWW-Authenticate': 'Basic realm=x' })
  ],
  ['unauthorized_client', 'client-wrong', json(400, { error: 'unauthorized_client' })],
  ['429', 'try-again', json(429, { error: 'slow' })],
  ['502 with HTML', 'try-again', raw(502, '<html>', { 'Content-Type': 'text/html' })],
  ['503 that says invalid_grant', 'try-again', json(503, { error: 'invalid_grant' })],
  ['temporarily_unavailable', 'try-again', json(400, { error: 'temporarily_unavailable' })],
  ['an empty 400', 'broken-answer', raw(400, '')],
  ['HTML with 200', 'broken-answer', raw(200, '<html>')],
  [
    'JSON without a token',
    'broken-answer',
    json(200, { ok: true, secret: 'canary-in-the-answer' })
  ],
  ['a token that is a number', 'broken-answer', json(200, { access_token: 1 })],
  ['a token bound to a key', 'broken-answer', json(200, { access_token: 'a', token_type: 'DPoP' })],
  ['more than 1 MiB', 'broken-answer', raw(200, `{"access_token":"${'x'.repeat(1100 * 1024)}"}`)],
  ['another error', 'refused', json(400, { error: 'invalid_scope' })],
  ['access_denied', 'refused', json(400, { error: 'access_denied' })]
]

for (const [what, kind, answer] of failures) {
  test(`a refresh answered with ${what} is ${kind}`, async () => {
    assert.is((await failureAt(answer)).kind, kind)
  })
}

test('a redirect of the token endpoint is not followed', async () => {
  const elsewhere = await startServer(json(200, { access_token: 'stolen' }))
  for (const status of [301, 302, 303, 307, 308]) {
    const failure = await failureAt(raw(status, '', { Location: `${elsewhere.origin}/token` }))
    assert.is(failure.kind, 'broken-answer')
  }
  assert.is(elsewhere.requests.length, 0)
  await elsewhere.close()
})

test('nobody at the address is try-again', async () => {
  const server = await startServer(json(200, {}))
  await server.close()
  const target = anOAuthTarget(server.origin)
  const failure = await rejects(() => refreshTokens(target, client, before, clock), 'ECONNREFUSED')
  assert.is(failure instanceof ProviderFailure && failure.kind, 'try-again')
})

test('an error description is shown without the secrets that it repeats', async () => {
  const failure = await failureAt((request, response) => {
    const echo = `You sent ${request.body}\nand ${client.secret}\u001b[31m`
    json(400, { error: 'invalid_grant', error_description: echo })(request, response)
  })
  assert.match(failure.message, /^invalid_grant: You sent .*refresh_token=\*\*\*/)
  assert.match(failure.message, / and \*\*\*\[31m$/)
})

test('a token in an answer with an error is masked as well', async () => {
  const failure = await failureAt(
    json(200, {
      error: 'odd',
      error_description: 'canary-in-the-answer is odd',
      access_token: 'canary-in-the-answer'
    })
  )
  assert.is(failure.message, 'odd: *** is odd')
})

test('an address that the connection may not send to is refused before anything is sent', async () => {
  const { result, requests } = await refreshAt(json(200, { access_token: 'a' }), {
    basis: { origins: ['https://example.com'] }
  })
  assert.ok(result instanceof Error && withCode('DESTINATION_REFUSED')(result))
  assert.is(requests.length, 0)
})

test('plain http is refused for anything but this machine', async () => {
  const target = anOAuthTarget('http://example.com')
  await rejects(() => refreshTokens(target, client, before, clock), withCode('DESTINATION_REFUSED'))
})

test('the client names itself as the connector says', async () => {
  const ok = json(200, { access_token: 'new-token' })
  const form = async (clientAuthentication: 'post' | 'basic' | 'none', secret: string | null) => {
    const { requests } = await refreshAt(ok, { way: { clientAuthentication } }, secret)
    const { body = '', headers = {} } = requests[0] ?? {}
    return {
      sent: Object.fromEntries(new URLSearchParams(body)),
      authorization: headers.authorization
    }
  }
  const grant = { grant_type: 'refresh_token', refresh_token: before.refreshToken }
  assert.equal(await form('post', client.secret), {
    sent: { ...grant, client_id: client.id, client_secret: client.secret },
    authorization: undefined
  })
  assert.equal(await form('none', client.secret), {
    sent: { ...grant, client_id: client.id },
    authorization: undefined
  })
  assert.equal(await form('post', null), {
    sent: { ...grant, client_id: client.id },
    authorization: undefined
  })
  const basic = Buffer.from('app-1.example_x:canary+client%2Bsecret%2F%25').toString('base64')
  assert.equal(await form('basic', client.secret), { sent: grant, authorization: `Basic ${basic}` })
})

test('a refresh keeps the refresh token if none comes back, and takes the new one if one does', async () => {
  const kept = (await refreshAt(json(200, { access_token: 'new', expires_in: '60' }))).result
  assert.ok(typeof kept === 'object' && kept !== null && 'refreshToken' in kept)
  assert.is(kept.refreshToken, before.refreshToken)
  const rotated = (await refreshAt(json(200, { access_token: 'new', refresh_token: 'newer' })))
    .result
  assert.ok(typeof rotated === 'object' && rotated !== null && 'refreshToken' in rotated)
  assert.is(rotated.refreshToken, 'newer')
})

test('without expires_in the lifetime is what the connector says', async () => {
  const now = new Date('2026-01-01T00:00:00Z')
  const server = await startServer(json(200, { access_token: 'new' }))
  const secondsOf = async (way: OAuthParts['way']): Promise<string | null> => {
    const target = anOAuthTarget(server.origin, { way: way ?? {} })
    return (await refreshTokens(target, client, before, { now: () => now })).expiresAt
  }
  assert.is(await secondsOf({}), null)
  assert.is(await secondsOf({ accessTokenLifetime: 90 }), '2026-01-01T00:01:30.000Z')
  await server.close()
})

test('a token request is written as the connector says', async () => {
  const { requests } = await refreshAt(json(200, { access_token: 'new' }), {
    way: {
      tokenBody: 'json',
      tokenParameters: { audience: 'https://api.example.com' },
      refreshParameters: { keep: 'yes' },
      tokenHeaders: { 'X-Version': '2026-01-01', accept: 'application/vnd.example+json' }
    }
  })
  const { body = '', headers = {} } = requests[0] ?? {}
  assert.is(headers['content-type'], 'application/json')
  assert.is(headers['x-version'], '2026-01-01')
  assert.is(headers.accept, 'application/vnd.example+json')
  assert.equal(JSON.parse(body), {
    audience: 'https://api.example.com',
    keep: 'yes',
    refresh_token: before.refreshToken,
    grant_type: 'refresh_token',
    client_id: client.id,
    client_secret: client.secret
  })
})

interface Callback {
  readonly query: string
  readonly issuer?: string
  readonly answer?: unknown
}

async function exchangeWith({ query, issuer, answer = { access_token: 'at' } }: Callback) {
  const server = await startServer(json(200, answer))
  let grants = 0
  try {
    const target = anOAuthTarget(server.origin, { way: issuer === undefined ? {} : { issuer } })
    const result = await exchangeCode(target, {
      client,
      request: {
        url: '',
        redirectUri: 'http://127.0.0.1:1/callback',
        state: 'st',
        codeVerifier: 'v'.repeat(43),
        nonce: null,
        dpopKey: null
      },
      callback: new URLSearchParams(query),
      clock,
      onGrantRequested: () => {
        grants++
      }
    }).catch((error: unknown) => error)
    return { result, requests: server.requests, grants }
  } finally {
    await server.close()
  }
}

test('a code is exchanged with its verifier and redirect address', async () => {
  const { requests, grants } = await exchangeWith({ query: 'code=abc&state=st' })
  const sent = Object.fromEntries(new URLSearchParams(requests[0]?.body))
  assert.is(sent.code, 'abc')
  assert.is(sent.code_verifier, 'v'.repeat(43))
  assert.is(sent.redirect_uri, 'http://127.0.0.1:1/callback')
  assert.is(grants, 1)
})

const badCallbacks: readonly (readonly [string, Callback])[] = [
  ['another state', { query: 'code=abc&state=other' }],
  ['no state', { query: 'code=abc' }],
  ['two states', { query: 'code=abc&state=st&state=st' }],
  ['no code', { query: 'state=st' }],
  ['two codes', { query: 'code=a&code=b&state=st' }],
  ['an error', { query: 'error=access_denied&state=st&code=abc' }],
  [
    'another issuer',
    { query: 'code=abc&state=st&iss=https%3A%2F%2Fevil.example', issuer: 'https://a.example' }
  ]
]

for (const [what, callback] of badCallbacks) {
  test(`a callback with ${what} sends no code`, async () => {
    const { result, requests, grants } = await exchangeWith(callback)
    assert.instance(result, ProviderFailure)
    assert.is(requests.length, 0)
    assert.is(grants, 0)
  })
}

test('the issuer of a callback is compared where the connector names one', async () => {
  const query = 'code=abc&state=st&iss=https%3A%2F%2Fa.example'
  assert.not.instance((await exchangeWith({ query, issuer: 'https://a.example' })).result, Error)
  assert.not.instance((await exchangeWith({ query })).result, Error)
})

test('an answer without scopes grants what was asked, and one with scopes only those', async () => {
  const asked = (await exchangeWith({ query: 'code=abc&state=st' })).result
  assert.ok(typeof asked === 'object' && asked !== null && 'granted' in asked)
  assert.equal(asked.granted, ['offline_access', 'read', 'write'])
  const answer = { access_token: 'at', scope: ['write', 'read'] }
  const told = (await exchangeWith({ query: 'code=abc&state=st', answer })).result
  assert.ok(typeof told === 'object' && told !== null && 'granted' in told)
  assert.equal(told.granted, ['read', 'write'])
})

test.run()
