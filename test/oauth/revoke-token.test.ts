import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { OAuth2Secret } from '../../engine/model/credential.ts'
import type { OAuth2TargetWay } from '../../engine/model/target.ts'
import { introspect } from '../../engine/oauth/introspect.ts'
import { ProviderFailure } from '../../engine/oauth/provider-failure.ts'
import { refreshTokens } from '../../engine/oauth/refresh-tokens.ts'
import { revokeToken } from '../../engine/oauth/revoke-token.ts'
import { rejects } from '../support/assert.ts'
import { startOAuthServer } from '../support/oauth-server.ts'
import {
  anOAuthSecret,
  anOAuthTarget,
  clock,
  json,
  type OAuthParts,
  type SeenRequest,
  startServer,
  withCode
} from './a-target.ts'
import { consented } from './consented.ts'

const client = { id: 'app-1.example_x', secret: 'canary client+secret/%' }
const basic = `Basic ${Buffer.from('app-1.example_x:canary+client%2Bsecret%2F%25').toString('base64')}`
const [accessToken, refreshToken] = ['canary-access-token', 'canary-refresh-token']

type Rule = OAuth2TargetWay['revocation']

async function revokedAt(
  revocation: Rule,
  answer: Parameters<typeof startServer>[0] = json(200, {}),
  parts: Omit<OAuthParts, 'way'> & { readonly way?: Partial<OAuth2TargetWay> } = {},
  secret: OAuth2Secret = anOAuthSecret()
) {
  const server = await startServer(answer)
  const { origin, requests } = server
  const { url } = revocation
  const rule =
    url === undefined ? revocation : { ...revocation, url: url.replace('ORIGIN', origin) }
  const target = anOAuthTarget(origin, { ...parts, way: { ...parts.way, revocation: rule } })
  try {
    const result = await revokeToken(target, client, secret, clock)
    assert.not.match(JSON.stringify(result), 'canary')
    return { result, requests }
  } finally {
    await server.close()
  }
}

function formOf({ body }: SeenRequest): Readonly<Record<string, string>> {
  return Object.fromEntries(new URLSearchParams(body))
}

test('ends the grant by its refresh token in the form of the standard', async () => {
  const { result, requests } = await revokedAt({ ends: 'grant', url: 'ORIGIN/revoke' })
  assert.equal(result, { outcome: 'revoked' })
  assert.equal(
    requests.map(each => `${each.method} ${each.path}`),
    ['POST /revoke']
  )
  assert.equal(requests.map(formOf), [
    { token: refreshToken, client_id: client.id, client_secret: client.secret }
  ])
})

test('ends the refresh token first, then the access token, where each has to be ended by itself', async () => {
  const rule: Rule = { ends: 'token', url: 'ORIGIN/revoke' }
  const { requests } = await revokedAt(rule, json(200, {}), {
    way: { clientAuthentication: 'basic' }
  })
  assert.equal(requests.map(formOf), [{ token: refreshToken }, { token: accessToken }])
  assert.is(requests[1]?.headers.authorization, basic)
  const alone = await revokedAt(rule, json(200, {}), {}, { ...anOAuthSecret(), refreshToken: null })
  assert.equal(
    alone.requests.map(each => formOf(each).token),
    [accessToken]
  )
})

test('a service without a way to revoke is not asked', async () => {
  for (const rule of [{ ends: 'none' }, { ends: 'none', url: 'ORIGIN/revoke' }] as const) {
    const { result, requests } = await revokedAt(rule)
    assert.equal(result, { outcome: 'not-offered' })
    assert.is(requests.length, 0)
  }
  assert.equal((await revokedAt({ ends: 'grant' })).result, { outcome: 'not-offered' })
})

const verbs: readonly (readonly [string, Rule, Partial<SeenRequest>, string | undefined])[] = [
  [
    'DELETE with the access token in JSON and the client id in the address',
    {
      ends: 'grant',
      url: 'ORIGIN/applications/{client_id}/grant',
      method: 'DELETE',
      token: 'access',
      in: 'json',
      parameter: 'access_token'
    },
    {
      method: 'DELETE',
      path: '/applications/app-1.example_x/grant',
      body: JSON.stringify({ access_token: accessToken })
    },
    basic
  ],
  [
    'POST with the refresh token in the query and no client',
    { ends: 'grant', url: 'ORIGIN/revoke?v=2', in: 'query', client: false },
    { method: 'POST', path: `/revoke?v=2&token=${refreshToken}`, body: '' },
    undefined
  ],
  [
    'GET with the token in the query',
    { ends: 'token', url: 'ORIGIN/revoke', method: 'GET', token: 'access', in: 'query' },
    { method: 'GET', path: `/revoke?token=${accessToken}`, body: '' },
    basic
  ],
  [
    'POST with the token as the credential of the request',
    { ends: 'token', url: 'ORIGIN/me/disconnect', token: 'access', in: 'credential' },
    { method: 'POST', path: '/me/disconnect', body: '' },
    `Bearer ${accessToken}`
  ],
  [
    'POST with a form and a parameter of its own',
    { ends: 'grant', url: 'ORIGIN/revoke', parameter: 'refresh', client: false },
    { method: 'POST', path: '/revoke', body: `refresh=${refreshToken}` },
    undefined
  ]
]

for (const [what, rule, expected, authorization] of verbs) {
  test(`the verb of a service: ${what}`, async () => {
    const way = { clientAuthentication: 'basic' } as const
    const { result, requests } = await revokedAt(rule, json(204, ''), { way })
    assert.equal(result, { outcome: 'revoked' })
    assert.is(requests.length, 1)
    const { method, path, body, headers } = requests[0] ?? {}
    assert.equal({ method, path, body }, expected)
    assert.is(headers?.authorization, authorization)
  })
}

test('the client names itself in the body of a JSON request as in a form', async () => {
  const rule: Rule = { ends: 'grant', url: 'ORIGIN/revoke', in: 'json' }
  const { requests } = await revokedAt(rule)
  assert.equal(JSON.parse(requests[0]?.body ?? ''), {
    client_id: client.id,
    client_secret: client.secret,
    token: refreshToken
  })
  assert.is(requests[0]?.headers['content-type'], 'application/json')
})

test('a token that the service does not know is as good as ended', async () => {
  for (const error of ['invalid_token', 'invalid_grant']) {
    const { result } = await revokedAt({ ends: 'grant', url: 'ORIGIN/r' }, json(400, { error }))
    assert.equal(result, { outcome: 'revoked' })
  }
})

test('a refusal is told with its kind and without secrets, and nothing is asked after it', async () => {
  const rule: Rule = { ends: 'token', url: 'ORIGIN/r' }
  const answers = [
    [
      json(403, { error: 'odd', error_description: `No ${refreshToken}` }),
      'refused',
      'odd: No ***'
    ],
    [json(401, { error: 'invalid_client' }), 'client-wrong', 'invalid_client'],
    [json(503, {}), 'try-again', 'status 503'],
    [json(404, {}), 'broken-answer', 'status 404 without an error code']
  ] as const
  for (const [answer, kind, reason] of answers) {
    const { result, requests } = await revokedAt(rule, answer)
    assert.equal(result, {
      outcome: 'refused',
      kind,
      reason: `the refresh token was not ended: ${reason}`
    })
    assert.is(requests.length, 1)
    const own = await revokedAt({ ...rule, parameter: 'key' }, answer)
    assert.equal(own.result, result)
  }
})

test('a redirect is not followed with a token', async () => {
  const elsewhere = await startServer(json(200, {}))
  for (const parameter of ['token', 'own']) {
    const rule: Rule = { ends: 'grant', url: 'ORIGIN/r', parameter }
    const { result } = await revokedAt(rule, (_request, response) => {
      response.writeHead(307, { Location: elsewhere.origin }).end()
    })
    assert.is(result.outcome, 'refused')
  }
  assert.is(elsewhere.requests.length, 0)
  await elsewhere.close()
})

test('an address that the tokens may not be sent to is refused before anything is sent', async () => {
  const rule: Rule = { ends: 'grant', url: 'https://evil.example/revoke' }
  await rejects(() => revokedAt(rule), withCode('DESTINATION_REFUSED'))
})

test('a real server forgets what was revoked, and says so when it is asked', async () => {
  const redirectUri = 'http://127.0.0.1:1234/callback'
  const server = await startOAuthServer({
    clients: [
      {
        id: client.id,
        secret: 'a plain secret',
        authentication: 'client_secret_post',
        redirectUris: [redirectUri]
      }
    ],
    scopes: ['read']
  })
  const { origin } = server
  const known = { id: client.id, secret: 'a plain secret' }
  const target = anOAuthTarget(origin, {
    scopes: ['offline_access', 'read'],
    way: {
      revocation: { ends: 'token', url: `${origin}/token/revocation` },
      introspectionUrl: `${origin}/token/introspection`
    }
  })
  const secret = await consented(target, known, redirectUri)
  const before = await introspect(target, known, secret, clock)
  assert.is(before?.active, true)
  assert.equal(before?.scopes, ['offline_access', 'read'])
  const left = Date.parse(before?.expiresAt ?? '') - Date.parse(secret.expiresAt ?? '')
  assert.ok(Math.abs(left) < 5000, 'Both tell the same end')

  assert.equal(await revokeToken(target, known, secret, clock), { outcome: 'revoked' })
  const after = await introspect(target, known, secret, clock)
  assert.equal(after, { active: false, expiresAt: null, scopes: null })
  const refused = await rejects(() => refreshTokens(target, known, secret, clock))
  assert.is(refused instanceof ProviderFailure && refused.kind, 'grant-gone')
  assert.equal(await revokeToken(target, known, secret, clock), { outcome: 'revoked' })
  const wrong = await revokeToken(target, { ...known, secret: 'another one' }, secret, clock)
  assert.is(wrong.outcome === 'refused' && wrong.kind, 'client-wrong')
  await server.close()
})

test.run()
