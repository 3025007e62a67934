/**
 * Ten thousand random answers of a token endpoint, to refreshes and codes alike. All of them travel over real HTTP: a server that
 * writes bytes to its sockets, so that status lines, headers, lengths and endings can be as wrong as they like.
 */
import { createServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { OAuth2Secret } from '../../engine/model/credential.ts'
import { Refusal } from '../../engine/model/diagnostic.ts'
import { exchangeCode } from '../../engine/oauth/exchange-code.ts'
import { type FailureKind, ProviderFailure } from '../../engine/oauth/provider-failure.ts'
import { refreshTokens } from '../../engine/oauth/refresh-tokens.ts'
import { basicPair } from '../../engine/oauth/resolve-client.ts'
import { anOAuthSecret, anOAuthTarget, clock, shownOf } from './a-target.ts'

const seed = 20261123
const [howMany, atOnce] = [10_000, 50]
const timeLimitMs = 8000

const client = { id: 'app-1.example_x', secret: 'canary client+secret/%' }
const before = anOAuthSecret({ learnt: { api: 'https://eu.example.com' } })
const request = {
  url: '',
  redirectUri: 'http://127.0.0.1:1/callback',
  state: before.accessToken,
  codeVerifier: `canary${'v'.repeat(43)}`,
  nonce: null,
  dpopKey: null
}
const callback = new URLSearchParams({ code: before.refreshToken, state: request.state })

/** All secrets have a canary in them, which two ways of writing them hide. */
const forms = [
  'canary',
  basicPair(client.id, client.secret).slice(0, 30),
  ...['canary-refresh-token', 'canary-access-token', client.secret].map(each =>
    btoa(each).slice(0, -4)
  )
]

interface Body {
  readonly bytes: Uint8Array
  /** What the body says of the grant, if it arrives whole: only an answer that is sure of it may end one. */
  readonly says: 'gone' | 'perhaps gone' | 'other'
}

interface RandomAnswer {
  readonly isRefresh: boolean
  readonly status: number
  readonly headers: readonly string[]
  readonly body: Body
  readonly isPacked: boolean
  /** How it is sent; `cut` stops after a part of the bytes that were announced. */
  readonly sending: 'length' | 'close' | 'chunked' | 'slow' | 'cut' | 'reset'
}

const encoder = new TextEncoder()
const text = (value: string, says: Body['says'] = 'other'): Body => ({
  bytes: encoder.encode(value),
  says
})

/** What both sorts of requests know as secret: the code is the refresh token, the state the access token. */
const echoes = fc.constantFrom(
  before.refreshToken,
  before.accessToken,
  client.secret,
  encodeURIComponent(client.secret),
  btoa(before.refreshToken),
  basicPair(client.id, client.secret)
)

const words = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .tuple(fc.string({ maxLength: 20 }), echoes, fc.string({ maxLength: 20 }))
    .map(each => each.join(''))
)

const anything = fc.oneof(
  words,
  fc.anything({ withNullPrototype: true, maxDepth: 2 }).map(jsonable),
  fc.constantFrom(null, true, 0, -1, 1e300, '', [], {}, '3600', 'NaN', 3600, '__proto__')
)

function jsonable(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value) ?? 'null')
  } catch {
    return null
  }
}

const goodAnswer = fc.record(
  {
    access_token: fc.oneof(
      { weight: 3, arbitrary: fc.constant('canary-new-token') },
      { weight: 1, arbitrary: fc.constantFrom('canary new', 'canary\u0000', '', 7, null) }
    ),
    token_type: fc.oneof(fc.constantFrom('Bearer', 'DPoP', 'bot', 'mac', ''), anything),
    expires_in: anything,
    refresh_token: fc.oneof(fc.constantFrom('canary-new-refresh', null, ''), anything),
    scope: fc.oneof(fc.constantFrom('read', 'read,write', ['read']), anything),
    id_token: anything,
    api: fc.constantFrom('https://eu.example.com', 'https://evil.example', 7, ''),
    error: fc.constantFrom('', null, false)
  },
  { requiredKeys: [] }
)

const goneCode = fc.constantFrom(
  'invalid_grant',
  'bad_refresh_token',
  'INVALID_GRANT',
  'expired_token'
)
const otherCode = fc.oneof(
  fc.constantFrom('invalid_client', 'invalid_request', 'temporarily_unavailable', 'use_dpop_nonce'),
  fc.constantFrom('invalid_grant.', 'grant', 'canary-refresh-token', 'xinvalid_grant'),
  words.filter(each => !/invalid_grant|bad_refresh_token|expired_token/i.test(each))
)
const around = fc.dictionary(
  fc.constantFrom('error_description', 'message', 'access_token', 'detail', '__proto__', 'a'),
  anything
)

function errorBody(code: string, members: object, shape: 'text' | 'object', isGone: boolean): Body {
  const error = shape === 'text' ? code : { code, message: 'canary-refresh-token is not known' }
  return text(JSON.stringify({ ...members, error }), isGone ? 'gone' : 'other')
}

const shape = fc.constantFrom('text', 'object')
const goneError = fc
  .tuple(goneCode, around, shape)
  .map(([code, members, as]) => errorBody(code, members, as, true))
const otherError = fc
  .tuple(otherCode, around, shape)
  .map(([code, members, as]) => errorBody(code, members, as, false))

const whole = fc.oneof(
  goodAnswer.map(each => text(JSON.stringify(each))),
  goneError,
  otherError
)

/** JSON without its end is none, whatever its beginning says. */
const truncated = fc.tuple(whole, fc.double({ min: 0, max: 0.99, noNaN: true })).map(
  ([{ bytes }, part]): Body => ({
    bytes: bytes.slice(0, Math.floor(bytes.length * part)),
    says: 'other'
  })
)

const form = fc
  .tuple(fc.oneof(goneCode, otherCode), words)
  .map(([error, error_description]) =>
    text(new URLSearchParams({ error, error_description }).toString(), 'perhaps gone')
  )

const odd = fc.oneof(
  fc.constantFrom(
    '',
    'null',
    '"invalid_grant"',
    '["invalid_grant"]',
    '[{"error":"invalid_grant"}]',
    '{"data":{"error":"invalid_grant"}}',
    '{"__proto__":{"error":"invalid_grant"}}',
    '{"constructor":{"prototype":{"error":"invalid_grant"}}}',
    '{"access_token":"canary-new-token","expires_in":1e999}',
    `{"access_token":"canary-new-token","expires_in":${'9'.repeat(400)}}`,
    '<html>error=invalid_grant</html>',
    'error: invalid_grant',
    `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
    `{"access_token":"canary-new-token","a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
    `{"error":"x","a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
  ),
  fc.json(),
  fc.string({ unit: 'binary' })
)

/** In an encoding that nobody announced. */
function misencoded({ bytes }: Body, encoding: 'utf16le' | 'utf16be' | 'latin1'): Body {
  const plain = Buffer.from(bytes)
  if (encoding === 'latin1') return { bytes: plain.map(each => each | 0x80), says: 'other' }
  const wide = Buffer.from(`\ufeff${plain.toString()}`, 'utf16le')
  return { bytes: encoding === 'utf16be' ? wide.swap16() : wide, says: 'other' }
}

const body: fc.Arbitrary<Body> = fc.oneof(
  { weight: 6, arbitrary: goodAnswer.map(each => text(JSON.stringify(each))) },
  { weight: 6, arbitrary: goneError },
  { weight: 5, arbitrary: otherError },
  { weight: 4, arbitrary: truncated },
  { weight: 3, arbitrary: form },
  { weight: 3, arbitrary: odd.map(each => text(each)) },
  {
    weight: 2,
    arbitrary: fc.uint8Array({ maxLength: 500 }).map((bytes): Body => ({ bytes, says: 'other' }))
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(whole, fc.constantFrom('utf16le', 'utf16be', 'latin1'))
      .map(([each, encoding]) => misencoded(each, encoding))
  }
)

const header = fc.oneof(
  fc
    .constantFrom(
      'application/json',
      'text/html',
      'application/x-www-form-urlencoded',
      'x/y; charset=utf-16',
      ';;'
    )
    .map(each => `Content-Type: ${each}`),
  fc
    .oneof(
      fc.integer().map(String),
      fc.constantFrom('soon', 'Sun, 01 Mar 2026 12:00:30 GMT', '9'.repeat(50))
    )
    .map(each => `Retry-After: ${each}`),
  fc
    .constantFrom(
      'Basic',
      'Bearer error="invalid_token"',
      'DPoP error="use_dpop_nonce"',
      '"',
      'Bearer canary'
    )
    .map(each => `WWW-Authenticate: ${each}`),
  fc.constantFrom(
    'DPoP-Nonce: n',
    // Not gzip: what is not packed as announced may keep Node's fetch waiting up to the time limit.
    'Content-Encoding: canary',
    'Content-Length: 5',
    'Content-Length: -1',
    'Transfer-Encoding: canary',
    'Location: http://127.0.0.1:1/canary',
    'Location: http://[canary',
    'Set-Cookie: canary=1',
    'no colon here',
    ': no name',
    'X-Long: '.concat('x'.repeat(20_000))
  )
)

const status = fc.oneof(
  { weight: 8, arbitrary: fc.constant(200) },
  { weight: 6, arbitrary: fc.constantFrom(400, 401, 403) },
  { weight: 4, arbitrary: fc.constantFrom(201, 204, 302, 307, 404, 407, 429, 500, 502, 503) },
  { weight: 1, arbitrary: fc.integer({ min: 100, max: 999 }) }
)

const answer: fc.Arbitrary<RandomAnswer> = fc.record({
  isRefresh: fc.boolean(),
  status,
  headers: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(header, { maxLength: 4 }) }
  ),
  body,
  isPacked: fc.boolean(),
  sending: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom('length', 'close', 'chunked') },
    { weight: 1, arbitrary: fc.constantFrom('slow', 'cut', 'reset') }
  )
})

async function send(socket: Socket, each: RandomAnswer): Promise<void> {
  const { status: code, headers, sending, isPacked } = each
  const isPlain = !headers.some(line => /^(content-encoding|content-length|transfer)/i.test(line))
  const bytes = isPacked && isPlain ? gzipSync(each.body.bytes) : each.body.bytes
  const lines = [
    `HTTP/1.1 ${code} Canary`,
    'Connection: close',
    ...(isPacked && isPlain ? ['Content-Encoding: gzip'] : []),
    ...(sending === 'close' ? [] : [framing(sending, bytes)]),
    ...headers
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  if (sending === 'reset') return void socket.resetAndDestroy()
  if (sending === 'slow') {
    for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 4)) {
      socket.write(bytes.slice(at, at + Math.ceil(bytes.length / 4)))
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  } else if (sending === 'chunked') {
    if (bytes.length > 0) socket.write(`${bytes.length.toString(16)}\r\n`)
    if (bytes.length > 0) socket.write(bytes)
    socket.write(`${bytes.length > 0 ? '\r\n' : ''}0\r\n\r\n`)
  } else socket.write(sending === 'cut' ? bytes.slice(0, bytes.length / 2) : bytes)
  socket.end()
}

function framing(sending: RandomAnswer['sending'], bytes: Uint8Array): string {
  if (sending === 'chunked') return 'Transfer-Encoding: chunked'
  return `Content-Length: ${sending === 'cut' ? bytes.length + 1 : bytes.length}`
}

/** Answers `/token/N` with the Nth of the answers that are due, and anything else with its end. */
async function startSockets() {
  let due: readonly RandomAnswer[] = []
  const strays: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    let asked = ''
    socket.on('data', data => {
      asked += data.toString('latin1')
      const [head = '', sent] = asked.split('\r\n\r\n')
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
      if (sent === undefined || sent.length < length) return
      const each = due[Number(/^POST \/token\/(\d+) /.exec(head)?.[1] ?? -1)]
      if (each === undefined) strays.push(head)
      void (each === undefined ? socket.destroy() : send(socket, each))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    origin: `http://127.0.0.1:${port}`,
    strays,
    answerWith: (answers: readonly RandomAnswer[]): void => {
      due = answers
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    }
  }
}

async function outcomeOf(origin: string, index: number, isRefresh: boolean): Promise<unknown> {
  const target = anOAuthTarget(origin, {
    way: {
      tokenUrl: `${origin}/token/${index}`,
      clientAuthentication: index % 2 === 0 ? 'post' : 'basic',
      learns: { api: { member: 'api', hosts: ['*.example.com'], default: 'https://a.example.com' } }
    }
  })
  const work = isRefresh
    ? refreshTokens(target, client, before, clock)
    : exchangeCode(target, { client, request, callback, clock }).then(({ secret }) => secret)
  let timer: NodeJS.Timeout | undefined
  const hanging = new Promise(resolve => {
    timer = setTimeout(() => resolve('hangs'), timeLimitMs)
  })
  const outcome = await Promise.race([work.catch((error: unknown) => error), hanging])
  clearTimeout(timer)
  return outcome
}

function mayBeGone({ status: code, body: { says }, sending, headers }: RandomAnswer): boolean {
  const isStandard = (code >= 200 && code < 300) || [400, 401, 403, 422].includes(code)
  const isWhole = sending !== 'cut' && sending !== 'reset'
  return says !== 'other' && isStandard && (isWhole || headers.length > 0)
}

function checkOutcome(each: RandomAnswer, outcome: unknown): string {
  if (outcome instanceof ProviderFailure) {
    checkShown(outcome)
    assert.ok(outcome.message !== '' && outcome.message.length <= 400)
    if (outcome.kind === 'grant-gone')
      assert.ok(mayBeGone(each), 'A grant ended by a broken answer')
    const { retryAfterMs: wait } = outcome
    assert.ok(wait === null || (wait >= 0 && wait <= 3_600_000))
    return outcome.kind
  }
  if (outcome instanceof Refusal) {
    checkShown(outcome)
    assert.equal(
      outcome.diagnostics.map(({ code }) => code),
      ['LEARNT_HOST_REFUSED']
    )
    assert.not.ok(each.isRefresh, 'A refresh was lost for a host')
    return 'refusal'
  }
  if (!isSecret(outcome)) throw outcome instanceof Error ? outcome : new Error(String(outcome))
  checkSecret(each, outcome)
  return 'tokens'
}

function checkShown(error: Error): void {
  for (const secret of forms) assert.not.ok(shownOf(error).includes(secret), `It tells: ${secret}`)
}

function isSecret(outcome: unknown): outcome is OAuth2Secret {
  return typeof outcome === 'object' && outcome !== null && 'accessToken' in outcome
}

function checkSecret({ isRefresh }: RandomAnswer, secret: OAuth2Secret): void {
  assert.match(secret.accessToken, /^[ -~]+$/)
  if (isRefresh) assert.ok(secret.refreshToken, 'The refresh token before is lost')
  const { expiresAt } = secret
  assert.ok(expiresAt === null || Date.parse(expiresAt) > Date.now())
  assert.ok(secret.scopes.every(scope => /^[!-~]+$/.test(scope) && !scope.includes('canary-new')))
  assert.match(secret.learnt.api ?? '', /^https:\/\/(eu|a)\.example\.com$/)
}

test('ten thousand random answers neither crash nor hang it, leak a secret, or end a grant', async () => {
  const server = await startSockets()
  const counts: Record<string, number> = {}
  const answers = fc.sample(answer, { seed, numRuns: howMany })
  try {
    for (let start = 0; start < howMany; start += atOnce) {
      const due = answers.slice(start, start + atOnce)
      server.answerWith(due)
      const checks = due.map(async (each, index) => {
        const outcome = await outcomeOf(server.origin, index, each.isRefresh)
        const kind = explained(each, start + index, () => checkOutcome(each, outcome))
        counts[kind] = (counts[kind] ?? 0) + 1
      })
      await Promise.all(checks)
    }
  } finally {
    await server.close()
  }
  assert.equal(server.strays, [])
  // None of it is vacuous.
  const kinds: readonly (FailureKind | 'tokens' | 'refusal')[] = [
    'tokens',
    'refusal',
    'grant-gone',
    'client-wrong',
    'try-again',
    'broken-answer',
    'refused'
  ]
  for (const kind of kinds) assert.ok((counts[kind] ?? 0) >= 40, `${kind}: ${counts[kind] ?? 0}`)
})

/** With the answer that it happened to, as it can be read. */
function explained<T>(each: RandomAnswer, index: number, check: () => T): T {
  try {
    return check()
  } catch (error) {
    const bytes = Buffer.from(each.body.bytes).toString().slice(0, 1000)
    const what = JSON.stringify({ ...each, body: { ...each.body, bytes } })
    throw new Error(`Answer ${index} (seed ${seed}): ${what}\n${error}`, { cause: error })
  }
}

test.run()
