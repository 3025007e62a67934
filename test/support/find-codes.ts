import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

const makers = new Set(['problem', 'warning', 'note', 'refusal'])
const code = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/

/**
 * The codes that a folder of sources can print, each with its summaries: first and second argument of whatever makes a diagnostic, and
 * tables from codes to summaries.
 */
export function findCodes(folder: string): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>()
  const add = (key: string, summary: string): void => {
    // Tables from error numbers or from a parser's codes are sentences, and no codes of ours.
    if (summary.endsWith('.') || /^E[A-Z]+$/.test(key)) return
    found.set(key, (found.get(key) ?? new Set()).add(summary))
  }
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.includes('generated')) continue
    const path = join(folder, file)
    const source = ts.createSourceFile(
      path,
      readFileSync(path, 'utf8'),
      ts.ScriptTarget.ES2023,
      true
    )
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node)) addCall(node, add)
      if (ts.isPropertyAssignment(node)) addRow(node, add)
      ts.forEachChild(node, visit)
    }
    visit(source)
  }
  return found
}

type Add = (key: string, summary: string) => void

/** `problem('CODE', 'Summary', ...)`, also by way of `(strict ? problem : warning)(...)`. */
function addCall(call: ts.CallExpression, add: Add): void {
  const [first, second] = call.arguments
  const maker = call.expression.getText().match(/[a-z]+/gi) ?? []
  if (!maker.some(each => makers.has(each)) || first === undefined) return
  for (const key of textsOf(first).filter(each => code.test(each))) {
    for (const summary of second === undefined ? [] : textsOf(second)) add(key, summary)
  }
}

function addRow(property: ts.PropertyAssignment, add: Add): void {
  const key = property.name.getText().replaceAll("'", '')
  const value = property.initializer
  if (
    code.test(key) &&
    key.length > 3 &&
    ts.isStringLiteralLike(value) &&
    /^[A-Z].* /.test(value.text)
  ) {
    add(key, value.text)
  }
}

function textsOf(node: ts.Expression): readonly string[] {
  if (ts.isStringLiteralLike(node)) return [node.text]
  if (ts.isConditionalExpression(node))
    return [...textsOf(node.whenTrue), ...textsOf(node.whenFalse)]
  if (ts.isParenthesizedExpression(node)) return textsOf(node.expression)
  if (!ts.isTemplateExpression(node)) return []
  return [node.head.text + node.templateSpans.map(span => `…${span.literal.text}`).join('')]
}
