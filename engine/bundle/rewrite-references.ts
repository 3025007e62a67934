import type { LinkName } from '../model/generated/types.ts'

/** A connection that a source text names, and where the name begins (UTF-16 units). */
export interface SourceName {
  readonly connection: string
  readonly offset: number
}

/** Finds the references of a source; the path tells the language. */
export type FindReferences = (path: string, text: string) => readonly SourceName[]

/**
 * A source with its references renamed, all at once: where a becomes b and b becomes c, no a becomes c. Nothing else in it
 * changes. `count` is how many were renamed.
 */
export function rewriteReferences(
  text: string,
  references: readonly SourceName[],
  names: ReadonlyMap<LinkName, LinkName>
): { readonly text: string; readonly count: number } {
  const pieces: string[] = []
  let from = 0
  let count = 0
  for (const { connection, offset } of [...references].sort((a, b) => a.offset - b.offset)) {
    const renamed = names.get(connection)
    if (renamed === undefined || renamed === connection || offset < from) continue
    if (!text.startsWith(connection, offset))
      throw new Error('A reference is not where it was found')
    pieces.push(text.slice(from, offset), renamed)
    from = offset + connection.length
    count++
  }
  return { text: pieces.join('') + text.slice(from), count }
}
