import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import { meant } from '../model/did-you-mean.ts'
import { isClient } from '../model/documents.ts'
import type { Environment } from '../model/generated/types.ts'
import type { Target } from '../model/target.ts'

/** The environment has nothing of this name recorded. */
export function connectionUnknown(
  linkName: string,
  environment: Environment,
  /** null where the actor is not to know. */
  known: readonly string[] | null
): Refusal {
  const there =
    known === null
      ? ''
      : known.length === 0
        ? ' It has none yet.'
        : ` It has ${known.slice(0, 10).join(', ')}${known.length > 10 ? ' and others' : ''}.`
  const how = isClient(environment)
    ? 'If a newer version has it, whoever runs the app upgrades the client'
    : 'If it stands in the specs, bring it there first'
  return refusal(
    'CONNECTION_UNKNOWN',
    'Connection is not known',
    `${environment} has no connection "${linkName}" recorded.${meant(linkName, known ?? [])}${there} ${how}:\n    tieline apply -e ${environment}`
  )
}

export function notAuthorized(target: Target, user: string | null): Refusal {
  const who = user === null ? 'Nobody has' : `${user} has not`
  return refusal(
    'NOT_AUTHORIZED',
    'Connection is not authorized',
    `${who} authorized ${target.linkName} in ${target.environment} yet:\n    ${commandFor(target, user)}`
  )
}

export function needsReauthorization(target: Target, user: string | null): Refusal {
  return refusal(
    'NEEDS_REAUTHORIZATION',
    'The connection must be authorized again',
    `What was authorized for ${target.linkName} does not fit what ${target.environment} has recorded now. Nothing was sent. See why, and authorize again:\n    tieline plan -e ${target.environment}\n    ${commandFor(target, user)}`
  )
}

export function authorizationRevoked(target: Target): Refusal {
  return refusal(
    'AUTHORIZATION_REVOKED',
    'The authorization was revoked',
    `The authorization of ${target.linkName} in ${target.environment} was ended. To give a new one:\n    ${commandFor(target, null)}`
  )
}

export function authorizationExpired(target: Target, user: string | null): Refusal {
  return refusal(
    'AUTHORIZATION_EXPIRED',
    'The authorization has expired',
    `The authorization of ${target.linkName} in ${target.environment} has run out, and cannot be renewed without a person:\n    ${commandFor(target, user)}`
  )
}

export function credentialNotHere(target: Target, user: string | null): Refusal {
  return refusal(
    'CREDENTIAL_NOT_HERE',
    'The credential is not in this vault',
    `State knows an authorization of ${target.linkName}, but this vault does not hold its credential: it was made on another machine. Use that vault, or authorize here:\n    ${commandFor(target, user)}`
  )
}

/** A reader of the slot has not taken the deposit, and nothing older serves. `why` says what spoke against it. */
export function notAdopted(
  target: Target,
  user: string | null,
  why: readonly Diagnostic[]
): Refusal {
  const reasons = [...new Set(why.map(each => each.detail.split('\n')[0] ?? ''))].join(' ')
  return refusal(
    'NOT_ADOPTED',
    'The authorization waits for a reader',
    `${target.linkName} was authorized in ${target.environment} by somebody who cannot read the ${target.need.slot} slot, and nothing older serves until a reader of it has checked that. ${reasons}\n\nWhoever reads it takes it in with\n    tieline status --refresh -e ${target.environment}\n\nor authorizes it:\n    ${commandFor(target, user)}`
  )
}

/** Scopes that the caller needs, and the credential does not have. */
export function scopesMissing(
  target: Target,
  user: string | null,
  missing: readonly string[],
  asked: readonly string[]
): Refusal {
  const { linkName, environment, service } = target
  const undeclared = missing.filter(each => !target.need.scopes.includes(each))
  const declared = missing.filter(each => target.need.scopes.includes(each))
  const refused = declared.filter(each => asked.includes(each))
  const pending = declared.filter(each => !asked.includes(each))
  const parts = [
    ...(undeclared.length === 0
      ? []
      : [
          `${linkName} does not ask for ${undeclared.join(', ')}. Add what is needed to "scopes" in connections/${linkName}.yaml and ${isClient(environment) ? 'publish it, then give the client that version' : 'apply it'}:\n    tieline apply -e ${environment}`
        ]),
    ...(pending.length === 0
      ? []
      : [
          `${pending.join(', ')} came to ${linkName} after it was authorized in ${environment}. Authorize it again:\n    ${commandFor(target, user)}`
        ]),
    ...(refused.length === 0
      ? []
      : [
          `${service} did not grant ${refused.join(', ')}, though it was asked. Whoever administers the account there has to allow it; then authorize again:\n    ${commandFor(target, user)}`
        ])
  ]
  return refusal('SCOPES_MISSING', 'Scopes are missing', parts.join('\n\n'))
}

export function noAccessToken({ linkName, environment }: Target): Refusal {
  return refusal(
    'NO_ACCESS_TOKEN',
    'This connection has no access token',
    `${linkName} is not authorized with OAuth2. Take what to add to a request instead:\n    tieline token ${linkName} -e ${environment} --headers`
  )
}

export function notInHeaders({ linkName, environment }: Target): Refusal {
  return refusal(
    'NOT_IN_HEADERS',
    'The credential does not travel in headers',
    `${linkName} sends its credential in the query of a request. Let the request be made, or take all there is to send:\n    tieline request ${linkName} -e ${environment} PATH\n    tieline token ${linkName} -e ${environment} --format json`
  )
}

/** A token that is bound to a key is of no use without a proof for each request (RFC 9449). */
export function proofNeeded({ linkName, environment }: Target): Refusal {
  return refusal(
    'PROOF_NEEDED',
    'Each request needs a proof of its own',
    `The access token of ${linkName} is bound to a key that stays in the vault (DPoP), so its headers are good for one method and address only. Name them, or let the request be made:\n    tieline request ${linkName} -e ${environment} PATH`
  )
}

/** The command that authorizes this target. */
function commandFor({ linkName, environment }: Target, user: string | null): string {
  return `tieline authorize ${linkName} -e ${environment}${user === null ? '' : ` --user ${user}`}`
}

function refusal(code: string, summary: string, detail: string): Refusal {
  return new Refusal(problem(code, summary, detail))
}
