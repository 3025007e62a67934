import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cleanText, secretsIn } from '../../engine/oauth/clean-text.ts'

test('masks a secret as it is, percent-encoded, in JSON and in base64', () => {
  const secret = 'p+s/w"rd ä1'
  const forms = [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('base64')
  ]
  for (const form of forms) assert.is(cleanText(`bad ${form} given`, [secret]), 'bad *** given')
})

test('masks a secret that a control character cuts in two', () => {
  assert.is(cleanText('token abc\u0000def1 is bad', ['abcdef1']), 'token *** is bad')
})

test('removes control characters and escape sequences, and makes one line', () => {
  assert.is(cleanText('a\u001b[31m\nb\u202e\tc', []), 'a[31m b c')
})

test('says nothing rather than masking a secret of three characters', () => {
  assert.is(cleanText('the key abc is bad', ['abc']), '')
  assert.is(cleanText('the key is bad', ['abc']), 'the key is bad')
})

test('cuts at 300 characters, after masking', () => {
  const secret = 'x'.repeat(40)
  const text = cleanText(`${'a'.repeat(280)}${secret}`, [secret])
  assert.is(text, `${'a'.repeat(280)}***`)
  assert.is(cleanText('b'.repeat(1000), []).length, 300)
})

test('never lets a secret through, whatever it is and whatever is around it', () => {
  const secret = fc.string({ minLength: 1, maxLength: 40 }).filter(each => each.trim() !== '')
  fc.assert(
    fc.property(secret, secret, fc.string(), fc.string(), (one, two, before, after) => {
      // What is shown for a secret cannot hold one itself.
      fc.pre(![one, two].some(each => '***\u2026'.includes(each.trim())))
      const text = cleanText(`${before}${one}${two}${after}`, [one, two])
      assert.not.ok(text.includes(one), 'the first')
      assert.not.ok(text.includes(two), 'the second')
    })
  )
})

test('takes the tokens of an answer for secrets, and error codes not', () => {
  const answer = {
    access_token: 'a-long-token',
    refreshToken: 'another-token',
    token_type: 'bearer-type',
    error: 'invalid_token',
    code: 'E17'
  }
  assert.equal(secretsIn(answer), ['a-long-token', 'another-token'])
})

test('finds the tokens of an answer however deep they are', () => {
  const deep = JSON.parse(
    `${'['.repeat(50_000)}{"access_token":"a-long-token"}${']'.repeat(50_000)}`
  )
  assert.equal(secretsIn({ data: { list: [{ client_secret: 'a-long-secret' }] } }), [
    'a-long-secret'
  ])
  assert.equal(secretsIn({ deep }), ['a-long-token'])
})

test('masks what looks like a JWT, known or not', () => {
  const jwt = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2lnbmF0dXJl'
  assert.is(cleanText(`assertion ${jwt} is bad`, []), 'assertion *** is bad')
})

test('says nothing of a text or of secrets without end', () => {
  assert.is(cleanText('x'.repeat(20_001), []), '')
  assert.is(
    cleanText(
      'x',
      Array.from({ length: 101 }, (_each, index) => `secret-${index}`)
    ),
    ''
  )
})

test.run()
