import { randomUUID } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { authorizePaste } from '../../engine/authorize/authorize-paste.ts'
import type { Credential, OAuth2Secret } from '../../engine/model/credential.ts'
import type { Basis } from '../../engine/model/generated/types.ts'
import type { Clock, Vault } from '../../engine/model/ports.ts'
import type { Target } from '../../engine/model/target.ts'
import {
  type ValidCredentialOptions,
  validCredential
} from '../../engine/runtime/valid-credential.ts'
import {
  aFieldsTarget,
  anOAuthSecret,
  anOAuthTarget,
  clientResolver,
  clock,
  json,
  shownOf,
  startServer,
  withCode
} from '../oauth/a-target.ts'
import { rejects, temporaryFolder } from '../support/assert.ts'
import { followConsent, type OAuthServer, startOAuthServer } from '../support/oauth-server.ts'
import { expiredSecret, optionsIn, storeIn, vaultIn } from '../support/refresh-vault.ts'

const client = {
  id: 'app-1.example_x',
  secret: 'canary client+secret/%',
  authentication: 'client_secret_post',
  redirectUris: ['http://127.0.0.1/callback']
} as const

let keeping: OAuthServer
let rotating: OAuthServer

test.before(async () => {
  const options = { clients: [client], scopes: ['read', 'write'] }
  keeping = await startOAuthServer(options)
  rotating = await startOAuthServer({ ...options, rotation: true })
})

test.after(async () => {
  await keeping.close()
  await rotating.close()
})

/** Two hours later: every access token of these tests has run out, no refresh token has. */
const later: Clock = { now: () => new Date(Date.now() + 2 * 3600_000) }

const neverResolved = async (): Promise<string> => {
  throw new Error('No reference was to be read')
}

interface Stored {
  readonly folder: string
  readonly target: Target
  readonly vault: Vault
  readonly credential: Credential
  /** The options of a call; by default two hours later. */
  readonly call: (overrides?: Partial<ValidCredentialOptions>) => Promise<Credential>
}

/** A credential in a vault of its own. */
async function stored(target: Target, secret: Credential['secret']): Promise<Stored> {
  const folder = temporaryFolder()
  const credential = await storeIn(folder, target, secret)
  const usual = optionsIn(folder, target, credential)
  const call: Stored['call'] = async overrides => {
    try {
      return await validCredential({ ...usual, clock: later, ...overrides })
    } catch (error) {
      assert.not.match(error instanceof Error ? shownOf(error) : '', /canary/)
      throw error
    }
  }
  return { folder, target, vault: vaultIn(folder), credential, call }
}

/** A credential that the person has really authorized at the server. */
async function authorizedAt(server: OAuthServer, account = 'ana@example.com'): Promise<Stored> {
  const target = anOAuthTarget(server.origin)
  let redirected = ''
  const { secret } = await authorizePaste(target, {
    resolve: clientResolver,
    clock,
    onAddress: async ({ authorizationUrl }) => {
      redirected = (await followConsent(authorizationUrl, { deliver: false, account })).redirected
    },
    readLine: async () => redirected
  })
  return stored(target, secret)
}

function oauth2(credential: Credential): OAuth2Secret {
  if (credential.secret.kind !== 'oauth2') throw new Error('OAuth2 was expected')
  return credential.secret
}

async function statusAt(server: OAuthServer, credential: Credential): Promise<number> {
  const headers = { Authorization: `Bearer ${oauth2(credential).accessToken}` }
  return (await fetch(`${server.origin}/whoami`, { headers })).status
}

test('a token that is still good is given as it is, without a client or a request', async () => {
  const { call, credential } = await authorizedAt(keeping)
  const before = keeping.requests.length
  assert.is(await call({ clock, resolve: neverResolved }), credential)
  assert.is(keeping.requests.length, before)
})

test('a token that has run out is refreshed, stored and works', async () => {
  const { call, credential, vault } = await authorizedAt(keeping)
  const next = await call()
  assert.is(next.generation, 2)
  assert.is.not(oauth2(next).accessToken, oauth2(credential).accessToken)
  assert.is(oauth2(next).refreshToken, oauth2(credential).refreshToken)
  assert.is(await statusAt(keeping, next), 200)
  assert.equal(await vault.open(credential.id), next)
  assert.equal(next.record, credential.record)
})

test('a refresh token that rotates is replaced, three times over', async () => {
  const { call, credential } = await authorizedAt(rotating)
  const seen = [credential]
  for (let round = 1; round <= 3; round++) {
    const hours = round * 2
    const then: Clock = { now: () => new Date(Date.now() + hours * 3600_000) }
    seen.push(await call({ credential: seen.at(-1) ?? credential, clock: then }))
  }
  assert.equal(
    seen.map(each => each.generation),
    [1, 2, 3, 4]
  )
  assert.is(new Set(seen.map(each => oauth2(each).refreshToken)).size, 4)
  assert.is(await statusAt(rotating, seen.at(-1) ?? credential), 200)
})

test('however many callers there are in a process, the service is asked once', async () => {
  const { call, vault } = await authorizedAt(rotating)
  const before = rotating.requests.length
  const got = await Promise.all(Array.from({ length: 20 }, () => call()))
  assert.is(new Set(got).size, 1)
  assert.is(rotating.requests.length, before + 1)
  assert.equal(await vault.open(got[0]?.id ?? ''), got[0])
})

test('what another process refreshed is used, and the old refresh token not once more', async () => {
  const { call, credential, vault } = await authorizedAt(rotating)
  const next = await call()
  const before = rotating.requests.length
  assert.equal(await call({ vault }), next)
  assert.is(rotating.requests.length, before)
  assert.is(await statusAt(rotating, next), 200)
  assert.is.not(next.generation, credential.generation)
})

test('a replaced refresh token reaches the copies that one consent left in other slots, and nobody else', async () => {
  const { call, credential, vault } = await authorizedAt(rotating)
  const copy = { ...credential, id: randomUUID(), slot: 'stage' as const }
  const stranger = {
    ...copy,
    id: randomUUID(),
    secret: { ...oauth2(credential), refreshToken: 'another-consent' }
  }
  await vault.store(copy)
  await vault.store(stranger)
  const before = rotating.requests.length
  // Both at once: the server ends a grant whose old refresh token comes again.
  const [next, followed] = await Promise.all([call(), call({ credential: copy })])
  assert.is(rotating.requests.length, before + 1)
  assert.equal(followed.secret, next.secret)
  assert.equal([followed.id, followed.generation], [copy.id, 2])
  assert.equal(await vault.open(stranger.id), stranger)
  assert.is(await statusAt(rotating, followed), 200)
})

test('a copy takes what another one got, if its holder ended before it could pass that on', async () => {
  const { call, credential, vault } = await authorizedAt(rotating)
  const [first = '', second = ''] = [randomUUID(), randomUUID()].sort()
  const lead = { ...credential, id: first }
  const copy = { ...credential, id: second, slot: 'stage' as const }
  for (const each of [lead, copy]) await vault.store(each)
  await vault.remove(credential.id)
  const before = rotating.requests.length
  const forgetful = {
    ...vault,
    replace: async (next: Credential) =>
      next.id === second && next.secret !== copy.secret && rotating.requests.length === before + 1
        ? Promise.reject(new Error('killed'))
        : vault.replace(next)
  }
  const next = await call({ credential: lead, vault: forgetful })
  assert.is((await vault.open(second))?.generation, 1)
  // The copy still knows the lead by its old token, as a process does that looked before.
  let looks = 0
  const late = {
    ...vault,
    open: async (id: string) => (id === first && looks++ === 0 ? lead : vault.open(id))
  }
  const followed = await call({ credential: copy, vault: late })
  assert.equal(oauth2(followed), oauth2(next))
  assert.is(rotating.requests.length, before + 1)
})

test('a token that the service refused is renewed once, whoever comes with that news', async () => {
  const { call, credential } = await authorizedAt(rotating)
  const before = rotating.requests.length
  const force = credential.generation
  const got = await Promise.all(Array.from({ length: 5 }, () => call({ clock, force })))
  assert.equal(new Set(got.map(each => each.generation)), new Set([2]))
  assert.is(rotating.requests.length, before + 1)
  const next = await call({ clock, force })
  assert.is(next.generation, 2)
  assert.is((await call({ clock, force: 2 })).generation, 3)
  assert.is(rotating.requests.length, before + 2)
})

test('a grant that is gone is looked up once more: somebody else may have won', async () => {
  const { call, credential, vault } = await authorizedAt(rotating)
  const winner = await call()
  let opened = 0
  // As seen by a process that does not know of the winner's lease, and looked before it wrote.
  const late = { ...vault, open: async () => (opened++ < 2 ? credential : winner) }
  const leases = optionsIn(temporaryFolder(), anOAuthTarget(rotating.origin), credential).leases
  assert.equal(await call({ vault: late, leases }), winner)
  assert.ok(opened > 2)
})

test('a grant that is gone for good must be authorized again, and nobody asks a second time', async () => {
  const { call, credential, vault } = await authorizedAt(keeping, 'gone@example.com')
  await keeping.endGrants('gone@example.com')
  const before = keeping.requests.length
  const error = await rejects(() => call(), withCode('NEEDS_REAUTHORIZATION'))
  assert.match(shownOf(error), 'tieline authorize example -e dev')
  assert.match(shownOf(error), 'does not know the authorization any more')
  const dead = await vault.open(credential.id)
  assert.is(dead?.dead?.cause, 'grant-gone')
  assert.is(dead?.generation, 2)
  await rejects(() => call({ vault }), withCode('NEEDS_REAUTHORIZATION'))
  await rejects(
    () => call({ ...(dead === null ? {} : { credential: dead }), clock, vault }),
    withCode('NEEDS_REAUTHORIZATION')
  )
  assert.is(keeping.requests.length, before + 1)
})

test('without a refresh token it has expired, and nothing is asked', async () => {
  const secret = { ...expiredSecret(), refreshToken: null }
  const target = anOAuthTarget(keeping.origin, {
    way: { refreshScopes: ['offline_access'] },
    scopes: ['read']
  })
  const { call } = await stored(target, secret)
  const before = keeping.requests.length
  const error = await rejects(
    () => call({ resolve: neverResolved }),
    withCode('AUTHORIZATION_EXPIRED')
  )
  assert.match(shownOf(error), 'offline_access')
  assert.match(shownOf(error), 'tieline authorize example -e dev')
  assert.is(keeping.requests.length, before)
})

test('without a refresh token the last minute is used up', async () => {
  const secret = { ...expiredSecret({ expiresAt: '2026-01-01T01:00:00Z' }), refreshToken: null }
  const { call, credential } = await stored(anOAuthTarget(keeping.origin), secret)
  const early: Clock = { now: () => new Date('2026-01-01T00:59:59Z') }
  assert.equal(await call({ clock: early, resolve: neverResolved }), credential)
  const force = credential.generation
  await rejects(() => call({ clock: early, force }), withCode('AUTHORIZATION_EXPIRED'))
})

test('a credential that was removed meanwhile is revoked, and not brought back', async () => {
  const { call, credential, vault } = await authorizedAt(keeping)
  await vault.remove(credential.id)
  const before = keeping.requests.length
  await rejects(() => call(), withCode('AUTHORIZATION_REVOKED'))
  assert.is(keeping.requests.length, before)
  assert.is(await vault.open(credential.id), null)
})

test('tokens that need no person are renewed without a refresh token, and never die', async () => {
  let isDown = false
  const server = await startServer((request, response) =>
    isDown
      ? json(400, { error: 'invalid_grant' })(request, response)
      : json(200, { access_token: `canary-${server.requests.length}`, expires_in: 60 })(
          request,
          response
        )
  )
  const target = anOAuthTarget(server.origin, { way: { grant: 'client_credentials' } })
  const { call, credential, vault } = await stored(target, {
    ...expiredSecret(),
    refreshToken: null
  })
  const got = await Promise.all([call(), call(), call()])
  assert.equal(new Set(got.map(each => oauth2(each).accessToken)), new Set(['canary-1']))
  assert.is(server.requests.length, 1)
  assert.match(server.requests[0]?.body ?? '', 'grant_type=client_credentials')
  isDown = true
  await rejects(() => call({ force: 2 }), withCode('REFRESH_REFUSED'))
  assert.is((await vault.open(credential.id))?.dead, null)
  await server.close()
})

test('where nobody knows the end of a token, the service is asked and the answer kept', async () => {
  const exp = Math.floor(Date.now() / 1000) + 1800
  const server = await startServer((request, response) =>
    json(200, request.path === '/introspect' ? { active: true, exp } : {})(request, response)
  )
  const target = anOAuthTarget(server.origin, {
    way: { introspectionUrl: `${server.origin}/introspect` }
  })
  const { call, credential, vault } = await stored(target, anOAuthSecret())
  const got = await Promise.all([call({ clock }), call({ clock })])
  assert.is(oauth2(got[0] ?? credential).expiresAt, new Date(exp * 1000).toISOString())
  assert.is(oauth2(got[0] ?? credential).accessToken, oauth2(credential).accessToken)
  assert.equal(await vault.open(credential.id), got[0])
  assert.is(await call({ clock, credential: got[0] ?? credential }), got[0])
  assert.equal(
    server.requests.map(each => each.path),
    ['/introspect']
  )
  await server.close()
})

test('a token that the service does not find active is renewed at once', async () => {
  const server = await startServer((request, response) =>
    json(200, request.path === '/introspect' ? { active: false } : { access_token: 'canary-new' })(
      request,
      response
    )
  )
  const target = anOAuthTarget(server.origin, {
    way: { introspectionUrl: `${server.origin}/introspect` }
  })
  const { call } = await stored(target, anOAuthSecret())
  assert.is(oauth2(await call({ clock })).accessToken, 'canary-new')
  assert.equal(
    server.requests.map(each => each.path),
    ['/introspect', '/token']
  )
  await server.close()
})

for (const [what, status, body] of [
  ['does not tell', 200, { active: true }],
  ['is out of order', 503, {}]
] as const) {
  test(`if the service ${what}, a token whose end nobody knows is used, and it is not asked each time`, async () => {
    const server = await startServer(json(status, body))
    const target = anOAuthTarget(server.origin, {
      way: { introspectionUrl: `${server.origin}/introspect` }
    })
    const { call, credential } = await stored(target, anOAuthSecret())
    for (let round = 0; round < 3; round++) assert.equal(await call({ clock }), credential)
    assert.is(server.requests.length, 1)
    await server.close()
  })
}

const changes: readonly (readonly [string, Partial<Basis>])[] = [
  ['connector', { connector: 'other' }],
  ['way', { auth: 'other' }],
  ['origins', { origins: ['https://evil.example'] }],
  ['parameters', { parameters: { domain: 'test' } }],
  ['client reference', { clientId: 'env:OTHER_ID' }]
]

for (const [what, basis] of changes) {
  test(`another ${what} sends nothing, expired or not`, async () => {
    const server = await startServer(json(200, { access_token: 'x' }))
    const { call } = await stored(anOAuthTarget(server.origin), expiredSecret())
    const target = anOAuthTarget(server.origin, { basis })
    const early: Clock = { now: () => new Date('2020-01-01T00:00:00Z') }
    await rejects(() => call({ target }), withCode('DESTINATION_CHANGED'))
    await rejects(() => call({ target, clock: early }), withCode('DESTINATION_CHANGED'))
    assert.is(server.requests.length, 0)
    await server.close()
  })
}

test('a client reference that now holds another id sends nothing', async () => {
  const server = await startServer(json(200, { access_token: 'x' }))
  const { call } = await stored(anOAuthTarget(server.origin), expiredSecret())
  const resolve = async (): Promise<string> => 'another-id'
  await rejects(() => call({ resolve }), withCode('DESTINATION_CHANGED'))
  assert.is(server.requests.length, 0)
  await server.close()
})

test('the credential of another connection, level or user is not used', async () => {
  const { call, credential, target } = await stored(
    anOAuthTarget('https://api.example.com'),
    expiredSecret()
  )
  const early: Clock = { now: () => new Date('2020-01-01T00:00:00Z') }
  const need = { ...target.need, connection: 'other.1' }
  await rejects(
    () => call({ clock: early, target: { ...target, need } }),
    withCode('DESTINATION_CHANGED')
  )
  const users = { ...target.need, level: 'logged-in-user' } as const
  await rejects(
    () => call({ clock: early, target: { ...target, need: users } }),
    withCode('DESTINATION_CHANGED')
  )
  const foreign = { ...credential, user: 'eve@example.com' }
  await rejects(() => call({ clock: early, credential: foreign }), withCode('DESTINATION_CHANGED'))
  assert.is(await call({ clock: early }), credential)
})

test("a user's own credential is asked for again by that user", async () => {
  const target = anOAuthTarget('https://api.example.com')
  const users: Target = { ...target, need: { ...target.need, level: 'logged-in-user' } }
  const folder = temporaryFolder()
  const secret = { ...expiredSecret(), refreshToken: null }
  const credential = await storeIn(folder, users, secret, { user: 'jo@example.com' })
  const error = await rejects(
    () => validCredential(optionsIn(folder, users, credential)),
    withCode('AUTHORIZATION_EXPIRED')
  )
  assert.match(shownOf(error), 'tieline authorize example -e dev --user jo@example.com')
})

test('fields never expire, and a refusal does not change them', async () => {
  const target = aFieldsTarget(
    'https://api.example.com',
    'api-key',
    { key: { title: 'Key', secret: true } },
    { in: 'header', name: 'X-Key', value: '{key}' }
  )
  const { call, credential } = await stored(target, { kind: 'fields', fields: { key: 'canary' } })
  assert.is(await call({ resolve: neverResolved }), credential)
  assert.is(await call({ resolve: neverResolved, force: 1 }), credential)
})

test.run()
