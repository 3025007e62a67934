/** A connection that a source text names, and where the name begins (UTF-16 units, behind the quote). */
export interface FoundReference {
  readonly connection: string
  readonly offset: number
}

/** Behind the closing quote; texts end with their line at the latest, unless a backslash stands before its end. */
export function endOfText(text: string, start: number): number {
  const quote = text.charAt(start)
  for (let at = start + 1; at < text.length; at++) {
    const letter = text.charAt(at)
    if (letter === quote) return at + 1
    if (letter === '\n') return at
    if (letter === '\\') at += text.startsWith('\r\n', at + 1) ? 2 : 1
  }
  return text.length
}

/** Behind white space and comments, those to the end of the line and those in between. */
export function skipBlank(text: string, from: number): number {
  let at = from
  for (;;) {
    while (at < text.length && text.charAt(at).trim() === '') at++
    if (text.startsWith('//', at)) at = endOr(text, text.indexOf('\n', at), 0)
    else if (text.startsWith('/*', at)) at = endOr(text, text.indexOf('*/', at + 2), 2)
    else return at
  }
}

function endOr(text: string, found: number, length: number): number {
  return found === -1 ? text.length : found + length
}
