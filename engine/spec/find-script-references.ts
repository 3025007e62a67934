import { endOfText, type FoundReference, skipBlank } from './scan-text.ts'

const word = /[\p{ID_Continue}$#]+/uy
/** Longer ones are not worth the time that looking for their end takes. */
const longestPattern = 500

/** Behind these a slash begins a regular expression, behind other words it divides. */
const beforePattern: ReadonlySet<string> = new Set(
  'return typeof case do else in of void delete throw new await yield instanceof'.split(' ')
)

/**
 * The connections of a JavaScript or TypeScript text: `connection("x")`, also as a method, with one literal as its argument.
 * Comments, texts and regular expressions are skipped, code inside `${}` is not; a name that is computed is not found. It reads
 * words, not grammar, so a text that no compiler takes works as well. Takes time in proportion to the text, and never throws.
 */
export function findScriptReferences(text: string): readonly FoundReference[] {
  const found: FoundReference[] = []
  /** For each open brace whether it is the one of `${`. */
  const braces: boolean[] = []
  /** Whether what stands before could be divided. */
  let isValue = false

  for (let at = skipBlank(text, 0); at < text.length; at = skipBlank(text, at)) {
    word.lastIndex = at
    const name = word.exec(text)?.[0]
    if (name !== undefined) {
      at += name.length
      isValue = !beforePattern.has(name)
      const call = name === 'connection' ? readCall(text, at) : null
      if (call === null) continue
      found.push(call.reference)
      at = call.end
      continue
    }

    const letter = text.charAt(at)
    const closesTemplate = letter === '}' && braces.pop() === true
    if (letter === '`' || closesTemplate) {
      const end = endOfTemplate(text, at + 1)
      if (end.isSubstitution) braces.push(true)
      isValue = !end.isSubstitution
      at = end.at
    } else if (letter === '"' || letter === "'") {
      at = endOfText(text, at)
      isValue = true
    } else if (letter === '/' && !isValue && !isTag(text, at)) {
      const end = endOfPattern(text, at)
      isValue = end !== null
      at = end ?? at + 1
    } else {
      if (letter === '{') braces.push(false)
      isValue = letter === ')' || letter === ']'
      at++
    }
  }
  return found
}

/** `</p>` and `<br/>`: a regular expression that begins like this is rarer than JSX. */
function isTag(text: string, at: number): boolean {
  return text.charAt(at - 1) === '<' || text.charAt(at + 1) === '>'
}

/** Reads `("x")` or `("x", ...)`, with `?.` or type arguments before it. */
function readCall(
  text: string,
  from: number
): { readonly reference: FoundReference; readonly end: number } | null {
  let at = skipBlank(text, from)
  if (text.startsWith('?.', at)) at = skipBlank(text, at + 2)
  if (text.charAt(at) === '<') at = skipBlank(text, endOfTypes(text, at))
  if (text.charAt(at) !== '(') return null

  const start = skipBlank(text, at + 1)
  const quote = text.charAt(start)
  if (quote === '' || !`"'\``.includes(quote)) return null
  const end = text.indexOf(quote, start + 1)
  if (end === -1) return null
  const connection = text.slice(start + 1, end)
  if (/[\\\n]|\$\{/.test(connection)) return null
  const next = text.charAt(skipBlank(text, end + 1))
  if (next !== ')' && next !== ',') return null
  return { reference: { connection, offset: start + 1 }, end: end + 1 }
}

/** Behind `<...>` of a few words; `from` if that is no list of types. */
function endOfTypes(text: string, from: number): number {
  const types = /^<[\w\s.,|&[\]<>]{1,200}>/.exec(text.slice(from, from + 202))
  return from + (types?.[0].length ?? 0)
}

function endOfTemplate(
  text: string,
  from: number
): { readonly at: number; readonly isSubstitution: boolean } {
  for (let at = from; at < text.length; at++) {
    const letter = text.charAt(at)
    if (letter === '`') return { at: at + 1, isSubstitution: false }
    if (letter === '$' && text.charAt(at + 1) === '{') return { at: at + 2, isSubstitution: true }
    if (letter === '\\') at++
  }
  return { at: text.length, isSubstitution: false }
}

/** Behind the closing slash; null if the line has none, so that it was no regular expression. */
function endOfPattern(text: string, start: number): number | null {
  let isClass = false
  const limit = Math.min(text.length, start + longestPattern)
  for (let at = start + 1; at < limit; at++) {
    const letter = text.charAt(at)
    if (letter === '\n') return null
    if (letter === '/' && !isClass) return at + 1
    if (letter === '\\') at++
    if (letter === '[') isClass = true
    if (letter === ']') isClass = false
  }
  return null
}
