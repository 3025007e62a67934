import type { Connection, Connector, Environment, LinkName } from '../model/generated/types.ts'
import type { Target } from '../model/target.ts'
import { expandConnector } from './expand-connector.ts'
import { needFrom } from './need-of.ts'

/**
 * One connection in one environment, ready to be authorized or used: the environment's differences applied, the connector's
 * parameters filled in, another origin put in place. Throws where the connection names a way or a parameter value that the
 * connector does not have.
 */
export function targetOf(
  linkName: LinkName,
  connection: Connection,
  connector: Connector,
  environment: Environment
): Target {
  const expanded = expandConnector(connection, connector, environment)
  const { client, origin, way, api } = expanded
  return {
    linkName,
    name: connection.name,
    environment,
    service: connector.service,
    need: needFrom(connection, connector, environment, expanded),
    client,
    origin,
    way,
    api,
    docs: connector.docs
  }
}
