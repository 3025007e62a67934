import { createHash } from 'node:crypto'
import { findDelugeReferences } from '../deluge/find-deluge-references.ts'
import type { Diagnostic, Place } from '../model/diagnostic.ts'
import { meant } from '../model/did-you-mean.ts'
import { digestOf, digestOfText } from '../model/digest.ts'
import type { ComponentSpec, Digest, LinkName } from '../model/generated/types.ts'
import type { Located, LocatedComponent, SourceFiles, SourceReference } from '../model/specs.ts'
import { findScriptReferences } from './find-script-references.ts'
import { ignoredByGit } from './ignored-by-git.ts'
import {
  type FolderLister,
  folderLister,
  matchSources,
  type SourceMatches
} from './match-sources.ts'
import { readSafely } from './read-safely.ts'
import type { FoundReference } from './scan-text.ts'
import { specProblem, specWarning } from './spec-summaries.ts'
import { textPlaces } from './text-places.ts'

export interface SourcesResult {
  readonly components: readonly LocatedComponent[]
  readonly diagnostics: readonly Diagnostic[]
  /** Texts of the source files that could be searched, unmasked. */
  readonly texts: ReadonlyMap<string, string>
}

/**
 * Reads what the `source` globs of components match and git does not ignore, and compares the connections it names with `uses`.
 * `connections` are the link names that exist, `apart` the folders that never hold sources.
 */
export async function readSources(
  root: string,
  components: readonly Located<ComponentSpec>[],
  connections: ReadonlySet<LinkName>,
  apart: readonly string[]
): Promise<SourcesResult> {
  const lister = folderLister(root)
  const matches = components.map(each => matchOf(lister, each, apart))
  const all = new Set(matches.flatMap(each => each?.files ?? []))
  const ignored = await ignoredByGit(root, [...all])
  if (ignored.problem !== null) {
    return { components: [], diagnostics: [ignored.problem], texts: new Map() }
  }

  const reader = sourceReader(root)
  const diagnostics: Diagnostic[] = []
  const located = components.map((component, index): LocatedComponent => {
    const match = matches[index]
    const { source: glob } = component.spec
    if (glob === undefined || match === undefined) return { ...component, source: null }
    diagnostics.push(...match.diagnostics)
    const files = match.files.filter(file => !ignored.files.has(file))
    const isMissing = files.length === 0 && match.diagnostics.length === 0
    if (isMissing) diagnostics.push(sourceMissing(component, match.files.length > 0))
    const read = files.map(reader.read)
    diagnostics.push(...read.flatMap(each => each.problem ?? []))
    const source = joinFiles(glob, read)
    const isWhole = files.length > 0 && read.every(each => each.problem === null)
    // A `uses` that was left out as wrong in itself says nothing of what the sources may name.
    const isKnown = component.whole || component.spec.uses !== undefined
    if (isKnown) diagnostics.push(...checkUses(component, source, connections, isWhole))
    return { ...component, source }
  })
  return { components: located, diagnostics, texts: reader.texts }
}

function matchOf(
  lister: FolderLister,
  component: Located<ComponentSpec>,
  apart: readonly string[]
): SourceMatches | undefined {
  const { source } = component.spec
  if (source === undefined) return undefined
  return matchSources(lister, source, apart, component.place('/source'))
}

function sourceMissing(component: Located<ComponentSpec>, isIgnored: boolean): Diagnostic {
  const why = isIgnored
    ? 'Git ignores every file that the glob matches, and ignored files are not read. '
    : 'No file matches the glob. It is relative to the workspace, and files that begin with a dot do not count. '
  const detail = `${why}Correct it, or remove "source" if this component has none.`
  return specProblem('SOURCE_MISSING', detail, component.place('/source'))
}

interface ReadSource {
  readonly file: string
  readonly digest: Digest
  readonly references: readonly SourceReference[]
  readonly problem: Diagnostic | null
}

/** Several components may share a file; it is read once. */
function sourceReader(root: string): {
  readonly read: (file: string) => ReadSource
  readonly texts: ReadonlyMap<string, string>
} {
  const known = new Map<string, ReadSource>()
  const texts = new Map<string, string>()
  const read = (file: string): ReadSource => {
    const before = known.get(file)
    if (before !== undefined) return before
    const source = readSource(root, file, texts)
    known.set(file, source)
    return source
  }
  return { read, texts }
}

function readSource(root: string, file: string, texts: Map<string, string>): ReadSource {
  const { bytes, problem } = readSafely(root, file)
  if (problem !== undefined) return { file, digest: digestOf(null), references: [], problem }
  const digest = sourceDigest(bytes)
  const text = utf8(bytes)
  if (text === null) return { file, digest, references: [], problem: null }

  texts.set(file, text)
  const at = textPlaces(text, file)
  const references = findReferences(file, text).map(each => {
    return { connection: each.connection, at: at(each.offset) }
  })
  return { file, digest, references, problem: null }
}

/** Of a text with line ends as LF, so that a checkout on another system changes nothing; of the bytes if it is no text. */
export function sourceDigest(bytes: Uint8Array): Digest {
  const text = utf8(bytes)
  if (text !== null) return digestOfText(text.replace(/\r\n?/g, '\n'))
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

/** Whatever is no JavaScript or TypeScript is searched as Deluge, which is written with many extensions. */
export function findReferences(file: string, text: string): readonly FoundReference[] {
  const isScript = /\.([cm]?[jt]s|[jt]sx)$/.test(file)
  return isScript ? findScriptReferences(text) : findDelugeReferences(text).sure
}

function joinFiles(glob: string, read: readonly ReadSource[]): SourceFiles {
  return {
    glob,
    digest: digestOf(read.map(each => [each.file, each.digest])),
    files: read.map(each => each.file),
    references: read.flatMap(each => each.references)
  }
}

function checkUses(
  component: Located<ComponentSpec>,
  source: SourceFiles,
  connections: ReadonlySet<LinkName>,
  isWhole: boolean
): readonly Diagnostic[] {
  const uses = component.spec.uses ?? []
  const declared = new Set(uses)
  const found = new Set(source.references.map(each => each.connection))
  const undeclared = source.references
    .filter(each => !declared.has(each.connection) && couldBeMeant(each.connection))
    .map(each => undeclaredReference(each.connection, each.at, component, connections))
  // Where a file could not be read, nobody knows what it uses.
  if (!isWhole) return undeclared
  const unused = uses.flatMap((name, index) => {
    if (found.has(name) || !connections.has(name)) return []
    const detail = `No file that "source" matches names the connection ${name}. If nothing uses it, remove it here, so that plans do not carry this component along with it.`
    return [specWarning('UNUSED_REFERENCE', detail, component.place(`/uses/${index}`))]
  })
  return [...undeclared, ...unused]
}

/** Other functions may be called `connection` too; what they take, such as an address, is not our business and not repeated. */
function couldBeMeant(name: string): boolean {
  return /^[\w -]{1,50}$/.test(name)
}

function undeclaredReference(
  name: string,
  at: Place,
  component: Located<ComponentSpec>,
  connections: ReadonlySet<LinkName>
): Diagnostic {
  const isLinkName = /^[a-z][a-z0-9_]{0,49}$/.test(name)
  if (connections.has(name)) {
    const detail = `This uses the connection ${name}, but "uses" in ${component.file} does not name it. Add ${name} there, so that both are published together.`
    return specProblem('UNDECLARED_REFERENCE', detail, at)
  }
  const shown = isLinkName ? `no connection ${name}` : 'no connection of this name'
  const detail =
    `There is ${shown} in this workspace.${meant(name, connections)} ` +
    `Make connections/${isLinkName ? name : '<link_name>'}.yaml and add it to "uses" in ${component.file}, or correct the name here.`
  return specProblem('UNDECLARED_REFERENCE', detail, at)
}
