import type { Change, ChangeAction, DueAction, Level, Plan } from '../model/generated/types.ts'
import { displayWidth, indented, joined, paintWords, spaced } from './layout.ts'
import { reportAuthorizations } from './report-authorizations.ts'
import { displayNameOf, reportFields } from './report-fields.ts'
import { reportHeld } from './report-held.ts'
import { cleaned } from './strip-control.ts'
import type { Style } from './style.ts'
import { allBecauseWords } from './words.ts'

/**
 * A plan for people: what changes and why, what is held, what is to be authorized by whom, and a line that sums it up.
 * `No changes.` and nothing else where nothing is to be done. Its diagnostics are not part of it.
 */
export function reportPlan(plan: Plan, style: Style): string {
  const safe = cleaned(plan, 'message')
  const version = versionWords(safe, style)
  const heading = version === null ? [] : [`${style.bold(safe.environment)}: ${version}`]
  return joined(spaced([heading, planLines(safe, style)]))
}

/** The plans of the whole road, each under the name of its environment. An environment without changes takes one line. */
export function reportPlans(plans: readonly Plan[], style: Style): string {
  const groups = cleaned(plans, 'message').map(plan => {
    const version = versionWords(plan, style)
    const heading = style.bold(plan.environment) + (version === null ? '' : `: ${version}`)
    const lines = planLines(plan, style)
    if (lines.length > 1) return [heading, '', ...lines]
    return [`${heading}${version === null ? ':' : '.'} ${lines.join('')}`]
  })
  return joined(spaced(groups))
}

/** The last line of a plan alone. Empty if nothing is to be done. */
export function reportSummary(plan: Plan, style: Style): string {
  return joined(summaryLine(cleaned(plan, 'message'), style))
}

function planLines(plan: Plan, style: Style): readonly string[] {
  const due = reportAuthorizations('Authorizations', plan.authorizations, plan.environment, style)
  const isAlone = plan.changes.length === 0 && plan.held.length === 0 && due.length === 0
  return spaced([
    plan.changes.length === 0 ? [nothingWords(plan)] : [],
    ...changeGroups(plan, style),
    reportHeld(plan, style),
    due,
    isAlone ? [] : summaryLine(plan, style)
  ])
}

/** With a selection that is refused, no changes does not mean that there are none. */
function nothingWords({ held, selection }: Plan): string {
  const isRefused = held.some(
    ({ code, linkName }) =>
      code === 'NEEDS_COMPONENTS' ||
      (code === 'UNREFERENCED' && selection.connections.includes(linkName))
  )
  return isRefused ? 'The selection cannot be published as it is.' : 'No changes.'
}

function versionWords({ version, selection }: Plan, style: Style): string | null {
  const { from, to, pinned } = version
  if (to === null) return null
  if (from === to) {
    if (!pinned) return selection.version === 'latest' ? `version ${to}, not pinned` : null
    return selection.version === null ? `stays pinned at ${to}` : `version ${to}, pinned`
  }
  const step = from === null ? `${to}, the first` : `${from} ${style.symbols.arrow} ${to}`
  return `version ${step}${pinned ? ', pinned' : ''}`
}

/** Blocks stand apart from each other; changes that take one line stand together. */
function changeGroups(plan: Plan, style: Style): readonly (readonly string[])[] {
  const groups: string[][] = []
  for (const change of plan.changes) {
    const block = changeLines(change, plan, style)
    const last = groups.at(-1)
    const endsInOneLine = last !== undefined && !last.at(-1)?.startsWith(' ')
    if (block.length === 1 && endsInOneLine) last.push(...block)
    else groups.push([...block])
  }
  return groups
}

function changeLines(change: Change, plan: Plan, style: Style): readonly string[] {
  const title = titleOf(change, style)
  const fields = reportFields(change, style)
  const why = whyOf(change, plan)
  if (why === '') return [...indented(title, style.width, 0, 4), ...fields]

  const line = `${title}  ${style.dim(why)}`
  if (fields.length === 0 && displayWidth(line) <= style.width) return [line]
  return [
    ...indented(title, style.width, 0, 4),
    ...indented(paintWords(why, style.dim), style.width, 4),
    ...fields
  ]
}

function titleOf(change: Change, style: Style): string {
  const name = displayNameOf(change)
  return [
    symbolOf(change.action, style),
    change.subject,
    style.bold(change.linkName),
    ...(change.from === null || change.from === change.linkName ? [] : [`(was ${change.from})`]),
    ...(name === null ? [] : [paintWords(`"${name}"`, style.dim)])
  ].join(' ')
}

/** That all of it is new in the version that the plan goes to, the version line has said. */
function whyOf({ because, action }: Change, { source, version }: Plan): string {
  const told = because.filter(each => each.code !== 'NEW_VERSION' || each.version !== version.to)
  return allBecauseWords(told, action, source.environment)
}

function symbolOf(action: ChangeAction, { symbols, green, yellow, red, cyan, dim }: Style): string {
  switch (action) {
    case 'add':
      return green(symbols.add)
    case 'modify':
      return yellow(symbols.modify)
    case 'delete':
      return red(symbols.delete)
    case 'rename':
      return cyan(symbols.rename)
    case 'carry':
      return dim(symbols.carry)
  }
}

function summaryLine({ summary, changes, authorizations }: Plan, style: Style): readonly string[] {
  const some = (count: number, words: string) => (count === 0 ? [] : [`${count} ${words}`])
  const edits =
    changes.length === 0
      ? []
      : [
          `${summary.add} to add`,
          `${summary.modify} to change`,
          `${summary.delete} to delete`,
          ...some(summary.rename, 'to rename'),
          ...some(summary.carry, summary.carry === 1 ? 'goes along' : 'go along')
        ]
  const asked = (action: DueAction, level: Level) =>
    authorizations.filter(each => each.action === action && each.level === level).length
  const byUsers = asked('authorize', 'logged-in-user') + asked('reauthorize', 'logged-in-user')
  const due = [
    ...some(asked('authorize', 'administrator'), 'to authorize'),
    ...some(asked('reauthorize', 'administrator'), 'to authorize again'),
    ...some(byUsers, 'by each user'),
    ...some(summary.inherit, 'covered by shared'),
    ...some(summary.revoke, 'to revoke')
  ]
  const parts = [edits, due, some(summary.held, 'held back')].filter(part => part.length > 0)
  if (parts.length === 0) return []
  const lines = parts.map(part => part.join(', '))
  const text = `Plan: ${lines.join('; ')}.`
  if (displayWidth(text) <= style.width) return [style.bold(text)]
  // Too much for one line: one for what changes, one for whom it concerns, one for what stays.
  return lines.flatMap((line, at) => {
    const ended = `${line}${at === lines.length - 1 ? '.' : ';'}`
    const whole = at === 0 ? `Plan: ${ended}` : ended
    return indented(whole, style.width, at === 0 ? 0 : 6, 6).map(style.bold)
  })
}
