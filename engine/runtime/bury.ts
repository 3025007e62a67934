import type { Dead } from '../model/generated/types.ts'
import { coolDown } from './cool-down.ts'
import type { Renewal } from './renewal.ts'
import { authorizationRevoked, needsReauthorization } from './runtime-refusal.ts'

/** Records that nothing but a person helps, so that nobody asks again. */
export async function bury(cause: Dead['cause'], renewal: Renewal): Promise<null> {
  const { before, lease, options } = renewal
  const { vault, target, clock } = options
  const dead: Dead = { cause, at: clock.now().toISOString() }
  const next = { ...before, generation: before.generation + 1, dead }
  const outcome = await vault.replace(next).catch(() => 'not stored' as const)
  if (outcome === 'superseded') {
    await lease.done()
    return null
  }
  if (outcome === 'ended') {
    await options.leases.forget(before.id).catch(() => {})
    throw authorizationRevoked(target, before.user)
  }
  if (outcome === 'stored') await lease.done()
  else {
    const message = `${target.service} does not know the authorization any more`
    const failure = { kind: 'refused', message, retryAfterMs: null } as const
    await lease.failed(coolDown(failure, lease.lastFailure, clock))
  }
  throw needsReauthorization(target, before.user, dead)
}
