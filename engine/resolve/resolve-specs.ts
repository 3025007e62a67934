import type { Diagnostic } from '../model/diagnostic.ts'
import { problem } from '../model/diagnostic.ts'
import { digestOf } from '../model/digest.ts'
import {
  type ConnectorsByDigest,
  type Definitions,
  type Documents,
  environmentsIn
} from '../model/documents.ts'
import type { Component, Connection, Connector, Digest, EntryId } from '../model/generated/types.ts'
import { compareText, sortedRecord, sortedUnique } from '../model/record.ts'
import type { KnownConnectors, LocatedComponent, Specs } from '../model/specs.ts'
import { assignIds } from './assign-ids.ts'
import { giveNames } from './give-names.ts'
import { normalConnection } from './normal-connection.ts'

/** What dev would have if the specs were applied to it. */
export interface Resolved {
  readonly definitions: Definitions
  /** Display names given so far, by id: what dev records beside its definitions. */
  readonly given: Readonly<Record<EntryId, string>>
  /** The workspace's own connectors that the connections name. */
  readonly connectors: ConnectorsByDigest
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Turns specs that passed `checkConnections` into the normal form that state records: every default filled in, every list sorted, ids and names given. Equal wishes
 * give equal values, however they were written. `serial` is that of the write that would record new entries.
 */
export function resolveSpecs(
  specs: Specs,
  known: KnownConnectors,
  documents: Documents,
  serial: number
): Resolved {
  const dev = documents.dev
  const connectionIds = assignIds(
    specs.connections.map(each => ({ linkName: each.linkName, previously: each.spec.previously })),
    dev?.connections ?? {},
    dev?.retired.connections ?? {},
    serial
  )
  const componentIds = assignIds(
    specs.components.map(each => ({ linkName: each.linkName, previously: each.spec.previously })),
    dev?.components ?? {},
    dev?.retired.components ?? {},
    serial
  )
  const idOf = (linkName: string): EntryId => connectionIds.get(linkName) ?? `${linkName}.${serial}`

  const diagnostics: Diagnostic[] = []
  const sound = specs.connections.flatMap(located => {
    const found = known.get(located.spec.connector)
    return found === undefined ? [] : [{ located, found, id: idOf(located.linkName) }]
  })
  const { names, given } = giveNames(
    sound.map(({ located, found, id }) => ({
      linkName: located.linkName,
      id,
      name: located.spec.name,
      service: found.connector.service
    })),
    dev?.given ?? {},
    recordedNames(documents)
  )
  diagnostics.push(...unknownFormerNames(specs, documents))
  if (diagnostics.some(each => each.severity === 'error'))
    return { definitions: { connections: {}, components: {} }, given, connectors: {}, diagnostics }

  const connections = sortedRecord(
    sound.map(({ located, found, id }): [string, Connection] => [
      located.linkName,
      normalConnection(located.spec, found, id, names.get(id) ?? located.linkName)
    ])
  )
  const components = sortedRecord(
    specs.components.map((each): [string, Component] => [
      each.linkName,
      normalComponent(each, componentIds.get(each.linkName) ?? `${each.linkName}.${serial}`)
    ])
  )
  const connectors = sortedRecord(
    sound.flatMap(({ found }): [string, Connector][] =>
      found.digest === null ? [] : [[found.digest, found.connector]]
    )
  )
  return { definitions: { connections, components }, given, connectors, diagnostics }
}

function normalComponent({ linkName, spec, source }: LocatedComponent, id: EntryId): Component {
  return {
    id,
    name: spec.name ?? linkName,
    kind: spec.kind,
    uses: sortedUnique(spec.uses ?? []),
    depends: sortedUnique(spec.depends ?? []),
    source: source === null ? null : { glob: source.glob, digest: source.digest }
  }
}

/** Who holds which display name in any environment. */
function recordedNames(documents: Documents): ReadonlyMap<string, ReadonlySet<EntryId>> {
  const holders = new Map<string, Set<EntryId>>()
  for (const environment of environmentsIn(documents)) {
    for (const { id, name } of Object.values(documents[environment]?.connections ?? {})) {
      holders.set(name, (holders.get(name) ?? new Set()).add(id))
    }
  }
  return holders
}

/** A `previously` that nothing ever was called is a slip that would cost the entry its authorization. */
function unknownFormerNames(specs: Specs, documents: Documents): readonly Diagnostic[] {
  const dev = documents.dev
  if (dev === null) return []
  const groups = [
    { list: specs.connections, now: dev.connections, before: dev.retired.connections },
    { list: specs.components, now: dev.components, before: dev.retired.components }
  ]
  return groups
    .flatMap(({ list, now, before }) =>
      list.flatMap(({ linkName, spec, place }): Diagnostic[] => {
        const { previously } = spec
        if (previously === undefined || Object.hasOwn(now, linkName)) return []
        if (Object.hasOwn(now, previously) || Object.hasOwn(before, previously)) return []
        return [
          problem(
            'PREVIOUSLY_UNKNOWN',
            'Former link name is unknown',
            `dev has never had anything called ${previously}, so ${linkName} cannot go on with its authorization and history. Correct \`previously\`, or take it away if ${linkName} is new.`,
            place('/previously')
          )
        ]
      })
    )
    .sort((a, b) => compareText(a.at?.file ?? '', b.at?.file ?? ''))
}

/** The digest of a connector in normal form: what a connection on a workspace connector names. */
export function connectorDigest(connector: Connector): Digest {
  return digestOf(connector)
}
