import { type Diagnostic, problem } from '../model/diagnostic.ts'
import type {
  BundledConnection,
  BundledFile,
  ComponentSpec,
  ConnectionSpec,
  Connector,
  LinkName
} from '../model/generated/types.ts'
import { compareText, sortedUnique } from '../model/record.ts'
import type { KnownConnectors } from '../model/specs.ts'
import { whyNotSource } from './check-paths.ts'
import { copyNames, type TakenNames } from './copy-names.ts'
import { type Disk, type PlacedSource, placeSources, type Sourced } from './place-sources.ts'
import { type FindReferences, rewriteReferences } from './rewrite-references.ts'
import { specOfConnection } from './spec-of-connection.ts'
import { specText } from './spec-text.ts'

/** An app that comes in, from wherever: names are its own. */
export interface AppToImport {
  /** What it was called. */
  readonly app: string
  readonly connections: readonly IncomingConnection[]
  readonly components: readonly IncomingComponent[]
  /** Workspace connectors that are not here yet. */
  readonly connectors: readonly Connector[]
}

export interface IncomingConnection extends BundledConnection {
  readonly linkName: LinkName
}

export interface IncomingComponent {
  readonly linkName: LinkName
  readonly name: string
  readonly kind: string
  readonly uses: readonly LinkName[]
  readonly depends: readonly LinkName[]
  /** null without source files. */
  readonly source: { readonly glob: string; readonly files: readonly BundledFile[] } | null
}

/** What planning an import needs to know of the workspace. */
export interface ImportScene {
  readonly taken: { readonly connections: TakenNames; readonly components: TakenNames }
  /** Those of the workspace, and those that come in. */
  readonly known: KnownConnectors
  readonly disk: Disk
  /** The folders that tieline.yaml gives to state and vault. */
  readonly apart: readonly string[]
  readonly findReferences: FindReferences
  /** Where editors find a schema, as a spec's first line tells them. */
  readonly schemaFor: (subject: SpecSubject) => string
  /** Puts the text of a spec into canonical form. */
  readonly format: (text: string, path: string, subject: SpecSubject) => string
}

export type SpecSubject = 'connection' | 'component' | 'connector'

/** A file to be written; none of them is there yet. */
export interface PlannedFile {
  /** Relative to the workspace, with forward slashes. */
  readonly path: string
  readonly text: string
  readonly before: null
  readonly subject: SpecSubject | 'source'
  /** Of what it describes; of a source, of the first component that it belongs to. */
  readonly linkName: LinkName
  /** A source: all components that it belongs to. */
  readonly owners: readonly LinkName[]
  /** A source: what came in, and how many of its references were renamed. */
  readonly original: BundledFile | null
  readonly rewritten: number
}

/** Something that got other names than it had. */
export interface Renamed {
  readonly subject: 'connection' | 'component'
  readonly from: LinkName
  readonly to: LinkName
  /** Display names. */
  readonly name: { readonly from: string; readonly to: string }
}

export interface PlannedImport {
  /** Sorted: connectors, connections, components, sources; each by path. */
  readonly files: readonly PlannedFile[]
  readonly renamed: readonly Renamed[]
  readonly connections: readonly { readonly linkName: LinkName; readonly spec: ConnectionSpec }[]
  readonly components: readonly { readonly linkName: LinkName; readonly spec: ComponentSpec }[]
  readonly problems: readonly Diagnostic[]
}

const longestName = { connection: 50, component: 100 } as const

/**
 * Which files an import writes, and what gets another name. Nothing of the workspace is changed by it: what is taken, name or
 * path, is taken. References to what gets another name follow, in specs and in sources, all at once.
 */
export function planImport(incoming: AppToImport, scene: ImportScene): PlannedImport {
  const connectionNames = copyNames(
    incoming.connections,
    scene.taken.connections,
    longestName.connection
  )
  const componentNames = copyNames(
    incoming.components,
    scene.taken.components,
    longestName.component
  )
  const connectionMap = mapOf(incoming.connections, connectionNames)
  const componentMap = mapOf(incoming.components, componentNames)

  const sourced = incoming.components.flatMap(({ source }, at): readonly Sourced[] => {
    const linkName = componentNames[at]?.linkName
    return source === null || source.files.length === 0 || linkName === undefined
      ? []
      : [{ linkName, ...source }]
  })
  const placed = placeSources(sourced, scene.disk, scene.apart)

  const connections = incoming.connections.map((each, at) => {
    const { linkName, name } = connectionNames[at] ?? each
    const connector = scene.known.get(each.connector)?.connector
    return { linkName, spec: specOfConnection({ ...each, name }, connector) }
  })
  const components = incoming.components.map((each, at) => {
    const { linkName, name } = componentNames[at] ?? each
    const follow = (names: readonly LinkName[], map: ReadonlyMap<LinkName, LinkName>) =>
      sortedUnique(names.map(one => map.get(one) ?? one))
    const uses = follow(each.uses, connectionMap)
    const depends = follow(each.depends, componentMap)
    const source = placed.get(linkName)?.glob
    return { linkName, spec: specOfComponent(linkName, { ...each, name, uses, depends }, source) }
  })

  const specFile = (subject: SpecSubject, linkName: LinkName, spec: object): PlannedFile => {
    const path = `${subject}s/${linkName}.yaml`
    const text = scene.format(specText(spec, scene.schemaFor(subject)), path, subject)
    return { path, text, before: null, subject, linkName, owners: [], original: null, rewritten: 0 }
  }
  const sources = sourceFiles(placed, connectionMap, scene.findReferences)
  return {
    files: [
      ...incoming.connectors.map(each => specFile('connector', each.id, each)),
      ...connections.map(each => specFile('connection', each.linkName, each.spec)),
      ...components.map(each => specFile('component', each.linkName, each.spec)),
      ...sources
    ].sort((a, b) => rankOf(a) - rankOf(b) || compareText(a.path, b.path)),
    renamed: [
      ...renamedAmong('connection', incoming.connections, connectionNames),
      ...renamedAmong('component', incoming.components, componentNames)
    ],
    connections,
    components,
    problems: [...caughtProblems(sources, scene.disk), ...pathProblems(sources, scene.apart)]
  }
}

interface Names {
  readonly linkName: LinkName
  readonly name: string
}

/** Of two that came with one name, references mean the first. */
function mapOf(before: readonly Names[], after: readonly Names[]): ReadonlyMap<LinkName, LinkName> {
  const map = new Map<LinkName, LinkName>()
  before.forEach(({ linkName }, at) => {
    if (!map.has(linkName)) map.set(linkName, after[at]?.linkName ?? linkName)
  })
  return map
}

function renamedAmong(
  subject: Renamed['subject'],
  before: readonly Names[],
  after: readonly Names[]
): readonly Renamed[] {
  return before.flatMap((from, at) => {
    const to = after[at] ?? from
    if (to.linkName === from.linkName && to.name === from.name) return []
    return [
      { subject, from: from.linkName, to: to.linkName, name: { from: from.name, to: to.name } }
    ]
  })
}

function specOfComponent(
  linkName: LinkName,
  { kind, name, uses, depends }: IncomingComponent,
  source: string | undefined
): ComponentSpec {
  return {
    kind,
    ...(name === linkName ? {} : { name }),
    ...(uses.length === 0 ? {} : { uses }),
    ...(depends.length === 0 ? {} : { depends }),
    ...(source === undefined ? {} : { source })
  }
}

/** A file that several components share is written once. */
function sourceFiles(
  placed: ReadonlyMap<LinkName, PlacedSource>,
  names: ReadonlyMap<LinkName, LinkName>,
  findReferences: FindReferences
): readonly PlannedFile[] {
  const files = new Map<string, PlannedFile>()
  for (const [linkName, source] of placed) {
    for (const { path, original } of source.files) {
      const before = files.get(path)
      if (before !== undefined) {
        files.set(path, { ...before, owners: [...before.owners, linkName] })
        continue
      }
      const references = findReferences(original.path, original.text)
      const { text, count } = rewriteReferences(original.text, references, names)
      const file = {
        path,
        text,
        before: null,
        subject: 'source' as const,
        linkName,
        owners: [linkName]
      }
      files.set(path, { ...file, original, rewritten: count })
    }
  }
  return [...files.values()]
}

const subjects: readonly PlannedFile['subject'][] = [
  'connector',
  'connection',
  'component',
  'source'
]

function rankOf({ subject }: PlannedFile): number {
  return subjects.indexOf(subject)
}

function caughtProblems(sources: readonly PlannedFile[], disk: Disk): readonly Diagnostic[] {
  const caught = [...disk.caught(sources.map(each => each.path))]
  const [first] = caught
  if (first === undefined) return []
  const all = caught.length === 1 ? first : `${first} and ${caught.length - 1} more`
  return [
    problem(
      'SOURCE_CAUGHT',
      'A component would take in imported sources',
      `The "source" of a component that is here already would stand for ${all}, so importing would change that component. Make its glob narrower, then import again. See which it is:\n    grep source: components/*.yaml`
    )
  ]
}

/** A folder in front makes a path longer. */
function pathProblems(
  sources: readonly PlannedFile[],
  apart: readonly string[]
): readonly Diagnostic[] {
  return sources.flatMap(({ path }) => {
    const why = whyNotSource(path, apart)
    return why === null
      ? []
      : [
          problem(
            'BUNDLE_PATH',
            'A path of the bundle is not one for sources',
            `A copy would have to stand at ${path.slice(0, 120)}, but ${why}. Import into a workspace where the path is free, or export again with shorter paths.`
          )
        ]
  })
}
