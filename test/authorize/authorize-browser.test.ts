import { request as httpRequest } from 'node:http'
import { connect, createServer } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  authorizeBrowser,
  type BrowserAddresses,
  type BrowserOptions
} from '../../engine/authorize/authorize-browser.ts'
import type { Authorized } from '../../engine/authorize/authorized.ts'
import { Refusal } from '../../engine/model/diagnostic.ts'
import {
  anOAuthTarget,
  clientResolver,
  clock,
  json,
  type OAuthParts,
  shownOf,
  startServer,
  withCode
} from '../oauth/a-target.ts'
import { rejects } from '../support/assert.ts'
import { aKeyPair } from '../support/oauth-grants.ts'
import {
  type Consent,
  type ConsentOptions,
  followConsent,
  type OAuthServer,
  startOAuthServer
} from '../support/oauth-server.ts'

let server: OAuthServer
const key = await aKeyPair('ES256', 'key-1')

test.before(async () => {
  server = await startOAuthServer({
    clients: [
      {
        id: 'app-1.example_x',
        secret: 'canary client+secret/%',
        authentication: 'client_secret_post',
        redirectUris: [
          'http://127.0.0.1/callback',
          'http://localhost/callback',
          'http://127.0.0.1/oauth/return'
        ]
      },
      {
        id: 'basic-1.example_x',
        secret: 'canary client+secret/%',
        authentication: 'client_secret_basic',
        redirectUris: ['http://127.0.0.1/callback']
      },
      { id: 'public', authentication: 'none', redirectUris: ['http://127.0.0.1/callback'] },
      {
        id: 'signing-1',
        authentication: 'private_key_jwt',
        publicKeys: [key.publicKey],
        redirectUris: ['http://127.0.0.1/callback'],
        pushes: true,
        dpop: true
      }
    ],
    scopes: ['read', 'write', 'openid'],
    dpopNonce: true
  })
})

test.after(() => server.close())

type Person = (addresses: BrowserAddresses) => Promise<unknown>

/** Authorizes while `person` does something with the addresses, and waits for both. */
async function authorize(
  person: Person,
  parts: OAuthParts = {},
  options: Partial<BrowserOptions> = {}
): Promise<Authorized> {
  let acting: Promise<unknown> = Promise.resolve()
  const failed = new AbortController()
  const result = await authorizeBrowser(anOAuthTarget(server.origin, parts), {
    resolve: clientResolver,
    clock,
    onAddress: addresses => {
      acting = person(addresses)
      acting.catch(() => failed.abort())
    },
    signal: failed.signal,
    ...options
  }).catch((error: unknown) => error)
  await acting
  if (result instanceof Error) {
    assert.not.match(shownOf(result), /canary/)
    throw result
  }
  return result as Authorized
}

const consenting =
  (options: ConsentOptions = {}, seen: (consent: Consent) => void = () => {}): Person =>
  async ({ start }) =>
    seen(await followConsent(start, options))

test('authorizes: the tokens work, the account is known and the browser is told', async () => {
  let answer: Consent['answer'] | undefined
  const authorized = await authorize(
    consenting({ account: 'ana@example.com' }, consent => {
      answer = consent.answer
    })
  )
  const { secret, ...rest } = authorized
  assert.equal(rest, {
    granted: ['offline_access', 'read', 'write'],
    account: { id: 'ana@example.com', name: 'Account of ana@example.com' },
    clientId: 'app-1.example_x',
    note: null
  })
  assert.ok(secret.kind === 'oauth2' && secret.refreshToken !== null && secret.expiresAt !== null)
  const response = await fetch(`${server.origin}/whoami`, {
    headers: { Authorization: `Bearer ${secret.accessToken}` }
  })
  assert.is(response.status, 200)
  assert.is(answer?.status, 200)
  assert.match(answer?.page ?? '', 'Example is authorized')
  assert.match(answer?.page ?? '', 'as Account of ana@example.com')
})

test('authorizes with HTTP Basic and as a public client', async () => {
  const resolve = (id: string) => async (reference: string) =>
    reference === 'env:EXAMPLE_ID' ? id : 'canary client+secret/%'
  const way = { clientAuthentication: 'basic' } as const
  await authorize(consenting(), { way }, { resolve: resolve('basic-1.example_x') })
  const client = { id: 'env:EXAMPLE_ID', secret: null }
  await authorize(consenting(), { target: { client } }, { resolve: resolve('public') })
})

test('authorizes where the redirect is spelt localhost', async () => {
  const redirect = { host: 'localhost', port: 'any', path: '/callback' } as const
  let redirectUri = ''
  await authorize(
    async addresses => {
      redirectUri = addresses.redirectUri
      await followConsent(addresses.authorizationUrl)
    },
    { way: { redirect } }
  )
  assert.match(redirectUri, /^http:\/\/localhost:\d+\/callback$/)
})

test('the scopes that the person left out are not granted', async () => {
  const { granted } = await authorize(consenting({ without: ['write'] }))
  assert.equal(granted, ['offline_access', 'read'])
})

test('what the command line of the browser shows holds nothing to protect, and works once', async () => {
  await authorize(async ({ start, authorizationUrl }) => {
    assert.match(start, /^http:\/\/127\.0\.0\.1:\d+\/start\/[\w-]{32}$/)
    const first = await fetch(start, { redirect: 'manual' })
    assert.is(first.status, 302)
    assert.is(first.headers.get('location'), authorizationUrl)
    assert.is(first.headers.get('referrer-policy'), 'no-referrer')
    const second = await fetch(start, { redirect: 'manual' })
    assert.is(second.status, 410)
    assert.is(second.headers.get('location'), null)
    await followConsent(authorizationUrl)
  })
})

test('the provider is asked with PKCE, state and the parameters of the connector', async () => {
  await authorize(async ({ authorizationUrl }) => {
    const { searchParams } = new URL(authorizationUrl)
    assert.is(searchParams.get('response_type'), 'code')
    assert.is(searchParams.get('scope'), 'offline_access read write')
    assert.is(searchParams.get('code_challenge_method'), 'S256')
    assert.match(searchParams.get('code_challenge') ?? '', /^[\w-]{43}$/)
    assert.match(searchParams.get('state') ?? '', /^[\w-]{43}$/)
    assert.is(searchParams.get('prompt'), 'consent')
    await followConsent(authorizationUrl)
  })
})

test('a denied consent is said to the person and to the browser', async () => {
  let answer: Consent['answer'] | undefined
  const error = await rejects(
    () =>
      authorize(
        consenting({ decision: 'deny' }, consent => {
          answer = consent.answer
        })
      ),
    withCode('AUTHORIZATION_DENIED')
  )
  assert.match(shownOf(error), 'access_denied: The person said no')
  assert.is(answer?.status, 400)
  assert.match(answer?.page ?? '', 'The authorization was denied')
})

test('another state gets an error page and does not end the wait', async () => {
  const statuses: number[] = []
  await authorize(async ({ start, authorizationUrl, redirectUri }) => {
    for (const query of ['code=x&state=y', 'code=x', 'error=access_denied&state=y', '']) {
      const response = await fetch(`${redirectUri}?${query}`)
      statuses.push(response.status)
      assert.match(await response.text(), 'belongs to another attempt')
    }
    const state = new URL(authorizationUrl).searchParams.get('state')
    statuses.push((await fetch(`${redirectUri}?state=${state}&state=${state}`)).status)
    await followConsent(start)
  })
  assert.equal(statuses, [400, 400, 400, 400, 400])
})

test('a right state from another provider gets an error page and does not end the wait', async () => {
  const told: string[] = []
  let status = 0
  await authorize(
    async ({ start, authorizationUrl, redirectUri }) => {
      const state = new URL(authorizationUrl).searchParams.get('state') ?? ''
      const query = new URLSearchParams({ state, code: 'canary', iss: 'https://evil.example' })
      const response = await fetch(`${redirectUri}?${query}`)
      status = response.status
      assert.match(await response.text(), 'comes from another provider')
      const twice = new URLSearchParams([...query, ['iss', server.origin]])
      assert.is((await fetch(`${redirectUri}?${twice}`)).status, 400)
      await followConsent(start)
    },
    { way: { issuer: server.origin } },
    { onRefused: what => told.push(what) }
  )
  assert.is(status, 400)
  assert.equal(told, ['an answer from another provider than the one that was asked was ignored'])
})

test('an answer that is neither one code nor one error does not end the wait', async () => {
  await authorize(async ({ start, authorizationUrl, redirectUri }) => {
    const state = new URL(authorizationUrl).searchParams.get('state')
    for (const query of [
      '',
      'code=',
      'code=a&code=b',
      'error=',
      'error=a&error=b',
      'response=jwt',
      'code=a&id_token=b',
      'code=a&token=b'
    ]) {
      const response = await fetch(`${redirectUri}?state=${state}&${query}`)
      assert.is(response.status, 400)
      assert.match(await response.text(), 'is incomplete')
    }
    await followConsent(start)
  })
})

test('what is no percent encoding or no UTF-8 does not end the wait', async () => {
  await authorize(async ({ start, authorizationUrl, redirectUri }) => {
    const state = new URL(authorizationUrl).searchParams.get('state')
    const { port } = new URL(redirectUri)
    for (const query of ['code=%', 'code=%zz', 'code=%ff', 'code=%c3%28']) {
      const path = `/callback?state=${state}&${query}`
      assert.is(await statusWithHost(port, path, `127.0.0.1:${port}`), 400)
    }
    await followConsent(start)
  })
})

test('what is no HTTP, or an address of another host, is answered and does not end the wait', async () => {
  await authorize(async ({ start, authorizationUrl, redirectUri }) => {
    const state = new URL(authorizationUrl).searchParams.get('state')
    const { host, port } = new URL(redirectUri)
    const query = `/callback?code=canary&state=${state}`
    const first = (text: string): Promise<string> => firstLine(Number(port), text)
    const hosted = `Host: ${host}\r\nConnection: close\r\n\r\n`
    assert.match(await first('no HTTP at all\r\n\r\n'), ' 400 ')
    assert.match(await first(`GET http://evil.example${query} HTTP/1.1\r\n${hosted}`), ' 404 ')
    assert.match(await first(`GET http://${host}${query} HTTP/1.1\r\n${hosted}`), ' 404 ')
    assert.match(await first(`GET ${query} HTTP/1.1\r\nConnection: close\r\n\r\n`), ' 400 ')
    assert.match(await first(`GET ${query} HTTP/1.0\r\n\r\n`), ' 421 ')
    const twice = `Host: ${host}\r\nHost: evil.example\r\nConnection: close\r\n\r\n`
    assert.match(await first(`GET ${query} HTTP/1.1\r\n${twice}`), ' 421 ')
    assert.match(await first(`GET ${query} HTTP/1.1\r\nX: ${'y'.repeat(20_000)}\r\n`), ' 431 ')
    const post = `POST ${query} HTTP/1.1\r\nContent-Length: 1000000000\r\n${hosted}code=canary`
    assert.match(await first(post), ' 405 ')
    await followConsent(start)
  })
})

/** Sends the text as it is and returns the first line of the answer. */
function firstLine(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let answer = ''
    socket.setEncoding('utf8').on('data', chunk => {
      answer += chunk
    })
    socket.on('error', error => (answer === '' ? reject(error) : resolve(answer)))
    socket.on('close', () => resolve(answer.split('\r\n')[0] ?? ''))
  })
}

test('whoever calls hears once of each sort that was turned away, and no value of it', async () => {
  const told: string[] = []
  await authorize(
    async ({ start, authorizationUrl, redirectUri }) => {
      const state = new URL(authorizationUrl).searchParams.get('state')
      const { origin, port } = new URL(redirectUri)
      for (const _ of [1, 2]) {
        await fetch(`${origin}/favicon.ico`)
        await fetch(`${redirectUri}?code=canary&state=y`)
        await fetch(`${redirectUri}?state=${state}`)
        await fetch(`${redirectUri}?code=canary&state=${state}`, { method: 'POST' })
        await fetch(`http://localhost:${port}/callback?code=canary&state=${state}`)
        await firstLine(Number(port), 'canary\r\n\r\n')
      }
      await followConsent(start)
    },
    {},
    { onRefused: what => told.push(what) }
  )
  assert.equal(told, [
    'a request with another state was ignored',
    'an answer with neither one code nor one error was ignored',
    'a request that is no GET was ignored',
    'a request for another host was ignored',
    'a request that cannot be read was ignored'
  ])
})

test('another path, method or host gets an error page and does not end the wait', async () => {
  await authorize(async ({ start, authorizationUrl, redirectUri }) => {
    const state = new URL(authorizationUrl).searchParams.get('state')
    const { origin, port } = new URL(redirectUri)
    const callback = `/callback?code=x&state=${state}`
    assert.is((await fetch(`${origin}/`)).status, 404)
    assert.is((await fetch(`${origin}/favicon.ico`)).status, 404)
    assert.is((await fetch(`${origin}/callback/?code=x&state=${state}`)).status, 404)
    assert.is((await fetch(`${origin}/start/guess`)).status, 404)
    assert.is((await fetch(`${origin}${callback}`, { method: 'POST' })).status, 405)
    assert.is((await fetch(`${origin}${callback}`, { method: 'HEAD' })).status, 405)
    assert.is((await fetch(`http://localhost:${port}${callback}`)).status, 421)
    assert.is(await statusWithHost(port, callback, 'evil.example'), 421)
    assert.is(await statusWithHost(port, callback, `evil.example:${port}`), 421)
    assert.is(await statusWithHost(port, new URL(start).pathname, `evil.example:${port}`), 421)
    assert.is(await statusWithHost(port, `//evil.example${callback}`, `127.0.0.1:${port}`), 404)
    assert.is((await fetch(`${origin}/callback?x=${'y'.repeat(20_000)}`)).status, 431)
    await followConsent(start)
  })
})

function statusWithHost(port: string, path: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, path, headers: { Host: host } },
      response => {
        response.resume()
        resolve(response.statusCode)
      }
    )
    request.on('error', reject).end()
  })
}

test('a second callback is turned away while the first is being worked on', async () => {
  const asked = server.requests.filter(each => each === 'POST /token').length
  let statuses: readonly number[] = []
  const slow = await startServer((_request, response) => {
    setTimeout(() => json(200, { sub: 'x' })(_request, response), 200)
  })
  const api = { test: { method: 'GET', url: slow.origin, success: { status: [200] } } } as const
  await authorize(
    async ({ start }) => {
      const { redirected } = await followConsent(start, { deliver: false })
      const responses = await Promise.all([fetch(redirected), fetch(redirected)])
      statuses = responses.map(response => response.status).sort()
    },
    { api, basis: { origins: [server.origin, slow.origin] } }
  )
  assert.equal(statuses, [200, 409])
  assert.is(server.requests.filter(each => each === 'POST /token').length, asked + 1)
  await slow.close()
})

test('pages load nothing, are not kept and escape what a provider says', async () => {
  await rejects(
    () =>
      authorize(async ({ authorizationUrl, redirectUri }) => {
        const state = new URL(authorizationUrl).searchParams.get('state') ?? ''
        const query = new URLSearchParams({ state, error: '<script>alert(1)</script>' })
        const response = await fetch(`${redirectUri}?${query}`)
        const page = await response.text()
        assert.match(page, '&#60;script&#62;')
        assert.not.match(page, '<script')
        assert.not.match(page, /https?:/)
        assert.match(response.headers.get('content-security-policy') ?? '', "default-src 'none'")
        assert.is(response.headers.get('cache-control'), 'no-store')
        assert.is(response.headers.get('referrer-policy'), 'no-referrer')
      }),
    withCode('AUTHORIZATION_FAILED')
  )
})

test('an answer that was accepted once is worth nothing afterwards', async () => {
  let redirected = ''
  const keep = (consent: Consent): void => {
    redirected = consent.redirected
  }
  await authorize(consenting({}, keep))
  await rejects(() => fetch(redirected), 'fetch failed')
  let status = 0
  await authorize(async ({ start, redirectUri }) => {
    status = (await fetch(`${redirectUri}${new URL(redirected).search}`)).status
    await followConsent(start)
  })
  assert.is(status, 400)
})

test('listens on the port and path that are asked for', async () => {
  const free = createServer()
  await new Promise<void>(resolve => free.listen(0, '127.0.0.1', resolve))
  const bound = free.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  const taken = await rejects(() => authorize(async () => {}, {}, { port }), withCode('PORT_TAKEN'))
  assert.match(shownOf(taken), `Port ${port} of this machine was given`)
  await new Promise(resolve => free.close(resolve))
  const redirect = { host: '127.0.0.1', port: 'any', path: '/oauth/return' } as const
  let redirectUri = ''
  await authorize(
    async addresses => {
      redirectUri = addresses.redirectUri
      assert.is((await fetch(new URL('/callback', redirectUri))).status, 404)
      await followConsent(addresses.start)
    },
    { way: { redirect } },
    { port }
  )
  assert.is(redirectUri, `http://127.0.0.1:${port}/oauth/return`)
})

const openid = ['offline_access', 'openid', 'read']

test('where openid is asked, the id token must hold the nonce and names the account', async () => {
  const api = {
    test: { method: 'GET', url: `${server.origin}/whoami`, success: { status: [200] } }
  } as const
  const identity = { id: '/sub', name: '/name' }
  const way = { issuer: server.origin, identity }
  let nonce: string | null = ''
  const { account } = await authorize(
    async ({ authorizationUrl }) => {
      nonce = new URL(authorizationUrl).searchParams.get('nonce')
      await followConsent(authorizationUrl, { account: 'bo@example.com' })
    },
    { way, api, scopes: openid }
  )
  assert.match(nonce ?? '', /^[\w-]{43}$/)
  assert.equal(account, { id: 'bo@example.com', name: 'Account of bo@example.com' })
  const told = await authorize(consenting({ account: 'ana@example.com' }), {
    way: { ...way, identity: { id: '/iss' } },
    scopes: openid
  })
  assert.is(told.account.id, 'ana@example.com', 'The test request counts where it tells')
  const skipped = await authorize(consenting({ account: 'ana@example.com' }), {
    way,
    api: { test: { ...api.test, scopes: ['write'] } },
    scopes: openid
  })
  assert.is(skipped.account.id, 'ana@example.com')
  assert.is(skipped.note, null)
})

test('an id token that was made for another attempt is refused', async () => {
  const error = await rejects(
    () =>
      authorize(
        async ({ authorizationUrl }) => {
          const url = new URL(authorizationUrl)
          url.searchParams.set('nonce', 'of-another-attempt')
          await followConsent(url.href)
        },
        { way: { issuer: server.origin }, scopes: openid }
      ),
    withCode('PROVIDER_ANSWER_BROKEN')
  )
  assert.match(shownOf(error), 'nonce')
  assert.not.match(shownOf(error), 'of-another-attempt')
})

const signing = {
  way: {
    clientAuthentication: 'private_key_jwt',
    signing: { algorithm: 'ES256', keyId: 'key-1' },
    dpop: true,
    send: [{ in: 'header', name: 'Authorization', value: 'DPoP {access_token}' }]
  }
} as const
const signingResolver = async (reference: string) =>
  reference === 'env:EXAMPLE_ID' ? 'signing-1' : key.pem

test('authorizes with a pushed request, a signed assertion and tokens bound to a key', async () => {
  const way = { ...signing.way, pushedUrl: `${server.origin}/request` }
  let query: URLSearchParams | undefined
  const before = server.requests.length
  const { secret, account } = await authorize(
    async ({ start, authorizationUrl, redirectUri }) => {
      query = new URL(authorizationUrl).searchParams
      await followConsent(start, { redirectUri })
    },
    { way },
    { resolve: signingResolver }
  )
  assert.equal([...(query?.keys() ?? [])].sort(), ['client_id', 'request_uri'])
  assert.is(account.id, 'ana@example.com')
  assert.ok(secret.kind === 'oauth2' && secret.dpopKey !== null)
  const requests = server.requests.slice(before)
  assert.is(requests.filter(each => each === 'POST /request').length, 1)
  // The first one brings the nonce.
  assert.is(requests.filter(each => each === 'POST /token').length, 2)
})

test('a provider that does not take a pushed request says why, and nobody is asked', async () => {
  const ask: Person = async () => {
    throw new Error('Nobody was to be asked')
  }
  const way = { pushedUrl: `${server.origin}/request` }
  const resolve = async (reference: string) =>
    reference === 'env:EXAMPLE_ID' ? 'app-1.example_x' : 'canary wrong secret'
  await rejects(() => authorize(ask, { way }, { resolve }), withCode('CLIENT_REJECTED'))
  const odd = { ...way, authorizeParameters: { prompt: 'odd' } }
  const error = await rejects(() => authorize(ask, { way: odd }), withCode('AUTHORIZATION_FAILED'))
  assert.match(shownOf(error), 'invalid_request')
  const elsewhere = { way: { pushedUrl: 'https://elsewhere.example/request' } }
  await rejects(() => authorize(ask, elsewhere), withCode('DESTINATION_REFUSED'))
})

test('a private key that cannot sign is found before anybody is asked', async () => {
  let isAsked = false
  const ask: Person = async () => {
    isAsked = true
  }
  for (const text of [
    '',
    'canary',
    '{"kty":"canary"',
    '{"kty":"EC","crv":"P-256","d":"canary"}',
    key.pem.replace('BEGIN PRIVATE', 'BEGIN RSA PRIVATE'),
    `${key.pem.slice(0, 60)}canary\n-----END PRIVATE KEY-----`,
    JSON.stringify(key.publicKey)
  ]) {
    const resolve = async (reference: string) => (reference === 'env:EXAMPLE_ID' ? 'x' : text)
    const error = await rejects(
      () => authorize(ask, signing, { resolve }),
      withCode('SIGNING_KEY_INVALID')
    )
    assert.match(shownOf(error), 'read from env:EXAMPLE_SECRET')
  }
  assert.not.ok(isAsked)
})

test('spaces travel in a form that no service reads as plus signs', async () => {
  await authorize(async ({ authorizationUrl }) => {
    assert.match(authorizationUrl, 'scope=offline_access%20read%20write')
    await followConsent(authorizationUrl)
  })
})

test('nobody in time ends the wait and frees the port', async () => {
  let redirectUri = ''
  const waiting = authorize(
    async addresses => {
      redirectUri = addresses.redirectUri
    },
    {},
    { timeLimitMs: 50 }
  )
  await rejects(() => waiting, withCode('AUTHORIZATION_TIMEOUT'))
  await rejects(() => fetch(redirectUri), 'fetch failed')
})

test('a cancellation ends the wait, also one that came before', async () => {
  const controller = new AbortController()
  const { signal } = controller
  const waiting = authorize(async () => controller.abort(), {}, { signal })
  await rejects(() => waiting, withCode('AUTHORIZATION_CANCELLED'))
  let isAsked = false
  const ask: Person = async () => {
    isAsked = true
  }
  await rejects(() => authorize(ask, {}, { signal }), withCode('AUTHORIZATION_CANCELLED'))
  assert.not.ok(isAsked)
})

test('a registered port that is taken is named', async () => {
  for (const [host, address] of [
    ['127.0.0.1', '127.0.0.1'],
    ['localhost', '127.0.0.1'],
    ['localhost', '::1']
  ] as const) {
    const taken = createServer()
    await new Promise<void>(resolve => taken.listen(0, address, resolve))
    const bound = taken.address()
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0
    const redirect = { host, port, path: '/callback' }
    const error = await rejects(
      () => authorize(async () => {}, { way: { redirect } }),
      withCode('PORT_TAKEN')
    )
    assert.match(shownOf(error), `port ${port} `)
    await new Promise(resolve => taken.close(resolve))
  }
})

test('whoever calls is told right before a grant may exist', async () => {
  const order: string[] = []
  await authorize(
    consenting(),
    {},
    {
      onGrantRequested: async () => {
        await new Promise(resolve => setTimeout(resolve, 20))
        order.push(`noted, ${server.requests.at(-1)}`)
      }
    }
  )
  assert.is(order.length, 1)
  assert.not.match(order[0] ?? '', '/token')
})

test('if the note of the grant fails, the code is not sent', async () => {
  const asked = server.requests.filter(each => each === 'POST /token').length
  const onGrantRequested = async () => {
    throw new Error('disk full')
  }
  await rejects(() => authorize(consenting(), {}, { onGrantRequested }), 'disk full')
  assert.is(server.requests.filter(each => each === 'POST /token').length, asked)
})

test('a client that the provider does not accept is a mistake in the configuration', async () => {
  const resolve = async (reference: string) =>
    reference === 'env:EXAMPLE_ID' ? 'app-1.example_x' : 'canary wrong secret'
  const error = await rejects(
    () => authorize(consenting(), {}, { resolve }),
    withCode('CLIENT_REJECTED')
  )
  assert.match(shownOf(error), 'env:EXAMPLE_ID and env:EXAMPLE_SECRET')
})

test('a test request that is refused stores nothing and says so', async () => {
  const refusing = await startServer(json(403, { message: 'API is off for this user' }))
  const api = { test: { method: 'GET', url: refusing.origin, success: { status: [200] } } } as const
  const parts = { api, basis: { origins: [server.origin, refusing.origin] } }
  const error = await rejects(() => authorize(consenting(), parts), withCode('TEST_REFUSED'))
  assert.match(shownOf(error), 'status 403: API is off for this user')
  await refusing.close()
})

test('a reference that cannot be read is found before anybody is asked', async () => {
  let isAsked = false
  const resolve = async () => {
    throw new Refusal()
  }
  const ask: Person = async () => {
    isAsked = true
  }
  await rejects(
    () => authorize(ask, {}, { resolve }),
    error => error instanceof Refusal
  )
  assert.not.ok(isAsked)
})

test.run()
