/** Far more than the largest app needs, far less than what would exhaust the memory. */
const deepest = 40
const mostParts = 1_000_000

/**
 * Whether a JSON text is nested deeper, or has more values, than any bundle. Asked before it is parsed: a small file can make
 * many objects. Takes time in proportion to the text; what is no JSON gives any answer.
 */
export function exceedsBounds(text: string): boolean {
  let depth = 0
  let parts = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = endOfString(text, at)
        break
      case openBrace:
      case openBracket:
        depth++
        parts++
        break
      case closeBrace:
      case closeBracket:
        depth--
        break
      case comma:
        parts++
        break
    }
    if (depth > deepest || parts > mostParts) return true
  }
  return false
}

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) return at
    if (code === backslash) at++
  }
  return text.length
}
