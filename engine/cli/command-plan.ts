import { writeFileSync } from 'node:fs'
import { problem, Refusal } from '../model/diagnostic.ts'
import { clientOf, isClient } from '../model/documents.ts'
import type { Environment, Selection } from '../model/generated/types.ts'
import { type PlanResult, planWorkflow } from '../workflow/plan.ts'
import type { CommandContext } from './globals.ts'
import { showDiagnostics, showJson } from './show.ts'

export interface PlanFlags {
  readonly all?: boolean
  readonly component?: readonly string[]
  readonly connection?: readonly string[]
  readonly withReferences?: boolean
  readonly version?: 'latest' | number
  readonly out?: string
  readonly detailedExitcode?: boolean
  readonly refresh?: boolean
}

/** Exit codes: 0 done, 1 failed, 2 done and there are changes (with --detailed-exitcode), 3 refused by a rule. */
export async function planCommand(
  context: CommandContext,
  environment: Environment,
  flags: PlanFlags
): Promise<number> {
  const selection = selectionOf(flags, flags.all === true ? 'stage' : environment)
  if (flags.all === true && flags.out !== undefined) throw outNeedsOne()
  if (flags.refresh === true) await refresh(context, flags.all === true ? [] : [environment])
  const result =
    flags.all === true
      ? await (await import('../workflow/plan-road.ts')).planRoad(context.around, selection)
      : await planWorkflow(context.around, environment, selection)
  const refused = result.plans.some(each => each.refused)
  const [first] = result.plans
  // First, so that a file that cannot be written is told instead of the plan.
  if (flags.out !== undefined && first !== undefined && !refused) {
    const { toJson } = await import('../report/to-json.ts')
    savePlan(flags.out, toJson(first.plan))
  }
  await showPlans(context, result, flags.all === true)
  if (refused) return 3
  return flags.detailedExitcode === true && result.plans.some(each => each.asks) ? 2 : 0
}

/** What the services say is recorded first, so that the plan shows it. */
async function refresh(
  { around, terminal }: CommandContext,
  only: readonly Environment[]
): Promise<void> {
  const { checkAuthorizations } = await import('../workflow/check-authorizations.ts')
  const { diagnostics } = await checkAuthorizations(around, only, 'plan --refresh')
  await showDiagnostics(terminal, diagnostics)
}

/** The flags of plan and apply that select. Those that are for another environment are refused, not ignored. */
export function selectionOf(flags: PlanFlags, environment: Environment): Selection {
  const components = [...new Set(flags.component ?? [])].sort()
  const connections = [...new Set(flags.connection ?? [])].sort()
  const selects = components.length + connections.length > 0 || flags.withReferences === true
  if (selects && environment !== 'stage') {
    throw new Refusal(
      problem(
        'SELECTION_FOR_STAGE',
        'Only a publish to stage can be selected',
        `--component, --connection and --with-references are for stage; ${environment} takes everything. Leave them out, or plan stage:\n    tieline plan -e stage`
      )
    )
  }
  if (flags.version !== undefined && environment !== 'prod') {
    throw new Refusal(
      problem(
        'VERSION_FOR_PROD',
        'Only prod runs a version',
        isClient(environment)
          ? `What a client runs is said in its spec, so that the team sees it. Write \`version: ${flags.version}\` in clients/${clientOf(environment)}.yaml, and plan it:\n    tieline plan -e ${environment}`
          : `--version is for prod; ${environment} has no choice. Plan prod:\n    tieline plan -e prod --version ${flags.version}`
      )
    )
  }
  return {
    components,
    connections,
    withReferences: flags.withReferences === true,
    version: flags.version ?? null
  }
}

async function showPlans(
  { terminal, format }: CommandContext,
  { plans, diagnostics, texts }: PlanResult,
  all: boolean
): Promise<void> {
  const [first] = plans
  if (format === 'json') {
    const list = plans.map(each => each.plan)
    await showJson(terminal, all ? { formatVersion: 1, plans: list } : first?.plan)
    return
  }
  const list = plans.map(each => each.plan)
  const { planDiagnostics } = await import('../report/fold-plans.ts')
  await showDiagnostics(terminal, [...diagnostics, ...planDiagnostics(list)], texts)
  if (all) {
    const { reportPlans } = await import('../report/report-plans.ts')
    terminal.out(reportPlans(list, terminal.style))
  } else if (first !== undefined) {
    const { reportPlan } = await import('../report/report-plan.ts')
    terminal.out(reportPlan(first.plan, terminal.style))
  }
}

function savePlan(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new Refusal(
      problem(
        'PLAN_NOT_SAVED',
        'The plan could not be saved',
        `${file} could not be written (${code}). Name another file with --out, in a folder that is there.`
      )
    )
  }
}

function outNeedsOne(): Refusal {
  return new Refusal(
    problem(
      'OUT_NEEDS_ONE_PLAN',
      'Only one plan can be saved',
      'A saved plan is for one environment. Leave --all out:\n    tieline plan -e dev --out plan.json'
    )
  )
}
