import { problem, Refusal } from '../model/diagnostic.ts'
import type { Target } from '../model/target.ts'
import { authorizeCommand } from '../oauth/provider-refusal.ts'

/** Nothing can be done without a person. `why` continues "..., because". */
export function needsReauthorization(target: Target, why: string): Refusal {
  return new Refusal(
    problem(
      'NEEDS_REAUTHORIZATION',
      'The connection must be authorized again',
      `Connection "${target.linkName}" in ${target.environment} has no working credential, because ${why}. ` +
        `Authorize it again:\n${authorizeCommand(target)}`
    )
  )
}

/** The credential was given for something else than the connection is now. */
export function destinationChanged(target: Target, what: string): Refusal {
  return new Refusal(
    problem(
      'DESTINATION_CHANGED',
      'The connection is not what the credential was given for',
      `The ${what} of connection "${target.linkName}" in ${target.environment} changed since it was authorized, so its ` +
        `credential could reach somebody it was not meant for. Nothing was sent. If the change is right, authorize it again:\n` +
        authorizeCommand(target)
    )
  )
}

/** The provider answered a refresh with an error that says neither that the grant is gone nor that the client is wrong. */
export function refreshRefused(target: Target, reason: string): Refusal {
  return new Refusal(
    problem(
      'REFRESH_REFUSED',
      'The service refused to renew the access',
      `${target.service} did not renew the access token of connection "${target.linkName}" in ${target.environment} ` +
        `(${reason}). The authorization was left as it is. If this goes on, authorize again:\n${authorizeCommand(target)}`
    )
  )
}
