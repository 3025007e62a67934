import { slotOf } from '../model/documents.ts'
import type { Basis, Connection, Connector, Environment } from '../model/generated/types.ts'
import { sortedUnique } from '../model/record.ts'
import type { Need, OAuth2TargetWay } from '../model/target.ts'
import { type ExpandedConnector, expandConnector } from './expand-connector.ts'

/**
 * What an environment needs of an authorization, so that a connection can run there. Throws where the connection names a way
 * or a parameter value that the connector does not have.
 */
export function needOf(
  connection: Connection,
  connector: Connector,
  environment: Environment
): Need {
  return needFrom(
    connection,
    connector,
    environment,
    expandConnector(connection, connector, environment)
  )
}

/** As `needOf`, for a connector that is already expanded. */
export function needFrom(
  connection: Connection,
  connector: Connector,
  environment: Environment,
  expanded: ExpandedConnector
): Need {
  return {
    connection: connection.id,
    level: connection.level,
    slot: slotOf(connection, environment),
    basis: basisOf(connector, expanded),
    scopes: connection.scopes
  }
}

function basisOf(connector: Connector, expanded: ExpandedConnector): Basis {
  const { way, client, parameters } = expanded
  const declared = connector.parameters ?? {}
  return {
    connector: connector.id,
    auth: way.id,
    origins: originsOf(expanded),
    parameters: Object.fromEntries(
      Object.entries(parameters).filter(([name]) => declared[name]?.affectsAuthorization === true)
    ),
    clientId: client?.id ?? null
  }
}

/**
 * Where a client secret, an assertion, a code, a token or a field may go. The authorization endpoint is not among them: a browser
 * goes there, with nothing secret. A learnt address counts as the host patterns that it is held to.
 */
function originsOf({ way, api, origin }: ExpandedConnector): readonly string[] {
  if (origin !== null) return [origin]
  const learns = way.kind === 'oauth2' ? Object.values(way.learns ?? {}) : []
  const addresses = [
    ...(way.kind === 'oauth2' ? endpointsOf(way) : []),
    ...learns.map(each => each.default),
    api.baseUrl,
    api.test.url
  ]
  const fixed = addresses.flatMap(each =>
    each === undefined || each.startsWith('{') ? [] : [new URL(each).origin]
  )
  const learnt = learns.flatMap(each => each.hosts ?? []).map(host => `https://${host}`)
  return sortedUnique([...fixed, ...learnt])
}

/** Where the program itself speaks to the service about authorization. */
function endpointsOf(way: OAuth2TargetWay): readonly (string | undefined)[] {
  return [
    way.pushedUrl,
    way.deviceUrl,
    way.tokenUrl,
    way.refreshUrl,
    way.introspectionUrl,
    way.revocation.url
  ]
}
