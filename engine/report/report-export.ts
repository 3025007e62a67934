import { enumerated, joined, prose } from './layout.ts'
import { cleaned } from './strip-control.ts'
import type { Style } from './style.ts'
import { counted } from './words.ts'

export interface ExportReport {
  readonly file: string
  readonly app: string
  readonly version: number
  readonly digest: string
  /** How many of each the bundle holds. */
  readonly connections: number
  readonly components: number
  readonly connectors: number
  readonly sources: number
}

/** What was written, and how it is brought in elsewhere. */
export function reportExport(report: ExportReport, style: Style): string {
  const { file, app, version, digest, connections, components, connectors, sources } =
    cleaned(report)
  const parts = [
    counted(connections, 'connection'),
    counted(components, 'component'),
    ...(connectors === 0 ? [] : [counted(connectors, 'connector')]),
    ...(sources === 0 ? [] : [counted(sources, 'source file')])
  ]
  const done = `${style.green(style.symbols.done)} ${file}: version ${version} of ${app}, ${enumerated(parts)}.`
  return joined([
    ...prose(done, style, 0),
    `  ${style.dim(digest)}`,
    '',
    ...prose(
      `It holds no credential and nobody's name. In another workspace:\n    tieline import ${file} --dry-run`,
      style,
      0
    )
  ])
}
