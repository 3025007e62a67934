import { type Document, isMap, isScalar, isSeq, type Node } from 'yaml'

/** Where a value and its key begin, as offsets into the text. */
export interface Spot {
  readonly value: number
  readonly key: number
}

/** Every place of a document by its JSON Pointer (RFC 6901). What an alias stands for has the alias's own place. */
export function indexPlaces(document: Document.Parsed): ReadonlyMap<string, Spot> {
  const index = new Map<string, Spot>()
  const add = (node: Node | null, pointer: string, key: number): void => {
    index.set(pointer, { value: node?.range?.[0] ?? key, key })
    if (isSeq(node)) {
      node.items.forEach((item, position) => {
        const at = (item as Node | null)?.range?.[0] ?? key
        add(item as Node | null, `${pointer}/${position}`, at)
      })
    }
    if (isMap(node)) {
      for (const pair of node.items) {
        if (!isScalar(pair.key)) continue
        const name = escapePointer(String(pair.key.value))
        add(pair.value as Node | null, `${pointer}/${name}`, pair.key.range?.[0] ?? key)
      }
    }
  }
  const start = document.contents?.range?.[0] ?? 0
  add(document.contents, '', start)
  return index
}

/** A key as a segment of a JSON Pointer (RFC 6901, section 3). */
export function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** The keys of a JSON Pointer. */
export function pointerSegments(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map(each => each.replaceAll('~1', '/').replaceAll('~0', '~'))
}
