import type { Credential } from '../model/credential.ts'
import type { Refusal } from '../model/diagnostic.ts'
import type { Dead } from '../model/generated/types.ts'
import type { RefreshFailure } from '../model/ports.ts'
import type { Target } from '../model/target.ts'
import {
  answerBroken,
  authorizeCommand,
  clientRejected,
  refusal,
  unavailable
} from '../oauth/provider-refusal.ts'

type User = Credential['user']

/** A person is needed, because what was given is dead. */
export function needsReauthorization(target: Target, user: User, dead: Dead): Refusal {
  return refusal(
    'NEEDS_REAUTHORIZATION',
    'The connection must be authorized again',
    `${subject(target)} has no working credential (${dead.cause}): ${causes[dead.cause](target)} This was found at ${dead.at}. Nothing more ` +
      `is asked of the service until it is authorized again:\n${command(target, user)}`
  )
}

const causes: Readonly<Record<Dead['cause'], (target: Target) => string>> = {
  'grant-gone': ({ service }) =>
    `${service} does not know the authorization any more. It was ended there, or was not used for too long.`,
  'interrupted-refresh': ({ service }) =>
    `a process that renewed it ended between the answer of ${service} and the moment it could store that, and what it got is lost.`
}

/** The access token has run out, and nothing but a person can bring another one. */
export function authorizationExpired(target: Target, user: User): Refusal {
  const { way, need, service } = target
  const scopes = way.kind === 'oauth2' ? (way.refreshScopes ?? []) : []
  const hint =
    scopes.length === 0 || scopes.some(scope => need.scopes.includes(scope))
      ? ''
      : ` ${service} gives what renews it where the scopes include ${scopes.join(' or ')}.`
  return refusal(
    'AUTHORIZATION_EXPIRED',
    'The authorization has expired',
    `The access token of ${of(target)} is not valid any more, and there is no refresh token to get another one with.${hint} ` +
      `Authorize it again:\n${command(target, user)}`
  )
}

/** Somebody ended it. `left` tells what could not be ended at the service; empty if nothing is left there. */
export function authorizationRevoked(target: Target, user: User, left = ''): Refusal {
  return refusal(
    'AUTHORIZATION_REVOKED',
    'The authorization was revoked',
    `The authorization of ${of(target)} was ended.${left === '' ? '' : ` ${left}`} To give a new one:\n${command(target, user)}`
  )
}

/** The credential was given for something else than the connection is now. */
export function destinationChanged(target: Target, user: User, what: string): Refusal {
  return refusal(
    'DESTINATION_CHANGED',
    'The connection is not what the credential was given for',
    `The ${what} of ${of(target)} changed since it was authorized, so its credential could reach somebody it was not meant ` +
      `for. Nothing was sent. If the change is right, authorize it again:\n${command(target, user)}`
  )
}

/** The service was asked for a new token in vain. The credential is as good as before. */
export function renewalFailed(target: Target, user: User, failure: RefreshFailure): Refusal {
  const reason = `${failure.message}, and it is not asked again before ${failure.until}`
  switch (failure.kind) {
    case 'try-again':
      return unavailable(target, reason)
    case 'client-wrong':
      return clientRejected(target, reason)
    case 'broken-answer':
      return answerBroken(target, reason)
    case 'refused':
      return refusal(
        'REFRESH_REFUSED',
        'The service refused to renew the access',
        `${target.service} did not renew the access token of ${of(target)} (${reason}). The authorization was left as it is. ` +
          `If this goes on, authorize again:\n${command(target, user)}`
      )
  }
}

/** Another process renews it, and came to no end for as long as anybody should wait. */
export function renewalTakesLong(target: Target): Refusal {
  return unavailable(target, 'another process has been renewing its access and is not done yet')
}

function subject({ linkName, environment }: Target): string {
  return `Connection "${linkName}" in ${environment}`
}

function of({ linkName, environment }: Target): string {
  return `connection "${linkName}" in ${environment}`
}

function command(target: Target, user: User): string {
  return user === null ? authorizeCommand(target) : `${authorizeCommand(target)} --user ${user}`
}
