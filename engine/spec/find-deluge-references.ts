import { endOfText, type FoundReference, skipBlank } from './scan-text.ts'

interface Open {
  readonly bracket: string
  /** This is the [ of an invokeurl. */
  readonly isInvoke: boolean
}

const word = /[\p{L}\p{N}_$]+/uy
const closers: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }

/**
 * The connections of a Deluge text: `connection: "x"` directly inside the brackets of `invokeurl [ ... ]`. Comments and texts
 * are skipped; a name that is computed is not found. Takes time in proportion to the text, and never throws.
 */
export function findDelugeReferences(text: string): readonly FoundReference[] {
  const found: FoundReference[] = []
  const open: Open[] = []
  const count: Record<string, number> = { '(': 0, '[': 0, '{': 0 }
  let isAfterInvoke = false

  for (let at = skipBlank(text, 0); at < text.length; at = skipBlank(text, at)) {
    const letter = text.charAt(at)
    if (letter === '"' || letter === "'") {
      at = endOfText(text, at)
      isAfterInvoke = false
      continue
    }
    word.lastIndex = at
    const match = word.exec(text)?.[0]
    if (match !== undefined) {
      const name = match.toLowerCase()
      at += match.length
      const reference =
        name === 'connection' && open.at(-1)?.isInvoke === true ? readValue(text, at) : null
      if (reference !== null) found.push(reference)
      isAfterInvoke = name === 'invokeurl'
      continue
    }
    if (letter in count) {
      open.push({ bracket: letter, isInvoke: letter === '[' && isAfterInvoke })
      count[letter] = (count[letter] ?? 0) + 1
    }
    const opener = closers[letter]
    // A closing bracket that nothing opened is skipped, so that one slip does not hide the rest.
    while (opener !== undefined && (count[opener] ?? 0) > 0) {
      const last = open.pop()
      if (last === undefined) break
      count[last.bracket] = (count[last.bracket] ?? 0) - 1
      if (last.bracket === opener) break
    }
    isAfterInvoke = false
    at++
  }
  return found
}

/** Reads `: "x"`; null if something else stands there, or if the text is only a part of the value. */
function readValue(text: string, from: number): FoundReference | null {
  const colon = skipBlank(text, from)
  if (text.charAt(colon) !== ':') return null
  const start = skipBlank(text, colon + 1)
  const quote = text.charAt(start)
  if (quote !== '"' && quote !== "'") return null
  const end = endOfText(text, start)
  const isClosed = end - start >= 2 && text.charAt(end - 1) === quote
  const connection = text.slice(start + 1, end - 1)
  if (!isClosed || connection.includes('\\')) return null
  const next = text.charAt(skipBlank(text, end))
  return '+.-*/%?'.includes(next) && next !== '' ? null : { connection, offset: start + 1 }
}
