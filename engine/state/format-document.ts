/**
 * The text of a document: keys sorted at every level (those that are numbers by size, and first), two spaces a level, one
 * value a line, a newline at the end. Equal values give equal bytes, whatever the order in which their keys were set.
 */
export function formatDocument(value: unknown): string {
  return `${JSON.stringify(withSortedKeys(value), null, 2)}\n`
}

/** The same on one line, for files that hold one value a line. */
export function formatLine(value: unknown): string {
  return `${JSON.stringify(withSortedKeys(value))}\n`
}

function withSortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSortedKeys)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, each]) => [key, withSortedKeys(each)]))
}
