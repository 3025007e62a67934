import { problem, Refusal } from '../model/diagnostic.ts'
import type { Target } from '../model/target.ts'
import type { ProviderFailure } from './provider-failure.ts'

/** What a person is told when an authorization came to nothing because of the provider. Nothing was stored. */
export function authorizationRefusal(target: Target, failure: ProviderFailure): Refusal {
  switch (failure.kind) {
    case 'try-again':
      return unavailable(target, failure.message, failure.retryAfterMs)
    case 'client-wrong':
      return clientRejected(target, failure.message)
    case 'broken-answer':
      return answerBroken(target, failure.message)
    case 'grant-gone':
      return authorizationFailed(target, failure.message)
    case 'refused':
      return failure.error === 'access_denied'
        ? denied(target, failure.message)
        : authorizationFailed(target, failure.message)
  }
}

/** The provider does not answer, or says that it cannot now. What is authorized stays so. */
export function unavailable(
  target: Target,
  reason: string,
  retryAfterMs: number | null = null
): Refusal {
  return refusal(
    'PROVIDER_UNAVAILABLE',
    'The service is not available',
    `${target.service} could not be asked for connection "${target.linkName}": ${reason}. ` +
      `What was authorized before stays as it was. Try again ${when(retryAfterMs)}.`
  )
}

function when(retryAfterMs: number | null): string {
  if (retryAfterMs === null || retryAfterMs === 0) return 'later'
  const seconds = Math.ceil(retryAfterMs / 1000)
  return seconds < 120 ? `in ${seconds} seconds` : `in ${Math.ceil(seconds / 60)} minutes`
}

export function clientRejected(target: Target, reason: string): Refusal {
  const { client, linkName, service, docs } = target
  const references =
    client === null
      ? 'the client'
      : [client.id, client.secret].filter(each => each !== null).join(' and ')
  return refusal(
    'CLIENT_REJECTED',
    'The service does not accept the OAuth2 client',
    `${service} does not accept the client registration of connection "${linkName}"${said(reason)}. ` +
      `Check that ${references} hold what the registration says, and that the registration allows ${grantOf(target)}: ${docs}`
  )
}

function grantOf({ way }: Target): string {
  const grant = way.kind === 'oauth2' ? way.grant : 'authorization_code'
  switch (grant) {
    case 'authorization_code':
      return 'the authorization code with refresh tokens'
    case 'device_code':
      return 'the device code with refresh tokens'
    case 'client_credentials':
      return 'client credentials'
    case 'jwt_bearer':
      return 'assertions signed with this key (JWT bearer)'
  }
}

export function answerBroken(target: Target, reason: string): Refusal {
  return refusal(
    'PROVIDER_ANSWER_BROKEN',
    'The answer of the service cannot be understood',
    `${target.service} answered for connection "${target.linkName}" with something that no rule covers: ${reason}. ` +
      `Check the parameters of the connection and the addresses of its connector:\n` +
      `    tieline connectors show ${target.need.basis.connector}`
  )
}

function denied(target: Target, reason: string): Refusal {
  return refusal(
    'AUTHORIZATION_DENIED',
    'The authorization was denied',
    `Access to ${target.service} for connection "${target.linkName}" was denied there${said(reason)}. Nothing was stored. ` +
      `To ask again:\n${authorizeCommand(target)}`
  )
}

export function authorizationFailed(target: Target, reason: string): Refusal {
  return refusal(
    'AUTHORIZATION_FAILED',
    'The authorization failed',
    `${target.service} did not authorize connection "${target.linkName}"${said(reason)}. Nothing was stored. ` +
      `To try again:\n${authorizeCommand(target)}`
  )
}

/** The line of a message that holds the command to authorize this target. */
export function authorizeCommand({ linkName, environment }: Target): string {
  return `    tieline authorize ${linkName} -e ${environment}`
}

export function refusal(code: string, summary: string, detail: string): Refusal {
  return new Refusal(problem(code, summary, detail))
}

function said(reason: string): string {
  return reason === '' ? '' : ` (${reason.replace(/\.$/, '')})`
}
