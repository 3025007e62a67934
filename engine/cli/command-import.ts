import { type ImportResult, importWorkflow } from '../workflow/import.ts'
import type { CommandContext } from './globals.ts'
import { showDiagnostics, showJson } from './show.ts'

export interface ImportFlags {
  readonly dryRun?: boolean
}

/** Exit codes: 0 done, 1 failed, 130 interrupted (and nothing imported). */
export async function importCommand(
  { around, terminal, format }: CommandContext,
  file: string,
  { dryRun }: ImportFlags
): Promise<number> {
  const interrupt = onInterrupt()
  let result: ImportResult
  try {
    const { signal } = interrupt
    result = await importWorkflow(around, { file, dryRun: dryRun === true, signal })
  } finally {
    interrupt.stop()
  }
  if (format === 'json') {
    await showJson(terminal, documentOf(result))
    return result.stopped ? 130 : 0
  }
  if (result.stopped) {
    terminal.err('Nothing was imported.\n')
    return 130
  }
  await showDiagnostics(terminal, result.diagnostics)
  const { reportImport } = await import('../report/report-import.ts')
  terminal.out(reportImport(result, terminal.style))
  return 0
}

/** With --dry-run the files are nowhere else, so their texts are in the document. */
function documentOf({ dryRun, app, version, files, renamed, diagnostics }: ImportResult): unknown {
  return {
    formatVersion: 1,
    dryRun,
    app,
    version,
    files: files.map(({ path, subject, linkName, original, rewritten, text }) => ({
      path,
      subject,
      linkName,
      from: original?.path ?? null,
      rewritten,
      ...(dryRun ? { text } : {})
    })),
    renamed,
    diagnostics
  }
}

/** Ctrl-C takes back what was written; a second one is the operating system's. */
function onInterrupt(): { readonly signal: AbortSignal; readonly stop: () => void } {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  process.once('SIGINT', abort)
  process.once('SIGTERM', abort)
  const stop = (): void => {
    process.off('SIGINT', abort)
    process.off('SIGTERM', abort)
  }
  return { signal: controller.signal, stop }
}
