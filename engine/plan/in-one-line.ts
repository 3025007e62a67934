const longest = 100

/**
 * A text from a state document in one line of at most 100 characters: one with lines of its own could pass for the words around it.
 */
export function inOneLine(text: string): string {
  const line = text.replace(/\s+/gu, ' ').trim()
  const letters = [...line]
  return letters.length > longest ? `${letters.slice(0, longest).join('')}...` : line
}
