import type { Change, Environment, Plan } from '../model/generated/types.ts'
import { enumerated, indented } from './layout.ts'
import type { Style } from './style.ts'

/** What was told of clients so far, and for which of them: of the next ones it is enough to say what differs. */
export interface Told {
  /** By the lines of all changes of a plan. */
  readonly plans: Map<string, Environment>
  /** By the lines of one change. */
  readonly changes: Map<string, Environment>
  /** By what is due, as JSON. */
  readonly due: Map<string, Environment>
}

/** A change as it is shown. */
export interface Block {
  readonly change: Change
  readonly lines: readonly string[]
}

/** What takes so few lines is repeated: a reference to it would be no shorter. */
const mostLinesToRepeat = 3

export function nothingTold(): Told {
  return { plans: new Map(), changes: new Map(), due: new Map() }
}

/** The changes of a client that were not told before, and lines that say for whom the others were. */
export function changesOnce(
  blocks: readonly Block[],
  environment: Environment,
  told: Told,
  style: Style
): { readonly blocks: readonly Block[]; readonly before: readonly string[] } {
  const all = textOf(blocks.flatMap(each => each.lines))
  const known = blocks.filter(each => told.changes.has(textOf(each.lines)))
  const isWorthIt = known.flatMap(each => each.lines).length > mostLinesToRepeat
  const same = told.plans.get(all)
  if (isWorthIt && same !== undefined) {
    return { blocks: [], before: indented(`The same changes as for ${same}.`, style.width, 0) }
  }
  const before = isWorthIt ? references(known, told, style) : []
  remember(told.plans, all, environment)
  for (const { lines } of blocks) remember(told.changes, textOf(lines), environment)
  return { blocks: isWorthIt ? blocks.filter(each => !known.includes(each)) : blocks, before }
}

/** The list of what is due for clients, or who has the same one. */
export function dueOnce(
  lines: readonly string[],
  { environment, authorizations }: Plan,
  count: number,
  told: Told,
  style: Style
): readonly string[] {
  if (lines.length <= mostLinesToRepeat) return lines
  const key = JSON.stringify(authorizations.map(each => ({ ...each, slot: '', credential: null })))
  const before = told.due.get(key)
  remember(told.due, key, environment)
  if (before === undefined) return lines
  const whose = count === 1 ? 'its' : 'their'
  return indented(
    `The same authorizations as for ${before}, by ${whose} own members.`,
    style.width,
    0
  )
}

/** Named one by one: the other client may have changes that this one has not. */
function references(known: readonly Block[], told: Told, style: Style): readonly string[] {
  const clients = new Set(known.map(each => told.changes.get(textOf(each.lines))))
  return [...clients].flatMap(client => {
    const theirs = known.filter(each => told.changes.get(textOf(each.lines)) === client)
    const named = (['connection', 'component'] as const).flatMap(subject => {
      const names = theirs
        .filter(each => each.change.subject === subject)
        .map(each => each.change.linkName)
      return names.length === 0
        ? []
        : [`${subject}${names.length === 1 ? '' : 's'} ${enumerated(names)}`]
    })
    return indented(`As for ${client}: ${named.join('; ')}.`, style.width, 0, 2)
  })
}

function remember(told: Map<string, Environment>, text: string, environment: Environment): void {
  if (!told.has(text)) told.set(text, environment)
}

function textOf(lines: readonly string[]): string {
  return lines.join('\n')
}
