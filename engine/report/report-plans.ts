import type { Environment, Plan } from '../model/generated/types.ts'
import { foldPlans, type PlanGroup } from './fold-plans.ts'
import { indented, joined, paintWords, spaced } from './layout.ts'
import { headingWords } from './plan-heading.ts'
import { headingLines, planLines } from './report-plan.ts'
import { cleaned } from './strip-control.ts'
import type { Style } from './style.ts'
import { nothingTold, type Told } from './told-before.ts'
import { mostNames, namesWords } from './words.ts'

/**
 * The plans of the whole road, each under the name of its environment; one without changes takes one line. Clients with the same
 * plan are told together, and those with nothing to do in one line at the end.
 */
export function reportPlans(plans: readonly Plan[], style: Style): string {
  const told = nothingTold()
  return joined(spaced(foldPlans(plans).map(group => groupLines(group, told, style))))
}

function groupLines(
  { plans, plan: first, isIdle }: PlanGroup,
  told: Told,
  style: Style
): readonly string[] {
  const plan = cleaned(first, 'message')
  const names = cleaned(plans.map(each => each.environment))
  if (isIdle && names.length > 1) return idleLines(names, style)

  const words = headingWords(plan, names.length, style)
  const whose = namesWords(names)
  const lines = planLines(plan, names, style, told)
  const renames = names.length === 1 ? [] : plans.flatMap(each => renameLines(each, style))
  if (lines.length === 1 && renames.length === 0) {
    return headingLines(
      whose,
      [...(words === null ? [] : [`${words}.`]), ...lines].join(' '),
      style
    )
  }
  const heading =
    words === null
      ? indented(paintWords(whose, style.bold), style.width, 0, 2)
      : headingLines(whose, words, style)
  return [...heading, ...renames, '', ...lines]
}

/** Not folded away: apply would do it to this one client. */
function renameLines(plan: Plan, style: Style): readonly string[] {
  const { environment, renamedFrom } = cleaned({
    environment: plan.environment,
    renamedFrom: plan.renamedFrom
  })
  if (renamedFrom === null) return []
  return indented(`${environment}: rename from ${renamedFrom}`, style.width, 2, 4)
}

/** So few that they are all named, or how many they are. */
function idleLines(names: readonly Environment[], style: Style): readonly string[] {
  const whose = names.length > mostNames + 1 ? `${names.length} clients` : namesWords(names)
  return headingLines(whose, 'no changes.', style)
}
