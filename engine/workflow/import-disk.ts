import { type Dirent, lstatSync, readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { foldedName } from '../bundle/check-paths.ts'
import type { Disk } from '../bundle/place-sources.ts'
import { type FolderLister, folderLister, matchSources } from '../spec/match-sources.ts'

export interface ImportDisk extends Disk {
  /** The first part of a path that is a link, which nothing is written through; null without one. */
  readonly linkOn: (path: string) => string | null
}

/**
 * What stands in a workspace, remembered as it was when first asked for. `root` is its real path, `globs` are those of the
 * components that are there, `apart` the folders that never hold sources.
 */
export function importDisk(
  root: string,
  globs: readonly string[],
  apart: readonly string[]
): ImportDisk {
  const entries = folderEntries(root)
  const lister = folderLister(root)
  const expandIn = (within: FolderLister, glob: string): readonly string[] | null => {
    const { files, diagnostics } = matchSources(within, glob, apart, nowhere)
    return diagnostics.length === 0 ? files : null
  }
  // Many globs are asked about the same files.
  const withFiles = lastOnly((files: readonly string[]) => listerWith(lister, files))
  const caught = lastOnly((files: readonly string[]) => {
    const found = globs.flatMap(glob => expandIn(withFiles(files), glob) ?? [])
    const all = new Set(found)
    return new Set(files.filter(each => all.has(each)))
  })
  return {
    isTaken: path => {
      let folder = ''
      const parts = path.split('/')
      for (const [at, part] of parts.entries()) {
        const there = entries(folder).get(foldedName(part))
        if (there === undefined) return false
        if (there !== part || at === parts.length - 1) return true
        folder = folder === '' ? part : `${folder}/${part}`
        const status = lstatSync(join(root, folder), { throwIfNoEntry: false })
        if (status?.isDirectory() !== true) return true
      }
      return true
    },
    expand: (glob, files) => expandIn(withFiles(files), glob),
    caught,
    linkOn: path => {
      const parts = path.split('/')
      for (const [at] of parts.entries()) {
        const part = parts.slice(0, at + 1).join('/')
        const status = lstatSync(join(root, part), { throwIfNoEntry: false })
        if (status === undefined) return null
        if (status.isSymbolicLink()) return part
      }
      return null
    }
  }
}

const nowhere = { file: 'components', line: 1, column: 1 }

function lastOnly<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  let last: { readonly key: Key; readonly value: Value } | undefined
  return key => {
    if (last === undefined || last.key !== key) last = { key, value: make(key) }
    return last.value
  }
}

/** Names in a folder, by what some file systems take for the same name. Nothing for what is no folder that can be read. */
function folderEntries(root: string): (folder: string) => ReadonlyMap<string, string> {
  const known = new Map<string, ReadonlyMap<string, string>>()
  return folder => {
    const before = known.get(folder)
    if (before !== undefined) return before
    const names = new Map(namesIn(join(root, folder)).map(name => [foldedName(name), name]))
    known.set(folder, names)
    return names
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** The folders as they will be once the files are written. */
function listerWith(lister: FolderLister, files: readonly string[]): FolderLister {
  const added = new Map<string, Map<string, Dirent>>()
  for (const file of files) {
    const parts = file.split('/')
    for (const [at, name] of parts.entries()) {
      const folder = parts.slice(0, at).join('/')
      const inside = added.get(folder) ?? new Map<string, Dirent>()
      added.set(folder, inside.set(name, plainEntry(name, at === parts.length - 1)))
    }
  }
  const known = new Map<string, readonly Dirent[] | null>()
  const list = (path: string): readonly Dirent[] | null => {
    const folder = relative(lister.root, path).split(sep).join('/')
    const before = known.get(folder)
    if (before !== undefined) return before
    const more = added.get(folder)
    const there = more === undefined || exists(path) ? lister.list(path) : []
    const names = new Set(there?.map(each => each.name))
    const new_ = [...(more?.values() ?? [])].filter(each => !names.has(each.name))
    const all = there === null ? null : [...there, ...new_]
    known.set(folder, all)
    return all
  }
  return { root: lister.root, list }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

function plainEntry(name: string, isFile: boolean): Dirent {
  return {
    name,
    isFile: () => isFile,
    isDirectory: () => !isFile,
    isSymbolicLink: () => false
  } as Dirent
}
