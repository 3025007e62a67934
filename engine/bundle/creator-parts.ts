import type { CreatorScript } from './creator-scripts.ts'

/** A component as the export writes it. */
export interface CreatorPart {
  readonly kind: string
  /** Its link name in Creator; for functions with their namespace. */
  readonly name: string
  /** Between its quotes; null where the export gives none. */
  display: string | null
  readonly line: number
  /** The word of its header that is not known; it was taken for a component all the same. */
  readonly unknown: string | null
  readonly scripts: CreatorScript[]
}

/** The component that a header begins. */
export type PartHeader = Readonly<Pick<CreatorPart, 'kind' | 'name' | 'display' | 'unknown'>>

/** Sections that hold components: their name, and how a header in them reads. */
export const componentSections: ReadonlyMap<string, (header: string) => PartHeader | null> =
  new Map([
    ['forms', header => plain('form', /^form\s+(\S+)$/i.exec(header))],
    ['pages', header => plain('page', /^page\s+(\S+)$/i.exec(header))],
    ['reports', reportHeader]
  ])

/** Sections that hold neither components nor scripts. */
export const otherSections: ReadonlySet<string> = new Set([
  ...['share_settings', 'web', 'phone', 'tablet', 'translation', 'reports configuration']
])

/** What stands in `workflow`, and the kind that tieline gives to it. */
export const workflowKinds: ReadonlyMap<string, string> = new Map([
  ['form', 'workflow'],
  ['functions', 'workflow'],
  ['report', 'workflow'],
  ['schedule', 'schedule'],
  ['approval', 'approval'],
  ['blueprint', 'blueprint'],
  ['payment', 'payment'],
  ['batch', 'batch']
])

const reportTypes: ReadonlySet<string> = new Set([
  ...['list', 'summary', 'custom', 'grid', 'calendar', 'timeline', 'kanban', 'map', 'matrix'],
  ...['chart', 'pivot', 'pivotchart', 'pivottable', 'spreadsheet', 'tabular', 'htmlview']
])

function plain(kind: string, match: RegExpExecArray | null): PartHeader | null {
  const name = match?.[1]
  return name === undefined ? null : { kind, name, display: null, unknown: null }
}

/** `list X`, `default list X`. */
function reportHeader(header: string): PartHeader | null {
  const [, words = '', name] = /^(\S+(?:\s+\S+)?)\s+(\S+)$/.exec(header) ?? []
  if (name === undefined) return null
  const type = words.toLowerCase().replace(/^default\s+/, '')
  return { kind: 'report', name, display: null, unknown: reportTypes.has(type) ? null : type }
}

/** `X as "Display name"`, in the `group` of `workflow`. */
export function workflowHeader(header: string, group: string): PartHeader | null {
  const [, name, display = ''] = /^(\S+)\s+as\s+"((?:[^"\\]|\\[\s\S])*)"$/i.exec(header) ?? []
  if (name === undefined) return null
  const kind = workflowKinds.get(group)
  return { kind: kind ?? 'workflow', name, display, unknown: kind === undefined ? group : null }
}

/** `map invoices.total`, in front of the parameters of a function. */
export function functionHeader(header: string): PartHeader | null {
  return plain('function', /^(?:\S+\s+)?(\S+)$/.exec(header))
}

/** Whether a bracket behind this header holds a script of a component of this kind. */
export function isScriptHeader(header: string, bracket: string, kind: string): boolean {
  if (bracket === '{') return kind === 'page' && /^script$/i.test(header)
  return bracket === '(' && /^(?:custom\s+deluge\s+script|on\s+\S.*)$/i.test(header)
}
