import { type Definitions, environments, isOwn } from '../model/documents.ts'
import type { Connection, Environment } from '../model/generated/types.ts'
import { sortedRecord } from '../model/record.ts'

/** Definitions without what concerns earlier environments only, so that a difference for dev alone is no change in stage. */
export function trimDefinitions(definitions: Definitions, environment: Environment): Definitions {
  // A client comes after all of ours.
  const earlier = isOwn(environment)
    ? environments.slice(0, environments.indexOf(environment))
    : environments
  const trim = (connection: Connection): Connection => ({
    ...connection,
    environments: sortedRecord(
      Object.entries(connection.environments).filter(
        ([name]) => !(earlier as readonly string[]).includes(name)
      )
    )
  })
  return {
    connections: sortedRecord(
      Object.entries(definitions.connections).map(([linkName, each]) => [linkName, trim(each)])
    ),
    components: definitions.components
  }
}
