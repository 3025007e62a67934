import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import { environments, isOwn } from '../model/documents.ts'
import type { Environment, Plan } from '../model/generated/types.ts'
import { validatePlan } from '../model/generated/validators/plan.js'
import {
  type ApplyConversation,
  type ApplyRequest,
  type ApplyResult,
  applyWorkflow
} from '../workflow/apply.ts'
import { everything } from '../workflow/plan.ts'
import { type PlanFlags, selectionOf } from './command-plan.ts'
import { placeOf, readLine, terminalConversation } from './conversation.ts'
import type { CommandContext } from './globals.ts'
import { shownStep, toldStep } from './progress.ts'
import { showDiagnostics, showJson } from './show.ts'
import type { Terminal } from './terminal.ts'

export interface ApplyFlags extends PlanFlags {
  readonly autoApprove?: boolean
  readonly authorize?: boolean
  readonly road?: Environment
  readonly message?: string
}

/** Exit codes: 0 done (what is still to be authorized is listed), 1 failed, 3 refused by a rule, 130 interrupted. */
export async function applyCommand(
  context: CommandContext,
  environment: Environment,
  file: string | undefined,
  flags: ApplyFlags
): Promise<number> {
  const promised = file === undefined ? null : readPlan(file)
  const interrupt = onInterrupt()
  const requests = requestsOf(environment, promised, flags, interrupt.signal, context)
  const results: ApplyResult[] = []
  let isDenied = false
  try {
    for (const request of requests) {
      if (results.length > 0 && context.format === 'text') context.terminal.out('\n')
      const result = await applyOne(context, request, {
        approved: promised !== null || flags.autoApprove === true,
        isOnRoad: flags.road !== undefined
      })
      isDenied = result === null
      if (result === null) break
      results.push(result)
      const failed = result.steps.some(each => each.outcome === 'failed')
      if (failed || interrupt.signal.aborted) break
    }
  } catch (error) {
    // On a road, one document tells how far it went and why no further.
    if (error instanceof Refusal && results.length > 0) Object.assign(error, { applied: results })
    throw error
  } finally {
    interrupt.stop()
  }
  if (context.format === 'json' && results.length > 0) await showResults(context, results, flags)
  if (interrupt.signal.aborted) return 130
  return isDenied || results.some(each => each.steps.some(step => step.outcome === 'failed'))
    ? 1
    : 0
}

function requestsOf(
  environment: Environment,
  promised: Plan | null,
  flags: ApplyFlags,
  signal: AbortSignal,
  { terminal, format }: CommandContext
): readonly ApplyRequest[] {
  const note = flags.message ?? null
  const authorize = flags.authorize !== false && terminal.interactive && format === 'text'
  const common = { note, authorize, signal, place: placeOf() }
  if (promised !== null) {
    const { selection } = promised
    return [{ ...common, environment: promised.environment, selection, promised }]
  }
  if (flags.road === undefined) {
    return [{ ...common, environment, selection: selectionOf(flags, environment), promised }]
  }
  const road = isOwn(flags.road)
    ? environments.slice(0, environments.indexOf(flags.road) + 1)
    : [...environments, flags.road]
  return road.map(each => ({ ...common, environment: each, selection: everything, promised: null }))
}

async function applyOne(
  context: CommandContext,
  request: ApplyRequest,
  { approved, isOnRoad }: { readonly approved: boolean; readonly isOnRoad: boolean }
): Promise<ApplyResult | null> {
  const { around, terminal, format } = context
  const isText = format === 'text'
  const shown: Diagnostic[] = []
  const conversation: ApplyConversation = {
    ...terminalConversation(terminal),
    step: (what, work) =>
      what.startsWith('authorize ')
        ? toldStep(terminal, what, work)
        : shownStep(terminal, what, work),
    confirm: async ({ plan, refused, asks }, diagnostics) => {
      if (isText) {
        shown.push(...diagnostics)
        await showDiagnostics(terminal, [...diagnostics, ...plan.diagnostics])
        await showPlan(terminal, plan, { isOnRoad, isPromised: request.promised !== null })
      }
      if (approved || refused || !asks) return true
      return confirm(context, plan)
    }
  }
  const result = await applyWorkflow(around, request, conversation)
  if (result === null) {
    terminal.err('Nothing was applied.\n')
    return null
  }
  if (isText && (result.steps.length > 0 || result.pending.length > 0)) {
    const { reportApplied } = await import('../report/report-steps.ts')
    const tried = result.steps.some(each => each.what.startsWith('authorize '))
    const seen = {
      steps: terminal.isTTY && !terminal.quiet,
      pending: !tried && request.promised === null
    }
    terminal.out(`\n${reportApplied(result, terminal.style, seen)}`)
  }
  if (isText) {
    const more = result.diagnostics.filter(each => !shown.some(one => isDeepStrictEqual(one, each)))
    await showDiagnostics(terminal, more)
  }
  return result
}

/** A saved plan has been read before: its last line is enough to recognise it. */
async function showPlan(
  { out, style }: Terminal,
  plan: Plan,
  { isOnRoad, isPromised }: { readonly isOnRoad: boolean; readonly isPromised: boolean }
): Promise<void> {
  const { reportPlan, reportSummary } = await import('../report/report-plan.ts')
  if (isPromised)
    out(`The saved plan for ${plan.environment} still holds.\n${reportSummary(plan, style)}`)
  else if (isOnRoad) {
    const { reportPlans } = await import('../report/report-plans.ts')
    out(reportPlans([plan], style))
  } else out(reportPlan(plan, style))
}

async function confirm({ terminal, format }: CommandContext, plan: Plan): Promise<boolean> {
  // Without the plan on the screen there is nothing to say yes to.
  if (!terminal.interactive || format === 'json') {
    throw new Refusal(
      problem(
        'APPROVAL_NEEDED',
        'Nobody can be asked',
        `${format === 'json' ? 'The plan is not shown with --format json' : 'This is no terminal'}, so it cannot be confirmed. Save a plan and apply that, or approve it now:\n    tieline plan -e ${plan.environment} --out plan.json && tieline apply plan.json\n    tieline apply -e ${plan.environment} --auto-approve`
      )
    )
  }
  const answer = await readLine(terminal, `\nApply this to ${plan.environment}? Only "yes" does: `)
  return answer?.trim() === 'yes'
}

async function showResults(
  { terminal }: CommandContext,
  results: readonly ApplyResult[],
  flags: ApplyFlags
): Promise<void> {
  const [first] = results
  await showJson(
    terminal,
    flags.road === undefined
      ? { formatVersion: 1, ...first }
      : { formatVersion: 1, applied: results }
  )
}

function readPlan(file: string): Plan {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (validatePlan(value)) return value
  } catch {
    // Said below: whatever is wrong, the way out is the same.
  }
  throw new Refusal(
    problem(
      'PLAN_UNREADABLE',
      'This is no saved plan',
      `${file} cannot be read as a plan of this version of tieline. Make one:\n    tieline plan -e dev --out plan.json`
    )
  )
}

/** The first Ctrl-C lets the step in hand finish and saves; a second one is the operating system's. */
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
