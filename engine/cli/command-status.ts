import { problem, Refusal } from '../model/diagnostic.ts'
import type { Environment } from '../model/generated/types.ts'
import type { CommandContext } from './globals.ts'
import { showDiagnostics, showJson } from './show.ts'

export interface StatusFlags {
  readonly refresh?: boolean
  readonly by?: string
}

/** Exit code 0, whatever the connections' status is. */
export async function statusCommand(
  context: CommandContext,
  only: readonly Environment[],
  { refresh = false, by }: StatusFlags
): Promise<number> {
  if (by !== undefined) {
    if (refresh || only.length > 0) throw byStandsAlone(by)
    return statusByCommand(context, by)
  }
  const { around, terminal, format } = context
  const [{ statusWorkflow }, { knownActor }] = await Promise.all([
    import('../workflow/status.ts'),
    import('../workflow/actor.ts')
  ])
  const actor = await knownActor(around)
  const { status, diagnostics } = await statusWorkflow(around, only, actor, { refresh })
  if (format === 'json') {
    await showJson(terminal, status)
    return 0
  }
  await showDiagnostics(terminal, diagnostics)
  const { reportStatus } = await import('../report/report-status.ts')
  terminal.out(reportStatus(status, terminal.style))
  return 0
}

/** All that one person authorized. */
async function statusByCommand(
  { around, terminal, format }: CommandContext,
  person: string
): Promise<number> {
  const { statusByWorkflow } = await import('../workflow/status-by.ts')
  const { status, diagnostics } = await statusByWorkflow(around, person)
  if (format === 'json') {
    await showJson(terminal, status)
    return 0
  }
  await showDiagnostics(terminal, diagnostics)
  const { reportStatusBy } = await import('../report/report-status-by.ts')
  terminal.out(reportStatusBy(status, terminal.style))
  return 0
}

function byStandsAlone(person: string): Refusal {
  return new Refusal(
    problem(
      'USAGE',
      'The command line is not understood',
      `--by looks through all environments, and asks no service. Leave --env and --refresh out:\n    tieline status --by ${person}`
    )
  )
}
