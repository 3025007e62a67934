/** Services that refuse a refresh and say nothing at all, and can be asked what they know of the refresh token. */
import type { ServerResponse } from 'node:http'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Credential } from '../../engine/model/credential.ts'
import type { ValidCredentialOptions } from '../../engine/runtime/valid-credential.ts'
import { validCredential } from '../../engine/runtime/valid-credential.ts'
import {
  anOAuthTarget,
  json,
  type SeenRequest,
  shownOf,
  startServer,
  withCode
} from '../oauth/a-target.ts'
import { rejects, temporaryFolder } from '../support/assert.ts'
import { expiredSecret, optionsIn, storeIn, vaultIn } from '../support/refresh-vault.ts'

type Answering = (request: SeenRequest, response: ServerResponse) => unknown

const raw =
  (status: number, headers: Readonly<Record<string, string>> = {}, text = ''): Answering =>
  (_request, response) =>
    response.writeHead(status, headers).end(text)

interface Case {
  readonly credential: Credential
  readonly call: (overrides?: Partial<ValidCredentialOptions>) => Promise<Credential>
  readonly inVault: () => Promise<Credential | null>
  readonly vault: ReturnType<typeof vaultIn>
  /** The requests, by path. */
  readonly asked: (path: string) => readonly SeenRequest[]
  readonly close: () => Promise<void>
}

async function aCase(
  refresh: Answering,
  introspect: Answering,
  { url = '/introspect' }: { readonly url?: string | null } = {}
): Promise<Case> {
  const server = await startServer((request, response) => {
    const answer = request.path === '/introspect' ? introspect : refresh
    answer(request, response)
  })
  const folder = temporaryFolder()
  const introspectionUrl = url?.startsWith('/') ? `${server.origin}${url}` : url
  const way =
    introspectionUrl === null || introspectionUrl === undefined ? {} : { introspectionUrl }
  const target = anOAuthTarget(server.origin, { way })
  const credential = await storeIn(folder, target, expiredSecret())
  const vault = vaultIn(folder)
  return {
    credential,
    vault,
    call: async overrides => {
      try {
        return await validCredential({ ...optionsIn(folder, target, credential), ...overrides })
      } catch (error) {
        assert.not.match(error instanceof Error ? shownOf(error) : '', /canary/)
        throw error
      }
    },
    inVault: () => vault.open(credential.id),
    asked: path => server.requests.filter(each => each.path === path),
    close: server.close
  }
}

const inactive = json(200, { active: false })

for (const [what, refresh] of [
  ['400', raw(400)],
  ['401', raw(401)],
  ['401 with a challenge', raw(401, { 'WWW-Authenticate': 'Basic realm="x"' })],
  ['403', raw(403)],
  ['400 with white space', raw(400, { 'Content-Type': 'text/plain' }, '\r\n')],
  ['400 with an empty object', json(400, {})]
] as const) {
  test(`a grant is dead where a refresh is refused without a word (${what}) and its token is not active`, async () => {
    const { call, credential, inVault, asked, close } = await aCase(refresh, inactive)
    await rejects(() => call(), withCode('NEEDS_REAUTHORIZATION'))
    const { dead, generation } = (await inVault()) ?? credential
    assert.equal([dead?.cause, generation], ['grant-gone', 2])
    const [question] = asked('/introspect')
    assert.equal(Object.fromEntries(new URLSearchParams(question?.body)), {
      token: 'canary-refresh-1',
      token_type_hint: 'refresh_token',
      client_id: 'app-1.example_x',
      client_secret: 'canary client+secret/%'
    })
    await rejects(() => call(), withCode('NEEDS_REAUTHORIZATION'))
    assert.equal([asked('/token').length, asked('/introspect').length], [1, 1])
    await close()
  })
}

for (const [what, introspect] of [
  ['is active', json(200, { active: true })],
  ['is unknown, for the client is refused', json(401, { error: 'invalid_client' })],
  ['is unknown, for nothing is said there either', raw(401)],
  [
    'is unknown, for the answer says that a token is invalid',
    json(401, { error: 'invalid_token' })
  ],
  ['is unknown, for the answer is broken', json(200, { active: 'no' })],
  ['is unknown, for the answer is a page', raw(200, { 'Content-Type': 'text/html' }, '<html>')],
  ['is unknown, for the endpoint is out of order', raw(503)],
  [
    'is unknown, for nobody answers',
    (_request: unknown, response: ServerResponse) => response.destroy()
  ]
] as const) {
  test(`a refusal without a word is a broken answer where its token ${what}`, async () => {
    const { call, credential, inVault, asked, close } = await aCase(raw(400), introspect)
    await rejects(() => call(), withCode('PROVIDER_ANSWER_BROKEN'))
    assert.equal(await inVault(), credential)
    await rejects(() => call(), withCode('PROVIDER_ANSWER_BROKEN'))
    assert.equal([asked('/token').length, asked('/introspect').length], [1, 1], 'The pause is kept')
    await close()
  })
}

test('a challenge without a word means the client where the refresh token is active', async () => {
  const refuse = raw(401, { 'WWW-Authenticate': 'Basic realm="x"' })
  const { call, credential, inVault, close } = await aCase(refuse, json(200, { active: true }))
  await rejects(() => call(), withCode('CLIENT_REJECTED'))
  assert.equal(await inVault(), credential)
  await close()
})

for (const [what, refresh, code] of [
  ['a page', raw(403, { 'Content-Type': 'text/html' }, '<html>'), 'PROVIDER_ANSWER_BROKEN'],
  ['a message of a gateway', json(403, { message: 'Forbidden' }), 'PROVIDER_ANSWER_BROKEN'],
  ['a wrong client', json(401, { error: 'invalid_client' }), 'CLIENT_REJECTED'],
  ['another status', raw(404), 'PROVIDER_ANSWER_BROKEN'],
  ['an overload', raw(429), 'PROVIDER_UNAVAILABLE']
] as const) {
  test(`a refresh answered with ${what} asks nothing about the refresh token`, async () => {
    const { call, credential, inVault, asked, close } = await aCase(refresh, inactive)
    await rejects(() => call(), withCode(code))
    assert.equal(await inVault(), credential)
    assert.is(asked('/introspect').length, 0)
    await close()
  })
}

test('without a place to ask, or with one that the token may not be sent to, nothing is concluded', async () => {
  for (const url of [null, 'https://elsewhere.example/introspect']) {
    const { call, credential, inVault, close } = await aCase(raw(400), inactive, { url })
    await rejects(() => call(), withCode('PROVIDER_ANSWER_BROKEN'))
    assert.equal(await inVault(), credential)
    await close()
  }
})

test('a token that is not active because somebody renewed it meanwhile is no end of the grant', async () => {
  let renewing: () => Promise<unknown> = async () => null
  const { call, credential, inVault, vault, close } = await aCase(raw(400), (request, response) => {
    renewing().then(() => inactive(request, response))
  })
  const secret = expiredSecret({
    accessToken: 'canary-access-1',
    refreshToken: 'canary-refresh-2',
    expiresAt: new Date(Date.now() + 3_600_000).toISOString()
  })
  const next = { ...credential, generation: 2, secret }
  renewing = () => vault.replace(next)
  assert.equal(await call(), next)
  assert.equal(await inVault(), next)
  await close()
})

test.run()
