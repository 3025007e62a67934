import type { Diagnostic } from '../model/diagnostic.ts'
import { meant } from '../model/did-you-mean.ts'
import type {
  ClientSpec,
  ComponentSpec,
  ConnectionSpec,
  LinkName
} from '../model/generated/types.ts'
import type { Located, SourceFiles } from '../model/specs.ts'
import { type KnownConnections, lostConnection, type RecordedIn } from './lost-connection.ts'
import { specProblem, specWarning } from './spec-summaries.ts'

/** The specs that are sound by themselves, and the link names of all, so that a broken file is not unknown as well. */
export interface SoundSpecs {
  readonly connections: readonly Located<ConnectionSpec>[]
  /** With their sources, where these were read. */
  readonly components: readonly UsingComponent[]
  readonly clients: readonly Located<ClientSpec>[]
  readonly connectionNames: ReadonlySet<LinkName>
  readonly componentNames: ReadonlySet<LinkName>
  /** Where a connection without a file is recorded; nowhere if left out. */
  readonly recordedIn?: RecordedIn
}

type UsingComponent = Located<ComponentSpec> & { readonly source?: SourceFiles | null }

/** What no file shows by itself: names that lead nowhere, and names that two specs claim. */
export function checkAcross(specs: SoundSpecs): readonly Diagnostic[] {
  return [
    ...specs.components.flatMap(each => checkUses(each, specs)),
    ...specs.components.flatMap(each => checkDepends(each, specs.componentNames)),
    ...specs.clients.flatMap(each => checkClientConnections(each, specs.connectionNames)),
    ...checkDisplayNames(specs.connections),
    ...checkPreviously(specs.connections),
    ...checkPreviously(specs.components),
    ...checkPreviously(specs.clients)
  ]
}

function checkUses(component: UsingComponent, known: KnownConnections): readonly Diagnostic[] {
  return (component.spec.uses ?? []).flatMap((name, index) =>
    known.connectionNames.has(name) ? [] : [connectionUnknown(name, known, component, index)]
  )
}

function checkClientConnections(
  client: Located<ClientSpec>,
  known: ReadonlySet<LinkName>
): readonly Diagnostic[] {
  return Object.keys(client.spec.connections ?? {}).flatMap(name =>
    known.has(name) ? [] : [connectionAbsent(name, known, client, `/connections/${name}`)]
  )
}

/** A client may still run a version that has what the specs no longer have: only its plan can tell for sure. */
function connectionAbsent(
  name: LinkName,
  known: ReadonlySet<LinkName>,
  located: Located<unknown>,
  pointer: string
): Diagnostic {
  const detail = `There is no connections/${name}.yaml.${meant(name, known)} That is right only if the version that ${located.linkName} runs still has it.`
  return specWarning('CLIENT_CONNECTION_ABSENT', detail, located.place(pointer))
}

function connectionUnknown(
  name: LinkName,
  known: KnownConnections,
  component: UsingComponent,
  index: number
): Diagnostic {
  const references = component.source?.references ?? []
  const sources = references.filter(each => each.connection === name).map(each => each.at)
  const make = 'Make that file, or correct the name.'
  const detail = lostConnection(name, known, { make, sources })
  return specProblem('CONNECTION_UNKNOWN', detail, component.place(`/uses/${index}`))
}

function checkDepends(
  component: Located<ComponentSpec>,
  known: ReadonlySet<LinkName>
): readonly Diagnostic[] {
  return (component.spec.depends ?? []).flatMap((name, index) => {
    const at = component.place(`/depends/${index}`)
    if (name === component.linkName) {
      const detail = `"depends" names the other components that ${name} cannot work without. Remove this item.`
      return [specProblem('DEPENDS_ON_ITSELF', detail, at)]
    }
    if (known.has(name)) return []
    const detail = `There is no components/${name}.yaml.${meant(name, known)} Make that file, or correct the name.`
    return [specProblem('COMPONENT_UNKNOWN', detail, at)]
  })
}

function checkDisplayNames(connections: readonly Located<ConnectionSpec>[]): readonly Diagnostic[] {
  const taken = new Map<string, string>()
  return connections.flatMap(each => {
    const { name } = each.spec
    if (name === undefined) return []
    const first = taken.get(name)
    if (first === undefined) {
      taken.set(name, each.file)
      return []
    }
    const detail = `${first} has this name already, and people tell connections apart by it. Choose another name for one of them.`
    return [specProblem('NAME_TAKEN', detail, each.place('/name'))]
  })
}

function checkPreviously(
  specs: readonly Located<{ readonly previously?: LinkName }>[]
): readonly Diagnostic[] {
  const claimed = new Map<LinkName, string>()
  return specs.flatMap(each => {
    const { previously } = each.spec
    if (previously === undefined) return []
    const at = each.place('/previously')
    if (previously === each.linkName) {
      const detail = `"previously" names the link name from before a renaming, but ${previously} is what this file is called now. Remove the line.`
      return [specProblem('PREVIOUSLY_ITSELF', detail, at)]
    }
    const first = claimed.get(previously)
    if (first === undefined) {
      claimed.set(previously, each.file)
      return []
    }
    const detail = `${first} says as well that it was ${previously} before. Only one can go on as it: remove "previously" from the other.`
    return [specProblem('PREVIOUSLY_TWICE', detail, at)]
  })
}
