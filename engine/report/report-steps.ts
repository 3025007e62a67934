import type { DueAuthorization, Environment } from '../model/generated/types.ts'
import { indented, joined, paintWords, prose, spaced } from './layout.ts'
import { reportAuthorizations } from './report-authorizations.ts'
import { cleaned } from './strip-control.ts'
import type { Paint, Style } from './style.ts'

/** How one step of apply ended. */
export interface StepOutcome {
  /** In a few words: `record 3 changes in dev`. */
  readonly what: string
  readonly outcome: 'done' | 'failed' | 'not-run'
  /** Why it failed or did not run; null if there is nothing to say. */
  readonly detail: string | null
}

/** What an apply did, and what it leaves to do. */
export interface Applied {
  readonly environment: Environment
  /** In the order in which they ran. */
  readonly steps: readonly StepOutcome[]
  /** Authorizations that stay pending. */
  readonly pending: readonly DueAuthorization[]
}

/** What has been seen already, and need not be said again. */
export interface Seen {
  /** The steps that ended well, as they went. */
  readonly steps: boolean
  /** The list of what is to be authorized, in the plan. */
  readonly pending: boolean
}

/** The steps of an apply, what stays pending with the command for each, and the counts. */
export function reportApplied(applied: Applied, style: Style, seen: Seen): string {
  const { environment, steps, pending } = cleaned(applied, 'detail')
  const told = seen.steps ? steps.filter(each => each.outcome !== 'done' || each.detail) : steps
  const due = seen.pending
    ? []
    : reportAuthorizations('Still to authorize', pending, [environment], style)
  return joined(spaced([stepLines(told, style), due, [style.bold(summaryOf(steps, pending))]]))
}

function stepLines(steps: readonly StepOutcome[], style: Style): readonly string[] {
  return steps.flatMap(({ what, outcome, detail }) => {
    const { symbol, paint } = lookOf(outcome, style)
    // Why it did not run says more than that it did not.
    const note = outcome === 'not-run' && detail === null ? paintWords(' (not run)', style.dim) : ''
    return [
      ...indented(`${paint(symbol)} ${what}${note}`, style.width, 0, 2),
      ...(detail === null || detail.trim() === '' ? [] : prose(detail, style, 4))
    ]
  })
}

function lookOf(
  outcome: StepOutcome['outcome'],
  { symbols, green, red, dim }: Style
): { readonly symbol: string; readonly paint: Paint } {
  switch (outcome) {
    case 'done':
      return { symbol: symbols.done, paint: green }
    case 'failed':
      return { symbol: symbols.failed, paint: red }
    case 'not-run':
      return { symbol: symbols.waiting, paint: dim }
  }
}

function summaryOf(steps: readonly StepOutcome[], pending: readonly DueAuthorization[]): string {
  const count = (outcome: StepOutcome['outcome']) =>
    steps.filter(each => each.outcome === outcome).length
  const some = (number: number, words: string) => (number === 0 ? [] : [`${number} ${words}`])
  const ended = [
    `${count('done')} done`,
    ...some(count('failed'), 'failed'),
    ...some(count('not-run'), 'not run')
  ]
  const left = some(pending.length, 'to authorize')
  return `Apply: ${[ended.join(', '), ...left].join('; ')}.`
}
