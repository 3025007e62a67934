import { distance } from 'fastest-levenshtein'

/** The nearest of the candidates, if it is near enough to be a slip of the fingers. */
export function didYouMean(given: string, candidates: Iterable<string>): string | undefined {
  const limit = Math.max(2, Math.floor(given.length / 3))
  let best: string | undefined
  let least = limit + 1
  for (const candidate of candidates) {
    const far = distance(given, candidate)
    if (far < least) [best, least] = [candidate, far]
  }
  return best
}

/** More than these are no guess any more, but a list. */
const mostGuesses = 3

/**
 * ` Did you mean "x"?`, or nothing: made to stand behind a sentence. Where nothing is near, what the given text is a part of is
 * meant, as "zoho" is of "zoho_crm" and "zoho_projects".
 */
export function meant(given: string, candidates: Iterable<string>): string {
  const known = [...candidates]
  const guess = didYouMean(given, known)
  const guesses = guess === undefined ? holding(given, known) : [guess]
  if (guesses.length === 0) return ''
  return ` Did you mean ${guesses.map(each => `"${each}"`).join(' or ')}?`
}

function holding(given: string, candidates: readonly string[]): readonly string[] {
  const part = given.toLowerCase()
  if (part.length < 3) return []
  const found = candidates.filter(each => each.toLowerCase().includes(part))
  return found.length > mostGuesses ? [] : found
}
