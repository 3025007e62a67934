import type { Credential } from '../model/credential.ts'
import { digestOf } from '../model/digest.ts'
import type { Basis } from '../model/generated/types.ts'
import type { Target } from '../model/target.ts'
import { destinationChanged } from './runtime-refusal.ts'

/** What was compared and agreed. Neither side ever changes, so that an application that asks often does not pay for it each time. */
const agreed = new WeakMap<Credential, WeakSet<Target>>()

/**
 * Compares what is sealed with a credential with what the connection is now. Throws a Refusal (DESTINATION_CHANGED) unless they
 * agree; nothing has been sent then.
 */
export function checkPinned(credential: Credential, target: Target): void {
  const known = agreed.get(credential)
  if (known?.has(target)) return
  const difference = differenceOf(credential, target)
  if (difference !== null) throw destinationChanged(target, credential.user, difference)
  if (known === undefined) agreed.set(credential, new WeakSet([target]))
  else known.add(target)
}

/** What differs, in words; null if nothing does. */
function differenceOf({ connection, user, record, secret }: Credential, target: Target) {
  const { need, way } = target
  if (connection !== need.connection || record.connection !== need.connection) return 'identity'
  if (record.level !== need.level) return 'level'
  if ((user === null) !== (need.level === 'administrator')) return 'user'
  const [, name = null] =
    parts.find(([part]) => digestOf(record.basis[part]) !== digestOf(need.basis[part])) ?? []
  if (name !== null) return name
  return (way.kind === 'oauth2') === (secret.kind === 'oauth2') ? null : 'way to authorize'
}

const parts: readonly (readonly [keyof Basis, string])[] = [
  ['connector', 'connector'],
  ['auth', 'way to authorize'],
  ['origins', 'destination'],
  ['parameters', 'parameters'],
  ['clientId', 'OAuth2 client']
]
