import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'
import { enumerated, joined, prose, spaced, table } from './layout.ts'
import { cleaned, stripControl } from './strip-control.ts'
import type { Style } from './style.ts'
import { counted } from './words.ts'

export interface ImportReport {
  readonly dryRun: boolean
  readonly app: string
  readonly version: number | null
  readonly files: readonly ImportedFile[]
  readonly renamed: readonly ImportedName[]
}

export interface ImportedFile {
  readonly path: string
  readonly text: string
  readonly subject: 'connection' | 'component' | 'connector' | 'source'
  readonly linkName: string
  /** A source as it came in; null for specs. */
  readonly original: { readonly path: string; readonly text: string } | null
  /** How many references in it were renamed. */
  readonly rewritten: number
}

export interface ImportedName {
  readonly subject: 'connection' | 'component'
  readonly from: string
  readonly to: string
  readonly name: { readonly from: string; readonly to: string }
}

/** What came in, under which names, and what to do next; before it does (`dryRun`), every file as well. */
export function reportImport(report: ImportReport, style: Style): string {
  const { dryRun, files } = report
  return joined(
    spaced([
      headline(report, style),
      ...(dryRun ? files.flatMap(each => fileDiffs(each, style)) : [fileList(files, style)]),
      renamedLines(report.renamed, style),
      nextLines(report, style)
    ])
  )
}

function headline({ dryRun, app, version, files }: ImportReport, style: Style): readonly string[] {
  const count = (subject: ImportedFile['subject']) =>
    files.filter(each => each.subject === subject).length
  const parts = (['connection', 'component', 'connector', 'source'] as const).flatMap(subject => {
    const number = count(subject)
    if (number === 0) return []
    return [counted(number, subject === 'source' ? 'source file' : subject)]
  })
  const what = parts.length === 0 ? 'nothing' : enumerated(parts)
  const name = cleaned(app)
  const from = version === null ? name : `version ${version} of ${name}`
  const said = dryRun ? `Would import ${what} from ${from}.` : `Imported ${what} from ${from}.`
  const sign = dryRun ? '' : `${style.green(style.symbols.done)} `
  return prose(`${sign}${said}`, style, 0)
}

function fileList(files: readonly ImportedFile[], style: Style): readonly string[] {
  return files.map(each => {
    const references = each.rewritten === 0 ? '' : `  ${style.dim(rewrittenWords(each.rewritten))}`
    return `  ${style.green(style.symbols.add)} ${cleaned(each.path)}${references}`
  })
}

function rewrittenWords(count: number): string {
  return `${counted(count, 'reference')} renamed`
}

function renamedLines(renamed: readonly ImportedName[], style: Style): readonly string[] {
  if (renamed.length === 0) return []
  const rows = cleaned(renamed).map(({ subject, from, to, name }) => [
    subject,
    `${from} ${style.symbols.arrow} ${to}`,
    JSON.stringify(name.to)
  ])
  return [
    'These names are taken here, so copies were given others:',
    ...table(rows, style.width, 2)
  ]
}

function nextLines({ dryRun, files }: ImportReport, style: Style): readonly string[] {
  if (files.length === 0) return []
  if (dryRun) return [...movedLines(files, style), 'Nothing was written.']
  const isAny = files.some(each => each.subject === 'connection')
  const unauthorized = isAny
    ? 'What came in is not authorized by anybody yet. See what applying it would do:'
    : 'See what applying it would do:'
  return [
    ...movedLines(files, style),
    ...prose(`${unauthorized}\n    tieline validate\n    tieline plan`, style, 0)
  ]
}

function movedLines(files: readonly ImportedFile[], style: Style): readonly string[] {
  const isAny = files.some(each => each.original !== null && each.original.path !== each.path)
  if (!isAny) return []
  const said =
    'Sources that stand in another folder now may name other files by their old paths: of what is in a source, only its references to connections were renamed.'
  return [...prose(said, style, 0), '']
}

/** The file as a new one; a source whose references were renamed also against what came in. */
function fileDiffs(file: ImportedFile, style: Style): readonly (readonly string[])[] {
  const { path, text, original, rewritten } = file
  const added = newFilePatch(path, text)
  if (original === null || rewritten === 0) return [painted(added, style)]
  const title = `${rewrittenWords(rewritten)} in ${cleaned(path)}:`
  return [painted(added, style), [style.bold(title), ...painted(rewrittenPatch(file), style)]]
}

/** As `git diff` shows a file that is new. */
function newFilePatch(path: string, text: string): readonly string[] {
  const isEnded = text.endsWith('\n')
  const lines = (isEnded ? text.slice(0, -1) : text).split('\n')
  const head = ['--- /dev/null', `+++ b/${path}`]
  if (text === '') return head
  const last = isEnded ? [] : ['\\ No newline at end of file']
  return [...head, `@@ -0,0 +1,${lines.length} @@`, ...lines.map(line => `+${line}`), ...last]
}

/** More changed lines than these are not worth the time that comparing takes. */
const mostEdits = 2000

function rewrittenPatch({ path, text, original }: ImportedFile): readonly string[] {
  if (original === null) return []
  const patch = createTwoFilesPatch(
    `bundle/${original.path}`,
    `b/${path}`,
    original.text,
    text,
    undefined,
    undefined,
    { context: 1, maxEditLength: mostEdits, headerOptions: FILE_HEADERS_ONLY }
  )
  if (patch === undefined) return [`(more than ${mostEdits} lines differ)`]
  return patch.replace(/\n$/, '').split('\n')
}

function painted(lines: readonly string[], style: Style): readonly string[] {
  return lines.map((line, at) => {
    const plain = stripControl(line.replaceAll('\t', '    '))
    if (at < 2 && /^(---|\+\+\+) /.test(plain)) return style.bold(plain)
    if (plain.startsWith('@@')) return style.cyan(plain)
    if (plain.startsWith('+')) return style.green(plain)
    return plain.startsWith('-') ? style.red(plain) : plain
  })
}
