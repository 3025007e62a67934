import { type Diagnostic, problem } from '../model/diagnostic.ts'
import { meant } from '../model/did-you-mean.ts'
import type { Definitions } from '../model/documents.ts'
import type {
  ClientConnection,
  ClientReferences,
  ClientSpec,
  Connection,
  ConnectionSpec,
  Connector,
  LinkName
} from '../model/generated/types.ts'
import { sortedRecord } from '../model/record.ts'
import type { Located } from '../model/specs.ts'
import { checkConnection } from './check-connection.ts'

/** What a client's installation is to have, and what its spec gets wrong about that. */
export interface ClientDefinitions {
  readonly definitions: Definitions
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * A published version as a client installs it: with its own parameters and OAuth client, and without what concerns our own
 * environments. `version` is said in messages.
 */
export function clientDefinitions(
  published: Definitions,
  located: Located<ClientSpec>,
  version: number,
  connectorOf: (connection: Connection) => Connector
): ClientDefinitions {
  const { spec, place } = located
  const own = Object.entries(spec.connections ?? {})
  const known = Object.keys(published.connections)
  const unknown = own
    .filter(([linkName]) => !Object.hasOwn(published.connections, linkName))
    .map(([linkName]) =>
      problem(
        'CLIENT_CONNECTION_UNKNOWN',
        'The version has no such connection',
        `Version ${version} has no connection "${linkName}" that ${located.linkName} could set something for.${meant(linkName, known)} Correct the name, or take the entry away.`,
        place(`/connections/${linkName}`)
      )
    )
  const installed = Object.entries(published.connections).map(
    ([linkName, connection]): [LinkName, Connection] => [
      linkName,
      installedConnection(connection, ownOf(spec, linkName))
    ]
  )
  const wrong = installed.flatMap(([linkName, connection]) =>
    checkInstalled(located, linkName, connection, connectorOf(connection))
  )
  return {
    definitions: { connections: sortedRecord(installed), components: published.components },
    diagnostics: [...unknown, ...wrong]
  }
}

function ownOf({ connections = {} }: ClientSpec, linkName: LinkName): ClientConnection {
  return (Object.hasOwn(connections, linkName) ? connections[linkName] : undefined) ?? {}
}

function installedConnection(
  connection: Connection,
  { parameters, client }: ClientConnection
): Connection {
  const own: ClientReferences | null =
    client === undefined ? connection.client : { id: client.id, secret: client.secret ?? null }
  return {
    ...connection,
    parameters: sortedRecord(Object.entries({ ...connection.parameters, ...parameters })),
    client: own,
    environments: {}
  }
}

/** What our specs decide was checked before it was published; what is left is the client's part. */
const theirs = /^(PARAMETER|CLIENT)_/

/** The checks of any connection, at the lines of the client's file. */
function checkInstalled(
  { spec, place, ...located }: Located<ClientSpec>,
  linkName: LinkName,
  connection: Connection,
  connector: Connector
): readonly Diagnostic[] {
  const { parameters, client, auth, level } = connection
  const asSpec: ConnectionSpec = {
    connector: connection.connector,
    level,
    auth,
    scopes: [...connection.scopes],
    authorization: 'separate',
    parameters,
    ...(client === null
      ? {}
      : {
          client:
            client.secret === null ? { id: client.id } : { id: client.id, secret: client.secret }
        })
  }
  const own = `/connections/${linkName}`
  const isSet = Object.hasOwn(spec.connections ?? {}, linkName)
  return checkConnection(
    {
      ...located,
      linkName,
      spec: asSpec,
      place: pointer => place(isSet ? `${own}${pointer}` : '/connections')
    },
    connector,
    () => [connection.connector]
  ).filter(each => theirs.test(each.code))
}
