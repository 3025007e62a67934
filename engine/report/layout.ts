import type { Paint, Style } from './style.ts'

/** What colours put around a text. Values are stripped of escapes before, so every one found is ours. */
const colours = new RegExp(`${'\u001b'}\\[[0-9;]*m`, 'g')
const narrow = /^[ -~]*$/
const zero = /[\p{Mn}\p{Me}\p{Cf}]/u
const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60]/u

/** Columns that a text takes on a terminal: colours and combining marks none, East Asian letters and emoji two. */
export function displayWidth(text: string): number {
  const plain = text.replace(colours, '')
  if (narrow.test(plain)) return plain.length
  return [...plain].reduce((sum, each) => sum + (zero.test(each) ? 0 : wide.test(each) ? 2 : 1), 0)
}

export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)))
}

/** Paints each word for itself, so that the text can still be broken at its spaces. */
export function paintWords(text: string, paint: Paint): string {
  return text
    .split(' ')
    .map(word => (word === '' ? '' : paint(word)))
    .join(' ')
}

/** Lines of at most `columns`. Breaks at spaces only: a longer name, address or reference stays whole and sticks out. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = []
  let line: string | undefined
  for (const word of text.split(' ')) {
    const longer: string = line === undefined ? word : `${line} ${word}`
    if (line !== undefined && displayWidth(longer) > columns) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line ?? '']
    .map(each => each.trimEnd())
    .filter((each, at) => at === 0 || each !== '')
}

/** Wraps a text into lines indented by `indent`, all after the first by `hanging`. */
export function indented(
  text: string,
  width: number,
  indent: number,
  hanging: number = indent
): readonly string[] {
  const [first = ''] = wrap(text, width - indent)
  const rest = text.slice(first.length).trimStart()
  const more = rest === '' ? [] : wrap(rest, width - hanging)
  return [
    `${' '.repeat(indent)}${first}`.trimEnd(),
    ...more.map(line => ' '.repeat(hanging) + line)
  ]
}

/** Wraps prose line by line. Lines that are indented already are commands: they are moved, never broken. */
export function prose(text: string, style: Style, indent: number): readonly string[] {
  const margin = ' '.repeat(indent)
  return text
    .trimEnd()
    .split('\n')
    .flatMap(line =>
      isCommand(line)
        ? [margin + line.slice(0, line.search(/\S/)) + style.cyan(line.trim())]
        : indented(line.trimEnd(), style.width, indent)
    )
}

/** Whether a line of prose is a command, or an example: it stands alone and is indented. */
export function isCommand(line: string): boolean {
  return /^\s+\S/.test(line)
}

/** Columns that `table` needs for rows to stay on one line each, indent not counted. */
export function tableWidth(rows: readonly (readonly string[])[]): number {
  const widths = columnWidths(rows)
  return widths.reduce((sum, each) => sum + each, 0) + 2 * Math.max(0, widths.length - 1)
}

/** Aligned columns, two spaces apart. The last column wraps. */
export function table(
  rows: readonly (readonly string[])[],
  width: number,
  indent: number
): readonly string[] {
  const widths = columnWidths(rows)
  return rows.flatMap(row => {
    const start = row.slice(0, -1).map((cell, at) => `${padEnd(cell, widths[at] ?? 0)}  `)
    const left = ' '.repeat(indent) + start.join('')
    const hanging = displayWidth(left)
    const [first = '', ...more] = wrap(row.at(-1) ?? '', width - hanging)
    return [`${left}${first}`.trimEnd(), ...more.map(line => ' '.repeat(hanging) + line)]
  })
}

function columnWidths(rows: readonly (readonly string[])[]): readonly number[] {
  const columns = Math.max(0, ...rows.map(row => row.length))
  return Array.from({ length: columns }, (_, at) =>
    Math.max(0, ...rows.map(row => displayWidth(row[at] ?? '')))
  )
}

/** `a`, `a and b`, `a, b and c`; with another word for `and` where it is given. */
export function enumerated(items: readonly string[], word: string = 'and'): string {
  return items.length < 2
    ? items.join('')
    : `${items.slice(0, -1).join(', ')} ${word} ${items.at(-1)}`
}

/** The lines as one text that ends in a line feed; nothing for no lines. */
export function joined(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

/** Groups of lines with an empty line between them; empty groups are left out. */
export function spaced(groups: readonly (readonly string[])[]): readonly string[] {
  return groups
    .filter(group => group.length > 0)
    .flatMap((group, at) => (at === 0 ? group : ['', ...group]))
}
