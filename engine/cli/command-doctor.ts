import { placeOf } from './conversation.ts'
import type { CommandContext } from './globals.ts'
import { showJson } from './show.ts'

/** Exit codes: 0 nothing is broken (there may be things to look at), 1 something is. */
export async function doctorCommand(
  { around, terminal, format }: CommandContext,
  { online }: { readonly online?: boolean }
): Promise<number> {
  const [{ doctorWorkflow }, { reportDoctor }] = await Promise.all([
    import('../workflow/doctor.ts'),
    import('../report/report-doctor.ts')
  ])
  const report = await doctorWorkflow(around, { place: placeOf(), online: online === true })
  if (format === 'json') await showJson(terminal, report)
  else terminal.out(reportDoctor(report, terminal.style))
  return report.checks.some(each => each.outcome === 'failed') ? 1 : 0
}
