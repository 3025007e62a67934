import { type Dirent, lstatSync, readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { Diagnostic } from '../model/diagnostic.ts'
import { isInside, leavesDetail } from './read-safely.ts'
import { type SpecCode, specProblem, topOf } from './spec-summaries.ts'

export type SpecFolder = 'connections' | 'components' | 'clients' | 'connectors'

/** A file that may be a spec. */
export interface SpecFile {
  readonly folder: SpecFolder | null
  /** Relative to the workspace, with forward slashes. */
  readonly file: string
  readonly linkName: string
  /** Why it cannot be one; it counts only if git does not ignore the file. */
  readonly problem: Diagnostic | null
}

export interface Listing {
  readonly files: readonly SpecFile[]
  /** What is wrong with the folders themselves. */
  readonly diagnostics: readonly Diagnostic[]
}

export const workspaceFile = 'tieline.yaml'
const folders: readonly SpecFolder[] = ['connections', 'components', 'clients', 'connectors']
const linkName = /^[a-z][a-z0-9_]{0,49}$/
const connectorId = /^[a-z][a-z0-9_-]{0,49}$/

/** Looks which specs there are, without opening any. Null where there is no tieline.yaml. `root` is a real path. */
export function listSpecs(root: string): Listing | null {
  if (lstatSync(join(root, workspaceFile), { throwIfNoEntry: false }) === undefined) return null
  const workspace: SpecFile = {
    folder: null,
    file: workspaceFile,
    linkName: 'tieline',
    problem: null
  }
  const listed = folders.map(folder => listFolder(root, folder))
  return {
    files: [workspace, ...listed.flatMap(each => each.files)],
    diagnostics: listed.flatMap(each => each.diagnostics)
  }
}

function listFolder(root: string, folder: SpecFolder): Listing {
  const refuse = (code: SpecCode, detail: string): Listing => {
    return { files: [], diagnostics: [specProblem(code, detail, topOf(folder))] }
  }
  const path = join(root, folder)
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined)
    return { files: [], diagnostics: [] }
  try {
    const real = realpathSync.native(path)
    if (!isInside(root, real)) return refuse('LINK_LEAVES_WORKSPACE', leavesDetail)
    if (!lstatSync(real).isDirectory()) {
      return refuse('SPECIAL_FILE', 'This must be a folder. Remove it, or move it elsewhere.')
    }
    const entries = readdirSync(real, { withFileTypes: true })
    return {
      files: entries.flatMap(entry => specFile(folder, entry, real)),
      diagnostics: []
    }
  } catch {
    return refuse('FILE_UNREADABLE', 'The folder cannot be read. Check its rights and its links.')
  }
}

/** Files that are no specs (README.md, .gitkeep) are nobody's business. */
function specFile(folder: SpecFolder, entry: Dirent, parent: string): readonly SpecFile[] {
  const { name } = entry
  const file = `${folder}/${name}`
  if (name.startsWith('.')) return []
  if (entry.isDirectory() && !name.endsWith('.yaml')) {
    return holdsSpecs(join(parent, name)) ? [misplaced(folder, file)] : []
  }
  const extension = /\.ya?ml$/i.exec(name)?.[0]
  if (extension === undefined) return []

  const stem = name.slice(0, -extension.length)
  const listed = { folder, file, linkName: stem, problem: null }
  const problem =
    extension === '.yaml' ? checkName(folder, file, stem) : misnamed(folder, file, stem)
  return [{ ...listed, problem }]
}

function checkName(folder: SpecFolder, file: string, stem: string): Diagnostic | null {
  const isConnector = folder === 'connectors'
  if ((isConnector ? connectorId : linkName).test(stem)) return null
  const detail =
    `A file in ${folder}/ is named after its ${isConnector ? 'id' : 'link name'}: lower-case letters, digits${isConnector ? ', hyphens' : ''} and underscores, ` +
    'starting with a letter, at most 50 characters. Rename the file.'
  return specProblem('LINK_NAME_INVALID', detail, topOf(file))
}

function misnamed(folder: SpecFolder, file: string, stem: string): Diagnostic {
  const detail =
    `Specs end in .yaml, so that there is one way to write each name. This file is not read. Rename it` +
    (linkName.test(stem) ? `:\n    git mv ${file} ${folder}/${stem}.yaml` : ' .yaml.')
  return specProblem('SPEC_EXTENSION', detail, topOf(file))
}

function misplaced(folder: SpecFolder, file: string): SpecFile {
  const detail = `Specs stand directly in ${folder}/. What is in this folder is not read. Move the specs up, or the folder elsewhere.`
  return {
    folder,
    file,
    linkName: '',
    problem: specProblem('SPEC_IN_SUBFOLDER', detail, topOf(file))
  }
}

function holdsSpecs(path: string): boolean {
  try {
    return readdirSync(path).some(name => /^[^.].*\.yaml$/.test(name))
  } catch {
    return false
  }
}
