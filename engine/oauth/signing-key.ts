import type { CryptoKey, JWK } from 'jose'
import { problem, Refusal } from '../model/diagnostic.ts'
import type { OAuth2TargetWay } from '../model/target.ts'
import type { OAuth2Target, OAuthClient } from './resolve-client.ts'

/** A private key of the client, ready to sign assertions. */
export interface SigningKey {
  readonly key: CryptoKey
  /** JWS algorithm (RFC 7518, section 3.1; RFC 8037). */
  readonly algorithm: string
  /** What the service calls the key; undefined where nobody says. */
  readonly keyId: string | undefined
}

/** Whether `client.secret` is a private key: it then never leaves this machine. */
export function needsSigningKey(way: OAuth2TargetWay): boolean {
  return way.grant === 'jwt_bearer' || way.clientAuthentication === 'private_key_jwt'
}

/**
 * Reads the client's private key: PKCS#8 in PEM, a JWK's JSON, or a service account's JSON file, which holds the PEM as its
 * `private_key`. Throws a Refusal that does not repeat it if it cannot sign with the connector's algorithm.
 */
export async function signingKey(target: OAuth2Target, client: OAuthClient): Promise<SigningKey> {
  const { signing } = target.way
  const text = client.secret?.trim() ?? ''
  if (text === '') throw invalid(target, 'the connection names none as client.secret')
  const { pem, jwk, id } = readKey(target, text)
  const algorithm = signing?.algorithm ?? jwk?.alg ?? 'RS256'
  const keyId = signing?.keyId ?? id
  try {
    const { importJWK, importPKCS8 } = await import('jose')
    const key = jwk === null ? await importPKCS8(pem, algorithm) : await importJWK(jwk, algorithm)
    if (!('type' in key) || key.type !== 'private') throw new Error('not a private key')
    return { key, algorithm, keyId }
  } catch {
    // The library's message may repeat a part of the key.
    throw invalid(target, `it is no private key for ${algorithm}`)
  }
}

interface ReadKey {
  readonly pem: string
  readonly jwk: JWK | null
  readonly id: string | undefined
}

function readKey(target: OAuth2Target, text: string): ReadKey {
  if (!text.startsWith('{')) return { pem: pemText(target, text), jwk: null, id: undefined }
  const json = parsed(text)
  if (json === null) throw invalid(target, 'it begins as JSON, but is none')
  if (typeof json.private_key === 'string') {
    const { private_key_id: id } = json
    const pem = pemText(target, json.private_key)
    return { pem, jwk: null, id: typeof id === 'string' ? id : undefined }
  }
  const { kid } = json
  return { pem: '', jwk: json, id: typeof kid === 'string' ? kid : undefined }
}

function pemText(target: OAuth2Target, text: string): string {
  // A variable often holds the line ends of a PEM as a backslash and an n.
  const pem = text.replaceAll('\\n', '\n').trim()
  if (pem.startsWith('-----BEGIN PRIVATE KEY-----')) return pem
  throw invalid(target, 'it is neither PKCS#8 in PEM nor a JWK')
}

function parsed(text: string): (JWK & Readonly<Record<string, unknown>>) | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : null
  } catch {
    return null
  }
}

function invalid({ linkName, client }: OAuth2Target, why: string): Refusal {
  return new Refusal(
    problem(
      'SIGNING_KEY_INVALID',
      'The private key cannot be used',
      `Connection "${linkName}" signs with a private key that is read from ${client?.secret ?? 'client.secret'}, and ${why}. ` +
        'Nothing was sent.\n\nA key in another format becomes PKCS#8 with:\n' +
        '    openssl pkcs8 -topk8 -nocrypt -in KEY -out KEY.pem'
    )
  )
}
