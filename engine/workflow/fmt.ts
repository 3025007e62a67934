import { accessSync, chmodSync, constants, realpathSync, renameSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { type Diagnostic, hasErrors, problem, Refusal } from '../model/diagnostic.ts'
import { meant } from '../model/did-you-mean.ts'
import { validateWorkspaceSpec } from '../model/generated/validators/workspace.js'
import { compareText } from '../model/record.ts'
import type { Validator } from '../model/validator.ts'
import { formatSpec } from '../spec/format-spec.ts'
import { ignoredByGit } from '../spec/ignored-by-git.ts'
import { listSpecs, type SpecFile, type SpecFolder } from '../spec/list-specs.ts'
import { isInside, readSafely } from '../spec/read-safely.ts'
import { readSpec } from '../spec/read-spec.ts'
import type { SchemaName } from '../spec/spec-schemas.ts'
import { specProblem, topOf } from '../spec/spec-summaries.ts'
import { removeQuietly, temporaryFor, writeDurably } from '../state/write-atomically.ts'
import type { Surroundings } from './surroundings.ts'

export interface FmtRequest {
  /** Absolute paths of specs, or of folders of specs; all specs where there are none. */
  readonly files: readonly string[]
  /** Writes nothing. */
  readonly check: boolean
}

export interface FmtResult {
  /** What was written, or would be: relative to the workspace, sorted. */
  readonly changed: readonly string[]
  readonly diagnostics: readonly Diagnostic[]
  /** The files that diagnostics point into, safe to show. */
  readonly texts: ReadonlyMap<string, string>
}

/**
 * Puts specs in canonical form. A file that cannot be read or is no YAML is told, and the others are formatted all the same. Each
 * file is replaced in one step and keeps its mode. Throws a Refusal where there is no workspace, or a named file is no spec of it.
 */
export async function fmtWorkflow(around: Surroundings, request: FmtRequest): Promise<FmtResult> {
  const root = rootOf(around.folder)
  const specs = chosen(root, await specsOf(root), request.files)
  const changed: string[] = []
  const diagnostics: Diagnostic[] = []
  const texts = new Map<string, string>()
  for (const spec of specs) {
    const read = readSpec(root, spec, anything, schemaOf(spec.folder))
    const done = hasErrors(read.diagnostics)
      ? { isChanged: false, diagnostics: read.diagnostics }
      : formatFile(root, spec, request.check)
    if (done.isChanged) changed.push(spec.file)
    diagnostics.push(...done.diagnostics)
    if (done.diagnostics.length > 0 && read.shown !== null) texts.set(spec.file, read.shown())
  }
  return { changed, diagnostics, texts }
}

/** Whether a spec says what it should is the business of `validate`. */
const anything: Validator<unknown> = (_data): _data is unknown => true

function schemaOf(folder: SpecFolder | null): SchemaName {
  switch (folder) {
    case null:
      return 'workspace'
    case 'connections':
      return 'connection'
    case 'components':
      return 'component'
    case 'clients':
      return 'client'
    case 'connectors':
      return 'connector'
  }
}

function rootOf(folder: string): string {
  try {
    return realpathSync.native(folder)
  } catch {
    throw noWorkspace('There is no such folder. Name the folder that holds tieline.yaml with -C.')
  }
}

function noWorkspace(detail: string): Refusal {
  return new Refusal(specProblem('NO_WORKSPACE', detail, null))
}

/** Those that count: not what git ignores, and connectors only where the workspace may define them. Sorted. */
async function specsOf(root: string): Promise<readonly SpecFile[]> {
  const listing = listSpecs(root)
  if (listing === null) {
    throw noWorkspace(
      'There is no tieline.yaml in this folder. Name the folder that holds one with -C.'
    )
  }
  const ignored = await ignoredByGit(
    root,
    listing.files.map(each => each.file)
  )
  if (ignored.problem !== null) throw new Refusal(ignored.problem)
  const specs = listing.files
    .filter(each => each.problem === null && !ignored.files.has(each.file))
    .toSorted((a, b) => compareText(a.file, b.file))
  const own = specs.find(each => each.folder === null)
  const settings =
    own === undefined ? null : readSpec(root, own, validateWorkspaceSpec, 'workspace').located
  const hasConnectors = settings?.spec.connectors?.custom === true
  return specs.filter(each => hasConnectors || each.folder !== 'connectors')
}

/** The specs that were named, or that stand in a folder that was named. */
function chosen(
  root: string,
  specs: readonly SpecFile[],
  paths: readonly string[]
): readonly SpecFile[] {
  if (paths.length === 0) return specs
  const all = specs.map(each => each.file)
  const unknown: Diagnostic[] = []
  const files = new Set(
    paths.flatMap(path => {
      const name = relative(root, realPath(path)).split(sep).join('/')
      const found = all.filter(file => name === '' || file === name || file.startsWith(`${name}/`))
      if (found.length === 0) unknown.push(noSpec(name, all))
      return found
    })
  )
  if (unknown.length > 0) throw new Refusal(...unknown)
  return specs.filter(each => files.has(each.file))
}

/** Of a file, the folder alone is looked through: a link is a spec under its own name. */
function realPath(path: string): string {
  try {
    return join(realpathSync.native(dirname(path)), basename(path))
  } catch {
    return path
  }
}

function noSpec(name: string, all: readonly string[]): Diagnostic {
  const detail = `${name} is no spec of this workspace, or git ignores it.${meant(name, all)} Name files in connections/, components/ or clients/, or none at all for every spec:\n    tieline fmt`
  return problem('FMT_NO_SPEC', 'No spec to format', detail)
}

interface Formatted {
  readonly isChanged: boolean
  readonly diagnostics: readonly Diagnostic[]
}

function formatFile(root: string, { file, folder }: SpecFile, check: boolean): Formatted {
  const { bytes, problem } = readSafely(root, file)
  if (problem !== undefined) return { isChanged: false, diagnostics: [problem] }
  const { text, diagnostics } = formatSpec(bytes.toString('utf8'), file, schemaOf(folder))
  if (text === null) return { isChanged: false, diagnostics }
  if (bytes.equals(Buffer.from(text))) return { isChanged: false, diagnostics: [] }
  const failure = check ? null : replace(root, file, bytes, text)
  return failure === null
    ? { isChanged: true, diagnostics: [] }
    : { isChanged: false, diagnostics: [failure] }
}

/** The old text or the new one, at any instant. A link stays one: what it leads to is replaced. */
function replace(root: string, file: string, before: Buffer, text: string): Diagnostic | null {
  let temporary: string | undefined
  try {
    const real = realpathSync.native(join(root, file))
    if (!isInside(root, real))
      return notWritten(file, 'it is a link that leaves the workspace by now')
    // A rename would go over a file that its owner made read-only.
    accessSync(real, constants.W_OK)
    temporary = temporaryFor(real)
    writeDurably(temporary, text)
    chmodSync(temporary, statSync(real).mode & 0o7777)
    if (readSafely(root, file).bytes?.equals(before) !== true) {
      return notWritten(file, 'it was changed in the meantime')
    }
    renameSync(temporary, real)
    temporary = undefined
    return null
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    return notWritten(file, `the system refused (${code})`)
  } finally {
    if (temporary !== undefined) removeQuietly(temporary)
  }
}

function notWritten(file: string, why: string): Diagnostic {
  return problem(
    'FMT_NOT_WRITTEN',
    'File could not be written',
    `${file} stays as it was: ${why}. See to it, and format it again:\n    tieline fmt ${file}`,
    topOf(file)
  )
}
