import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Credential } from '../../engine/model/credential.ts'
import type { Clock, RefreshLeases } from '../../engine/model/ports.ts'
import {
  type ValidCredentialOptions,
  validCredential
} from '../../engine/runtime/valid-credential.ts'
import {
  anOAuthTarget,
  json,
  type SmallServer,
  shownOf,
  startServer,
  withCode
} from '../oauth/a-target.ts'
import { rejects, temporaryFolder } from '../support/assert.ts'
import { startRefreshServer } from '../support/refresh-server.ts'
import { expiredSecret, optionsIn, storeIn, vaultIn } from '../support/refresh-vault.ts'

interface Case {
  readonly credential: Credential
  /** As a process that has just started; messages are searched for secrets. */
  readonly call: (overrides?: Partial<ValidCredentialOptions>) => Promise<Credential>
  readonly inVault: () => Promise<Credential | null>
}

async function aCase(
  origin: string,
  secret: Parameters<typeof expiredSecret>[0] = {}
): Promise<Case> {
  const folder = temporaryFolder()
  const target = anOAuthTarget(origin)
  const credential = await storeIn(folder, target, expiredSecret(secret))
  return {
    credential,
    call: async overrides => {
      try {
        return await validCredential({ ...optionsIn(folder, target, credential), ...overrides })
      } catch (error) {
        assert.not.match(error instanceof Error ? shownOf(error) : '', /canary/)
        throw error
      }
    },
    inVault: () => vaultIn(folder).open(credential.id)
  }
}

/** So many seconds from now. */
function inSeconds(seconds: number): Clock {
  const start = Date.now()
  return { now: () => new Date(start + seconds * 1000) }
}

const failures: readonly (readonly [string, Parameters<typeof startServer>[0], string, number])[] =
  [
    ['429', json(429, {}), 'PROVIDER_UNAVAILABLE', 30],
    ['503', json(503, { error: 'invalid_grant' }), 'PROVIDER_UNAVAILABLE', 30],
    ['a wrong client', json(401, { error: 'invalid_client' }), 'CLIENT_REJECTED', 10],
    ['nonsense', json(200, { error_description: 'canary' }), 'PROVIDER_ANSWER_BROKEN', 10],
    [
      'another error',
      json(400, { error: 'invalid_scope', error_description: 'canary-refresh-1' }),
      'REFRESH_REFUSED',
      10
    ],
    [
      'a redirect',
      (_request, response) => response.writeHead(307, { Location: '/x' }).end(),
      'PROVIDER_ANSWER_BROKEN',
      10
    ],
    ['nothing', (_request, response) => response.destroy(), 'PROVIDER_UNAVAILABLE', 30]
  ]

for (const [what, answer, code, seconds] of failures) {
  test(`a refresh answered with ${what} is ${code}, changes nothing and is not tried again for ${seconds} s by anybody`, async () => {
    const server = await startServer(answer)
    const { call, credential, inVault } = await aCase(server.origin)
    const before = Date.now()
    const first = await rejects(() => call(), withCode(code))
    await rejects(() => call(), withCode(code))
    await rejects(() => call({ clock: inSeconds(seconds - 2) }), withCode(code))
    assert.is(server.requests.length, 1)
    const until = Date.parse(/before (\S+Z)/.exec(shownOf(first))?.[1] ?? '')
    assert.ok(until >= before + seconds * 1000 && until <= Date.now() + seconds * 1000)
    await rejects(() => call({ clock: inSeconds(seconds + 1) }), withCode(code))
    assert.is(server.requests.length, 2)
    assert.equal(await inVault(), credential)
    await server.close()
  })
}

test('a service that is down is PROVIDER_UNAVAILABLE and changes nothing', async () => {
  const server = await startServer(json(200, {}))
  await server.close()
  const { call, credential, inVault } = await aCase(server.origin)
  await rejects(() => call(), withCode('PROVIDER_UNAVAILABLE'))
  assert.equal(await inVault(), credential)
})

test('the pause doubles with each failure, up to five minutes', async () => {
  const server = await startServer(json(503, {}))
  const { call } = await aCase(server.origin)
  const pauses: number[] = []
  let now = Date.now()
  const clock: Clock = { now: () => new Date(now) }
  for (let round = 0; round < 6; round++) {
    const error = await rejects(() => call({ clock }), withCode('PROVIDER_UNAVAILABLE'))
    const until = Date.parse(/before (\S+Z)/.exec(shownOf(error))?.[1] ?? '')
    pauses.push((until - now) / 1000)
    now = until + 1
  }
  assert.equal(pauses, [30, 60, 120, 240, 300, 300])
  assert.is(server.requests.length, 6)
  await server.close()
})

test('Retry-After is kept to, up to an hour', async () => {
  let retryAfter = '7'
  const server = await startServer((_request, response) =>
    response.writeHead(429, { 'Retry-After': retryAfter }).end()
  )
  const { call } = await aCase(server.origin)
  await rejects(() => call(), withCode('PROVIDER_UNAVAILABLE'))
  await rejects(() => call({ clock: inSeconds(5) }), withCode('PROVIDER_UNAVAILABLE'))
  assert.is(server.requests.length, 1)
  retryAfter = '100000'
  await rejects(() => call({ clock: inSeconds(8) }), withCode('PROVIDER_UNAVAILABLE'))
  assert.is(server.requests.length, 2)
  await rejects(() => call({ clock: inSeconds(3600) }), withCode('PROVIDER_UNAVAILABLE'))
  assert.is(server.requests.length, 2)
  await rejects(() => call({ clock: inSeconds(3612) }), withCode('PROVIDER_UNAVAILABLE'))
  assert.is(server.requests.length, 3)
  await server.close()
})

test('after a failure the same refresh token works, and the next token has no failures behind it', async () => {
  const server = await startRefreshServer({
    answer: number => (number === 1 ? { status: 503 } : undefined)
  })
  const { call } = await aCase(server.origin)
  await rejects(() => call(), withCode('PROVIDER_UNAVAILABLE'))
  const next = await call({ clock: inSeconds(31) })
  assert.is(next.generation, 2)
  assert.ok(server.isAlive())
  assert.is(server.refreshes.length, 2)
  await server.close()
})

const inMargin = (): Partial<ReturnType<typeof expiredSecret>> => ({
  expiresAt: new Date(Date.now() + 30_000).toISOString(),
  lifetime: 3600
})

for (const [what, answer] of failures) {
  test(`in its last minute a token is handed out if the refresh is answered with ${what}`, async () => {
    const server = await startServer(answer)
    const { call, credential } = await aCase(server.origin, inMargin())
    assert.equal(await call(), credential)
    assert.equal(await call(), credential)
    assert.is(server.requests.length, 1)
    await server.close()
  })
}

test('in its last minute a token is handed out if the client cannot be read', async () => {
  const { call, credential } = await aCase('http://127.0.0.1:9', inMargin())
  const resolve = async (): Promise<string> => {
    throw new Error('REFERENCE_MISSING')
  }
  assert.equal(await call({ resolve }), credential)
})

test('but not one that the service refused', async () => {
  const server = await startServer(json(503, {}))
  const { call } = await aCase(server.origin, inMargin())
  await rejects(() => call({ force: 1 }), withCode('PROVIDER_UNAVAILABLE'))
  await server.close()
})

test('a client that cannot be read leaves nothing behind', async () => {
  const server = await startRefreshServer()
  const { call } = await aCase(server.origin)
  const resolve = async (): Promise<string> => {
    throw new Error('REFERENCE_MISSING')
  }
  await rejects(() => call({ resolve }), 'REFERENCE_MISSING')
  assert.is((await call()).generation, 2)
  await server.close()
})

test('whoever waits for another process in vain gets what still works, or is told', async () => {
  const { call, credential } = await aCase('http://127.0.0.1:9', inMargin())
  const patience: number[] = []
  const leases: RefreshLeases = {
    claim: async wish => {
      patience.push(Math.round(wish.patienceMs / 1000))
      return { outcome: 'busy' }
    },
    forget: async () => {}
  }
  assert.equal(await call({ leases }), credential)
  const error = await rejects(
    () => call({ leases, clock: inSeconds(60) }),
    withCode('PROVIDER_UNAVAILABLE')
  )
  assert.match(shownOf(error), 'another process has been renewing')
  assert.equal(patience, [5, 75])
})

test('all callers of a process get the same refusal from one request', async () => {
  const server: SmallServer = await startServer(json(503, {}))
  const { credential } = await aCase(server.origin)
  const folder = temporaryFolder()
  const target = anOAuthTarget(server.origin)
  const own = await storeIn(folder, target, credential.secret)
  const options = optionsIn(folder, target, own)
  const results = await Promise.allSettled(
    Array.from({ length: 8 }, () => validCredential(options))
  )
  assert.is(new Set(results.map(each => each.status === 'rejected' && each.reason)).size, 1)
  assert.is(server.requests.length, 1)
  await server.close()
})

test.run()
