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

/** ` Did you mean "x"?`, or nothing: made to stand behind a sentence. */
export function meant(given: string, candidates: Iterable<string>): string {
  const guess = didYouMean(given, candidates)
  return guess === undefined ? '' : ` Did you mean "${guess}"?`
}
