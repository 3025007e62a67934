import type { Diagnostic } from '../model/diagnostic.ts'
import { environments } from '../model/documents.ts'
import type { OwnEnvironment, Status, StatusCause } from '../model/generated/types.ts'
import { isOwnRight } from '../model/grants.ts'
import { compareText } from '../model/record.ts'
import { openVault } from './open-vault.ts'
import { openState, openWorkspace, poolsOf, resolverFor, soundDocuments } from './open-workspace.ts'
import { type StatusScene, statusLine } from './status-line.ts'
import type { Surroundings } from './surroundings.ts'
import { countUsers } from './user-counts.ts'

export interface StatusResult {
  readonly status: Status
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * How every connection of every environment stands. Reads state and the vault's clear part and needs no key. Asks nobody, unless
 * `refresh` is given: then the services are asked first, and what they say is recorded.
 */
export async function statusWorkflow(
  around: Surroundings,
  only: readonly OwnEnvironment[],
  actor: string | null,
  { refresh = false }: { readonly refresh?: boolean } = {}
): Promise<StatusResult> {
  const checked = refresh ? await check(around, only) : nothingChecked
  const workspace = await openWorkspace(around)
  const state = openState(around, workspace.settings, '')
  const documents = await soundDocuments(state)
  const vault = await openVault(around, workspace.settings, async () => documents, actor)
  const { files, problems: damaged } = await vault.list()
  const resolver = resolverFor(workspace.known, poolsOf(documents))
  const scene: StatusScene = {
    documents,
    resolver,
    renewsItself: (connection, environment) => {
      const { way } = resolver.targetOf('', connection, environment)
      return way.kind === 'oauth2' && isOwnRight(way)
    },
    files,
    users: await countUsers(vault, files),
    found: checked.found,
    now: around.clock.now(),
    actor
  }
  const chosen =
    only.length > 0 ? only : environments.filter(each => documents[each]?.source != null)
  return {
    status: {
      environments: [...new Set(chosen)].map(environment => ({
        environment,
        connections: Object.entries(documents[environment]?.connections ?? {})
          .sort(([a], [b]) => compareText(a, b))
          .map(([linkName, connection]) => statusLine(scene, environment, linkName, connection))
      }))
    },
    diagnostics: [
      ...damaged.map(each => ({ ...each, severity: 'warning' as const })),
      ...checked.diagnostics
    ]
  }
}

const nothingChecked = { found: new Map<string, StatusCause>(), diagnostics: [] }

/** Loaded only where providers are spoken to. */
async function check(around: Surroundings, only: readonly OwnEnvironment[]) {
  const { checkAuthorizations } = await import('./check-authorizations.ts')
  return checkAuthorizations(around, only)
}
