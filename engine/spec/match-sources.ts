import { type Dirent, readdirSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { globSync } from 'tinyglobby'
import type { Diagnostic, Place } from '../model/diagnostic.ts'
import { isInside, leavesDetail } from './read-safely.ts'
import { specProblem } from './spec-summaries.ts'

const mostFiles = 5000

export interface SourceMatches {
  /** Relative to the workspace, with forward slashes, sorted. */
  readonly files: readonly string[]
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * The files that a `source` glob stands for. Folders outside the workspace are not even listed. Links to folders are not
 * followed; links to files, pipes and devices count as files, so that reading them can say what is wrong. `apart` are folders
 * that never hold sources, such as the state.
 */
export function matchSources(
  { root, list }: FolderLister,
  glob: string,
  apart: readonly string[],
  at: Place
): SourceMatches {
  if (leavesByText(glob)) {
    const detail =
      'A source is given relative to the workspace and lies inside it: no "..", no "/" or drive at the start. ' +
      'Move the files into the workspace, or tieline.yaml further up.'
    return { files: [], diagnostics: [specProblem('GLOB_LEAVES_WORKSPACE', detail, at)] }
  }
  if (isTooWild(glob)) {
    const detail =
      'A source may have two * in one segment of its path, three in all, and ** twice. More can take hours to compare with long names. Make it simpler.'
    return { files: [], diagnostics: [specProblem('INVALID_VALUE', detail, at)] }
  }
  let leaves = false
  const readdirSync = (path: string): readonly Dirent[] => {
    const entries = list(path)
    leaves ||= entries === null
    return entries ?? []
  }
  const files = expand(glob, root, apart, readdirSync)
  if (files === null) {
    const detail =
      'This cannot be read as a glob. Write a path with * and ** in it, for example forms/*.js.'
    return { files: [], diagnostics: [specProblem('INVALID_VALUE', detail, at)] }
  }
  if (leaves)
    return { files: [], diagnostics: [specProblem('LINK_LEAVES_WORKSPACE', leavesDetail, at)] }
  if (files.length <= mostFiles) return { files, diagnostics: [] }
  const detail = `The glob matches ${files.length} files, and a component may have ${mostFiles}. Make it narrower.`
  return { files: [], diagnostics: [specProblem('SOURCE_TOO_MANY', detail, at)] }
}

/** Sorted; null for a glob that the library does not take. */
function expand(
  glob: string,
  root: string,
  apart: readonly string[],
  readdirSync: (path: string) => readonly Dirent[]
): readonly string[] | null {
  const options = {
    cwd: root,
    dot: false,
    onlyFiles: true,
    expandDirectories: false,
    followSymbolicLinks: false,
    // Without groups that repeat themselves, which a long name could keep busy for hours.
    extglob: false,
    ignore: ['**/.git/**', '**/node_modules/**', ...apart.map(folder => `${folder}/**`)],
    fs: { readdirSync: readdirSync as never }
  }
  try {
    return globSync(glob, options).toSorted()
  } catch {
    return null
  }
}

/** Lists folders for many globs. */
export interface FolderLister {
  /** The real path of the workspace. */
  readonly root: string
  /** Null for a folder outside the workspace. */
  readonly list: (path: string) => readonly Dirent[] | null
}

/** Remembers what it saw: the globs of a workspace go over the same folders. */
export function folderLister(root: string): FolderLister {
  const known = new Map<string, readonly Dirent[] | null>()
  const list = (path: string) => {
    const before = known.get(path)
    if (before !== undefined) return before
    const entries = isInside(root, realpathSync.native(path))
      ? readdirSync(path, { withFileTypes: true }).flatMap(entry => asPlain(path, entry))
      : null
    known.set(path, entries)
    return entries
  }
  return { root, list }
}

/** `..` counts wherever braces and parentheses could bring it to the fore; no file name begins with it for good. */
function leavesByText(glob: string): boolean {
  if (/^([/\\~]|[A-Za-z]:)/.test(glob.replace(/^[!({]+/, ''))) return true
  return glob.split(/[/\\{}(),|[\]!]/).some(each => each.startsWith('..'))
}

/** Each star multiplies the ways in which a name can be taken apart. */
function isTooWild(glob: string): boolean {
  const folders = glob.match(/\*{2,}/g) ?? []
  const rest = glob.replaceAll(/\*{2,}/g, '')
  const stars = (text: string) => text.split('*').length - 1
  return folders.length > 2 || stars(rest) > 3 || rest.split('/').some(each => stars(each) > 2)
}

function asPlain(folder: string, entry: Dirent): readonly Dirent[] {
  if (entry.isDirectory() || entry.isFile()) return [entry]
  if (entry.isSymbolicLink() && leadsToFolder(join(folder, entry.name))) return []
  return [Object.assign(Object.create(entry), { isFile: () => true, isSymbolicLink: () => false })]
}

function leadsToFolder(link: string): boolean {
  try {
    return statSync(link).isDirectory()
  } catch {
    // A link to nowhere counts as a file: reading it tells.
    return false
  }
}
