import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { normaliseAnswer, type Reading } from '../../engine/oauth/normalise-answer.ts'

const plain = { access_token: 'at', token_type: 'bearer' }

function normal(
  body: unknown,
  status = 200,
  contentType: string | null = 'application/json',
  reading: Reading = {}
) {
  const headers = new Headers(contentType === null ? {} : { 'Content-Type': contentType })
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return normaliseAnswer({ status, headers, text }, reading)
}

/** What services send, and what becomes of it. */
const table: readonly (readonly [string, unknown, unknown])[] = [
  [
    'a correct answer stays',
    { ...plain, expires_in: 3600, scope: 'a b', refresh_token: 'rt' },
    {
      ...plain,
      expires_in: 3600,
      scope: 'a b',
      refresh_token: 'rt'
    }
  ],
  ['no token_type', { access_token: 'at' }, plain],
  ['token_type bot', { access_token: 'at', token_type: 'bot' }, plain],
  ['token_type user', { access_token: 'at', token_type: 'user' }, plain],
  ['token_type that is no text', { access_token: 'at', token_type: 7 }, plain],
  ['token_type in capitals', { access_token: 'at', token_type: 'Bearer' }, plain],
  [
    'DPoP is not touched',
    { access_token: 'at', token_type: 'DPoP' },
    { ...plain, token_type: 'dpop' }
  ],
  ['expires_in as text', { ...plain, expires_in: '3600' }, { ...plain, expires_in: 3600 }],
  ['expires_in without sense', { ...plain, expires_in: 'soon' }, plain],
  ['expires_in of zero', { ...plain, expires_in: 0 }, plain],
  ['expires_in of less than a second', { ...plain, expires_in: 1e-9 }, plain],
  [
    'expires_in with a part of a second',
    { ...plain, expires_in: '59.9' },
    { ...plain, expires_in: 59 }
  ],
  ['expires_in below zero', { ...plain, expires_in: -60 }, plain],
  ['expires_in that is not a number', { ...plain, expires_in: 'NaN' }, plain],
  ['expires_in without end', { ...plain, expires_in: 'Infinity' }, plain],
  ['expires_in as a list', { ...plain, expires_in: [3600] }, plain],
  [
    'expires_at says too little to be taken for a lifetime',
    { ...plain, expires_at: 1893456000 },
    { ...plain, expires_at: 1893456000 }
  ],
  ['expires_in beyond all dates', { ...plain, expires_in: 1e300 }, plain],
  ['expires_in null', { ...plain, expires_in: null }, plain],
  ['scope as a list', { ...plain, scope: ['a', 'b'] }, { ...plain, scope: 'a b' }],
  ['scope with commas', { ...plain, scope: 'a,b, c' }, { ...plain, scope: 'a b c' }],
  ['scope with spaces', { ...plain, scope: '  a   b ' }, { ...plain, scope: 'a b' }],
  [
    'scope as a list with other things in it',
    { ...plain, scope: ['a', 7, null] },
    { ...plain, scope: 'a' }
  ],
  ['an empty scope', { ...plain, scope: '' }, plain],
  ['an empty list of scopes', { ...plain, scope: [] }, plain],
  ['refresh_token null', { ...plain, refresh_token: null }, plain],
  ['refresh_token empty', { ...plain, refresh_token: '' }, plain],
  ['an id token that nobody asked for', { ...plain, id_token: 'unreadable' }, plain],
  ['error null', { ...plain, error: null }, { ...plain, error: null }],
  ['error empty', { ...plain, error: '' }, { ...plain, error: '' }],
  ['error false', { ...plain, error: false }, { ...plain, error: false }],
  ['lists and objects beside it go', { ...plain, user: { id: 1 }, teams: [1] }, plain],
  [
    'other members stay',
    { ...plain, instance_url: 'https://a' },
    { ...plain, instance_url: 'https://a' }
  ]
]

for (const [what, sent, expected] of table) {
  test(`mends an answer: ${what}`, () => {
    assert.equal(normal(sent), { status: 200, body: expected })
  })
}

test('reads JSON whatever its content type says', () => {
  assert.equal(normal(plain, 200, 'text/html').body, plain)
  assert.equal(normal(plain, 200, null).body, plain)
})

test('reads a form, with its content type and without', () => {
  const form = 'access_token=at&token_type=bearer&expires_in=60&scope=a%2Cb'
  const expected = { ...plain, expires_in: 60, scope: 'a b' }
  assert.equal(normal(form, 200, 'application/x-www-form-urlencoded').body, expected)
  assert.equal(normal(form, 200, 'text/plain').body, expected)
})

test('takes 201 for success', () => {
  assert.equal(normal(plain, 201), { status: 200, body: plain })
})

test('takes 200 with an error for an error', () => {
  assert.is(normal({ error: 'invalid_grant' }).status, 400)
  assert.is(normal('error=bad_verification_code', 200, null).status, 400)
})

test('reads an error that is an object', () => {
  const answer = normal({ error: { code: 'invalid_grant', message: 'Gone.' } }, 400)
  assert.is(answer.body?.error, 'invalid_grant')
  assert.is(answer.body?.error_description, 'Gone.')
  assert.is(normal({ error: { code: 400, type: 'invalid_client' } }).body?.error, 'invalid_client')
})

test('reads the first of a list of errors, but not where a token came with it', () => {
  const errors = [{ errorType: 'invalid_grant', message: 'Gone.' }, { errorType: 'other' }]
  assert.equal(normal({ success: false, errors }, 401).body, {
    success: false,
    error: 'invalid_grant',
    error_description: 'Gone.'
  })
  assert.equal(normal({ ...plain, errors }).body, plain)
})

test('takes ok: false with an error and status 200 for an error', () => {
  assert.equal(normal({ ok: false, error: 'invalid_refresh_token' }), {
    status: 400,
    body: { ok: false, error: 'invalid_refresh_token' }
  })
})

test('keeps an id token where one is wanted', () => {
  const answer = normal({ ...plain, id_token: 'a.b.c' }, 200, null, { idToken: true })
  assert.is(answer.body?.id_token, 'a.b.c')
})

test('reads tokens from where the connector says that they are', () => {
  const pointers = {
    accessToken: '/authed_user/access_token',
    refreshToken: '/authed_user/refresh_token',
    expiresIn: '/authed_user/expires_in',
    scope: '/authed_user/scope'
  }
  const theUsers = { access_token: 'at', refresh_token: 'rt', expires_in: '60', scope: 'a,b' }
  const bot = { access_token: 'bot', refresh_token: 'bot-rt', expires_in: 7, scope: 'z' }
  const read = (body: unknown, isRefresh = false) =>
    normal(body, 200, null, { pointers, isRefresh }).body
  const expected = { ...plain, refresh_token: 'rt', expires_in: 60, scope: 'a b' }
  assert.equal(read({ ...bot, authed_user: theUsers }), expected)
  // The token beside it is another one's.
  assert.equal(read(bot), { token_type: 'bearer' })
  // A refresh answers with the refreshed token alone.
  assert.equal(read(theUsers, true), expected)
})

test('a byte order mark before it changes nothing', () => {
  assert.equal(normal(`\ufeff${JSON.stringify(plain)}`).body, plain)
})

test('a member called __proto__ is a member like any other', () => {
  const { body } = normal('{"access_token":"at","__proto__":{"scope":"x"},"constructor":"c"}')
  assert.is(body?.scope, undefined)
  assert.is(body?.access_token, 'at')
})

test('an answer nested deeper than the stack is read', () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
  assert.equal(normal(`{"access_token":"at","deep":${deep}}`).body, plain)
})

test('has no body for an empty answer, HTML and other JSON', () => {
  assert.equal(normal('', 400), { status: 400, body: null })
  assert.equal(normal('<html>a=b</html>', 502, 'text/html'), { status: 502, body: null })
  assert.equal(normal('[1]'), { status: 200, body: null })
  assert.equal(normal('null'), { status: 200, body: null })
})

test('never throws and never makes a success of a failure', () => {
  const anything = fc.oneof(fc.string(), fc.json())
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 599 }), anything, (status, text) => {
      const answer = normal(text, status, null)
      assert.ok(status < 300 || answer.status === status)
    })
  )
})

test.run()
