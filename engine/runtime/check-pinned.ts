import type { Credential } from '../model/credential.ts'
import { digestOf } from '../model/digest.ts'
import type { Basis } from '../model/generated/types.ts'
import type { Target } from '../model/target.ts'
import { destinationChanged } from './runtime-refusal.ts'

/**
 * Compares what is sealed with a credential with what the connection is now. Throws a Refusal (DESTINATION_CHANGED) unless they
 * agree; nothing has been sent then.
 */
export function checkPinned(credential: Credential, target: Target): void {
  const { record } = credential
  const { need } = target
  if (credential.connection !== need.connection || record.connection !== need.connection) {
    throw destinationChanged(target, 'identity')
  }
  if (record.level !== need.level) throw destinationChanged(target, 'level')
  if ((credential.user === null) !== (need.level === 'administrator')) {
    throw destinationChanged(target, 'user')
  }
  const difference = parts.find(
    ([part]) => digestOf(record.basis[part]) !== digestOf(need.basis[part])
  )
  if (difference !== undefined) throw destinationChanged(target, difference[1])
  const isOAuth2 = target.way.kind === 'oauth2'
  if (isOAuth2 !== (credential.secret.kind === 'oauth2'))
    throw destinationChanged(target, 'way to authorize')
}

const parts: readonly (readonly [keyof Basis, string])[] = [
  ['connector', 'connector'],
  ['auth', 'way to authorize'],
  ['origins', 'destination'],
  ['parameters', 'parameters'],
  ['clientId', 'OAuth2 client']
]
