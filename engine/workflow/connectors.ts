import { join } from 'node:path'
import { problem, Refusal } from '../model/diagnostic.ts'
import { meant } from '../model/did-you-mean.ts'
import type { Connector } from '../model/generated/types.ts'
import { openCatalogue } from '../spec/load-catalogue.ts'
import { openWorkspace } from './open-workspace.ts'
import type { Surroundings } from './surroundings.ts'

export interface ListedConnector {
  readonly connector: Connector
  /** verified: comes with tieline, checked against its documentation. workspace: the workspace's own. */
  readonly grade: 'verified' | 'workspace'
}

/** All connectors: those that come with tieline and, inside a workspace, its own. */
export async function listConnectors(around: Surroundings): Promise<readonly ListedConnector[]> {
  const catalogue = openCatalogue(join(around.packageFolder, 'dist', 'connectors'))
  const builtIn = catalogue.ids().flatMap((id): ListedConnector[] => {
    const connector = catalogue.get(id)
    return connector === undefined ? [] : [{ connector, grade: 'verified' }]
  })
  return [...builtIn, ...(await ownConnectors(around))]
}

export async function showConnector(around: Surroundings, id: string): Promise<ListedConnector> {
  const all = await listConnectors(around)
  const found = all.find(each => each.connector.id === id)
  if (found !== undefined) return found
  throw new Refusal(
    problem(
      'CONNECTOR_UNKNOWN',
      'Unknown connector',
      `There is no connector "${id}".${meant(
        id,
        all.map(each => each.connector.id)
      )} These are known:\n    tieline connectors list`
    )
  )
}

/** The list is useful outside a workspace too, and in one that has mistakes. */
async function ownConnectors(around: Surroundings): Promise<readonly ListedConnector[]> {
  try {
    const { specs } = await openWorkspace(around)
    return (specs?.connectors ?? []).map(each => ({ connector: each.spec, grade: 'workspace' }))
  } catch (error) {
    if (error instanceof Refusal) return []
    throw error
  }
}
