import { problem, Refusal } from '../model/diagnostic.ts'
import type { Environment } from '../model/generated/types.ts'
import { revokeWorkflow, type SharedEnd } from '../workflow/revoke.ts'
import { readLine } from './conversation.ts'
import type { CommandContext } from './globals.ts'
import { showDiagnostics, showJson } from './show.ts'

export interface RevokeFlags {
  readonly user?: string
  readonly autoApprove?: boolean
}

/** Exit codes: 0 ended here, whatever the service said, 1 failed, or the person said no. */
export async function revokeCommand(
  context: CommandContext,
  connection: string,
  environment: Environment,
  { user, autoApprove = false }: RevokeFlags
): Promise<number> {
  const { around, terminal, format } = context
  const confirm = async (end: SharedEnd): Promise<boolean> =>
    autoApprove || askToEnd(context, end, environment)
  const result = await revokeWorkflow(around, { connection, environment, user }, { confirm })
  if (result === null) {
    terminal.err('Nothing was revoked.\n')
    return 1
  }
  if (format === 'json') {
    await showJson(terminal, { formatVersion: 1, ...result })
    return 0
  }
  await showDiagnostics(terminal, result.diagnostics)
  const { reportRevoke } = await import('../report/report-revoke.ts')
  terminal.out(reportRevoke(result, terminal.style))
  return 0
}

async function askToEnd(
  { terminal, format }: CommandContext,
  { connection, user, environments }: SharedEnd,
  environment: Environment
): Promise<boolean> {
  const { enumerated } = await import('../report/layout.ts')
  const where = enumerated(environments)
  if (!terminal.interactive || format === 'json') {
    const flag = user === null ? '' : ` --user ${user}`
    throw new Refusal(
      problem(
        'APPROVAL_NEEDED',
        'Nobody can be asked',
        `The authorization of ${connection} is shared: it ends for ${where} at once, and nobody here can confirm that. If it shall:\n    tieline revoke ${connection} -e ${environment}${flag} --auto-approve`
      )
    )
  }
  const whose = user === null ? '' : ` of ${user}`
  terminal.err(`The authorization of ${connection}${whose} is shared. It ends for ${where}.\n`)
  const answer = await readLine(terminal, `\nRevoke it? Only "yes" does: `)
  return answer?.trim() === 'yes'
}
