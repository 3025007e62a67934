import { generateKeyPairSync } from 'node:crypto'
import { decodeJwt } from 'jose'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clientCredentialsTokens } from '../../engine/oauth/client-credentials.ts'
import { requestDeviceCode } from '../../engine/oauth/device-authorization.ts'
import { introspect, introspectRefreshToken } from '../../engine/oauth/introspect.ts'
import { jwtBearerTokens } from '../../engine/oauth/jwt-bearer.ts'
import { ProviderFailure } from '../../engine/oauth/provider-failure.ts'
import { authorizationRefusal } from '../../engine/oauth/provider-refusal.ts'
import { pushRequest } from '../../engine/oauth/push-request.ts'
import { refreshTokens } from '../../engine/oauth/refresh-tokens.ts'
import type { OAuth2Target, OAuthClient } from '../../engine/oauth/resolve-client.ts'
import { revokeToken } from '../../engine/oauth/revoke-token.ts'
import {
  anOAuthSecret,
  anOAuthTarget,
  clock,
  json,
  type SeenRequest,
  shownOf,
  startServer
} from './a-target.ts'

const secret = anOAuthSecret()

/** Asks each endpoint once, whatever comes of it. What each failed with, in the order of `paths`. */
async function askAll(target: OAuth2Target, client: OAuthClient): Promise<readonly unknown[]> {
  const failures: unknown[] = []
  for (const ask of [
    () => refreshTokens(target, client, secret, clock),
    () => clientCredentialsTokens(target, client, { clock }),
    () => pushRequest(target, client, {}, { secrets: [], clock }),
    () => requestDeviceCode(target, client, clock),
    () => introspect(target, client, secret, clock),
    () => introspectRefreshToken(target, client, secret, clock),
    () => revokeToken(target, client, { ...secret, refreshToken: null }, clock)
  ]) {
    failures.push(await ask().catch((error: unknown) => error))
  }
  return failures
}

const paths = ['/refresh', '/token', '/par', '/device', '/introspect', '/introspect', '/revoke']

function targetAt(origin: string, way: Partial<OAuth2Target['way']>): OAuth2Target {
  return anOAuthTarget(origin, {
    way: {
      refreshUrl: `${origin}/refresh`,
      pushedUrl: `${origin}/par`,
      deviceUrl: `${origin}/device`,
      introspectionUrl: `${origin}/introspect`,
      revocation: { ends: 'token', url: `${origin}/revoke` },
      ...way
    }
  })
}

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const signer = {
  id: 'app',
  secret: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** The audience of each assertion that comes, after the way that it takes. */
async function audiences(audience: string | undefined): Promise<readonly unknown[]> {
  const server = await startServer(json(400, { error: 'invalid_request' }))
  const signing = { algorithm: 'ES256', ...(audience === undefined ? {} : { audience }) } as const
  await askAll(
    targetAt(server.origin, { clientAuthentication: 'private_key_jwt', signing }),
    signer
  )
  await server.close()
  assert.equal(
    server.requests.map(each => each.path),
    paths
  )
  return server.requests.map(each => {
    const assertion = new URLSearchParams(each.body).get('client_assertion') ?? ''
    return String(decodeJwt(assertion).aud).replace(server.origin, '')
  })
}

test('an assertion is for the token endpoint wherever it goes, or for the endpoint that is asked', async () => {
  assert.equal(
    await audiences(undefined),
    paths.map(() => '/token')
  )
  assert.equal(
    await audiences('https://id.example'),
    paths.map(() => 'https://id.example')
  )
  assert.equal(await audiences('{endpoint}'), paths)
})

test('an assertion goes with the own form of a revocation as well, for that endpoint', async () => {
  const server = await startServer(json(200, {}))
  const target = targetAt(server.origin, {
    clientAuthentication: 'private_key_jwt',
    signing: { algorithm: 'ES256', audience: '{endpoint}' },
    revocation: { ends: 'grant', url: `${server.origin}/end`, in: 'json', parameter: 'key' }
  })
  assert.is((await revokeToken(target, signer, secret, clock)).outcome, 'revoked')
  const sent = JSON.parse(server.requests[0]?.body ?? '{}')
  assert.is(decodeJwt(sent.client_assertion).aud, `${server.origin}/end`)
  await server.close()
})

test('an assertion that asks for tokens is for the endpoint that gives them', async () => {
  const server = await startServer(json(200, { access_token: 'new-token' }))
  const signing = { algorithm: 'ES256', audience: '{endpoint}' } as const
  const way = { grant: 'jwt_bearer', clientAuthentication: 'none', signing } as const
  await jwtBearerTokens(targetAt(server.origin, way), signer, { clock })
  const assertion = new URLSearchParams(server.requests[0]?.body).get('assertion') ?? ''
  assert.is(decodeJwt(assertion).aud, `${server.origin}/token`)
  await server.close()
})

const odd = { id: 'app 1', secret: '+ %/:canary \u00e4\u20ac' }

/** Every endpoint answers as told; what it saw of the client, and what became of it. */
async function named(
  clientAuthentication: 'basic' | 'basic-raw' | 'post',
  client: OAuthClient,
  answer: (request: SeenRequest) => unknown = () => ({ error: 'invalid_client' })
) {
  const server = await startServer((request, response) =>
    json(401, answer(request))(request, response)
  )
  const target = targetAt(server.origin, { clientAuthentication })
  const failures = await askAll(target, client)
  await server.close()
  return {
    failures,
    target,
    pairs: server.requests.map(each =>
      Buffer.from((each.headers.authorization ?? '').slice('Basic '.length), 'base64').toString()
    )
  }
}

test('HTTP Basic carries id and secret encoded, or as they are, to each endpoint', async () => {
  const encoded = 'app+1:%2B+%25%2F%3Acanary+%C3%A4%E2%82%AC'
  assert.equal(
    (await named('basic', odd)).pairs,
    paths.map(() => encoded)
  )
  assert.equal(
    (await named('basic-raw', odd)).pairs,
    paths.map(() => `${odd.id}:${odd.secret}`)
  )
})

test('a pair that a service repeats is masked in both forms', async () => {
  for (const way of ['basic', 'basic-raw'] as const) {
    const { failures } = await named(way, odd, ({ headers }) => ({
      error: 'invalid_client',
      error_description: `You sent ${headers.authorization}, which is wrong.`
    }))
    for (const failure of failures.slice(0, 4)) {
      assert.match(shownOf(Object(failure)), 'Basic ***, which is wrong')
    }
  }
})

const hint = 'id or secret have characters that HTTP Basic sends encoded'

test('where encoding may be why a client is rejected, that is said, and not what the secret is', async () => {
  const { failures, target } = await named('basic', odd)
  const rejected = failures.slice(0, 4)
  for (const failure of rejected) {
    assert.ok(failure instanceof ProviderFailure)
    const refusal = authorizationRefusal(target, failure)
    assert.is(refusal.diagnostics[0]?.code, 'CLIENT_REJECTED')
    assert.match(shownOf(refusal), `(invalid_client; ${hint}`)
    assert.match(shownOf(refusal), 'clientAuthentication: basic-raw')
    assert.not.match(shownOf(refusal), 'canary')
  }
})

test('it is not said where encoding changes nothing, and not of other failures', async () => {
  const plain = { id: 'app-1.example_x', secret: 'canary-Secret_1.*' }
  const others = [
    await named('basic', plain),
    await named('basic-raw', odd),
    await named('post', odd),
    await named('basic', odd, () => ({ error: 'invalid_grant' }))
  ]
  for (const { failures } of others) {
    for (const failure of failures) assert.not.match(shownOf(Object(failure)), hint)
  }
})

test('a 401 or 403 without a word may be for a wrong client, and a 400 says nothing', async () => {
  for (const [status, isSaid] of [
    [401, true],
    [403, true],
    [400, false],
    [404, false]
  ] as const) {
    const server = await startServer((_request, response) => response.writeHead(status).end())
    const target = targetAt(server.origin, {})
    const [, failure] = await askAll(target, odd)
    await server.close()
    assert.ok(failure instanceof ProviderFailure)
    assert.is(failure.kind, 'broken-answer')
    assert.is(failure.isWordless, status !== 404)
    const [diagnostic] = authorizationRefusal(target, failure).diagnostics
    assert.is(diagnostic?.code, 'PROVIDER_ANSWER_BROKEN')
    const words = 'which may mean that the client id or secret is wrong'
    assert.is(diagnostic?.detail.includes(words), isSaid, `${status}`)
  }
})

test.run()
