import { isClient } from '../model/documents.ts'
import type {
  ListedAuthorization,
  ListedDocument,
  Slot,
  StateList
} from '../model/generated/types.ts'
import { enumerated, indented, joined, spaced, table, tableWidth } from './layout.ts'
import { cleaned } from './strip-control.ts'
import type { Style } from './style.ts'

import { counted, dayOf, people, slotWords } from './words.ts'

/** Of a credential's id, so much is shown; `state rm` and `state show` take it. */
const shownId = 8

/**
 * What state documents hold: ours as tables, and where all were asked for (`isWhole`), a line for each client. Everything that is shown
 * is cleaned.
 */
export function reportStateList(
  { documents }: StateList,
  style: Style,
  { isWhole }: { readonly isWhole: boolean }
): string {
  const safe = cleaned(documents)
  const written = safe.filter(each => each.serial > 0)
  if (written.length === 0) return 'Nothing is recorded yet:\n    tieline apply\n'
  const isShort = (each: ListedDocument): boolean => isWhole && isClient(each.document)
  const clients = written.filter(isShort)
  return joined(
    spaced([
      ...written.filter(each => !isShort(each)).map(each => documentLines(each, style)),
      clientLines(clients, style)
    ])
  )
}

function documentLines(document: ListedDocument, style: Style): readonly string[] {
  const { connections, components, authorizations, users } = document
  const parts = [
    ...connections.map(each => [
      'connection',
      style.bold(each.linkName),
      style.dim(each.id),
      [
        each.connector,
        ...(each.level === 'administrator' ? [] : [each.level]),
        ...(each.slot === 'shared' ? ['shared'] : []),
        ...(each.usedBy.length === 0 ? [] : [`used by ${enumerated(each.usedBy)}`])
      ].join('; ')
    ]),
    ...components.map(each => [
      'component',
      style.bold(each.linkName),
      style.dim(each.id),
      [
        each.kind,
        ...(each.depends.length === 0 ? [] : [`depends on ${enumerated(each.depends)}`])
      ].join('; ')
    ])
  ]
  const records = authorizations.map(each => authorizationRow(each, style))
  const counts = users.map(each => [
    'users',
    style.bold(each.connection),
    '',
    `authorized by ${people(each.count)}`
  ])
  return [headline(document, style), ...rowLines([...parts, ...records, ...counts], style)]
}

/** The last column wraps; a terminal that is too narrow for the others gets them one below the other. */
function rowLines(rows: readonly (readonly string[])[], style: Style): readonly string[] {
  if (rows.length === 0) return ['  nothing']
  const narrow = tableWidth(rows.map(row => row.slice(0, -1))) + 2 + 20
  if (narrow <= style.width) return table(rows, style.width, 2)
  return rows.flatMap(row => {
    const last = row.at(-1) ?? ''
    return [
      ...indented(row.slice(0, -1).filter(Boolean).join(' '), style.width, 2, 4),
      ...(last === '' ? [] : indented(last, style.width, 4))
    ]
  })
}

function headline(
  { document, serial, version, pinned }: ListedDocument,
  { bold, dim }: Style
): string {
  const runs = version === null ? [] : [`version ${version}${pinned ? ' (pinned)' : ''}`]
  return `${bold(slotWords(document))}  ${dim([...runs, `serial ${serial}`].join(', '))}`
}

function authorizationRow(each: ListedAuthorization, style: Style): readonly string[] {
  const { symbols, green, red } = style
  const isLive = each.ended === null
  const mark = isLive ? green(symbols.done) : red(symbols.failed)
  const used = each.usedIn.length === 0 ? '' : `, used in ${enumerated(each.usedIn)}`
  const ended = each.ended === null ? '' : `, ${endWords(each.ended.cause)} ${dayOf(each.ended.at)}`
  return [
    `${mark} authorized`,
    style.bold(each.connection),
    style.dim(each.credential.slice(0, shownId)),
    `${each.account.name}, by ${each.by} ${dayOf(each.at)}${ended}${used}`
  ]
}

function endWords(cause: NonNullable<ListedAuthorization['ended']>['cause']): string {
  return { EXPIRED: 'expired', REVOKED: 'revoked', SCOPES_LOST: 'lost scopes' }[cause]
}

function clientLines(clients: readonly ListedDocument[], style: Style): readonly string[] {
  if (clients.length === 0) return []
  const rows = clients.map(each => [
    style.bold(each.document),
    each.version === null
      ? 'not installed'
      : `version ${each.version}${each.pinned ? ' (pinned)' : ''}`,
    counted(each.connections.length, 'connection'),
    counted(each.authorizations.filter(record => record.ended === null).length, 'authorization')
  ])
  return [style.bold('clients'), ...table(rows, style.width, 2)]
}

/** One recorded thing, whole. Structural: the workflow's `ShownEntry`. */
export interface EntryReport {
  readonly document: Slot
  readonly subject: 'connection' | 'component' | 'authorization'
  readonly linkName?: string
  readonly connection?: string
  readonly credential?: string
  readonly slot?: Slot
  readonly entry: object
  readonly authorizations?: readonly ListedAuthorization[]
  readonly users?: readonly { readonly count: number }[]
}

export function reportEntry(given: EntryReport, style: Style): string {
  const report = cleaned(given)
  const name = report.linkName ?? report.credential ?? ''
  const what = report.connection === undefined ? '' : ` of ${report.connection}`
  const title = `${report.subject} ${style.bold(name)}${what} in ${report.document}`
  const { authorizations, users = [], slot } = report
  const count = users.reduce((sum, each) => sum + each.count, 0)
  return joined(
    spaced([
      [title, ...valueLines(report.entry, 2)],
      authorizations === undefined
        ? []
        : [
            `authorizations, in ${slotWords(slot ?? report.document)}`,
            ...(authorizations.length === 0 && count === 0 ? ['  none'] : []),
            ...rowLinesOf(authorizations, style),
            ...(count === 0 ? [] : [`  authorized by ${people(count)}`])
          ]
    ])
  )
}

function rowLinesOf(records: readonly ListedAuthorization[], style: Style): readonly string[] {
  return records.length === 0
    ? []
    : rowLines(
        records.map(each => authorizationRow(each, style)),
        style
      )
}

/** As YAML has it; what could be taken for something else is quoted. */
export function valueLines(value: object, indent: number): readonly string[] {
  const margin = ' '.repeat(indent)
  return Object.entries(value).flatMap(([key, each]) => {
    const isBranch = typeof each === 'object' && each !== null && !Array.isArray(each)
    if (isBranch && Object.keys(each).length > 0) {
      return [`${margin}${plain(key)}:`, ...valueLines(each, indent + 2)]
    }
    return [`${margin}${plain(key)}: ${scalar(each)}`]
  })
}

function scalar(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(scalar).join(', ')}]`
  if (typeof value === 'string') return plain(value)
  return typeof value === 'object' && value !== null ? '{}' : String(value)
}

function plain(text: string): string {
  const isPlain =
    /^[\p{L}_./][\p{L}\p{N}_./@ :+-]*$/u.test(text) &&
    !/^(?:true|false|null|yes|no|on|off|y|n|~)$/i.test(text) &&
    !/: |:$| $| #/.test(text)
  return isPlain ? text : JSON.stringify(text)
}
