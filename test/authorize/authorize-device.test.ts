import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  authorizeDevice,
  type DeviceOptions,
  type ShownCode
} from '../../engine/authorize/authorize-device.ts'
import {
  anOAuthTarget,
  clientResolver,
  clock,
  json,
  type OAuthParts,
  type SeenRequest,
  shownOf,
  startServer,
  withCode
} from '../oauth/a-target.ts'
import { rejects } from '../support/assert.ts'
import { enterDeviceCode, type OAuthServer, startOAuthServer } from '../support/oauth-server.ts'

let server: OAuthServer
let brief: OAuthServer

const client = {
  id: 'app-1.example_x',
  secret: 'canary client+secret/%',
  authentication: 'client_secret_post',
  grants: ['device_code', 'refresh_token'],
  redirectUris: []
} as const

test.before(async () => {
  const scopes = ['read', 'write', 'openid']
  server = await startOAuthServer({ clients: [client], scopes })
  brief = await startOAuthServer({
    clients: [{ ...client, dpop: true }],
    scopes,
    deviceCodeLifetime: 1,
    dpopNonce: true
  })
})

test.after(async () => {
  await server.close()
  await brief.close()
})

function deviceWay(origin: string): NonNullable<OAuthParts['way']> {
  return { grant: 'device_code', deviceUrl: `${origin}/device/auth` }
}

const bound: OAuthParts['way'] = {
  dpop: true,
  send: [{ in: 'header', name: 'Authorization', value: 'DPoP {access_token}' }]
}

interface Attempt {
  readonly at?: OAuthServer
  readonly parts?: OAuthParts
  readonly options?: Partial<DeviceOptions>
}

/** Authorizes while `person` does something with the code. Waits are short; how long they were to be is kept. */
async function authorize(
  person: (shown: ShownCode) => Promise<unknown>,
  { at = server, parts = {}, options = {} }: Attempt = {}
) {
  const { origin } = at
  const waits: number[] = []
  let shown: ShownCode | undefined
  const target = anOAuthTarget(origin, { ...parts, way: { ...deviceWay(origin), ...parts.way } })
  const acting: Promise<unknown>[] = []
  const failed = new AbortController()
  const result = await authorizeDevice(target, {
    resolve: clientResolver,
    clock,
    onCode: code => {
      shown = code
      const act = person(code)
      act.catch(() => failed.abort())
      acting.push(act)
    },
    signal: failed.signal,
    sleep: ms => {
      waits.push(ms / 1000)
      return new Promise(resolve => setTimeout(resolve, 30))
    },
    ...options
  }).catch((error: unknown) => error)
  await Promise.all(acting)
  if (result instanceof Error) {
    assert.not.match(shownOf(result), /canary/)
    throw result
  }
  return { authorized: result as Awaited<ReturnType<typeof authorizeDevice>>, waits, shown }
}

test('authorizes when the person has entered the code and allowed it', async () => {
  const { authorized, waits, shown } = await authorize(async ({ verificationUri, userCode }) => {
    const page = await enterDeviceCode(verificationUri, userCode, { account: 'bo@example.com' })
    assert.match(page, 'Device connected')
  })
  assert.is(authorized.account.id, 'bo@example.com')
  assert.equal(authorized.granted, ['offline_access', 'read', 'write'])
  assert.ok(authorized.secret.kind === 'oauth2' && authorized.secret.refreshToken !== null)
  assert.is(shown?.verificationUri, `${server.origin}/device`)
  assert.match(shown?.complete ?? '', `${server.origin}/device?user_code=`)
  assert.ok((shown?.expiresIn ?? 0) > 590 && (shown?.expiresIn ?? 0) <= 600)
  assert.ok(waits.length >= 2, 'It was not waited for')
  assert.ok(waits.every(each => each === 5))
})

test('the address with the code in it needs no typing', async () => {
  const { authorized } = await authorize(async ({ complete }) => {
    await enterDeviceCode(complete ?? '', '', { without: ['write'] })
  })
  assert.equal(authorized.granted, ['offline_access', 'read'])
})

test('a person who says no ends it', async () => {
  const error = await rejects(
    () =>
      authorize(({ verificationUri, userCode }) =>
        enterDeviceCode(verificationUri, userCode, { decision: 'deny' })
      ),
    withCode('AUTHORIZATION_DENIED')
  )
  assert.match(shownOf(error), 'access_denied')
})

test('a code that runs out ends it', async () => {
  const error = await rejects(
    () => authorize(async () => {}, { at: brief, parts: { way: bound } }),
    withCode('AUTHORIZATION_TIMEOUT')
  )
  assert.match(shownOf(error), 'within 1 seconds')
})

test('tokens are bound to a key where the connector says so, also where the server has a nonce', async () => {
  const { authorized } = await authorize(
    ({ verificationUri, userCode }) => enterDeviceCode(verificationUri, userCode),
    { at: brief, parts: { way: bound } }
  )
  assert.ok(authorized.secret.kind === 'oauth2' && authorized.secret.dpopKey !== null)
  assert.is(authorized.account.id, 'ana@example.com')
})

test('an id token names the account', async () => {
  const url = `${server.origin}/whoami`
  const { authorized } = await authorize(
    ({ verificationUri, userCode }) => enterDeviceCode(verificationUri, userCode),
    {
      parts: {
        way: { issuer: server.origin, identity: { id: '/sub' } },
        api: { test: { method: 'GET', url, success: { status: [200] } } },
        scopes: ['openid', 'read']
      }
    }
  )
  assert.equal(authorized.account, { id: 'ana@example.com', name: null })
})

test('whoever calls is told before a grant may exist, and after the code has been shown', async () => {
  const order: string[] = []
  await authorize(
    async ({ verificationUri, userCode }) => {
      order.push('shown')
      await enterDeviceCode(verificationUri, userCode)
    },
    {
      options: {
        onGrantRequested: () => {
          order.push('noted')
        }
      }
    }
  )
  assert.equal(order, ['shown', 'noted'])
})

test('a cancellation ends the wait at once, also one that came before', async () => {
  const controller = new AbortController()
  const options = { signal: controller.signal, sleep: undefined }
  const started = Date.now()
  await rejects(
    () => authorize(async () => setTimeout(() => controller.abort(), 20), { options }),
    withCode('AUTHORIZATION_CANCELLED')
  )
  assert.ok(Date.now() - started < 4000)
  const asked = server.requests.length
  await rejects(() => authorize(async () => {}, { options }), withCode('AUTHORIZATION_CANCELLED'))
  assert.is(server.requests.length, asked)
})

type Step = (request: SeenRequest) => readonly [number, object | string]

/** A provider that gives a code and then answers each question in its turn; a text is no JSON. */
async function playing(first: object, steps: readonly Step[]) {
  const left = [...steps]
  const sent: string[] = []
  const told = await startServer((request, response) => {
    if (request.path === '/device/auth') return json(200, first)(request, response)
    if (request.path === '/whoami') return json(200, { sub: 'ana' })(request, response)
    sent.push(request.body)
    const [status, body] = left.shift()?.(request) ?? [200, { access_token: 'a', expires_in: 60 }]
    if (status === 0) response.destroy()
    else if (typeof body === 'string') response.writeHead(status).end(body)
    else json(status, body)(request, response)
  })
  return { ...told, sent }
}

async function play(first: object, steps: readonly Step[]) {
  const told = await playing(first, steps)
  const waits: number[] = []
  const shown: ShownCode[] = []
  // Time is what the waits make of it.
  let now = Date.parse('2026-01-01T00:00:00Z')
  try {
    const result = await authorizeDevice(
      anOAuthTarget(told.origin, { way: deviceWay(told.origin) }),
      {
        resolve: clientResolver,
        clock: { now: () => new Date(now) },
        onCode: each => {
          shown.push(each)
        },
        sleep: async ms => {
          waits.push(ms / 1000)
          now += ms
        }
      }
    ).catch((error: unknown) => error)
    return { result, waits, shown, sent: told.sent }
  } finally {
    await told.close()
  }
}

const device = {
  device_code: 'canary-device-code',
  user_code: 'WDJB-MJHT',
  verification_uri: 'https://example.com/device',
  expires_in: 900,
  interval: 1
}
const pending: Step = () => [400, { error: 'authorization_pending' }]

test('asks as often as it may: slower by five seconds whenever it was too fast', async () => {
  const slow: Step = () => [400, { error: 'slow_down' }]
  const { result, waits, sent } = await play(device, [pending, slow, pending, slow, pending])
  assert.not.instance(result, Error)
  assert.equal(waits, [1, 1, 6, 6, 11, 11])
  const form = Object.fromEntries(new URLSearchParams(sent[0]))
  assert.is(form.grant_type, 'urn:ietf:params:oauth:grant-type:device_code')
  assert.is(form.device_code, device.device_code)
})

test('pending may come with any status', async () => {
  const steps = [200, 401, 403, 428, 429, 503].map(
    (status): Step =>
      () => [status, { error: 'authorization_pending' }]
  )
  const { result, waits } = await play(device, steps)
  assert.not.instance(result, Error)
  assert.equal(waits, [1, 1, 1, 1, 1, 1, 1])
})

test('goes on after a provider that cannot be reached, and asks it less often', async () => {
  const down: Step = () => [502, '<html>']
  const gone: Step = () => [0, '']
  const { result, waits } = await play(device, [down, gone, down, pending, pending])
  assert.not.instance(result, Error)
  assert.equal(waits, [1, 2, 4, 8, 1, 1])
})

test('ends when the code has run out, whoever notices it first', async () => {
  for (const steps of [Array.from({ length: 1000 }, () => pending), [expired]]) {
    const { result, waits } = await play({ ...device, expires_in: 30 }, steps)
    assert.ok(result instanceof Error && withCode('AUTHORIZATION_TIMEOUT')(result))
    assert.ok(waits.length <= 30)
  }
})

function expired(): readonly [number, object] {
  return [400, { error: 'expired_token' }]
}

test('another error ends it, without what is secret', async () => {
  const echo: Step = ({ body }) => [
    400,
    { error: 'invalid_grant', error_description: `You sent ${body}` }
  ]
  const { result } = await play(device, [echo])
  assert.ok(result instanceof Error && withCode('AUTHORIZATION_FAILED')(result))
  assert.match(shownOf(result), 'invalid_grant: You sent')
  assert.not.match(shownOf(result), /canary/)
})

test('reads the code as services write it', async () => {
  const { verification_uri: address, expires_in: _, ...rest } = device
  const { result, shown, waits } = await play(
    { ...rest, verification_url: address, user_code: ' WDJB-\u001b[31mMJHT\n', interval: '7' },
    [pending]
  )
  assert.not.instance(result, Error)
  assert.equal(shown, [
    { userCode: 'WDJB-[31mMJHT', verificationUri: address, complete: null, expiresIn: 600 }
  ])
  assert.equal(waits, [7, 7])
})

test('an address that is not to be opened is not shown', async () => {
  for (const address of ['javascript:alert(1)', 'file:///etc/passwd', 'http://example.com/', 'x']) {
    const { result, shown } = await play({ ...device, verification_uri: address }, [])
    assert.ok(result instanceof Error && withCode('PROVIDER_ANSWER_BROKEN')(result), address)
    assert.equal(shown, [])
  }
  const complete = { ...device, verification_uri_complete: 'javascript:alert(1)' }
  assert.is((await play(complete, [])).shown[0]?.complete, null)
})

test('a provider that gives no code says why', async () => {
  const said = json(400, { error: 'unauthorized_client', error_description: 'No devices' })
  const refusing = await startServer(said)
  const target = anOAuthTarget(refusing.origin, { way: deviceWay(refusing.origin) })
  const options = { resolve: clientResolver, clock, onCode: () => {} }
  const error = await rejects(() => authorizeDevice(target, options), withCode('CLIENT_REJECTED'))
  assert.match(shownOf(error), 'unauthorized_client: No devices')
  await refusing.close()
})

test.run()
