import { createHash } from 'node:crypto'
import { EmbeddedJWK, jwtVerify } from 'jose'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dpopProof, newDpopKey } from '../../engine/oauth/dpop.ts'
import { ProviderFailure } from '../../engine/oauth/provider-failure.ts'
import { refreshTokens } from '../../engine/oauth/refresh-tokens.ts'
import { anOAuthSecret, anOAuthTarget, clock, json, shownOf, startServer } from './a-target.ts'

const client = { id: 'app-1', secret: 'canary-secret' }

test('a proof names the request, the token and the nonce, and holds the public key alone', async () => {
  const key = await newDpopKey()
  const proof = await dpopProof({
    key,
    method: 'get',
    url: 'https://api.example.com:8443/a%20b?secret=canary#x',
    accessToken: 'canary-token',
    nonce: 'n-1'
  })
  const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt' })
  const { iat = 0, jti, ...rest } = payload
  assert.equal(rest, {
    htm: 'GET',
    htu: 'https://api.example.com:8443/a%20b',
    ath: createHash('sha256').update('canary-token').digest('base64url'),
    nonce: 'n-1'
  })
  assert.ok(Math.abs(iat - Date.now() / 1000) < 5)
  assert.match(jti ?? '', /^[0-9a-f-]{36}$/)
  assert.equal(Object.keys(protectedHeader.jwk ?? {}).sort(), ['crv', 'kty', 'x', 'y'])
  assert.is(protectedHeader.jwk?.x, JSON.parse(key).x)
})

test('each proof is another one, and each key too', async () => {
  const key = await newDpopKey()
  const request = { key, method: 'GET', url: 'https://a.example', accessToken: 'a', nonce: null }
  assert.is.not(await dpopProof(request), await dpopProof(request))
  assert.is.not(key, await newDpopKey())
})

/** Refreshes bound tokens at an endpoint that wants `nonces` nonces before it answers. */
async function refreshBound(nonces: number, tokenType: string) {
  let asked = 0
  const server = await startServer((request, response) => {
    const isEnough = ++asked > nonces
    response.setHeader('DPoP-Nonce', `nonce-${asked}`)
    const answer = isEnough
      ? json(200, { access_token: 'new', token_type: tokenType })
      : json(400, { error: 'use_dpop_nonce' })
    answer(request, response)
  })
  try {
    const secret = anOAuthSecret({ dpopKey: await newDpopKey() })
    const target = anOAuthTarget(server.origin, { way: { dpop: true } })
    const result = await refreshTokens(target, client, secret, clock).catch(
      (error: unknown) => error
    )
    const proofs = server.requests.map(({ headers }) => String(headers.dpop))
    return { result, secret, proofs, origin: server.origin }
  } finally {
    await server.close()
  }
}

test('asks once more with the nonce that the token endpoint wants to see', async () => {
  const { result, secret, proofs, origin } = await refreshBound(1, 'DPoP')
  assert.not.instance(result, Error)
  assert.is(Object(result).dpopKey, secret.dpopKey)
  assert.is(proofs.length, 2)
  const claims = await Promise.all(
    proofs.map(async proof => (await jwtVerify(proof, EmbeddedJWK)).payload)
  )
  assert.equal(
    claims.map(each => each.nonce),
    [undefined, 'nonce-1']
  )
  assert.is(claims[1]?.htu, `${origin}/token`)
})

test('asks no third time', async () => {
  const { result, proofs } = await refreshBound(10, 'DPoP')
  assert.instance(result, ProviderFailure)
  assert.is(proofs.length, 2)
  assert.match(shownOf(result as Error), 'use_dpop_nonce')
})

test('a token for everybody in place of one for the key is refused', async () => {
  const { result } = await refreshBound(0, 'Bearer')
  assert.ok(result instanceof ProviderFailure && result.kind === 'broken-answer')
  assert.match(result.message, 'not bound to the key')
})

test.run()
