import { forbiddenFile } from '../model/references.ts'

/** Folders and files at the top of a workspace that hold no sources, beside those that tieline.yaml gives to state and vault. */
const reserved: ReadonlySet<string> = new Set([
  ...['connections', 'components', 'clients', 'connectors', 'state'],
  ...['tieline.yaml', 'tieline.yml']
])
/** Never, wherever they stand: globs do not look there. */
const nowhere: ReadonlySet<string> = new Set(['node_modules'])
/** What Windows keeps for devices, with any extension. */
const device = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/
const longestPath = 500
/** In UTF-8, of one part of a path: what file systems take. */
const longestPart = 255

/**
 * Why a source file must not stand at a path: a clause about it (`it leaves the workspace`), or null. It has to be the same file
 * on every system: relative, with forward slashes, inside the workspace, in no folder that is hidden or tieline's own. `apart`
 * are the folders that tieline.yaml gives to state and vault.
 */
export function whyNotSource(path: string, apart: readonly string[]): string | null {
  if (path.length > longestPath) return `it is longer than ${longestPath} characters`
  const parts = path.split('/')
  if (parts.includes('..')) return 'it climbs out of a folder'
  if (parts.some(each => each === '' || each === '.'))
    return 'it is not relative, or not written plainly'
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(path)) return 'it holds a control character'
  if (/[\\:]/.test(path)) return 'it holds a backslash or a colon'
  if (/[<>"|?*]/.test(path)) return 'it holds a character that not every system takes'
  if (parts.some(each => Buffer.byteLength(each) > longestPart))
    return 'one of its names is too long'
  const folded = parts.map(foldedName)
  if (folded.some(each => nowhere.has(each) || device.test(each)))
    return 'it holds a name that is kept for something else'
  if (reserved.has(folded[0] ?? '')) return 'it stands where tieline keeps its own files'
  if (forbiddenFile(path, apart) || forbiddenFile(folded.join('/'), apart.map(foldedName)))
    return 'it is hidden, or stands where tieline keeps its own files'
  return null
}

/** Equal for names that some file systems take for one: letter case and Unicode normal form make no difference. */
export function foldedName(name: string): string {
  return name.normalize('NFD').toUpperCase().toLowerCase().normalize('NFD')
}

/**
 * Paths that would be one file, or one folder, on some file systems though they are spelt differently here, and files that others
 * take for a folder: each with what it meets. Every path stands in the list once.
 */
export function collidingPaths(
  paths: readonly string[]
): readonly { readonly path: string; readonly other: string }[] {
  const spelt = new Map<string, { readonly name: string; readonly isFile: boolean }>()
  return paths.flatMap(path => {
    const parts = path.split('/')
    let other: string | undefined
    for (const [at] of parts.entries()) {
      const name = parts.slice(0, at + 1).join('/')
      const isFile = at === parts.length - 1
      const key = foldedName(name)
      const before = spelt.get(key)
      if (before === undefined) spelt.set(key, { name, isFile })
      else if (before.name !== name || before.isFile || isFile) other ??= before.name
    }
    return other === undefined ? [] : [{ path, other }]
  })
}
