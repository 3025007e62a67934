import type { Diagnostic } from '../model/diagnostic.ts'
import { codeFrame } from './code-frame.ts'
import { indented, joined, paintWords, prose, spaced } from './layout.ts'
import { cleaned } from './strip-control.ts'
import type { Paint, Style } from './style.ts'
import { counted } from './words.ts'

type Severity = Diagnostic['severity']

const severities: readonly Severity[] = ['error', 'warning', 'note']

/**
 * Problems for people, in the order given: code and summary, place, the lines of the file around it, what to do; and a count
 * of them if there are several. `texts` holds the files by the path that places name, secrets in them masked already; a
 * place in any other file is shown without its lines.
 */
export function reportDiagnostics(
  diagnostics: readonly Diagnostic[],
  texts: ReadonlyMap<string, string>,
  style: Style
): string {
  const groups = diagnostics.map(each => diagnosticLines(each, texts, style))
  return joined(spaced([...groups, countLine(diagnostics, style)]))
}

function diagnosticLines(
  given: Diagnostic,
  texts: ReadonlyMap<string, string>,
  style: Style
): readonly string[] {
  const { severity, code, summary, at, detail } = cleaned(given, 'detail')
  const paint = paintOf(severity, style)
  const title = `${paint(`${severity}[${code}]`)} ${paintWords(summary, style.bold)}`
  const text = given.at === null ? undefined : texts.get(given.at.file)
  const frame = at === null || text === undefined ? [] : codeFrame(text, at, 2, style)
  return [
    ...indented(title, style.width, 0, 2),
    ...(at === null ? [] : [`  ${style.cyan(`${at.file}:${at.line}:${at.column}`)}`]),
    ...frame,
    ...(frame.length > 0 && detail.trim() !== '' ? [''] : []),
    ...(detail.trim() === '' ? [] : prose(detail, style, 2))
  ]
}

function countLine(diagnostics: readonly Diagnostic[], style: Style): readonly string[] {
  if (diagnostics.length < 2) return []
  const counts = severities.flatMap(severity => {
    const count = diagnostics.filter(each => each.severity === severity).length
    return count === 0 ? [] : [paintOf(severity, style)(counted(count, severity))]
  })
  return [counts.join(', ')]
}

function paintOf(severity: Severity, style: Style): Paint {
  switch (severity) {
    case 'error':
      return style.red
    case 'warning':
      return style.yellow
    case 'note':
      return style.cyan
  }
}
