import { environments } from '../model/documents.ts'
import type {
  ClientReferences,
  Connection,
  ConnectionSpec,
  EmulatedOverride,
  EntryId,
  OAuthClient,
  Override,
  OwnEnvironment,
  ParameterValues
} from '../model/generated/types.ts'
import { sortedRecord, sortedUnique } from '../model/record.ts'
import type { KnownConnector } from '../model/specs.ts'

/** A connection with every default filled in and everything left out that makes no difference. */
export function normalConnection(
  spec: ConnectionSpec,
  { connector, digest }: KnownConnector,
  id: EntryId,
  name: string
): Connection {
  const way = connector.auth.find(each => each.id === spec.auth) ?? connector.auth[0]
  const defaults = Object.entries(connector.parameters ?? {}).flatMap(
    ([key, { default: value }]): [string, string][] => (value === undefined ? [] : [[key, value]])
  )
  const parameters = sortedRecord([...defaults, ...Object.entries(spec.parameters ?? {})])
  const client = spec.client === undefined ? null : normalClient(spec.client)
  const all = way?.kind === 'oauth2' ? way.all : []
  return {
    id,
    name,
    connector: connector.id,
    connectorDigest: digest,
    auth: way?.id ?? '',
    level: spec.level ?? 'administrator',
    authorization: spec.authorization ?? 'shared',
    allScopes: spec.scopes === 'all',
    scopes: sortedUnique(spec.scopes === 'all' ? all : (spec.scopes ?? [])),
    parameters,
    client,
    environments: sortedRecord(
      environments.flatMap((environment): [OwnEnvironment, Override][] => {
        const override = normalOverride(spec.environments?.[environment] ?? {}, parameters, client)
        return override === null ? [] : [[environment, override]]
      })
    ),
    protect: spec.protect ?? false
  }
}

function normalClient(client: OAuthClient): ClientReferences {
  return { id: client.id, secret: client.secret ?? null }
}

/** Only what really differs; null if nothing does. */
function normalOverride(
  override: EmulatedOverride,
  parameters: ParameterValues,
  client: ClientReferences | null
): Override | null {
  const own = override.client === undefined ? null : normalClient(override.client)
  const differs = own !== null && (own.id !== client?.id || own.secret !== client.secret)
  const normal = {
    parameters: sortedRecord(
      Object.entries(override.parameters ?? {}).filter(([key, value]) => parameters[key] !== value)
    ),
    client: differs ? own : null,
    origin: override.origin === undefined ? null : new URL(override.origin).origin
  }
  const empty =
    Object.keys(normal.parameters).length === 0 && normal.client === null && normal.origin === null
  return empty ? null : normal
}
