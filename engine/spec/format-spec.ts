import { isDeepStrictEqual } from 'node:util'
import { isScalar } from 'yaml'
import type { Diagnostic } from '../model/diagnostic.ts'
import { hasErrors, warning } from '../model/diagnostic.ts'
import { compareText } from '../model/record.ts'
import { commentsOf } from './format-comments.ts'
import { printTree } from './format-print.ts'
import { CannotFormat } from './format-scalar.ts'
import { type Holder, readTree } from './format-tree.ts'
import { escapePointer } from './index-places.ts'
import { type ParsedYaml, parseYaml } from './parse-yaml.ts'
import { type SchemaName, schemaAt } from './spec-schemas.ts'
import { topOf } from './spec-summaries.ts'

/** A spec in canonical form, or why it has to stay as it is. */
export type FormatResult =
  | { readonly text: string; readonly diagnostics: readonly [] }
  | { readonly text: null; readonly diagnostics: readonly Diagnostic[] }

/**
 * Puts the text of a spec into canonical form: keys in the order of its schema, two spaces, LF, quotes only where they are needed,
 * `[ ]` and `{ }` kept where they fit 100 columns. Comments and empty lines stay with what they stand above or behind; those on top
 * of the file stay there. `uses` and `depends` are sorted, other lists keep their order. The result says the same, and formatting it
 * again changes nothing. What is no YAML, or cannot be written anew without a risk, is told and not formatted.
 */
export function formatSpec(given: string, file: string, schema: SchemaName): FormatResult {
  const text = given.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n')
  const { parsed, diagnostics } = parseYaml(text, file)
  if (parsed === null || hasErrors(diagnostics)) return { text: null, diagnostics }
  try {
    const tree = readTree(parsed.document.contents, commentsOf(text), text)
    sortEntries(tree.root, '', schema, parsed.value)
    const formatted = printTree(tree, text)
    if (saysTheSame(text, parsed, formatted, file, schema))
      return { text: formatted, diagnostics: [] }
    return skipped('In canonical form it would say something else.', file)
  } catch (error) {
    if (error instanceof CannotFormat) return skipped(error.message, file)
    throw error
  }
}

function skipped(why: string, file: string): FormatResult {
  const detail = `${why} So the file stays as it is. If the form matters, put it in order by hand.`
  const diagnostic = warning('FMT_SKIPPED', 'File is not formatted', detail, topOf(file))
  return { text: null, diagnostics: [diagnostic] }
}

/** What the schema does not know comes last, in the order in which it was written. */
function sortEntries(holder: Holder, pointer: string, name: SchemaName, document: unknown): void {
  const schema = schemaAt(name, pointer, document)
  if (holder.kind === 'map') {
    const order = Object.keys(schema?.properties ?? {})
    const rank = (key: string) => (order.includes(key) ? order.indexOf(key) : order.length)
    holder.entries.forEach(({ name: key, value }) => {
      if (value !== null && !isScalar(value)) {
        sortEntries(value, `${pointer}/${escapePointer(key)}`, name, document)
      }
    })
    holder.entries.sort((a, b) => rank(a.name) - rank(b.name))
    return
  }
  holder.entries.forEach(({ value }, at) => {
    if (value !== null && !isScalar(value)) sortEntries(value, `${pointer}/${at}`, name, document)
  })
  if (isSet(name, pointer) && holder.entries.every(isBare)) {
    holder.entries.sort((a, b) => compareText(a.name, b.name))
  }
}

/** Link names: nobody reads anything into their order. That of scopes may tell a reader something. */
function isSet(schema: SchemaName, pointer: string): boolean {
  return schema === 'component' && (pointer === '/uses' || pointer === '/depends')
}

/** Comments and empty lines make groups, whose order is the writer's. */
function isBare({ before, comment, value }: Holder['entries'][number]): boolean {
  return before.length === 0 && comment === null && isScalar(value)
}

function saysTheSame(
  text: string,
  parsed: ParsedYaml,
  formatted: string,
  file: string,
  schema: SchemaName
): boolean {
  const after = parseYaml(formatted, file)
  if (after.parsed === null || hasErrors(after.diagnostics)) return false
  const [before, now] = [text, formatted].map(each =>
    commentsOf(each)
      .map(comment => comment.text)
      .sort(compareText)
  )
  return (
    isDeepStrictEqual(before, now) &&
    isDeepStrictEqual(comparable(parsed.value, schema), comparable(after.parsed.value, schema))
  )
}

function comparable(value: unknown, schema: SchemaName): unknown {
  if (schema !== 'component' || typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      isSet(schema, `/${key}`) && Array.isArray(item)
        ? item.map(each => JSON.stringify(each)).sort(compareText)
        : item
    ])
  )
}
