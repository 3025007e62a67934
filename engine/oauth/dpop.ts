import type { JWK } from 'jose'
import type { DPoPHandle } from 'oauth4webapi'

const algorithm = 'ES256'

/** A new private key to bind tokens to (RFC 9449), as a JWK's JSON text. */
export async function newDpopKey(): Promise<string> {
  const { exportJWK, generateKeyPair } = await import('jose')
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true })
  return JSON.stringify(await exportJWK(privateKey))
}

/** What proves the key to the endpoints of a provider; it remembers their nonces. `key` is a JWK's JSON text. */
export async function dpopHandle(key: string): Promise<DPoPHandle> {
  const { DPoP } = await import('oauth4webapi')
  const jwk = readKey(key)
  const [privateKey, publicKey] = await Promise.all([imported(jwk), imported(publicPart(jwk))])
  return DPoP({}, { privateKey, publicKey })
}

export interface DpopRequest {
  /** The private key, as a JWK's JSON text. */
  readonly key: string
  readonly method: string
  readonly url: string
  readonly accessToken: string
  /** What the service wants to see again (RFC 9449, section 9); null if it has not said. */
  readonly nonce: string | null
}

/** The value of the DPoP header for a request to an API (RFC 9449, sections 4.2 and 7). Good for one request. */
export async function dpopProof(request: DpopRequest): Promise<string> {
  const { SignJWT } = await import('jose')
  const jwk = readKey(request.key)
  const { origin, pathname } = new URL(request.url)
  const claims = {
    htm: request.method.toUpperCase(),
    htu: `${origin}${pathname}`,
    ath: await digest(request.accessToken),
    jti: crypto.randomUUID(),
    ...(request.nonce === null ? {} : { nonce: request.nonce })
  }
  return new SignJWT(claims)
    .setProtectedHeader({ alg: algorithm, typ: 'dpop+jwt', jwk: publicPart(jwk) })
    .setIssuedAt()
    .sign(await imported(jwk))
}

function readKey(key: string): JWK {
  const jwk: unknown = JSON.parse(key)
  if (typeof jwk !== 'object' || jwk === null) throw new Error('The DPoP key is no JWK')
  return jwk
}

function publicPart({ kty = '', crv = '', x = '', y = '' }: JWK): JWK {
  return { kty, crv, x, y }
}

async function imported(jwk: JWK) {
  const { importJWK } = await import('jose')
  const key = await importJWK(jwk, algorithm, { extractable: jwk.d === undefined })
  if ('type' in key) return key
  throw new Error('The DPoP key is no key pair')
}

async function digest(text: string): Promise<string> {
  const { base64url } = await import('jose')
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return base64url.encode(new Uint8Array(bytes))
}
