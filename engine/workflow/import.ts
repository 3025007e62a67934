import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { broughtAlong } from '../bundle/brought-along.ts'
import type { CreatorComponent, CreatorExport } from '../bundle/creator-export.ts'
import { incomingConnectors } from '../bundle/incoming-connectors.ts'
import {
  type AppToImport,
  type PlannedFile,
  type PlannedImport,
  planImport,
  type Renamed
} from '../bundle/plan-import.ts'
import { damagedProblem, looksLikeBundle, pathProblems, readBundle } from '../bundle/read-bundle.ts'
import { type Diagnostic, hasErrors, problem, Refusal, warning } from '../model/diagnostic.ts'
import type { Bundle } from '../model/generated/types.ts'
import { sortedUnique } from '../model/record.ts'
import type { KnownConnectors, Specs } from '../model/specs.ts'
import { resolveSpecs } from '../resolve/resolve-specs.ts'
import { formatSpec } from '../spec/format-spec.ts'
import { findReferences } from '../spec/read-sources.ts'
import { foldersApart } from '../spec/workspace-folders.ts'
import { git } from './actor.ts'
import { checkImport } from './import-check.ts'
import { type ImportDisk, importDisk } from './import-disk.ts'
import { readIncoming } from './import-read.ts'
import { takenNames } from './import-taken.ts'
import { writeImport } from './import-write.ts'
import { schemaFrom } from './init.ts'
import {
  openState,
  openWorkspace,
  SpecRefusal,
  soundDocuments,
  soundSpecs,
  type Workspace
} from './open-workspace.ts'
import type { Surroundings } from './surroundings.ts'

export interface ImportRequest {
  /** A bundle, or an application export of Zoho Creator; relative to the process's folder. */
  readonly file: string
  /** Only say what would be written. */
  readonly dryRun: boolean
  readonly signal: AbortSignal
}

export interface ImportResult {
  readonly dryRun: boolean
  /** What the app was called where it comes from. */
  readonly app: string
  /** The published version that a bundle holds; null for other files. */
  readonly version: number | null
  readonly files: readonly PlannedFile[]
  readonly renamed: readonly Renamed[]
  /** Warnings and notes. */
  readonly diagnostics: readonly Diagnostic[]
  /** true if somebody stopped it; then nothing was written. */
  readonly stopped: boolean
}

/**
 * Brings an app's connections and components into the workspace, as files that were not there. Nothing that is there changes.
 * Throws a Refusal, with all that is wrong and before anything is written, if any of it cannot come in.
 */
export async function importWorkflow(
  around: Surroundings,
  { file, dryRun, signal }: ImportRequest
): Promise<ImportResult> {
  const workspace = await openWorkspace(around)
  const specs = soundSpecs(workspace)
  const documents = await soundDocuments(openState(around, workspace.settings, ''))
  const serial = (documents.dev?.serial ?? 0) + 1
  const resolved = resolveSpecs(specs, workspace.known, documents, serial)
  if (hasErrors(resolved.diagnostics))
    throw new SpecRefusal(resolved.diagnostics, workspace.textsOf(resolved.diagnostics))

  const root = realpathSync.native(around.folder)
  const apart = foldersApart(workspace.settings)
  const incoming = await readApp(readIncoming(file), file, workspace, apart)
  const globs = specs.components.flatMap(each => each.spec.source ?? [])
  const disk = importDisk(root, globs, apart)
  const planned = planImport(incoming.app, {
    taken: takenNames(root, specs, resolved, documents),
    known: incoming.known,
    disk,
    apart,
    findReferences,
    schemaFor: subject => schemaFrom(around, join(around.folder, `${subject}s`), subject),
    format: (text, path, subject) => formatSpec(text, path, subject).text ?? text
  })
  const definesConnections = incoming.bundle !== null
  const problems = [
    ...incoming.problems,
    ...planned.problems,
    ...checkImport(planned, { specs, known: incoming.known, apart, definesConnections }),
    ...linkProblems(planned, incoming.app, disk),
    ...(await ignoredProblems(root, planned))
  ]
  if (problems.length > 0) throw new Refusal(...problems)

  const isDone = dryRun || (await writeImport(root, planned.files, disk.linkOn, signal))
  return {
    dryRun,
    app: incoming.app.app,
    version: incoming.bundle?.version ?? null,
    files: isDone ? planned.files : [],
    renamed: isDone ? planned.renamed : [],
    diagnostics: [...incoming.notes, ...(definesConnections ? [] : toDefine(planned, specs))],
    stopped: !isDone
  }
}

interface Incoming {
  readonly app: AppToImport
  readonly bundle: Bundle | null
  readonly known: KnownConnectors
  readonly problems: readonly Diagnostic[]
  readonly notes: readonly Diagnostic[]
}

async function readApp(
  text: string,
  file: string,
  { known, settings }: Workspace,
  apart: readonly string[]
): Promise<Incoming> {
  if (looksLikeBundle(text)) {
    const { bundle, problems } = readBundle(text, apart)
    if (bundle === null) throw new Refusal(...problems)
    const isAllowed = settings.connectors?.custom === true
    const connectors = incomingConnectors(bundle, known, isAllowed)
    const app = appOfBundle(bundle, connectors.missing)
    const services = known.ids().flatMap(id => known.get(id)?.connector.service ?? [])
    const brought = broughtAlong(bundle, connectors.missing, new Set(services))
    return { app, bundle, ...connectors, notes: [...withoutSource(bundle), ...brought] }
  }
  const creator = await import('../bundle/read-creator-export.ts')
  // Of a file that is called like an export, the reader itself says why it is none.
  if (!creator.looksLikeCreatorExport(text) && !/\.ds$/i.test(file))
    throw new Refusal(
      damagedProblem(`${file} is neither a bundle nor an application export of Zoho Creator (.ds).`)
    )
  const found = creator.readCreatorExport(text, file)
  if (hasErrors(found.notes)) throw new Refusal(...found.notes)
  const paths = found.components.flatMap(each => each.source?.path ?? [])
  const problems = pathProblems(paths, apart)
  if (problems.length > 0) throw new Refusal(...problems)
  return { app: appOfCreator(found), bundle: null, known, problems: [], notes: found.notes }
}

function appOfBundle(bundle: Bundle, connectors: AppToImport['connectors']): AppToImport {
  const files = new Map(bundle.files.map(each => [each.path, each]))
  return {
    app: bundle.app,
    connectors,
    connections: Object.entries(bundle.connections).map(([linkName, each]) => ({
      linkName,
      ...each
    })),
    components: Object.entries(bundle.components).map(([linkName, { source, ...each }]) => ({
      linkName,
      ...each,
      source:
        source === null
          ? null
          : { glob: source.glob, files: source.files.flatMap(path => files.get(path) ?? []) }
    }))
  }
}

function appOfCreator({ app, components }: CreatorExport): AppToImport {
  return {
    app,
    connectors: [],
    connections: [],
    components: components.map(({ linkName, kind, name, uses, source }: CreatorComponent) => ({
      linkName,
      kind,
      name,
      uses,
      depends: [],
      source: source === null ? null : { glob: source.path, files: [source] }
    }))
  }
}

/** What was left out where the bundle was made. */
function withoutSource({ components }: Bundle): readonly Diagnostic[] {
  return Object.entries(components).flatMap(([linkName, { source }]) =>
    source === null || source.files.length > 0
      ? []
      : [
          warning(
            'SOURCE_NOT_IN_BUNDLE',
            'A component comes without its source',
            `The bundle holds ${linkName} without its source, which had changed or could not be taken along when it was exported. Add the files, and "source" to its spec.`
          )
        ]
  )
}

/** A Creator export names connections and does not say what they are. */
function toDefine({ components }: PlannedImport, specs: Specs): readonly Diagnostic[] {
  const known = new Set(specs.connections.map(each => each.linkName))
  const named = sortedUnique(components.flatMap(each => each.spec.uses ?? []))
  return named
    .filter(each => !known.has(each))
    .map(name => {
      const users = components.filter(each => each.spec.uses?.includes(name) === true)
      const who =
        users.length === 1 ? `${users[0]?.linkName} uses` : `${users.length} components use`
      return warning(
        'CONNECTION_TO_DEFINE',
        'A connection is still to be defined',
        `${who} connection ${name}, and the export does not say what it is. Choose its connector and write:\n    connections/${name}.yaml`
      )
    })
}

/** Writing through a link could end anywhere. */
function linkProblems(
  { files }: PlannedImport,
  { components }: AppToImport,
  { linkOn }: ImportDisk
): readonly Diagnostic[] {
  const came = components.flatMap(each => each.source?.files.map(file => file.path) ?? [])
  const paths = [...came, ...files.map(each => each.path)]
  return sortedUnique(paths.flatMap(path => linkOn(path) ?? [])).map(link =>
    problem(
      'IMPORT_LINK',
      'A link is in the way',
      `${link} is a link, and an import writes through none: it could lead anywhere. Put a folder in its place, or import into another workspace.`
    )
  )
}

/** What git ignores, tieline does not read: it would not be there for a plan. */
async function ignoredProblems(
  root: string,
  { files }: PlannedImport
): Promise<readonly Diagnostic[]> {
  const paths = files.map(each => each.path)
  const ignored: string[] = []
  for (let at = 0; at < paths.length; at += atOnce) {
    const some = paths.slice(at, at + atOnce)
    // Paths hold neither quotes nor control characters, so each stands on a line as it is.
    const args = ['-c', 'core.quotePath=false', 'check-ignore', '--', ...some]
    const answer = await git(root, args)
    ignored.push(...(answer ?? '').split('\n').filter(each => each !== ''))
  }
  if (ignored.length === 0) return []
  const shown = ignored.slice(0, 5).join(', ')
  const rest = ignored.length > 5 ? ` and ${ignored.length - 5} more` : ''
  return [
    problem(
      'IMPORT_IGNORED',
      'Git ignores what would be imported',
      `Git ignores ${shown}${rest}, and tieline reads nothing that git ignores. Change .gitignore, then import again.`
    )
  ]
}

/** Paths in one call of git: far below what a command line takes. */
const atOnce = 200
