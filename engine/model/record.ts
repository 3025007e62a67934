/** A record with its keys sorted, so that equal content has equal bytes. */
export function sortedRecord<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  return Object.fromEntries([...entries].sort(([a], [b]) => compareText(a, b)))
}

/** By UTF-16 code units: the same on every machine, whatever its language. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Sorted, each once. */
export function sortedUnique(values: Iterable<string>): readonly string[] {
  return [...new Set(values)].sort(compareText)
}

/** What stands in the first list only, in its order. */
export function without(values: readonly string[], taken: readonly string[]): readonly string[] {
  return values.filter(value => !taken.includes(value))
}
