import { type Diagnostic, problem } from '../model/diagnostic.ts'
import type { Bundle, Connector } from '../model/generated/types.ts'
import type { KnownConnectors } from '../model/specs.ts'

export interface IncomingConnectors {
  /** Those that are not here yet. */
  readonly missing: readonly Connector[]
  /** Those of the workspace, and the missing ones. */
  readonly known: KnownConnectors
  readonly problems: readonly Diagnostic[]
}

/**
 * What a bundle's connectors are to a workspace. A connector decides where credentials are sent, so one that comes in never takes
 * the place of another, and comes in only where tieline.yaml allows connectors of its own.
 */
export function incomingConnectors(
  bundle: Bundle,
  known: KnownConnectors,
  isAllowed: boolean
): IncomingConnectors {
  const missing: Connector[] = []
  const problems: Diagnostic[] = []
  const digests = new Map(
    Object.values(bundle.connections).map(each => [each.connector, each.connectorDigest])
  )
  for (const [id, digest] of digests) {
    const here = known.get(id)
    const connector =
      digest !== null && Object.hasOwn(bundle.connectors, digest)
        ? bundle.connectors[digest]
        : undefined
    if (connector !== undefined && !isAllowed) problems.push(notAllowed(id))
    if (here !== undefined && here.digest !== digest) problems.push(differs(id, digest === null))
    if (here === undefined && connector !== undefined) missing.push(connector)
  }
  const incoming = new Map(missing.map(each => [each.id, each] as const))
  return {
    missing,
    problems,
    known: {
      ids: () => [...new Set([...known.ids(), ...incoming.keys()])].sort(),
      get: id => {
        const connector = incoming.get(id)
        if (connector === undefined) return known.get(id)
        return { connector, digest: digests.get(id) ?? null }
      }
    }
  }
}

function notAllowed(id: string): Diagnostic {
  return problem(
    'BUNDLE_CONNECTOR_NOT_ALLOWED',
    'This workspace may not define connectors',
    `The bundle brings connector "${id}", which decides where credentials are sent. If you trust whoever made the bundle, allow it in tieline.yaml and import again:\n    connectors: { custom: true }`
  )
}

function differs(id: string, isBuiltIn: boolean): Diagnostic {
  const theirs = isBuiltIn
    ? `Where the bundle was made, connector "${id}" comes with tieline; here it is one of the workspace's own.`
    : `The bundle brings a connector "${id}", and there is another one of this name here.`
  return problem(
    'BUNDLE_CONNECTOR_DIFFERS',
    'A connector of the bundle is another one here',
    `${theirs} Its connections would send credentials elsewhere than they did, so nothing was imported. Compare them, and give one another id:\n    tieline connectors show ${id}`
  )
}
