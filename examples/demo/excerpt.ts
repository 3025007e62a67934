/** Long output, shortened to what the story is about. */

/**
 * Keeps the paragraphs that begin with one of `starts`, and says how many lines were left out between them. Colours and the
 * symbol in front of a line are kept, and do not count when it is compared.
 */
export function excerpt(text: string, starts: readonly string[]): string {
  const shown: string[] = []
  let leftOut = 0
  const sayLeftOut = () => {
    if (leftOut > 0) shown.push(`  (${leftOut} ${leftOut === 1 ? 'line' : 'lines'} more)`)
    leftOut = 0
  }
  for (const paragraph of text.trimEnd().split('\n\n')) {
    const first = plain(paragraph).replace(/^[^\p{L}]+/u, '')
    if (starts.some(start => first.startsWith(start))) {
      sayLeftOut()
      shown.push(paragraph)
    } else {
      leftOut += paragraph.split('\n').length
    }
  }
  sayLeftOut()
  return `${shown.join('\n\n')}\n`
}

const colours = new RegExp(`${'\u001b'}\\[[0-9;]*m`, 'g')

/** Without colours. */
export function plain(text: string): string {
  return text.replace(colours, '')
}

/** On one line and without colours, so that a phrase is found wherever lines were broken. */
export function flat(text: string): string {
  return plain(text).replace(/\s+/g, ' ')
}
