import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { hasErrors } from '../model/diagnostic.ts'
import { fmtWorkflow } from '../workflow/fmt.ts'
import type { CommandContext } from './globals.ts'
import { showDiagnostics, showJson } from './show.ts'

export interface FmtFlags {
  readonly check?: boolean
}

/** Prints which files changed, or would change. Exit codes: 0 done, 1 a file has an error, or would change with --check. */
export async function fmtCommand(
  { around, terminal, format }: CommandContext,
  files: readonly string[],
  { check = false }: FmtFlags
): Promise<number> {
  const { changed, diagnostics, texts } = await fmtWorkflow(around, {
    files: files.map(each => pathOf(each, around.folder)),
    check
  })
  const code = hasErrors(diagnostics) || (check && changed.length > 0) ? 1 : 0
  if (format === 'json') {
    await showJson(terminal, { formatVersion: 1, changed, diagnostics })
    return code
  }
  await showDiagnostics(terminal, diagnostics, texts)
  for (const file of changed) terminal.out(`${file}\n`)
  return code
}

/** Relative to the current folder, as a shell completes it; else to the workspace, as our messages name it. */
function pathOf(file: string, workspace: string): string {
  return existsSync(file) ? resolve(file) : resolve(workspace, file)
}
