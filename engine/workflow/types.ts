import type { Connection } from '../model/generated/types.ts'
import { normalConnection } from '../resolve/normal-connection.ts'
import { openWorkspace, soundSpecs } from './open-workspace.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * TypeScript declarations of a workspace's connections, for the type parameter of `openConnections`: link names, levels and scopes as
 * the specs say. The same specs give the same text. Throws a Refusal if the specs are not sound.
 */
export async function typesWorkflow(around: Surroundings): Promise<string> {
  const workspace = await openWorkspace(around)
  const { connections } = soundSpecs(workspace)
  const described = connections.flatMap(({ linkName, spec }): readonly [string, object][] => {
    const known = workspace.known.get(spec.connector)
    if (known === undefined) return []
    const { connector } = known
    // Ids and names are given when the connection is recorded; its type has neither.
    const connection = normalConnection(spec, known, `${linkName}.1`, spec.name ?? linkName)
    const kind = connector.auth.find(each => each.id === connection.auth)?.kind
    return [[linkName, schemaOf(connection, kind ?? 'oauth2', connector.service)]]
  })
  const { compile } = await import('json-schema-to-typescript')
  return compile(objectOf(Object.fromEntries(described)), 'Connections', {
    additionalProperties: false,
    bannerComment: banner,
    format: true,
    style: { semi: false, singleQuote: true, printWidth: 100 }
  })
}

const banner = `// Made by \`tieline types\` from the specs. Do not edit; make it again when connections change:
//     import type { Connections } from './this-file.ts'
//     const connections = openConnections<Connections>('.', { env: 'prod' })`

function schemaOf(
  { level, scopes }: Connection,
  kind: 'oauth2' | 'basic' | 'api-key',
  service: string
): object {
  return {
    ...objectOf({
      kind: { const: kind },
      level: { const: level },
      scopes: scopes.length === 0 ? { tsType: 'never' } : { enum: scopes }
    }),
    // What stands in a comment must not end it.
    description: service.replaceAll('*/', '* /')
  }
}

function objectOf(properties: Readonly<Record<string, object>>): object {
  return {
    type: 'object',
    additionalProperties: false,
    required: Object.keys(properties),
    properties
  }
}
