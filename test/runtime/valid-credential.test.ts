import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
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
import { openFileVault } from '../../engine/vault/file-vault.ts'
import { personIdentity } from '../../engine/vault/person-identity.ts'
import {
  aCredential,
  aFieldsTarget,
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
  readonly target: Target
  readonly vault: Vault
  readonly credential: Credential
  /** The options of a call; by default two hours later. */
  readonly call: (overrides?: Partial<ValidCredentialOptions>) => Promise<Credential>
}

/** A credential in a vault of its own. */
async function stored(target: Target, secret: Credential['secret']): Promise<Stored> {
  const folder = temporaryFolder()
  const identity = personIdentity({ variable: undefined, configFolder: join(folder, 'config') })
  const vault = openFileVault(join(folder, 'vault'), identity)
  const credential = { ...aCredential(target, secret), id: randomUUID() }
  await vault.store(credential)
  const call: Stored['call'] = async overrides => {
    const options = {
      credential,
      target,
      vault,
      resolve: clientResolver,
      clock: later,
      ...overrides
    }
    try {
      return await validCredential(options)
    } catch (error) {
      assert.not.match(error instanceof Error ? shownOf(error) : '', /canary/)
      throw error
    }
  }
  return { target, vault, credential, call }
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
  for (let round = 0; round < 3; round++) {
    const current = seen.at(-1) ?? credential
    const expired = { ...oauth2(current), expiresAt: '2020-01-01T00:00:00Z' }
    seen.push(await call({ credential: { ...current, secret: expired } }))
  }
  assert.equal(
    seen.map(each => each.generation),
    [1, 2, 3, 4]
  )
  assert.is(new Set(seen.map(each => oauth2(each).refreshToken)).size, 4)
  assert.is(await statusAt(rotating, seen.at(-1) ?? credential), 200)
})

test('a new token is durable before it is handed out', async () => {
  const { call, credential, vault } = await authorizedAt(keeping)
  const failing = {
    list: vault.list,
    open: vault.open,
    store: async () => {
      throw new Error('disk full')
    }
  }
  await rejects(() => call({ vault: failing }), 'disk full')
  assert.equal(await vault.open(credential.id), credential)
})

test('what another process refreshed is used, and the old refresh token not once more', async () => {
  const { call, credential } = await authorizedAt(rotating)
  const now = Date.now()
  const next = await call()
  const before = rotating.requests.length
  assert.equal(await call({ clock: { now: () => new Date(now + 2 * 3600_000) } }), next)
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
  const next = await call()
  const followed = await vault.open(copy.id)
  assert.equal(followed?.secret, next.secret)
  assert.is(followed?.generation, 2)
  assert.equal(await vault.open(stranger.id), stranger)
  // The server ends a grant whose old refresh token comes again: it has not seen one.
  assert.is(await statusAt(rotating, await call({ credential: followed ?? copy })), 200)
})

test('a grant that is gone is looked up once more: another process may have won', async () => {
  const { call, credential, vault } = await authorizedAt(rotating)
  const winner = await call()
  let opened = 0
  // As seen by a process that looked before the winner wrote.
  const late = {
    list: vault.list,
    store: vault.store,
    open: async () => (opened++ === 0 ? credential : winner)
  }
  const got = await call({ vault: late })
  assert.equal(got, winner)
  assert.is(opened, 2)
})

test('a grant that is gone for good must be authorized again', async () => {
  const { call, credential, vault } = await authorizedAt(keeping, 'gone@example.com')
  await keeping.endGrants('gone@example.com')
  const error = await rejects(() => call(), withCode('NEEDS_REAUTHORIZATION'))
  assert.match(shownOf(error), 'tieline authorize example -e dev')
  assert.equal(await vault.open(credential.id), credential)
})

test('without a refresh token it must be authorized again, and nothing is asked', async () => {
  const secret = { ...oauth2(aCredential(anOAuthTarget(keeping.origin), lonely)) }
  const { call } = await stored(anOAuthTarget(keeping.origin), secret)
  const before = keeping.requests.length
  await rejects(() => call({ resolve: neverResolved }), withCode('NEEDS_REAUTHORIZATION'))
  assert.is(keeping.requests.length, before)
})

const lonely = {
  kind: 'oauth2',
  accessToken: 'canary-access',
  refreshToken: null,
  expiresAt: '2026-01-01T00:00:00Z',
  lifetime: null,
  learnt: {}
} as const
const aged = { ...lonely, refreshToken: 'canary-refresh' }

test('a credential that was removed meanwhile is not brought back', async () => {
  const { call, credential, vault } = await authorizedAt(keeping)
  await vault.remove(credential.id)
  await rejects(() => call(), withCode('NEEDS_REAUTHORIZATION'))
  assert.is(await vault.open(credential.id), null)
})

const failures: readonly (readonly [string, Parameters<typeof startServer>[0], string])[] = [
  ['429', json(429, {}), 'PROVIDER_UNAVAILABLE'],
  ['503', json(503, { error: 'invalid_grant' }), 'PROVIDER_UNAVAILABLE'],
  ['a wrong client', json(401, { error: 'invalid_client' }), 'CLIENT_REJECTED'],
  ['nonsense', json(200, { error_description: 'canary-refresh' }), 'PROVIDER_ANSWER_BROKEN'],
  [
    'another error',
    json(400, { error: 'invalid_scope', error_description: 'canary-refresh' }),
    'REFRESH_REFUSED'
  ],
  [
    'a redirect',
    (_request, response) => response.writeHead(307, { Location: '/x' }).end(),
    'PROVIDER_ANSWER_BROKEN'
  ]
]

for (const [what, answer, code] of failures) {
  test(`a refresh answered with ${what} is ${code} and changes nothing`, async () => {
    const server = await startServer(answer)
    const { call, credential, vault } = await stored(anOAuthTarget(server.origin), aged)
    await rejects(() => call(), withCode(code))
    assert.is(server.requests.length, 1)
    assert.equal(await vault.open(credential.id), credential)
    await server.close()
  })
}

test('a service that is down is PROVIDER_UNAVAILABLE and changes nothing', async () => {
  const server = await startServer(json(200, {}))
  await server.close()
  const { call, credential, vault } = await stored(anOAuthTarget(server.origin), aged)
  await rejects(() => call(), withCode('PROVIDER_UNAVAILABLE'))
  assert.equal(await vault.open(credential.id), credential)
})

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
    const { call } = await stored(anOAuthTarget(server.origin), aged)
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
  const { call } = await stored(anOAuthTarget(server.origin), aged)
  const resolve = async (): Promise<string> => 'another-id'
  await rejects(() => call({ resolve }), withCode('DESTINATION_CHANGED'))
  assert.is(server.requests.length, 0)
  await server.close()
})

test('the credential of another connection, level or user is not used', async () => {
  const { call, credential, target } = await stored(anOAuthTarget('https://api.example.com'), aged)
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

test('fields never expire', async () => {
  const target = aFieldsTarget(
    'https://api.example.com',
    'api-key',
    { key: { title: 'Key', secret: true } },
    { in: 'header', name: 'X-Key', value: '{key}' }
  )
  const { call, credential } = await stored(target, { kind: 'fields', fields: { key: 'canary' } })
  assert.is(await call({ resolve: neverResolved }), credential)
})

test.run()
