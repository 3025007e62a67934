import { fillAddress } from '../model/address.ts'
import type { Credential } from '../model/credential.ts'
import type { Target } from '../model/target.ts'

/** Fills in what a token answer or the fields told. A secret field is never part of an address. */
export function openAddress(target: Target, address: string, secret: Credential['secret']): string {
  if (secret.kind === 'oauth2') return fillAddress(address, secret.learnt)
  const declared = target.way.kind === 'oauth2' ? {} : target.way.fields
  const open = Object.entries(secret.fields).filter(([name]) => declared[name]?.secret === false)
  return fillAddress(address, Object.fromEntries(open))
}
