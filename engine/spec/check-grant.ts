import { openNames } from '../model/address.ts'
import type { Connector, OAuth2Way } from '../model/generated/types.ts'
import { isOwnRight, signsAssertions } from '../model/grants.ts'
import { checkParameterName } from './check-address.ts'
import { type Finding, finding } from './connector-finding.ts'

type Member = keyof OAuth2Way

const browserOnly: readonly Member[] = ['authorizeUrl', 'pushedUrl', 'redirect', 'pkce']
const personOnly: readonly Member[] = [
  ...browserOnly,
  'authorizeParameters',
  'deviceUrl',
  'refreshUrl',
  'refreshParameters',
  'refreshScopes',
  'identity'
]

/** Whether a way has what its grant needs, and nothing that the grant has no use for. */
export function checkGrant(
  connector: Connector,
  way: OAuth2Way,
  pointer: string
): readonly Finding[] {
  const grant = way.grant ?? 'authorization_code'
  const needed = grant === 'authorization_code' ? 'authorizeUrl' : 'deviceUrl'
  const lacks = !isOwnRight(way) && way[needed] === undefined
  const useless = isOwnRight(way) ? personOnly : grant === 'device_code' ? browserOnly : []
  const why = isOwnRight(way)
    ? 'nobody consents, and a new token is asked for instead of a refresh'
    : 'no browser comes back to this machine'
  return [
    ...(lacks
      ? [finding('CONNECTOR_GRANT', pointer, `With grant: ${grant} it needs ${needed}.`)]
      : []),
    ...useless
      .filter(member => way[member] !== undefined)
      .map(member =>
        finding(
          'CONNECTOR_GRANT',
          `${pointer}/${member}`,
          `With grant: ${grant} ${why}, so ${member} has no use. Take it out, or choose another grant.`
        )
      ),
    ...checkLevel(connector, way, pointer),
    ...checkConfidential(way, pointer)
  ]
}

function checkLevel(connector: Connector, way: OAuth2Way, pointer: string): readonly Finding[] {
  if (!isOwnRight(way) || connector.levels.includes('administrator')) return []
  const detail = `With grant: ${way.grant} the application acts for itself, which is an administrator's business and no user's. Add administrator to levels, or choose another grant.`
  return [finding('CONNECTOR_GRANT', `${pointer}/grant`, detail)]
}

/** RFC 6749, section 4.4: without proof of who the client is, anybody who knows its id could have its token. */
function checkConfidential(way: OAuth2Way, pointer: string): readonly Finding[] {
  if (way.grant !== 'client_credentials' || way.clientAuthentication !== 'none') return []
  const detail =
    'With grant: client_credentials the client has to prove who it is. Choose post, basic, basic-raw or private_key_jwt.'
  return [finding('CONNECTOR_GRANT', `${pointer}/clientAuthentication`, detail)]
}

/** Whether somebody can authorize at each level: users only where one of the ways lets a person sign in. */
export function checkLevels(connector: Connector): readonly Finding[] {
  const forUsers = connector.auth.some(way => way.kind !== 'oauth2' || !isOwnRight(way))
  const index = connector.levels.indexOf('logged-in-user')
  if (forUsers || index < 0) return []
  const detail =
    'In each of its ways the application acts for itself, so no user can authorize. Take logged-in-user out, or add a way by which people consent.'
  return [finding('CONNECTOR_GRANT', `/levels/${index}`, detail)]
}

/** Whether there is one key, it has a use, and what it signs names only what is known. */
export function checkSigning(
  connector: Connector,
  way: OAuth2Way,
  pointer: string
): readonly Finding[] {
  const { signing } = way
  const bearer = way.grant === 'jwt_bearer'
  const findings: Finding[] = []
  const add = (at: string, detail: string): void => {
    findings.push(finding('CONNECTOR_SIGNING', `${pointer}/${at}`, detail))
  }
  if (bearer && ['post', 'basic', 'basic-raw'].includes(way.clientAuthentication)) {
    add(
      'clientAuthentication',
      'With grant: jwt_bearer client.secret refers to the private key, so it cannot be a client secret as well. Choose none or private_key_jwt.'
    )
  }
  if (signing === undefined) return findings
  if (!signsAssertions(way)) {
    add(
      'signing',
      'Nothing is signed here: that is for grant: jwt_bearer and clientAuthentication: private_key_jwt. Take it out.'
    )
    return findings
  }
  for (const member of ['issuer', 'subject', 'scopeClaim'] as const) {
    if (bearer || signing[member] === undefined) continue
    add(
      `signing/${member}`,
      `It is for grant: jwt_bearer. A client that authenticates by private_key_jwt names itself and nothing else (RFC 7523, section 3). Take it out.`
    )
  }
  return [...findings, ...checkTemplates(connector, signing, `${pointer}/signing`)]
}

function checkTemplates(
  connector: Connector,
  signing: NonNullable<OAuth2Way['signing']>,
  pointer: string
): readonly Finding[] {
  return (['keyId', 'issuer', 'subject', 'audience'] as const).flatMap(member =>
    openNames(signing[member] ?? '')
      .filter(name => name !== 'client_id' && !(name === 'endpoint' && member === 'audience'))
      .flatMap(name => checkParameterName(connector, name, `${pointer}/${member}`))
  )
}
