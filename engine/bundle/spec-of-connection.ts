import type {
  BundledConnection,
  ClientReferences,
  ConnectionSpec,
  Connector,
  EmulatedOverride,
  OAuthClient,
  Override,
  ParameterValues
} from '../model/generated/types.ts'

/**
 * The spec that a person would write for a connection in normal form: what the connector or the format sets by itself is left
 * out. Without a connector nothing is known to be set by itself.
 */
export function specOfConnection(
  connection: BundledConnection,
  connector: Connector | undefined
): ConnectionSpec {
  const { name, level, authorization, auth, client, protect } = connection
  const way = connector?.auth.find(each => each.id === auth)
  const parameters = withoutDefaults(connection.parameters, connector)
  const environments = Object.entries(connection.environments).map(([environment, override]) => [
    environment,
    specOfOverride(override)
  ])
  const hasScopes = connection.allScopes || way === undefined || way.kind === 'oauth2'
  return {
    connector: connection.connector,
    name,
    ...(level === 'administrator' ? {} : { level }),
    ...(hasScopes ? { scopes: connection.allScopes ? 'all' : connection.scopes } : {}),
    ...(authorization === 'shared' ? {} : { authorization }),
    ...(isEmpty(parameters) ? {} : { parameters }),
    ...(auth === connector?.auth[0]?.id ? {} : { auth }),
    ...(client === null ? {} : { client: specOfClient(client) }),
    ...(environments.length === 0 ? {} : { environments: Object.fromEntries(environments) }),
    ...(protect ? { protect } : {})
  }
}

function withoutDefaults(
  values: ParameterValues,
  connector: Connector | undefined
): ParameterValues {
  const declared = connector?.parameters ?? {}
  return Object.fromEntries(
    Object.entries(values).filter(
      ([key, value]) => !Object.hasOwn(declared, key) || declared[key]?.default !== value
    )
  )
}

function specOfOverride({ parameters, client, origin }: Override): EmulatedOverride {
  return {
    ...(isEmpty(parameters) ? {} : { parameters }),
    ...(client === null ? {} : { client: specOfClient(client) }),
    ...(origin === null ? {} : { origin })
  }
}

function specOfClient({ id, secret }: ClientReferences): OAuthClient {
  return secret === null ? { id } : { id, secret }
}

function isEmpty(record: object): boolean {
  return Object.keys(record).length === 0
}
