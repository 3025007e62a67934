import { processAuthorizationCodeResponse } from 'oauth4webapi'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { identityIn } from '../../engine/oauth/id-token.ts'
import { anOAuthTarget } from './a-target.ts'

const issuer = 'https://auth.example.com'
const accessToken = 'canary-access-token'

/** The answer of a provider that puts these claims into its id token. */
async function answerWith(claims: Readonly<Record<string, unknown>>) {
  const now = Math.floor(Date.now() / 1000)
  const spelt = [
    { alg: 'RS256' },
    { iss: issuer, aud: 'client', sub: '1', iat: now, exp: now + 60, ...claims }
  ].map(each => Buffer.from(JSON.stringify(each)).toString('base64url'))
  const body = {
    access_token: accessToken,
    refresh_token: 'canary-refresh-token',
    token_type: 'bearer',
    id_token: `${spelt.join('.')}.c2lnbmF0dXJl`
  }
  return processAuthorizationCodeResponse(
    { issuer },
    { client_id: 'client' },
    Response.json(body),
    {}
  )
}

function identity(answer: Awaited<ReturnType<typeof answerWith>>) {
  const target = anOAuthTarget(issuer)
  const way = { ...target.way, issuer, identity: { id: '/sub', name: '/name' } }
  return identityIn({ ...target, way }, answer)
}

test('an id token names the account', async () => {
  const answer = await answerWith({ sub: '7', name: 'Ana\n  of Acme' })
  assert.equal(identity(answer), { id: '7', name: 'Ana of Acme' })
})

test('a token that a provider gives for the name of an account is not taken for one', async () => {
  for (const told of [accessToken, `me ${accessToken}`, 'canary-refresh-token']) {
    const answer = await answerWith({ sub: told, name: told })
    assert.equal(identity(answer), { id: null, name: null })
  }
  const encoded = Buffer.from(accessToken).toString('base64')
  assert.equal(identity(await answerWith({ name: encoded })), { id: '1', name: null })
})

test.run()
