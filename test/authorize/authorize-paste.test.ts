import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { authorizePaste } from '../../engine/authorize/authorize-paste.ts'
import {
  anOAuthTarget,
  clientResolver,
  clock,
  type OAuthParts,
  shownOf,
  withCode
} from '../oauth/a-target.ts'
import { rejects } from '../support/assert.ts'
import { followConsent, type OAuthServer, startOAuthServer } from '../support/oauth-server.ts'

let server: OAuthServer

test.before(async () => {
  server = await startOAuthServer({
    clients: [
      {
        id: 'app-1.example_x',
        secret: 'canary client+secret/%',
        authentication: 'client_secret_post',
        redirectUris: ['http://127.0.0.1/callback', 'http://127.0.0.1/oauth/return']
      }
    ],
    scopes: ['read', 'write']
  })
})

test.after(() => server.close())

/** What the person pastes, in order, made of the redirected address. */
async function paste(
  lines: (redirected: string) => readonly (string | null)[],
  parts: OAuthParts = {},
  { deny = false, port }: { readonly deny?: boolean; readonly port?: number } = {}
) {
  const asked: (string | null)[] = []
  let redirectUri = ''
  let left: (string | null)[] = []
  const authorized = await authorizePaste(anOAuthTarget(server.origin, parts), {
    resolve: clientResolver,
    clock,
    port,
    onAddress: async addresses => {
      redirectUri = addresses.redirectUri
      const { redirected } = await followConsent(addresses.authorizationUrl, {
        deliver: false,
        decision: deny ? 'deny' : 'allow'
      })
      left = [...lines(redirected)]
    },
    readLine: async again => {
      asked.push(again)
      return left.shift() ?? null
    }
  })
  return { authorized, asked, redirectUri }
}

test('authorizes with the whole redirected address, nothing listening there', async () => {
  const { authorized, redirectUri } = await paste(redirected => [`  ${redirected}#_=_ `])
  assert.is(redirectUri, 'http://127.0.0.1:47823/callback')
  assert.is(authorized.account.id, 'ana@example.com')
})

test('authorizes with the query alone', async () => {
  await paste(redirected => [new URL(redirected).search])
  await paste(redirected => [new URL(redirected).search.slice(1)])
})

test('uses the port that is registered', async () => {
  const redirect = { host: '127.0.0.1', port: 5123, path: '/callback' } as const
  const { redirectUri } = await paste(redirected => [redirected], { way: { redirect } })
  assert.is(redirectUri, 'http://127.0.0.1:5123/callback')
})

test('a port and path that are asked for count', async () => {
  const redirect = { host: '127.0.0.1', port: 5123, path: '/oauth/return' } as const
  const { redirectUri } = await paste(
    redirected => [redirected],
    { way: { redirect } },
    { port: 5124 }
  )
  assert.is(redirectUri, 'http://127.0.0.1:5124/oauth/return')
})

test('asks again for what is not the redirected address, and says why', async () => {
  const { asked } = await paste(redirected => [
    'hello',
    'https://example.com/callback?code=canary',
    redirected
  ])
  assert.equal(asked, [
    null,
    'this is not an address',
    'this address does not begin with http://127.0.0.1:47823/callback'
  ])
})

test('does not accept the answer to another attempt', async () => {
  const error = await rejects(
    () => paste(() => Array.from({ length: 5 }, () => '?code=canary&state=other')),
    withCode('AUTHORIZATION_FAILED')
  )
  assert.match(shownOf(error), 'belongs to another attempt')
  assert.not.match(shownOf(error), 'canary')
})

test('ends if nothing is pasted', async () => {
  await rejects(() => paste(() => [null]), withCode('AUTHORIZATION_FAILED'))
})

test('says that the person denied it', async () => {
  await rejects(
    () => paste(redirected => [redirected], {}, { deny: true }),
    withCode('AUTHORIZATION_DENIED')
  )
})

test('does not accept the answer of another provider, and goes on for the right one', async () => {
  const way = { issuer: server.origin }
  const { asked } = await paste(
    redirected => {
      const url = new URL(redirected)
      url.searchParams.set('iss', 'https://evil.example')
      return [url.href, redirected]
    },
    { way }
  )
  assert.equal(asked, [
    null,
    'this address comes from another provider than the one that was asked'
  ])
  await rejects(
    () => paste(redirected => [redirected], { way: { issuer: 'https://other.example' } }),
    withCode('AUTHORIZATION_FAILED')
  )
})

test('does not accept what has neither one code nor one error, or is endless', async () => {
  const { asked } = await paste(redirected => [
    redirected.replace('code=', 'c='),
    `${redirected}&x=${'y'.repeat(20_000)}`,
    redirected
  ])
  assert.equal(asked, [
    null,
    'this address has neither one code nor one error in it',
    'this is longer than any redirected address'
  ])
})

test.run()
