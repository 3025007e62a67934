import type { Refusal } from '../model/diagnostic.ts'
import type { Target } from '../model/target.ts'
import { authorizeCommand, refusal } from '../oauth/provider-refusal.ts'

/** `refused`: what came meanwhile and was no answer, in words. */
export function timedOut(
  target: Target,
  seconds: number,
  refused: readonly string[] = []
): Refusal {
  const seen = refused.length === 0 ? '' : `Meanwhile ${refused.join(', and ')}. `
  return refusal(
    'AUTHORIZATION_TIMEOUT',
    'Nobody authorized in time',
    `Connection "${target.linkName}" was not authorized at ${target.service} within ${Math.ceil(seconds)} seconds. ` +
      `${seen}Nothing was stored. To ask again:\n${authorizeCommand(target)}`
  )
}

export function cancelled(target: Target): Refusal {
  return refusal(
    'AUTHORIZATION_CANCELLED',
    'The authorization was cancelled',
    `Connection "${target.linkName}" was not authorized, and nothing was stored. To ask again:\n${authorizeCommand(target)}`
  )
}
