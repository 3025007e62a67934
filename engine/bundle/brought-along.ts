import { type Diagnostic, note, warning } from '../model/diagnostic.ts'
import type { Bundle, Connector } from '../model/generated/types.ts'
import { sortedUnique } from '../model/record.ts'

/**
 * What whoever imports a bundle should look at before anything is authorized: connectors that come with it decide where credentials
 * go, and references decide which secrets of this machine are sent there.
 */
export function broughtAlong(
  { connections }: Pick<Bundle, 'connections'>,
  connectors: readonly Connector[],
  services: ReadonlySet<string>
): readonly Diagnostic[] {
  const foreign = connectors.map(connector => {
    const like = services.has(connector.service)
      ? ` It calls itself ${connector.service}, as another connector does that is here already.`
      : ''
    return warning(
      'CONNECTOR_IMPORTED',
      'A connector comes with the bundle',
      `connectors/${connector.id}.yaml decides where credentials of its connections go: ${hostsOf(connector).join(', ')}.${like} Authorize nothing before you know these hosts.`
    )
  })
  const references = referencesIn(connections)
  if (references.length === 0) return foreign
  return [
    ...foreign,
    note(
      'REFERENCES_IMPORTED',
      'The bundle names secrets of this machine',
      `Its connections refer to ${references.slice(0, 20).join(', ')}${references.length > 20 ? ` and ${references.length - 20} more` : ''}. What these hold here is sent to the services when they are authorized.`
    )
  ]
}

/** Every host that stands in the connector, with its parameters as they are written there. */
function hostsOf(connector: Connector): readonly string[] {
  const { docs: _, sources: _sources, ...rest } = connector
  const hosts = textsIn(rest).flatMap(text => /^https?:\/\/([^/\s?#]+)/.exec(text)?.[1] ?? [])
  return sortedUnique(hosts)
}

function referencesIn(connections: Bundle['connections']): readonly string[] {
  const references = textsIn(connections).filter(text => /^(env|file|vault):/.test(text))
  return sortedUnique(references)
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(textsIn)
}
