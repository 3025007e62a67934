import { type Diagnostic, hasErrors } from '../model/diagnostic.ts'
import { digestOf } from '../model/digest.ts'
import { type Definitions, type Documents, isClient } from '../model/documents.ts'
import type { ConnectorId, Digest, Environment, Plan } from '../model/generated/types.ts'
import type { StateStore } from '../model/ports.ts'
import { compareText, sortedUnique } from '../model/record.ts'
import type { KnownConnectors } from '../model/specs.ts'
import { type Resolved, resolveSpecs } from '../resolve/resolve-specs.ts'
import {
  openState,
  openWorkspace,
  SpecRefusal,
  soundDocuments,
  soundSpecs,
  type Workspace
} from './open-workspace.ts'
import { hasRoles } from './permit.ts'
import type { Surroundings } from './surroundings.ts'

/** Everything that planning reads, once. */
export interface Scene {
  readonly workspace: Workspace
  readonly state: StateStore
  readonly documents: Documents
  readonly diagnostics: readonly Diagnostic[]
}

export async function openScene(around: Surroundings, actor = ''): Promise<Scene> {
  const workspace = await openWorkspace(around)
  soundSpecs(workspace)
  const state = openState(around, workspace.settings, actor)
  return {
    workspace,
    state,
    documents: await soundDocuments(state),
    diagnostics: workspace.diagnostics
  }
}

/** What dev would have if the specs were applied. `serial` gives new entries their ids. */
export function resolveScene({ workspace, documents }: Scene, serial: number): Resolved {
  const resolved = resolveSpecs(soundSpecs(workspace), workspace.known, documents, serial)
  if (!hasErrors(resolved.diagnostics)) return resolved
  const found = [...workspace.diagnostics, ...resolved.diagnostics]
  throw new SpecRefusal(found, workspace.textsOf(found))
}

export function definitionsOf({ connections, components }: Definitions): Definitions {
  return { connections, components }
}

/** Every document that was read, so that a saved plan can tell whether the world has moved on. */
export function basedOn(
  documents: Documents,
  environment: Environment,
  versions: readonly number[]
): Plan['basedOn'] {
  const names = isClient(environment)
    ? ([environment, 'prod', 'stage'] as const)
    : (['dev', 'prod', 'shared', 'stage'] as const)
  const read = names.map(document => {
    const { lineage, serial, digest } = documents[document] ?? {
      lineage: null,
      serial: 0,
      digest: null
    }
    return { document, lineage, serial, digest }
  })
  const published = versions.flatMap(version => {
    const digest = documents.stage?.versions[version]
    return digest === undefined
      ? []
      : [
          {
            document: `versions/${version}`,
            lineage: documents.stage?.lineage ?? null,
            serial: version,
            digest
          }
        ]
  })
  return [...read, ...published].sort((a, b) => compareText(a.document, b.document))
}

/** What else decides: connectors that come with tieline; for dev, the specs in normal form; for a client, its spec. */
export function inputsOf(
  { workspace, documents }: Scene,
  environment: Environment,
  wanted: Definitions,
  client: unknown
): Digest {
  const recorded = isClient(environment)
    ? [documents[environment]]
    : [documents.dev, documents.stage, documents.prod]
  const all = [wanted, ...recorded].flatMap(each => Object.values(each?.connections ?? {}))
  const builtIn = sortedUnique(
    all.filter(each => each.connectorDigest === null).map(each => each.connector)
  )
  return digestOf({
    connectors: builtIn.map(id => builtInDigest(workspace.known, id)),
    specs: environment === 'dev' ? definitionsOf(wanted) : null,
    client,
    // Who is asked, a plan says by roles where there are any.
    ...(hasRoles(workspace.settings, environment) ? {} : { roles: false })
  })
}

const digests = new WeakMap<object, Digest>()

/** Two hundred clients have the same few connectors. */
function builtInDigest(known: KnownConnectors, id: ConnectorId): Digest | null {
  const connector = known.get(id)?.connector
  if (connector === undefined) return null
  const digest = digests.get(connector) ?? digestOf(connector)
  digests.set(connector, digest)
  return digest
}
