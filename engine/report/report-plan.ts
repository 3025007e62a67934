import { isClient } from '../model/documents.ts'
import type {
  Change,
  ChangeAction,
  DueAction,
  Environment,
  Level,
  Plan
} from '../model/generated/types.ts'
import { displayWidth, indented, joined, paintWords, spaced } from './layout.ts'
import { headingWords, isRemoval } from './plan-heading.ts'
import { reportAuthorizations, reportEnding } from './report-authorizations.ts'
import { displayNameOf, reportFields } from './report-fields.ts'
import { reportHeld } from './report-held.ts'
import { cleaned } from './strip-control.ts'
import type { Style } from './style.ts'
import { type Block, changesOnce, dueOnce, nothingTold, type Told } from './told-before.ts'
import { allBecauseWords } from './words.ts'

/**
 * A plan for people: what changes and why, what is held, what is to be authorized by whom, and a line that sums it up.
 * `No changes.` and nothing else where nothing is to be done. Its diagnostics are not part of it.
 */
export function reportPlan(plan: Plan, style: Style): string {
  const safe = cleaned(plan, 'message')
  const words = headingWords(safe, 1, style)
  const heading = words === null ? [] : headingLines(safe.environment, words, style)
  return joined(spaced([heading, planLines(safe, [safe.environment], style)]))
}

/** The last line of a plan alone. Empty if nothing is to be done. */
export function reportSummary(plan: Plan, style: Style): string {
  return joined(summaryLine(cleaned(plan, 'message'), 1, style))
}

/** Whose plan it is, and what it does as a whole: in one line, or each for itself. */
export function headingLines(names: string, words: string, style: Style): readonly string[] {
  const whose = `${paintWords(names, style.bold)}:`
  if (displayWidth(`${whose} ${words}`) <= style.width) return [`${whose} ${words}`]
  return [...indented(whose, style.width, 0, 2), ...indented(words, style.width, 2)]
}

/**
 * What stands below the heading. `environments` are more than one if clients have the same plan; `told` is what stands above of other
 * clients. Texts are clean already.
 */
export function planLines(
  plan: Plan,
  environments: readonly Environment[],
  style: Style,
  told: Told = nothingTold()
): readonly string[] {
  const due = dueLines(plan, environments, style, told)
  const isAlone = plan.changes.length === 0 && plan.held.length === 0 && due.length === 0
  const all = plan.changes.map(change => ({ change, lines: changeLines(change, plan, style) }))
  const { blocks, before } = isClient(plan.environment)
    ? changesOnce(all, plan.environment, told, style)
    : { blocks: all, before: [] }
  return spaced([
    plan.changes.length === 0 ? [nothingWords(plan)] : [],
    before,
    ...changeGroups(blocks),
    reportHeld(plan, style),
    due,
    isAlone ? [] : summaryLine(plan, environments.length, style)
  ])
}

function dueLines(
  plan: Plan,
  environments: readonly Environment[],
  style: Style,
  told: Told
): readonly string[] {
  const { authorizations, environment, changes } = plan
  if (isRemoval(plan)) return reportEnding(authorizations, environments, style)
  const gone = new Set(
    changes
      .filter(({ subject, action }) => subject === 'connection' && action === 'delete')
      .map(each => each.id)
  )
  const lines = reportAuthorizations('Authorizations', authorizations, environments, style, gone)
  return isClient(environment) ? dueOnce(lines, plan, environments.length, told, style) : lines
}

/** With a selection that is refused, no changes does not mean that there are none. */
function nothingWords({ held, selection, renamedFrom }: Plan): string {
  const isRefused = held.some(
    ({ code, linkName }) =>
      code === 'NEEDS_COMPONENTS' ||
      (code === 'UNREFERENCED' && selection.connections.includes(linkName))
  )
  if (isRefused) return 'The selection cannot be published as it is.'
  return renamedFrom === null ? 'No changes.' : 'No other changes.'
}

/** Blocks stand apart from each other; changes that take one line stand together. */
function changeGroups(blocks: readonly Block[]): readonly (readonly string[])[] {
  const groups: string[][] = []
  for (const { lines } of blocks) {
    const last = groups.at(-1)
    const endsInOneLine = last !== undefined && !last.at(-1)?.startsWith(' ')
    if (lines.length === 1 && endsInOneLine) last.push(...lines)
    else groups.push([...lines])
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

/** What the heading has said of all of it, no change says again: that it is new in this version, or that the client goes. */
function whyOf({ because, action }: Change, plan: Plan): string {
  if (isRemoval(plan)) return ''
  const { source, version } = plan
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

function summaryLine(
  { summary, changes, authorizations }: Plan,
  count: number,
  style: Style
): readonly string[] {
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
  const start = count === 1 ? 'Plan' : 'Plan for each'
  const text = `${start}: ${lines.join('; ')}.`
  if (displayWidth(text) <= style.width) return [style.bold(text)]
  // Too much for one line: one for what changes, one for whom it concerns, one for what stays.
  return lines.flatMap((line, at) => {
    const ended = `${line}${at === lines.length - 1 ? '.' : ';'}`
    const whole = at === 0 ? `${start}: ${ended}` : ended
    return indented(whole, style.width, at === 0 ? 0 : 6, 6).map(style.bold)
  })
}
