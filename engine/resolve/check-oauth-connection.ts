import type { Diagnostic } from '../model/diagnostic.ts'
import { problem, warning } from '../model/diagnostic.ts'
import { meant } from '../model/did-you-mean.ts'
import { environments } from '../model/documents.ts'
import type { ConnectionSpec, Connector, OAuth2Way } from '../model/generated/types.ts'
import { isOwnRight, signsAssertions } from '../model/grants.ts'
import type { Located } from '../model/specs.ts'

/** What a connection gets wrong about an OAuth2 way: who may authorize, the scopes, the client registration. */
export function checkOAuthConnection(
  located: Located<ConnectionSpec>,
  way: OAuth2Way,
  connector: Connector
): Diagnostic[] {
  return [
    ...checkGrant(located, way, connector),
    ...checkScopes(located, way, connector),
    ...checkClients(located, way, connector)
  ]
}

/** Grants without a person are the application's own: nobody's but an administrator's to give. */
function checkGrant(
  { spec, place }: Located<ConnectionSpec>,
  way: OAuth2Way,
  connector: Connector
): Diagnostic[] {
  if (!isOwnRight(way) || spec.level !== 'logged-in-user') return []
  const others = connector.auth
    .filter(each => each.kind !== 'oauth2' || !isOwnRight(each))
    .map(each => `\`auth: ${each.id}\``)
  const instead = others.length === 0 ? '' : `, or choose ${others.join(' or ')}`
  return [
    problem(
      'GRANT_NOT_FOR_USERS',
      'This way to authorize knows no users',
      `By ${way.id} the application acts for itself (${way.grant}), so all users would share one identity. Write \`level: administrator\`${instead}.`,
      place('/level')
    )
  ]
}

function checkScopes(
  { spec, place }: Located<ConnectionSpec>,
  way: OAuth2Way,
  connector: Connector
): Diagnostic[] {
  const hasNone = Object.keys(way.scopes).length === 0 && way.otherScopes === undefined
  const { scopes } = spec
  if (scopes === undefined || (scopes.length === 0 && !hasNone)) {
    return [
      problem(
        'SCOPES_MISSING',
        'Scopes are missing',
        hasNone
          ? `${connector.service} has no scopes to choose from. Say so: \`scopes: []\`.`
          : `Say what the app may do at ${connector.service}: a list of scopes, or \`scopes: all\`. These are known:\n    tieline connectors show ${connector.id}`,
        place(scopes === undefined ? '' : '/scopes')
      )
    ]
  }
  if (scopes === 'all') return []
  return [
    ...unknownScopes(scopes, way, hasNone, connector, place),
    ...checkRefresh(scopes, way, connector, place)
  ]
}

function unknownScopes(
  asked: readonly string[],
  way: OAuth2Way,
  hasNone: boolean,
  connector: Connector,
  place: Located<ConnectionSpec>['place']
): Diagnostic[] {
  const others = way.otherScopes === undefined ? null : new RegExp(`^(?:${way.otherScopes})$`, 'u')
  return asked.flatMap((scope, index): Diagnostic[] => {
    if (Object.hasOwn(way.scopes, scope) || others?.test(scope) === true) return []
    const detail = hasNone
      ? `${connector.service} has no scopes to choose from. Write \`scopes: []\`.`
      : `${connector.service} has no scope "${scope}".${meant(scope, Object.keys(way.scopes))} These are known:\n    tieline connectors show ${connector.id}`
    return [problem('SCOPE_UNKNOWN', 'Unknown scope', detail, place(`/scopes/${index}`))]
  })
}

function checkRefresh(
  asked: readonly string[],
  way: OAuth2Way,
  connector: Connector,
  place: Located<ConnectionSpec>['place']
): Diagnostic[] {
  const refresh = way.refreshScopes ?? []
  if (refresh.length === 0 || refresh.some(scope => asked.includes(scope))) return []
  return [
    warning(
      'NO_REFRESH_TOKEN',
      'Authorization will not outlive its access token',
      `${connector.service} gives a refresh token only if ${refresh.join(' or ')} is asked for. Without it, somebody has to authorize again each time the access token ends.`,
      place('/scopes')
    )
  ]
}

function checkClients(
  { spec, place }: Located<ConnectionSpec>,
  way: OAuth2Way,
  connector: Connector
): Diagnostic[] {
  const found = environments.flatMap((environment): Diagnostic[] => {
    const own = spec.environments?.[environment]?.client
    const client = own ?? spec.client
    const path = own === undefined ? '/client' : `/environments/${environment}/client`
    if (client === undefined) {
      return [
        problem(
          'CLIENT_MISSING',
          'No OAuth2 client is given',
          `${connector.service} needs an OAuth2 client registration in ${environment}. Register the app there (${connector.docs}) and refer to it:\n    ${exampleClient(way, connector)}`,
          place('')
        )
      ]
    }
    if (client.secret !== undefined || !needsSecret(way)) return []
    return [
      problem(
        'CLIENT_SECRET_MISSING',
        'OAuth2 client secret is missing',
        `${connector.service} asks for ${secretWords(way)}. Add \`secret: ${exampleSecret(way, connector)}\`.`,
        place(path)
      )
    ]
  })
  // What one client lacks in every environment is said once.
  return found.filter((each, index) => found.findIndex(other => isSame(each, other)) === index)
}

function isSame(a: Diagnostic, b: Diagnostic): boolean {
  const places = [a.at, b.at].map(at => `${at?.file}:${at?.line}:${at?.column}`)
  return a.code === b.code && places[0] === places[1]
}

function needsSecret(way: OAuth2Way): boolean {
  return way.clientAuthentication !== 'none' || signsAssertions(way)
}

function secretWords(way: OAuth2Way): string {
  return signsAssertions(way)
    ? 'an assertion signed with a private key (PKCS#8 in PEM, or a JWK), which `secret` refers to'
    : `the client secret (${way.clientAuthentication})`
}

function exampleSecret(way: OAuth2Way, connector: Connector): string {
  return `env:${variable(connector)}_${signsAssertions(way) ? 'PRIVATE_KEY' : 'CLIENT_SECRET'}`
}

function exampleClient(way: OAuth2Way, connector: Connector): string {
  const secret = needsSecret(way) ? `, secret: ${exampleSecret(way, connector)}` : ''
  return `client: { id: env:${variable(connector)}_CLIENT_ID${secret} }`
}

function variable(connector: Connector): string {
  return connector.id.toUpperCase().replaceAll('-', '_')
}
