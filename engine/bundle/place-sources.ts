import type { BundledFile, LinkName } from '../model/generated/types.ts'
import { foldedName, whyNotSource } from './check-paths.ts'
import { isRunByTools } from './run-by-tools.ts'

/** A component with source files, under the name that it gets. */
export interface Sourced {
  readonly linkName: LinkName
  readonly glob: string
  readonly files: readonly BundledFile[]
}

export interface PlacedSource {
  readonly glob: string
  readonly files: readonly PlacedFile[]
}

export interface PlacedFile {
  readonly path: string
  /** The file as it came. */
  readonly original: BundledFile
}

/** What the workspace's folders say, asked before anything is written. */
export interface Disk {
  /** Whether something stands at a path or in its way, in any spelling that some file systems take for the same. */
  readonly isTaken: (path: string) => boolean
  /** What a glob would stand for if these files were there as well, sorted; null for a glob that tieline does not take. */
  readonly expand: (glob: string, files: readonly string[]) => readonly string[] | null
  /** Those of the files that the source of a component which is there already would take in. */
  readonly caught: (files: readonly string[]) => ReadonlySet<string>
}

/** How often globs are compared with what has moved meanwhile, before everything moves. */
const mostRounds = 3

/**
 * Where the source files of imported components go. A file whose path is free keeps it, if then the globs, imported and present,
 * still stand for what they stood for, and no tool of the workspace would take it for its own; otherwise all files of its component
 * move into a folder named after it. Components that share a file go on sharing it as long as neither moves. `apart` are the folders
 * of state and vault.
 */
export function placeSources(
  components: readonly Sourced[],
  disk: Disk,
  apart: readonly string[]
): ReadonlyMap<LinkName, PlacedSource> {
  const folders = chooseFolders(components, disk, apart)
  const mustMove = ({ path }: BundledFile): boolean => disk.isTaken(path) || isExposed(path, disk)
  const moved = new Set(components.filter(each => each.files.some(mustMove)))
  for (let round = 1; ; round++) {
    const wrong = misplaced(components, moved, folders, disk)
    for (const each of round < mostRounds || wrong.length === 0 ? wrong : components)
      moved.add(each)
    if (wrong.length === 0 || round === mostRounds) break
  }
  const all = pathsOf(components, moved, folders)
  return new Map(
    components.map(each => [
      each.linkName,
      moved.has(each)
        ? movedSource(each, folders.get(each) ?? each.linkName, disk, all)
        : { glob: each.glob, files: each.files.map(file => ({ path: file.path, original: file })) }
    ])
  )
}

/**
 * The top of a workspace is where tools look for what they run, each for other names, so nothing from elsewhere comes to stand
 * there; nor does what they are known to run come into a folder that is there.
 */
function isExposed(path: string, disk: Disk): boolean {
  const [first = '', ...rest] = path.split('/')
  return rest.length === 0 || (isRunByTools(path) && disk.isTaken(first))
}

/** Those that would keep their paths, but whose glob would stand for something else, or whose files another's would take in. */
function misplaced(
  components: readonly Sourced[],
  moved: ReadonlySet<Sourced>,
  folders: ReadonlyMap<Sourced, string>,
  disk: Disk
): readonly Sourced[] {
  const all = pathsOf(components, moved, folders)
  const caught = disk.caught(all)
  return components.filter(each => {
    if (moved.has(each)) return false
    const own = each.files.map(file => file.path)
    return own.some(path => caught.has(path)) || !isSame(disk.expand(each.glob, all), own)
  })
}

function pathsOf(
  components: readonly Sourced[],
  moved: ReadonlySet<Sourced>,
  folders: ReadonlyMap<Sourced, string>
): readonly string[] {
  const paths = components.flatMap(each => {
    const start = moved.has(each) ? `${folders.get(each)}/` : ''
    return each.files.map(file => start + file.path)
  })
  return [...new Set(paths)]
}

function isSame(found: readonly string[] | null, wanted: readonly string[]): boolean {
  if (found?.length !== wanted.length) return false
  const set = new Set(wanted)
  return found.every(each => set.has(each))
}

function movedSource(
  { glob, files }: Sourced,
  folder: string,
  disk: Disk,
  all: readonly string[]
): PlacedSource {
  const placed = files.map(file => ({ path: `${folder}/${file.path}`, original: file }))
  const paths = placed.map(each => each.path)
  const within = `${folder}/${glob}`
  const isFit = within.length <= 500 && isSame(disk.expand(within, all), paths)
  return { glob: isFit ? within : `${folder}/**`, files: placed }
}

/** `<link name>`, or `<link name>_2` and so on: nothing that is there, nor what the files of others begin with. */
function chooseFolders(
  components: readonly Sourced[],
  disk: Disk,
  apart: readonly string[]
): ReadonlyMap<Sourced, string> {
  const starts = components.flatMap(each => each.files.map(file => file.path.split('/')[0] ?? ''))
  const chosen = new Set([...new Set(starts)].map(foldedName))
  return new Map(
    components.map(each => {
      for (let number = 1; ; number++) {
        const folder = number === 1 ? each.linkName : `${each.linkName}_${number}`
        const isFree = !chosen.has(folder) && !disk.isTaken(folder)
        if (!isFree || whyNotSource(`${folder}/file`, apart) !== null) continue
        chosen.add(folder)
        return [each, folder]
      }
    })
  )
}
