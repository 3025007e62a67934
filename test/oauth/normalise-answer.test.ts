import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { normaliseAnswer } from '../../engine/oauth/normalise-answer.ts'

const plain = { access_token: 'at', token_type: 'bearer' }

function normal(body: unknown, status = 200, contentType: string | null = 'application/json') {
  return normaliseAnswer({
    status,
    contentType,
    text: typeof body === 'string' ? body : JSON.stringify(body)
  })
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
  ['another token_type', { access_token: 'at', token_type: 'bot' }, plain],
  ['token_type in capitals', { access_token: 'at', token_type: 'Bearer' }, plain],
  [
    'DPoP is not touched',
    { access_token: 'at', token_type: 'DPoP' },
    { ...plain, token_type: 'dpop' }
  ],
  ['expires_in as text', { ...plain, expires_in: '3600' }, { ...plain, expires_in: 3600 }],
  ['expires_in without sense', { ...plain, expires_in: 'soon' }, plain],
  ['expires_in of zero or less', { ...plain, expires_in: 0 }, plain],
  ['expires_in beyond all dates', { ...plain, expires_in: 1e300 }, plain],
  ['expires_in null', { ...plain, expires_in: null }, plain],
  ['scope as a list', { ...plain, scope: ['a', 'b'] }, { ...plain, scope: 'a b' }],
  ['scope with commas', { ...plain, scope: 'a,b, c' }, { ...plain, scope: 'a b c' }],
  ['an empty scope', { ...plain, scope: '' }, plain],
  ['refresh_token null', { ...plain, refresh_token: null }, plain],
  ['an id token', { ...plain, id_token: 'unreadable' }, plain],
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
      const answer = normaliseAnswer({ status, contentType: null, text })
      assert.ok(status < 300 || answer.status === status)
    })
  )
})

test.run()
