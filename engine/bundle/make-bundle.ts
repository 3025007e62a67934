import canonicalize from 'canonicalize'
import { digestOf } from '../model/digest.ts'
import type {
  Bundle,
  BundledComponent,
  BundledConnection,
  BundledFile,
  Component,
  Connection,
  Connector,
  Digest,
  LinkName,
  Version
} from '../model/generated/types.ts'
import { compareText, sortedRecord, sortedUnique } from '../model/record.ts'

/** A source file, its text with LF at the end of a line. */
export type SourceFile = BundledFile

export interface BundleContent {
  /** What the app is called. */
  readonly app: string
  readonly version: Version
  /** The overrides of earlier environments that a version does not hold, by link name. */
  readonly earlier: ReadonlyMap<LinkName, BundledConnection['environments']>
  /** The source files of components, by link name; nothing for those whose source stays behind. */
  readonly sources: ReadonlyMap<LinkName, readonly SourceFile[]>
}

/** A published version as a bundle: no ids, nobody's name, nothing of what was authorized. */
export function makeBundle({ app, version, earlier, sources }: BundleContent): Bundle {
  const connections = Object.entries(version.connections)
  const named = new Set(connections.map(([, each]) => each.connectorDigest))
  const files = new Map([...sources.values()].flat().map(each => [each.path, each] as const))
  const content = {
    format: 'tieline-bundle' as const,
    formatVersion: 1 as const,
    app,
    version: version.version,
    connectors: sortedRecord(
      Object.entries(version.connectors).filter(([digest]) => named.has(digest))
    ),
    connections: sortedRecord(
      connections.map(([linkName, each]) => [
        linkName,
        bundledConnection(each, earlier.get(linkName))
      ])
    ),
    components: sortedRecord(
      Object.entries(version.components).map(([linkName, each]) => [
        linkName,
        bundledComponent(each, sources.get(linkName) ?? [])
      ])
    ),
    files: [...files.values()].sort((a, b) => compareText(a.path, b.path))
  }
  return { ...content, digest: digestOf(content) }
}

/** Canonical JSON (RFC 8785) and a line feed: the same bundle gives the same bytes. */
export function bundleText(bundle: Bundle): string {
  return `${canonicalize(bundle)}\n`
}

function bundledConnection(
  { id: _id, ...connection }: Connection,
  earlier: BundledConnection['environments'] = {}
): BundledConnection {
  return { ...connection, environments: { ...earlier, ...connection.environments } }
}

function bundledComponent(
  { id: _id, source, ...component }: Component,
  files: readonly SourceFile[]
): BundledComponent {
  const paths = files.map(each => each.path).sort(compareText)
  return { ...component, source: source === null ? null : { glob: source.glob, files: paths } }
}

/** Ids of workspace connectors that connections of one version name in several shapes: one file cannot be all of them. */
export function connectorsInSeveralShapes({ connections, connectors }: Version): readonly string[] {
  const shapes = new Map<string, Set<Digest | null>>()
  for (const { connector, connectorDigest } of Object.values(connections)) {
    shapes.set(connector, (shapes.get(connector) ?? new Set()).add(connectorDigest))
  }
  const missing = Object.values(connections).flatMap(({ connector, connectorDigest: digest }) =>
    digest !== null && connectorIn(connectors, digest) === undefined ? [connector] : []
  )
  const several = [...shapes].flatMap(([id, digests]) => (digests.size > 1 ? [id] : []))
  return sortedUnique([...several, ...missing])
}

function connectorIn(
  connectors: Readonly<Record<Digest, Connector>>,
  digest: Digest
): Connector | undefined {
  return Object.hasOwn(connectors, digest) ? connectors[digest] : undefined
}
