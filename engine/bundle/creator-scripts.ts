/** A script of a component. */
export interface CreatorScript {
  /** Which of its scripts: `on success > custom deluge script`. Empty where the text says it. */
  readonly label: string
  readonly text: string
  /** Where the text begins in the export. */
  readonly line: number
  /** All of it stands on that line. */
  readonly isOneLine: boolean
}

export interface JoinedScripts {
  readonly text: string
  /** The line of the export that a place in the text comes from. */
  lineOf(offset: number): number
}

/** All scripts of a component as one text, each below a comment that says which it is, without the indentation that they share. */
export function joinScripts(scripts: readonly CreatorScript[]): JoinedScripts {
  const starts: { readonly offset: number; readonly line: number; readonly isOneLine: boolean }[] =
    []
  let text = ''
  for (const { label, text: given, line, isOneLine } of scripts) {
    const { lines, skipped } = tidyLines(given)
    if (lines.length === 0) continue
    if (text !== '') text += '\n'
    if (label !== '') text += `// ${label}\n`
    starts.push({ offset: text.length, line: line + (isOneLine ? 0 : skipped), isOneLine })
    text += `${lines.join('\n')}\n`
  }
  return {
    text,
    lineOf: offset => {
      const start = starts.findLast(each => each.offset <= offset)
      if (start === undefined) return 1
      const lines = text.slice(start.offset, offset).split('\n').length - 1
      return start.line + (start.isOneLine ? 0 : lines)
    }
  }
}

/** Without blank lines at both ends, white space at the end of lines, and what all lines but the first begin with. */
function tidyLines(text: string): { readonly lines: readonly string[]; readonly skipped: number } {
  const lines = text.split('\n').map(each => each.trimEnd())
  const first = lines.findIndex(each => each !== '')
  const last = lines.findLastIndex(each => each !== '')
  if (first === -1) return { lines: [], skipped: 0 }
  const kept = lines.slice(first, last + 1)
  // The first may begin behind a bracket, so that it says nothing of the others.
  const shared = sharedStart(kept.slice(first === 0 ? 1 : 0))
  const tidy = kept.map((each, at) =>
    first === 0 && at === 0 ? each.trimStart() : each.slice(shared)
  )
  return { lines: tidy, skipped: first }
}

function sharedStart(lines: readonly string[]): number {
  const [example, ...others] = lines.filter(each => each !== '')
  if (example === undefined) return 0
  let length = example.length - example.trimStart().length
  for (const each of others) {
    let same = 0
    while (same < length && each.charAt(same) === example.charAt(same)) same++
    length = same
  }
  return length
}
