import type { Place } from '../model/diagnostic.ts'
import { displayWidth } from './layout.ts'
import { stripControl } from './strip-control.ts'
import type { Style } from './style.ts'

/** Lines above and below. */
const context = 1

/**
 * The place in its text: the line with its neighbours, and a caret under the column. Lines are cut to the width around the
 * column. Nothing where the text has no such line, or only an empty one at its end.
 */
export function codeFrame(
  text: string,
  place: Place,
  indent: number,
  style: Style
): readonly string[] {
  const lines = text.replace(/\n$/, '').split('\n')
  if (text === '' || place.line < 1 || place.line > lines.length) return []

  const first = Math.max(1, place.line - context)
  const last = Math.min(lines.length, place.line + context)
  const digits = String(last).length
  const room = Math.max(20, style.width - indent - digits - 5)
  const target = lines[place.line - 1] ?? ''
  const caret = displayWidth(stripControl(target.slice(0, Math.max(0, place.column - 1))))
  const from = Math.max(0, caret - room + 10)

  const margin = ' '.repeat(indent)
  return Array.from({ length: last - first + 1 }, (_, at) => first + at).flatMap(number => {
    const isTarget = number === place.line
    const marker = isTarget ? style.red('>') : ' '
    const gutter = style.dim(`${String(number).padStart(digits)} ${style.symbols.bar}`)
    const code = cut(stripControl(lines[number - 1] ?? ''), from, room, style)
    const line = `${margin}${marker} ${gutter}${code === '' ? '' : ` ${code}`}`
    if (!isTarget) return [line]
    const under = style.dim(`${' '.repeat(digits)} ${style.symbols.bar}`)
    return [line, `${margin}  ${under} ${' '.repeat(caret - from)}${style.red('^')}`]
  })
}

/** `room` columns of a line from `from` on. Where something is left out, a mark takes the place of a letter. */
function cut(line: string, from: number, room: number, style: Style): string {
  const { ellipsis } = style.symbols
  const shown: string[] = []
  let column = 0
  for (const letter of line) {
    const start = column
    column += displayWidth(letter)
    if (column > from + room) return mark(shown.slice(0, -1), from, style) + ellipsis
    if (start >= from) shown.push(letter)
  }
  return mark(shown, from, style).trimEnd()
}

function mark(letters: readonly string[], from: number, style: Style): string {
  if (from === 0 || letters.length === 0) return letters.join('')
  return style.symbols.ellipsis + letters.slice(1).join('')
}
