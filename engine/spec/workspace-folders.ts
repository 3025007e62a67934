import { posix } from 'node:path'
import type { Diagnostic } from '../model/diagnostic.ts'
import type { WorkspaceSpec } from '../model/generated/types.ts'
import type { Located } from '../model/specs.ts'
import { specProblem } from './spec-summaries.ts'

/** State and vault lie inside the workspace. */
export function checkFolders(located: Located<WorkspaceSpec>): readonly Diagnostic[] {
  return (['state', 'vault'] as const)
    .filter(key => leaves(located.spec[key]))
    .map(key => folderLeaves(key, located))
}

/** The folder behind `file:`. */
function folderOf(reference: string): string {
  return posix.normalize(reference.slice('file:'.length))
}

function leaves(reference: string | undefined): boolean {
  if (reference === undefined) return false
  const folder = folderOf(reference)
  return /^([/\\~.]\/?$|[/\\~]|[A-Za-z]:)/.test(folder) || /^\.\.(\/|$)/.test(folder)
}

function folderLeaves(key: string, located: Located<WorkspaceSpec>): Diagnostic {
  const detail = `"${key}" must be a folder inside the workspace, given relative to it, for example file:${key}.`
  return specProblem('FOLDER_LEAVES_WORKSPACE', detail, located.place(`/${key}`))
}

/** Folders that hold no sources: what tieline keeps for itself. */
export function foldersApart(spec: WorkspaceSpec | undefined): readonly string[] {
  const set = [spec?.state, spec?.vault].flatMap(each => (each === undefined ? [] : folderOf(each)))
  return ['.tieline', 'state', ...set.map(each => each.replace(/\/$/, ''))]
}
