import { lstatSync, realpathSync } from 'node:fs'
import { posix, resolve } from 'node:path'
import { collidingPaths, foldedName, whyNotSource } from '../bundle/check-paths.ts'
import {
  bundleText,
  connectorsInSeveralShapes,
  makeBundle,
  type SourceFile
} from '../bundle/make-bundle.ts'
import { readBundle } from '../bundle/read-bundle.ts'
import { type Diagnostic, problem, Refusal, warning } from '../model/diagnostic.ts'
import { digestOf } from '../model/digest.ts'
import type { Documents } from '../model/documents.ts'
import type {
  Bundle,
  BundledConnection,
  ComponentSpec,
  Connection,
  LinkName,
  Version
} from '../model/generated/types.ts'
import type { Located } from '../model/specs.ts'
import { trimDefinitions } from '../plan/trim-definitions.ts'
import { readSources } from '../spec/read-sources.ts'
import { foldersApart } from '../spec/workspace-folders.ts'
import { codeOf, plainWords } from '../state/disk-error.ts'
import { WriteError, writeAtomically } from '../state/write-atomically.ts'
import { openState, openWorkspace, soundDocuments } from './open-workspace.ts'
import { permitAll } from './sight.ts'
import type { Surroundings } from './surroundings.ts'

export interface ExportRequest {
  /** Where the bundle goes; relative to the process's folder. */
  readonly file: string
  /** undefined: the newest. */
  readonly version: number | undefined
  /** Whether a file that is there may be replaced. */
  readonly force: boolean
}

export interface ExportResult {
  readonly file: string
  readonly bundle: Bundle
  /** What stays behind, and why. */
  readonly diagnostics: readonly Diagnostic[]
}

/** What import reads at most, in bytes. */
const largestBundle = 64 * 1024 * 1024

/**
 * Writes a published version as a bundle: its definitions, the workspace connectors that they name, and the sources that still
 * are what was published. Throws a Refusal if there is no such version, or if the file is there already and may not be replaced.
 */
export async function exportWorkflow(
  around: Surroundings,
  request: ExportRequest
): Promise<ExportResult> {
  const { settings } = await openWorkspace(around)
  await permitAll(around, settings, 'stage')
  const state = openState(around, settings, '')
  const documents = await soundDocuments(state)
  const number = request.version ?? documents.stage?.version ?? null
  if (number === null) throw unpublished()
  const digest = documents.stage?.versions[number]
  const version = digest === undefined ? null : await state.readVersion(number, digest)
  if (version === null) throw unknownVersion(number, Object.keys(documents.stage?.versions ?? {}))
  const several = connectorsInSeveralShapes(version)
  if (several.length > 0) throw mixedConnectors(number, several)

  const apart = foldersApart(settings)
  const secrets = secretFiles([version, ...Object.values(documents)])
  const { sources, diagnostics } = await publishedSources(around.folder, version, apart, secrets)
  const bundle = makeBundle({
    app: settings.app.name,
    version,
    earlier: earlierOverrides(version, documents),
    sources
  })
  const text = bundleText(bundle)
  checkReadable(text, apart)
  writeBundle(request, text)
  return { file: request.file, bundle, diagnostics }
}

/**
 * The sources that have the recorded digest, by component, and what is left out. It is the version's own globs that are looked
 * up: the tree may have gone on.
 */
async function publishedSources(
  folder: string,
  version: Version,
  apart: readonly string[],
  secrets: ReadonlySet<string>
): Promise<{
  readonly sources: ReadonlyMap<LinkName, readonly SourceFile[]>
  readonly diagnostics: readonly Diagnostic[]
}> {
  const published = Object.entries(version.components)
  const located = published.flatMap(([linkName, { kind, source }]) =>
    source === null ? [] : [locatedAt(linkName, { kind, source: source.glob })]
  )
  const names = new Set(Object.keys(version.connections))
  const read = await readSources(realpathSync.native(folder), located, names, apart)
  const found = new Map(read.components.map(each => [each.linkName, each.source]))
  const paths = new Set(read.components.flatMap(each => each.source?.files ?? []))
  const meeting = new Set(collidingPaths([...paths]).map(each => each.path))

  const sources = new Map<LinkName, readonly SourceFile[]>()
  const diagnostics: Diagnostic[] = []
  for (const [linkName, { source }] of published) {
    if (source === null) continue
    const now = found.get(linkName) ?? null
    const files = (now?.files ?? []).map(path => ({ path, text: read.texts.get(path) ?? null }))
    const texts = files.flatMap(({ path, text }) =>
      text === null ? [] : [{ path, text: text.replace(/\r\n?/g, '\n') }]
    )
    const strange = files.find(
      ({ path }) => whyNotSource(path, apart) !== null || meeting.has(path)
    )
    if (now?.digest !== source.digest)
      diagnostics.push(leftOut(linkName, `is not what version ${version.version} was made with`))
    else if (files.some(each => secrets.has(foldedName(each.path))))
      diagnostics.push(leftOut(linkName, 'holds a file that a connection refers to as a secret'))
    else if (texts.length < files.length)
      diagnostics.push(leftOut(linkName, 'holds a file that is no text'))
    else if (strange !== undefined)
      diagnostics.push(leftOut(linkName, 'has a path that not every system takes'))
    else sources.set(linkName, texts)
  }
  return { sources, diagnostics }
}

/** Files that any connection takes a client registration from: no bundle holds one, whatever a glob says. */
function secretFiles(
  holders: readonly (Pick<Version, 'connections'> | null | undefined)[]
): ReadonlySet<string> {
  const clients = holders
    .flatMap(each => Object.values(each?.connections ?? {}))
    .flatMap(each => [each.client, ...Object.values(each.environments).map(one => one.client)])
  const references = clients.flatMap(each => [each?.id ?? '', each?.secret ?? ''])
  const files = references.filter(each => each.startsWith('file:')).map(each => each.slice(5))
  return new Set(files.map(each => foldedName(posix.normalize(each))))
}

function locatedAt(linkName: LinkName, spec: ComponentSpec): Located<ComponentSpec> {
  const file = `components/${linkName}.yaml`
  return { linkName, spec, file, whole: true, place: () => ({ file, line: 1, column: 1 }) }
}

/**
 * What a version leaves out because it concerns earlier environments. Taken along where those environments otherwise have exactly
 * what was published, so that an import has what a plan of dev was made from.
 */
function earlierOverrides(
  version: Version,
  documents: Documents
): ReadonlyMap<LinkName, BundledConnection['environments']> {
  return new Map(
    Object.entries(version.connections).map(([linkName, published]) => [
      linkName,
      Object.assign(
        {},
        ...(['dev', 'stage'] as const).map(environment => {
          const recorded = Object.values(documents[environment]?.connections ?? {}).find(
            each => each.id === published.id
          )
          const override = recorded?.environments[environment]
          return override === undefined || !isAsPublished(recorded, published)
            ? {}
            : { [environment]: override }
        })
      )
    ])
  )
}

function isAsPublished(recorded: Connection | undefined, published: Connection): boolean {
  if (recorded === undefined) return false
  const trimmed = (each: Connection) =>
    trimDefinitions({ connections: { each }, components: {} }, 'stage').connections.each
  return digestOf(trimmed(recorded)) === digestOf(trimmed(published))
}

/** What is written can be imported: better found out here than where it is needed. */
function checkReadable(text: string, apart: readonly string[]): void {
  const wrong =
    Buffer.byteLength(text) > largestBundle
      ? ['It would be larger than 64 MiB.']
      : readBundle(text, apart).problems.map(each => each.detail.split('\n\n')[0] ?? '')
  if (wrong.length === 0) return
  throw new Refusal(
    problem(
      'EXPORT_UNFIT',
      'The version does not fit into a bundle',
      `${wrong.join('\n')}\n\nNothing was written. Change that, publish, and export the new version:\n    tieline apply -e stage`
    )
  )
}

function writeBundle({ file, force }: ExportRequest, text: string): void {
  const path = resolve(file)
  const check = (): void => {
    const there = lstatSync(path, { throwIfNoEntry: false })
    if (there === undefined || (force && there.isFile())) return
    throw new Refusal(
      problem(
        'EXPORT_EXISTS',
        'The file is there already',
        there.isFile()
          ? `${file} was not replaced. Name another file with --out, or replace it:\n    tieline export --out ${file} --force`
          : `${file} is no plain file, and was not replaced. Name another file with --out.`
      )
    )
  }
  try {
    check()
    writeAtomically(path, text, check)
  } catch (error) {
    if (error instanceof Refusal) throw error
    const cause = error instanceof WriteError ? error.cause : error
    // Its folder, or a part of the way, is a file.
    const why =
      codeOf(cause) === 'EEXIST' ? 'A file stands where a folder belongs.' : plainWords(cause)
    throw new Refusal(
      problem(
        'EXPORT_NOT_WRITTEN',
        'The bundle could not be written',
        `${file} could not be written. ${why} Name another file with --out.`
      )
    )
  }
}

function unpublished(): Refusal {
  return new Refusal(
    problem(
      'EXPORT_UNPUBLISHED',
      'Nothing has been published yet',
      'A bundle holds a published version, and stage has none yet. Publish first:\n    tieline apply -e stage'
    )
  )
}

function unknownVersion(number: number, known: readonly string[]): Refusal {
  return new Refusal(
    problem(
      'VERSION_UNKNOWN',
      'No such version',
      `stage has published no version ${number}. It has ${known.length === 0 ? 'none' : known.join(', ')}.`
    )
  )
}

function mixedConnectors(number: number, ids: readonly string[]): Refusal {
  return new Refusal(
    problem(
      'EXPORT_CONNECTORS_MIXED',
      'Connections are on different shapes of one connector',
      `In version ${number}, some connections are on an earlier shape of ${ids.join(', ')} than others, and a workspace can have one alone. Publish everything, then export the new version:\n    tieline apply -e stage`
    )
  )
}

function leftOut(linkName: LinkName, why: string): Diagnostic {
  return warning(
    'SOURCE_NOT_EXPORTED',
    'A source is not in the bundle',
    `The source of ${linkName} ${why}, so the bundle has the component without it. To take it along, bring the published source back or publish what there is now, then export again.`
  )
}
