import { statSync } from 'node:fs'

/** Another one after every write, also one that keeps size and time: what replaces a file has a number of its own. */
export function stampOf(path: string): string {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false })
  if (status === undefined) return 'none'
  const { dev, ino, size, mtimeNs, ctimeNs } = status
  return `${dev}.${ino}.${size}.${mtimeNs}.${ctimeNs}`
}

/**
 * Calls `read` again only where the stamp differs from the one before that reading. What fails is not remembered. `given`
 * counts as a part of the stamp.
 */
export function remembered<T, Given = undefined>(
  stamp: (given: Given) => string,
  read: (given: Given) => Promise<T>
): (given: Given) => Promise<T> {
  let last: { stamp: string; given: Given; value: Promise<T> } | null = null
  return given => {
    // Before reading, so that a change in between is seen at the next call.
    const now = stamp(given)
    if (last !== null && last.stamp === now && last.given === given) return last.value
    const value = read(given)
    last = { stamp: now, given, value }
    value.catch(() => {
      if (last?.value === value) last = null
    })
    return value
  }
}
