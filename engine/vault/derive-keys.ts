import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  timingSafeEqual
} from 'node:crypto'
import { bech32 } from '@scure/base'

/** The 32 bytes of an age secret key or recipient (X25519). Throws, without repeating it, if it is neither. */
export function bytesOf(key: string): Uint8Array {
  try {
    const { prefix, bytes } = bech32.decodeToBytes(key)
    if ((prefix === 'age' || prefix === 'age-secret-key-') && bytes.length === 32) return bytes
  } catch {
    // Its message repeats the key.
  }
  throw new Error('This is no X25519 key of age')
}

/** Whether a text is an X25519 recipient of age, checksum included. */
export function isRecipient(text: string): boolean {
  try {
    return text.startsWith('age1') && bytesOf(text).length === 32
  } catch {
    return false
  }
}

/** What two key pairs have in common (X25519, RFC 7748). Throws if the other key is no point that can be used. */
export function agree(secretKey: string, ownRecipient: string, otherRecipient: string): Uint8Array {
  const [d, x, other] = [textOf(secretKey), textOf(ownRecipient), textOf(otherRecipient)]
  const curve = { kty: 'OKP', crv: 'X25519' }
  return diffieHellman({
    privateKey: createPrivateKey({ key: { ...curve, d, x }, format: 'jwk' }),
    publicKey: createPublicKey({ key: { ...curve, x: other }, format: 'jwk' })
  })
}

/** As a JWK spells it (RFC 8037). */
function textOf(key: string): string {
  return Buffer.from(bytesOf(key)).toString('base64url')
}

/** A key for one purpose (HKDF-SHA-256, RFC 5869). */
export function deriveKey(secret: Uint8Array, salt: string, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, purpose, 32))
}

/** HMAC-SHA-256 over a JSON value, as hex. The order of its keys makes no difference. */
export function macOf(key: Uint8Array, value: unknown): string {
  return createHmac('sha256', key).update(stableText(value)).digest('hex')
}

export function isSameMac(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one, 'hex'), Buffer.from(other, 'hex')]
  return a.length === 32 && a.length === b.length && timingSafeEqual(a, b)
}

/** JSON with sorted keys. Unlike RFC 8785 it takes any text, and services give names that are no proper Unicode. */
export function stableText(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each
  )
}
