import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { authorizeClientCredentials } from '../../engine/authorize/authorize-client-credentials.ts'
import { authorizeJwtBearer } from '../../engine/authorize/authorize-jwt-bearer.ts'
import type { OAuthOptions } from '../../engine/authorize/oauth-options.ts'
import { renewTokens } from '../../engine/oauth/renew-tokens.ts'
import {
  anOAuthTarget,
  clock,
  json,
  type OAuthParts,
  resolverOf,
  shownOf,
  startServer,
  withCode
} from '../oauth/a-target.ts'
import { rejects } from '../support/assert.ts'
import { aKeyPair } from '../support/oauth-grants.ts'
import { type OAuthServer, startOAuthServer } from '../support/oauth-server.ts'

let server: OAuthServer
const [rsa, ec, ed] = await Promise.all([
  aKeyPair('RS256', 'key-rsa'),
  aKeyPair('ES256', 'key-ec'),
  aKeyPair('EdDSA', 'key-ed')
])
const secret = 'canary client+secret/%'
const publicKeys = [rsa.publicKey, ec.publicKey, ed.publicKey]

test.before(async () => {
  const own = { grants: ['client_credentials', 'jwt_bearer'], redirectUris: [] } as const
  server = await startOAuthServer({
    clients: [
      { ...own, id: 'post-1', secret, authentication: 'client_secret_post' },
      { ...own, id: 'basic-1', secret, authentication: 'client_secret_basic' },
      { ...own, id: 'dpop-1', secret, authentication: 'client_secret_post', dpop: true },
      { ...own, id: 'signing-1', authentication: 'private_key_jwt', publicKeys },
      { ...own, id: 'open-1', authentication: 'none', publicKeys }
    ],
    scopes: ['read', 'write'],
    dpopNonce: true
  })
})

test.after(() => server.close())

const scopes = ['read', 'write']

function optionsOf(id: string, clientSecret: string): OAuthOptions {
  const resolve = resolverOf({ 'env:EXAMPLE_ID': id, 'env:EXAMPLE_SECRET': clientSecret })
  return { resolve, clock }
}

function ownTarget(grant: 'client_credentials' | 'jwt_bearer', parts: OAuthParts = {}) {
  const way = { grant, ...parts.way }
  return anOAuthTarget(server.origin, { scopes, ...parts, way })
}

test('authorizes with the client credentials, however the client names itself', async () => {
  for (const [id, clientAuthentication] of [
    ['post-1', 'post'],
    ['basic-1', 'basic']
  ] as const) {
    const target = ownTarget('client_credentials', { way: { clientAuthentication } })
    const authorized = await authorizeClientCredentials(target, optionsOf(id, secret))
    assert.is(authorized.clientId, id)
    assert.is(authorized.account.id, id)
    assert.equal(authorized.granted, scopes)
    assert.ok(authorized.secret.kind === 'oauth2' && authorized.secret.refreshToken === null)
  }
})

test('authorizes a client that signs, with every algorithm and form of its key', async () => {
  for (const [algorithm, key] of [
    ['RS256', rsa.pem],
    ['RS256', rsa.pem.replaceAll('\n', '\\n')],
    ['RS256', JSON.stringify({ type: 'service_account', private_key: rsa.pem })],
    ['ES256', ec.pem],
    ['ES256', ec.jwk],
    ['EdDSA', ed.pem],
    ['EdDSA', ed.jwk]
  ] as const) {
    const keyId = { RS256: 'key-rsa', ES256: 'key-ec', EdDSA: 'key-ed' }[algorithm]
    for (const signing of [{ algorithm }, { algorithm, keyId, audience: server.origin }]) {
      const way = { clientAuthentication: 'private_key_jwt', signing } as const
      const target = ownTarget('client_credentials', { way })
      const { account } = await authorizeClientCredentials(target, optionsOf('signing-1', key))
      assert.is(account.id, 'signing-1')
    }
  }
})

test('a client whose key the provider does not know is told so, without the key', async () => {
  const stranger = await aKeyPair('ES256', 'key-ec')
  const way = {
    clientAuthentication: 'private_key_jwt',
    signing: { algorithm: 'ES256', keyId: 'key-ec' }
  } as const
  const error = await rejects(
    () =>
      authorizeClientCredentials(
        ownTarget('client_credentials', { way }),
        optionsOf('signing-1', stranger.pem)
      ),
    withCode('CLIENT_REJECTED')
  )
  assert.not.match(shownOf(error), stranger.pem.split('\n')[1] ?? '')
})

test('authorizes with an assertion of one key, where the client also names itself with it', async () => {
  const way = {
    clientAuthentication: 'private_key_jwt',
    signing: { algorithm: 'ES256', keyId: 'key-ec' }
  } as const
  const authorized = await authorizeJwtBearer(
    ownTarget('jwt_bearer', { way }),
    optionsOf('signing-1', ec.pem)
  )
  assert.is(authorized.account.id, 'signing-1')
  assert.equal(authorized.granted, scopes)
})

test('an assertion that alone names the client is enough, and scopes may be a claim of it', async () => {
  const way = {
    clientAuthentication: 'none',
    tokenParameters: { client_id: 'open-1' },
    signing: { keyId: 'key-rsa', scopeClaim: true }
  } as const
  const authorized = await authorizeJwtBearer(
    ownTarget('jwt_bearer', { way }),
    optionsOf('open-1', rsa.pem)
  )
  assert.equal(authorized.granted, scopes)
})

test('the assertion says what the connector says', async () => {
  let form = new URLSearchParams()
  const told = await startServer((request, response) => {
    if (request.path === '/token') form = new URLSearchParams(request.body)
    json(200, { access_token: 'a', sub: 'x' })(request, response)
  })
  const way = {
    grant: 'jwt_bearer',
    clientAuthentication: 'post',
    signing: {
      algorithm: 'ES256',
      keyId: 'key-9',
      issuer: '{client_id}@example.com',
      subject: 'ana@example.com',
      audience: 'https://example.com/{client_id}',
      lifetime: 60,
      scopeClaim: true
    }
  } as const
  const target = anOAuthTarget(told.origin, { way, scopes })
  const now = new Date('2026-01-01T00:00:00Z')
  const { resolve } = optionsOf('app-1', ec.pem)
  await authorizeJwtBearer(target, { resolve, clock: { now: () => now } })
  const [header, claims] = (form.get('assertion') ?? '')
    .split('.')
    .slice(0, 2)
    .map(part => JSON.parse(Buffer.from(part, 'base64url').toString()))
  assert.equal(header, { alg: 'ES256', typ: 'JWT', kid: 'key-9' })
  const { jti, ...rest } = claims
  assert.match(jti, /^[0-9a-f-]{36}$/)
  assert.equal(rest, {
    iss: 'app-1@example.com',
    sub: 'ana@example.com',
    aud: 'https://example.com/app-1',
    iat: now.getTime() / 1000,
    exp: now.getTime() / 1000 + 60,
    scope: 'read write'
  })
  // The private key is the secret here, and never sent, whatever the connector says.
  assert.equal([...form.keys()].sort(), ['assertion', 'grant_type'])
  await told.close()
})

test('an assertion that is not accepted is masked in what is said', async () => {
  const told = await startServer((request, response) => {
    const said = `No to ${request.body}`
    json(400, { error: 'invalid_grant', error_description: said })(request, response)
  })
  const way = { grant: 'jwt_bearer', signing: { algorithm: 'ES256' } } as const
  const error = await rejects(
    () => authorizeJwtBearer(anOAuthTarget(told.origin, { way }), optionsOf('app-1', ec.pem)),
    withCode('AUTHORIZATION_FAILED')
  )
  assert.match(shownOf(error), 'invalid_grant: No to')
  assert.not.match(shownOf(error), 'eyJ')
  await told.close()
})

test('is refused for logged-in users before anything is read or sent', async () => {
  const asked = server.requests.length
  for (const [grant, authorize] of [
    ['client_credentials', authorizeClientCredentials],
    ['jwt_bearer', authorizeJwtBearer]
  ] as const) {
    const target = ownTarget(grant)
    const need = { ...target.need, level: 'logged-in-user' } as const
    const resolve = resolverOf({})
    await rejects(
      () => authorize({ ...target, need }, { resolve, clock }),
      withCode('GRANT_NOT_FOR_USERS')
    )
  }
  assert.is(server.requests.length, asked)
})

test('whoever calls is told before a grant may exist, and a cancellation that came before asks nothing', async () => {
  const asked = server.requests.length
  let seen = -1
  const onGrantRequested = (): void => {
    seen = server.requests.length
  }
  const target = ownTarget('client_credentials')
  const options = { ...optionsOf('post-1', secret), onGrantRequested }
  await rejects(
    () => authorizeClientCredentials(target, { ...options, signal: AbortSignal.abort() }),
    withCode('AUTHORIZATION_CANCELLED')
  )
  assert.is(seen, -1)
  await authorizeClientCredentials(target, options)
  assert.is(seen, asked)
})

test('tokens are renewed by asking again, with the same key where they are bound to one', async () => {
  const way = {
    dpop: true,
    send: [{ in: 'header', name: 'Authorization', value: 'DPoP {access_token}' }]
  } as const
  const target = ownTarget('client_credentials', { way })
  const first = await authorizeClientCredentials(target, optionsOf('dpop-1', secret))
  assert.is(first.account.id, 'dpop-1')
  if (first.secret.kind !== 'oauth2') throw new Error('These are tokens')
  const second = await renewTokens(target, { id: 'dpop-1', secret }, first.secret, clock)
  assert.is(second.dpopKey, first.secret.dpopKey)
  assert.is.not(second.accessToken, first.secret.accessToken)
  assert.is(second.refreshToken, null)
})

test('a refresh token that nobody needs is not kept, and scopes that were lost are told', async () => {
  const told = await startServer(
    json(200, { access_token: 'a', refresh_token: 'b', scope: 'read', sub: 'x' })
  )
  const target = anOAuthTarget(told.origin, { way: { grant: 'client_credentials' }, scopes })
  const first = await authorizeClientCredentials(target, optionsOf('app-1', secret))
  assert.equal(first.granted, ['read'])
  if (first.secret.kind !== 'oauth2') throw new Error('These are tokens')
  assert.is(first.secret.refreshToken, null)
  await told.close()
})

test.run()
