import { hasErrors } from '../model/diagnostic.ts'
import type { CommandContext } from './globals.ts'
import { showDiagnostics, showJson } from './show.ts'

/** Exit codes: 0 sound, 1 there are errors. */
export async function validateCommand({
  around,
  terminal,
  format
}: CommandContext): Promise<number> {
  const { validateWorkflow } = await import('../workflow/validate.ts')
  const { diagnostics, texts } = await validateWorkflow(around)
  if (format === 'json') await showJson(terminal, { diagnostics })
  else {
    await showDiagnostics(terminal, diagnostics, texts)
    if (!hasErrors(diagnostics) && !terminal.quiet) {
      const { green, symbols } = terminal.style
      terminal.out(`${green(symbols.done)} The specs are sound.\n`)
    }
  }
  return hasErrors(diagnostics) ? 1 : 0
}

export async function connectorsListCommand({
  around,
  terminal,
  format
}: CommandContext): Promise<number> {
  const [{ listConnectors }, { connectorRow, reportConnectors }] = await Promise.all([
    import('../workflow/connectors.ts'),
    import('../report/report-connectors.ts')
  ])
  const rows = (await listConnectors(around)).map(each => connectorRow(each.connector, each.grade))
  if (format === 'json') await showJson(terminal, rows)
  else terminal.out(reportConnectors(rows, terminal.style))
  return 0
}

export async function connectorsShowCommand(
  { around, terminal, format }: CommandContext,
  id: string
): Promise<number> {
  const [{ showConnector }, { reportConnector }] = await Promise.all([
    import('../workflow/connectors.ts'),
    import('../report/report-connectors.ts')
  ])
  const { connector } = await showConnector(around, id)
  if (format === 'json') await showJson(terminal, connector)
  else terminal.out(reportConnector(connector, terminal.style))
  return 0
}

export async function initCommand(
  { around, terminal, format }: CommandContext,
  example: string | undefined
): Promise<number> {
  const { initWorkflow } = await import('../workflow/init.ts')
  const result = await initWorkflow(around, example)
  if (format === 'json') {
    await showJson(terminal, { formatVersion: 1, ...result })
    return 0
  }
  const { green, symbols } = terminal.style
  for (const file of result.written) terminal.out(`${green(symbols.done)} ${file}\n`)
  if (result.identity !== null)
    terminal.out(`\nYour key: ${result.identity} (back it up: it opens your credentials)\n`)
  terminal.out(
    example === undefined
      ? '\nNext, choose a service and write connections/<name>.yaml:\n    tieline connectors list\n'
      : '\nNext:\n    tieline validate\n    tieline plan\n'
  )
  return 0
}
