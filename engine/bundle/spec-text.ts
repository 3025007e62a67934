import { Document, isMap, isScalar, isSeq, type Node, type YAMLMap, type YAMLSeq } from 'yaml'

/** Longer lines are broken. */
const lineWidth = 100
/** Of what is written on one line, without its key. */
const longestInline = 80

/**
 * A spec as YAML that a person would write: short lists and mappings on one line, everything else a key a line, in the order
 * given. The first line tells editors where the schema is. Reads back as the same value.
 */
export function specText(spec: object, schema: string): string {
  const document = new Document(spec, { version: '1.2', schema: 'core' })
  arrange(document.contents, 0)
  const text = document.toString({ lineWidth, singleQuote: true })
  return `# yaml-language-server: $schema=${schema}\n${text}`
}

function arrange(node: Node | null, depth: number): void {
  if (isSeq(node)) {
    if (node.items.every(each => isScalar(each)) && isShort(node)) inline(node, '')
    for (const each of node.items) arrange(each as Node, depth + 1)
  }
  if (isMap(node)) {
    const values = node.items.map(each => each.value as Node | null)
    const isFlat = values.every(each => isScalar(each))
    if (depth > 0 && (isFlat || depth > 1) && isShort(node)) inline(node, ' ')
    for (const each of values) arrange(each, depth + 1)
  }
}

function isShort(node: YAMLMap | YAMLSeq): boolean {
  return JSON.stringify(node).length <= longestInline
}

/** On one line, with `padding` inside its brackets: `[a, b]`, but `{ a: b }`. */
function inline(node: YAMLMap | YAMLSeq, padding: string): void {
  node.flow = true
  const write = node.toString.bind(node) as (...args: readonly unknown[]) => string
  node.toString = (context?: object, ...rest: readonly unknown[]) =>
    write({ ...context, flowCollectionPadding: padding }, ...rest)
}
