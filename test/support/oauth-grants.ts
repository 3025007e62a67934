/** What the OAuth2 server for tests has beside what oidc-provider brings. */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  EmbeddedJWK,
  exportJWK,
  exportPKCS8,
  generateKeyPair,
  type JWK,
  jwtVerify
} from 'jose'
import type { default as Provider } from 'oidc-provider'

export const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** A key pair of a client: the private half as people hold it, the public one as servers do. */
export async function aKeyPair(algorithm: string, keyId: string) {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  const identified = { kid: keyId, alg: algorithm, use: 'sig' }
  return {
    pem: await exportPKCS8(privateKey),
    jwk: JSON.stringify({ ...(await exportJWK(privateKey)), ...identified }),
    publicKey: { ...(await exportJWK(publicKey)), ...identified }
  }
}

/** RFC 7523, section 3: signature, issuer, audience, lifetime and single use. Tokens are in the subject's name. */
export async function registerJwtBearer(
  provider: Provider,
  tokenUrl: string,
  publicKeys: Readonly<Record<string, readonly JWK[]>>
): Promise<void> {
  const { errors } = await import('oidc-provider')
  const used = new Set<string>()
  provider.registerGrantType<{ assertion?: string; scope?: string }>(
    jwtBearer,
    async context => {
      const { client, params } = context.oidc
      const keys = createLocalJWKSet({ keys: [...(publicKeys[client.clientId] ?? [])] })
      const { payload } = await jwtVerify(params.assertion ?? '', keys, {
        issuer: client.clientId,
        audience: tokenUrl,
        requiredClaims: ['exp', 'iat', 'jti', 'sub']
      }).catch((error: unknown) => {
        throw new errors.InvalidGrant(`the assertion is not valid: ${error}`)
      })
      const { jti = '', exp = 0, iat = 0 } = payload
      if (used.has(jti)) throw new errors.InvalidGrant('the assertion was used before')
      if (exp - iat > 3600) throw new errors.InvalidGrant('the assertion lives too long')
      used.add(jti)
      const scope = params.scope ?? (typeof payload.scope === 'string' ? payload.scope : '')
      const token = new provider.ClientCredentials({ client, scope })
      context.body = {
        access_token: await token.save(),
        expires_in: token.expiration,
        token_type: 'Bearer',
        scope
      }
    },
    ['assertion', 'scope']
  )
}

/** Why the proof of a request with a bound token is not good (RFC 9449, section 4.3); null if it is. */
export async function dpopFault(
  request: IncomingMessage,
  url: string,
  token: { readonly value: string; readonly thumbprint: string | undefined },
  nonce: string | null
): Promise<'use_dpop_nonce' | 'invalid_dpop_proof' | null> {
  const proof = request.headers.dpop
  if (typeof proof !== 'string') return 'invalid_dpop_proof'
  try {
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: ['ES256'],
      maxTokenAge: 60,
      requiredClaims: ['jti']
    })
    if (nonce !== null && payload.nonce !== nonce) return 'use_dpop_nonce'
    const ath = createHash('sha256').update(token.value).digest('base64url')
    const isFitting =
      payload.htm === request.method &&
      payload.htu === url &&
      payload.ath === ath &&
      (await calculateJwkThumbprint(protectedHeader.jwk ?? {})) === token.thumbprint
    return isFitting ? null : 'invalid_dpop_proof'
  } catch {
    return 'invalid_dpop_proof'
  }
}
