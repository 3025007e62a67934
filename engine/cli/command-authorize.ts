import { hasErrors, problem, Refusal } from '../model/diagnostic.ts'
import type { Environment } from '../model/generated/types.ts'
import { authorizeWorkflow } from '../workflow/authorize.ts'
import type { Method } from '../workflow/authorize-scene.ts'
import { placeOf, terminalConversation } from './conversation.ts'
import type { CommandContext } from './globals.ts'
import { showDiagnostics, showJson } from './show.ts'

export interface AuthorizeFlags {
  readonly user?: string
  readonly method?: Method
  readonly port?: number
  readonly from?: readonly string[]
  readonly browser?: boolean
  readonly switchAccount?: boolean
}

/** Exit codes: 0 authorized, 1 not or not all, 130 interrupted. */
export async function authorizeCommand(
  { around, terminal, format }: CommandContext,
  connection: string,
  environments: readonly Environment[],
  flags: AuthorizeFlags
): Promise<number> {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  process.once('SIGINT', abort)
  try {
    const request = {
      connection,
      environments,
      user: flags.user,
      method: flags.method ?? (flags.browser === false ? 'paste' : undefined),
      place: placeOf(),
      port: flags.port,
      from: fieldReferences(flags.from ?? []),
      switchAccount: flags.switchAccount === true,
      signal: controller.signal
    } as const
    const result = await authorizeWorkflow(around, request, terminalConversation(terminal))
    const code = controller.signal.aborted ? 130 : hasErrors(result.diagnostics) ? 1 : 0
    if (format === 'json') {
      await showJson(terminal, { formatVersion: 1, ...result })
      return code
    }
    await showDiagnostics(terminal, result.diagnostics)
    const { reportConsents } = await import('../report/report-consents.ts')
    terminal.out(reportConsents(result.consents, terminal.style))
    return code
  } catch (error) {
    if (controller.signal.aborted && error instanceof Refusal) {
      await showDiagnostics(terminal, error.diagnostics)
      return 130
    }
    throw error
  } finally {
    process.off('SIGINT', abort)
  }
}

/** `field=env:NAME` and `field=file:PATH`; a value itself is refused without being repeated. */
function fieldReferences(from: readonly string[]): Readonly<Record<string, string>> {
  const fields = from.map((each): readonly [string, string] => {
    const [, name, reference] = /^([a-z][a-z0-9_]*)=((?:env|file):.+)$/.exec(each) ?? []
    if (name === undefined || reference === undefined)
      throw fromInvalid(
        'A secret on a command line can be seen by others, so only references are taken'
      )
    return [name, reference]
  })
  const names = fields.map(([name]) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw fromInvalid(`${twice} is given twice. Each field is given once`)
  return Object.fromEntries(fields)
}

function fromInvalid(why: string): Refusal {
  return new Refusal(
    problem(
      'FROM_INVALID',
      '--from takes a field and a reference',
      `${why}:\n    --from FIELD=env:NAME\n    --from FIELD=file:PATH`
    )
  )
}
