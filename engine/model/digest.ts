import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Digest } from './generated/types.ts'

/** SHA-256 over canonical JSON (RFC 8785): the order of keys makes no difference. */
export function digestOf(value: unknown): Digest {
  return digestOfText(canonicalize(value) ?? 'null')
}

/** SHA-256 over the UTF-8 bytes of a text. */
export function digestOfText(text: string): Digest {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}
