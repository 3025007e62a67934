import type { DoctorCheck, DoctorReport } from '../model/generated/types.ts'
import { indented, joined, prose, spaced } from './layout.ts'
import { cleaned } from './strip-control.ts'
import type { Paint, Style } from './style.ts'
import { counted } from './words.ts'

/** A line for each thing that was looked at, with what to do below those that need it, and a line that sums it up. */
export function reportDoctor(report: DoctorReport, style: Style): string {
  const { checks } = cleaned(report, 'detail')
  return joined(spaced([checks.flatMap(each => checkLines(each, style)), [summary(checks, style)]]))
}

function checkLines({ outcome, summary, detail }: DoctorCheck, style: Style): readonly string[] {
  const { symbol, paint } = lookOf(outcome, style)
  return [
    ...indented(`${paint(symbol)} ${summary}`, style.width, 0, 2),
    ...(detail === null ? [] : prose(detail, style, 2))
  ]
}

function lookOf(
  outcome: DoctorCheck['outcome'],
  { symbols, green, yellow, red, dim }: Style
): { readonly symbol: string; readonly paint: Paint } {
  switch (outcome) {
    case 'ok':
      return { symbol: symbols.done, paint: green }
    case 'warning':
      return { symbol: symbols.attention, paint: yellow }
    case 'failed':
      return { symbol: symbols.failed, paint: red }
    case 'skipped':
      return { symbol: symbols.waiting, paint: dim }
  }
}

function summary(checks: readonly DoctorCheck[], { bold }: Style): string {
  const count = (outcome: DoctorCheck['outcome']) =>
    checks.filter(each => each.outcome === outcome).length
  const [failed, warnings] = [count('failed'), count('warning')]
  if (failed + warnings === 0) return bold('Everything is in order.')
  const parts = [
    ...(failed === 0
      ? []
      : [counted(failed, 'thing') + (failed === 1 ? ' is broken' : ' are broken')]),
    ...(warnings === 0 ? [] : [`${counted(warnings, 'thing')} to look at`])
  ]
  return bold(`${parts.join(', ')}.`)
}
