import { isScalar, type Scalar } from 'yaml'
import { scalarLine, scalarLines } from './format-scalar.ts'
import type { Entry, Holder, Tree } from './format-tree.ts'

const width = 100
const step = 2

/** What a holder prints: comments that stand above its first entry, and all the lines from there. */
interface Printed {
  readonly lead: readonly string[]
  readonly lines: readonly string[]
}

/** Writes a tree in canonical layout. `text` is what its scalars stand in. */
export function printTree({ header, isHeaderApart, root }: Tree, text: string): string {
  const { lead, lines } = printHolder(root, 0, text)
  const isApart = header.length > 0 && (isHeaderApart || lead.length > 0)
  return `${[...header, ...(isApart ? [''] : []), ...lead, ...lines].join('\n')}\n`
}

function printHolder(holder: Holder, indent: number, text: string): Printed {
  const margin = ' '.repeat(indent)
  const printed = holder.entries.map(entry => printEntry(entry, indent, text))
  const [first] = printed
  const lines = printed.flatMap(({ lead, lines }, at) =>
    at === 0 ? lines : [...lead.map(each => indented(each, margin)), ...lines]
  )
  const after = holder.after.map(each => indented(each, margin))
  return { lead: withoutFirstGap(first?.lead ?? []), lines: [...lines, ...after] }
}

function printEntry(entry: Entry, indent: number, text: string): Printed {
  const { key, before, comment, value } = entry
  const margin = ' '.repeat(indent)
  const start = margin + (key === null ? '-' : `${key}:`)
  const behind = comment === null ? '' : ` ${comment}`
  if (value === null) return { lead: before, lines: [start + behind] }
  if (isScalar(value))
    return { lead: before, lines: printScalar(value, start, behind, indent, text) }

  const line = value.isFlow && !isCommented(value) ? `${start} ${flowText(value, text)}` : null
  if (line !== null && (value.entries.length === 0 || [...line].length <= width)) {
    return { lead: before, lines: [line + behind] }
  }
  const inner = printHolder(value, indent + step, text)
  const deeper = margin + ' '.repeat(step)
  if (key !== null) {
    const lead = inner.lead.map(each => indented(each, deeper))
    return { lead: before, lines: [start + behind, ...lead, ...inner.lines] }
  }
  // The first line of what a list holds stands behind the dash, so comments stand above that.
  const [first = '', ...rest] = inner.lines
  const above = comment === null ? [] : [comment]
  return {
    lead: [...before, ...above, ...inner.lead],
    lines: [`${start} ${first.slice(indent + step)}`, ...rest]
  }
}

function printScalar(
  node: Scalar,
  start: string,
  behind: string,
  indent: number,
  text: string
): readonly string[] {
  const { first, rest, isBlock } = scalarLines(node, text)
  const margin = ' '.repeat(indent + step)
  const lines = [
    first === '' ? start : `${start} ${first}`,
    ...rest.map(each => indented(each, margin))
  ]
  const at = isBlock ? 0 : lines.length - 1
  return lines.map((line, index) => (index === at ? line + behind : line))
}

function flowText(value: Scalar | Holder | null, text: string): string {
  if (value === null) return 'null'
  if (isScalar(value)) return scalarLine(value, text, 'flow')
  const parts = value.entries.map(({ key, value: inner }) => {
    return key === null ? flowText(inner, text) : `${key}: ${flowText(inner, text)}`
  })
  if (value.kind === 'seq') return `[${parts.join(', ')}]`
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`
}

function isCommented(value: Scalar | Holder | null): boolean {
  if (value === null || isScalar(value)) return false
  return (
    value.after.length > 0 ||
    value.entries.some(
      each => each.before.length > 0 || each.comment !== null || isCommented(each.value)
    )
  )
}

function indented(line: string, margin: string): string {
  return line === '' ? '' : margin + line
}

function withoutFirstGap(lines: readonly string[]): readonly string[] {
  return lines[0] === '' ? lines.slice(1) : lines
}
