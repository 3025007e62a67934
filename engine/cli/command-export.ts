import { exportWorkflow } from '../workflow/export.ts'
import type { CommandContext } from './globals.ts'
import { showDiagnostics, showJson } from './show.ts'

export interface ExportFlags {
  readonly out: string
  readonly version?: number
  readonly force?: boolean
}

/** Exit codes: 0 done, 1 failed. */
export async function exportCommand(
  { around, terminal, format }: CommandContext,
  { out, version, force }: ExportFlags
): Promise<number> {
  const { bundle, diagnostics } = await exportWorkflow(around, {
    file: out,
    version,
    force: force === true
  })
  if (format === 'json') {
    await showJson(terminal, {
      formatVersion: 1,
      file: out,
      app: bundle.app,
      version: bundle.version,
      digest: bundle.digest,
      connections: Object.keys(bundle.connections),
      components: Object.keys(bundle.components),
      connectors: Object.values(bundle.connectors).map(each => each.id),
      files: bundle.files.map(each => each.path),
      diagnostics
    })
    return 0
  }
  await showDiagnostics(terminal, diagnostics)
  const { reportExport } = await import('../report/report-export.ts')
  terminal.out(reportExport({ file: out, ...countsOf(bundle) }, terminal.style))
  return 0
}

function countsOf({
  app,
  version,
  digest,
  connections,
  components,
  connectors,
  files
}: Awaited<ReturnType<typeof exportWorkflow>>['bundle']) {
  return {
    app,
    version,
    digest,
    connections: Object.keys(connections).length,
    components: Object.keys(components).length,
    connectors: Object.keys(connectors).length,
    sources: files.length
  }
}
