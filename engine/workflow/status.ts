import { type Diagnostic, Refusal } from '../model/diagnostic.ts'
import { type Documents, isClient, ownSlots, visibleSlots } from '../model/documents.ts'
import type { Environment, Status, StatusCause } from '../model/generated/types.ts'
import { isOwnRight } from '../model/grants.ts'
import { compareText } from '../model/record.ts'
import type { Settings } from '../model/specs.ts'
import { checkInstalled } from './authorize-scene.ts'
import { openVault } from './open-vault.ts'
import { openWorkspace, poolsOf, resolverFor } from './open-workspace.ts'
import { isGuest } from './permit.ts'
import { readDocuments } from './read-documents.ts'
import { ownEnvironments, permitLook, seenClients, seenConnections } from './sight.ts'
import { type StatusScene, statusLine } from './status-line.ts'
import type { Surroundings } from './surroundings.ts'
import { countUsers } from './user-counts.ts'

export interface StatusResult {
  readonly status: Status
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * How every connection of our environments stands, or of the given ones; a member of a client sees their own installation. Reads state
 * and the vault's clear part and needs no key. Asks nobody, unless `refresh` is given: then the services are asked first, and what
 * they say is recorded. Throws a Refusal for an environment that the actor sees nothing of.
 */
export async function statusWorkflow(
  around: Surroundings,
  only: readonly Environment[],
  actor: string | null,
  { refresh = false }: { readonly refresh?: boolean } = {}
): Promise<StatusResult> {
  const workspace = await openWorkspace(around)
  const { settings } = workspace
  for (const each of only) await permitLook(around, settings, each, actor)
  const checked = refresh ? await check(around, only) : nothingChecked
  const documents = documentsFor(around, settings, only, actor)
  const chosen = chosenOf(settings, documents, only, actor)
  for (const each of only) if (isClient(each)) checkInstalled({ settings, documents }, each)
  const vault = await openVault(around, settings, async () => documents, actor)
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
    users: await countUsers(documents, vault, files, chosen.flatMap(visibleSlots)),
    found: checked.found,
    now: around.clock.now(),
    actor
  }
  return {
    status: {
      environments: chosen.map(environment => ({
        environment,
        connections: Object.entries(seenConnections(settings, documents, environment, actor))
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

/**
 * The documents that are to be shown, and ours beside them: of hundreds of clients, no others are read. Throws a Refusal for what is
 * wrong with them.
 */
function documentsFor(
  around: Surroundings,
  settings: Settings,
  only: readonly Environment[],
  actor: string | null
): Documents {
  const own = isGuest(settings, actor) ? seenClients(settings, actor) : ownSlots
  const slots = [...own, ...only.filter(isClient)]
  const { documents, problems } = readDocuments(around, settings, slots)
  if (problems.size > 0) throw new Refusal(...problems.values())
  return documents
}

/** As named; else what the actor looks at by themselves, of ours as far as something is recorded. */
function chosenOf(
  settings: Settings,
  documents: Documents,
  only: readonly Environment[],
  actor: string | null
): readonly Environment[] {
  if (only.length > 0) return [...new Set(only)]
  return ownEnvironments(settings, documents, actor).filter(
    each => isClient(each) || documents[each]?.source != null
  )
}

const nothingChecked = { found: new Map<string, StatusCause>(), diagnostics: [] }

/** Loaded only where providers are spoken to. */
async function check(around: Surroundings, only: readonly Environment[]) {
  const { checkAuthorizations } = await import('./check-authorizations.ts')
  return checkAuthorizations(around, only, 'status --refresh')
}
