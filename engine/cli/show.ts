import type { Diagnostic, Refusal } from '../model/diagnostic.ts'
import type { Terminal } from './terminal.ts'

export type Format = 'text' | 'json'

const noTexts: ReadonlyMap<string, string> = new Map()

/** Prints diagnostics as talk; with `-q`, errors only. */
export async function showDiagnostics(
  terminal: Terminal,
  diagnostics: readonly Diagnostic[],
  texts: ReadonlyMap<string, string> = noTexts
): Promise<void> {
  const shown = terminal.quiet ? diagnostics.filter(each => each.severity === 'error') : diagnostics
  if (shown.length === 0) return
  const { reportDiagnostics } = await import('../report/report-diagnostics.ts')
  terminal.err(reportDiagnostics(shown, texts, terminal.errStyle))
}

/** Prints a refusal: as one JSON document on standard output, or as text on standard error. */
export async function showRefusal(
  terminal: Terminal,
  format: Format,
  refusal: Refusal
): Promise<void> {
  if (format === 'json') {
    const { diagnostics } = refusal
    const { applied } = refusal as { readonly applied?: unknown }
    const isPartly = applied !== undefined
    await showJson(
      terminal,
      isPartly ? { formatVersion: 1, applied, diagnostics } : { diagnostics }
    )
    return
  }
  const { texts } = refusal as { readonly texts?: unknown }
  await showDiagnostics(
    terminal,
    refusal.diagnostics,
    texts instanceof Map ? (texts as ReadonlyMap<string, string>) : noTexts
  )
}

export async function showJson(terminal: Terminal, value: unknown): Promise<void> {
  const { toJson } = await import('../report/to-json.ts')
  terminal.out(toJson(value))
}
