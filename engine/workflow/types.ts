import { isClient } from '../model/documents.ts'
import type { Connection, Environment } from '../model/generated/types.ts'
import { compareText } from '../model/record.ts'
import { normalConnection } from '../resolve/normal-connection.ts'
import { knownActor } from './actor.ts'
import { checkInstalled } from './authorize-scene.ts'
import {
  openState,
  openWorkspace,
  poolsOf,
  resolverFor,
  soundDocuments,
  soundSpecs,
  type Workspace
} from './open-workspace.ts'
import { permitLook, seenConnections } from './sight.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * TypeScript declarations of a workspace's connections, for the type parameter of `openConnections`: link names, levels and scopes as
 * the specs say, or as an environment has them recorded, if one is named. The same input gives the same text. Throws a Refusal if the
 * specs are not sound, or the actor sees nothing of the environment.
 */
export async function typesWorkflow(
  around: Surroundings,
  environment: Environment | null = null
): Promise<string> {
  const workspace = await openWorkspace(around)
  const described =
    environment === null
      ? describedBySpecs(workspace)
      : await describedByRecord(around, workspace, environment)
  const { compile } = await import('json-schema-to-typescript')
  return compile(objectOf(Object.fromEntries(described)), 'Connections', {
    additionalProperties: false,
    bannerComment: banner,
    format: true,
    style: { semi: false, singleQuote: true, printWidth: 100 }
  })
}

type Described = readonly (readonly [string, object])[]

function describedBySpecs(workspace: Workspace): Described {
  return soundSpecs(workspace).connections.flatMap(({ linkName, spec }) => {
    const known = workspace.known.get(spec.connector)
    if (known === undefined) return []
    const { connector } = known
    // Ids and names are given when the connection is recorded; its type has neither.
    const connection = normalConnection(spec, known, `${linkName}.1`, spec.name ?? linkName)
    const kind = connector.auth.find(each => each.id === connection.auth)?.kind
    return [[linkName, schemaOf(connection, kind ?? 'oauth2', connector.service)] as const]
  })
}

async function describedByRecord(
  around: Surroundings,
  { settings, known }: Workspace,
  environment: Environment
): Promise<Described> {
  const actor = await knownActor(around)
  await permitLook(around, settings, environment, actor)
  const documents = await soundDocuments(openState(around, settings, ''))
  if (isClient(environment)) checkInstalled({ settings, documents }, environment)
  const { targetOf } = resolverFor(known, poolsOf(documents))
  const connections = seenConnections(settings, documents, environment, actor)
  return Object.entries(connections)
    .sort(([a], [b]) => compareText(a, b))
    .map(([linkName, connection]) => {
      const { way, service } = targetOf(linkName, connection, environment)
      return [linkName, schemaOf(connection, way.kind, service)] as const
    })
}

const banner = `// Made by \`tieline types\`. Do not edit; make it again when connections change:
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
