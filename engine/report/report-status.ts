import type {
  ConnectionStatus,
  Environment,
  EnvironmentStatus,
  Status,
  StatusCause,
  StatusWord
} from '../model/generated/types.ts'
import { indented, joined, paintWords, spaced, table, tableWidth } from './layout.ts'
import { cleaned } from './strip-control.ts'
import type { Paint, Style } from './style.ts'
import { authorizeCommand, counted, dayOf } from './words.ts'

const indent = 2

/** A table for each environment: which connections are authorized, as what account, by whom and when, and what is missing. */
export function reportStatus(status: Status, style: Style): string {
  const environments = cleaned(status).environments
  if (environments.length === 0) return 'Nothing is applied yet:\n    tieline apply\n'
  if (environments.every(each => each.connections.length === 0)) return 'No connections.\n'
  return joined(spaced(environments.map(each => environmentLines(each, style))))
}

function environmentLines(
  { environment, connections }: EnvironmentStatus,
  style: Style
): readonly string[] {
  const heading = style.bold(environment)
  if (connections.length === 0) return [`${heading}: no connections`]

  const rows = connections.map(each => rowOf(each, style))
  const isWide = tableWidth(rows) + indent > style.width
  const shown = isWide ? rows.map(row => row.slice(0, 2)) : rows
  const lines = table(shown, Number.POSITIVE_INFINITY, indent)
  return [
    heading,
    ...connections.flatMap((each, at) => [
      lines[at] ?? '',
      ...(isWide ? stacked(rows[at]?.slice(2) ?? [], style) : []),
      ...whoElse(each, style),
      ...whatIsMissing(each, style),
      ...whatToDo(each, environment, style)
    ])
  ]
}

function rowOf(each: ConnectionStatus, style: Style): readonly string[] {
  const { symbol, paint } = lookOf(each.status, style)
  return [
    `${paint(symbol)} ${style.bold(each.connection)}`,
    paint(each.status),
    each.account?.name ?? '',
    each.by === null ? '' : `by ${each.by}`,
    each.at === null ? '' : dayOf(each.at)
  ]
}

/** What did not fit beside the status, below it. */
function stacked(cells: readonly string[], style: Style): readonly string[] {
  const text = cells.filter(cell => cell !== '').join(', ')
  return text === '' ? [] : indented(text, style.width, 2 * indent)
}

function whatIsMissing(each: ConnectionStatus, style: Style): readonly string[] {
  const cause = causeWords(each.cause)
  const words = [
    ...(cause === null ? [] : [cause]),
    ...(each.missing.length === 0 ? [] : [`missing ${each.missing.join(', ')}`]),
    ...(each.adopted === false ? ['not adopted yet: waits for a reader of its slot'] : []),
    ...(each.status === 'expiring' && each.expiresAt !== null
      ? [`expires ${timeWords(each.expiresAt)}`]
      : [])
  ]
  return words.flatMap(line =>
    indented(paintWords(line, style.yellow), style.width, 2 * indent, 3 * indent)
  )
}

/** Why it needs attention, where the status does not say it all. */
function causeWords(cause: StatusCause | null): string | null {
  switch (cause) {
    case 'basis-changed':
      return 'the connection changed since it was authorized'
    case 'slot-changed':
      return 'the authorization moves: the one before still serves'
    case 'scopes-added':
      return 'scopes were added since it was authorized'
    case 'scopes-lost':
      return 'the service took scopes back'
    case 'expired':
      return 'it expired'
    case 'grant-gone':
      return 'the service has ended it'
    case 'interrupted-refresh':
      return 'lost in a refresh that was cut off'
    case 'account-changed':
      return 'the service tells another account than the one that was authorized'
    case 'never-authorized':
    case 'not-adopted':
    case 'revoked':
    case null:
      return null
  }
}

/** How many people have authorized, where each does it for themselves. */
function whoElse({ users }: ConnectionStatus, style: Style): readonly string[] {
  if (users === null) return []
  const text =
    users === 0 ? 'nobody has authorized it yet' : `authorized by ${counted(users, 'user')}`
  return indented(text, style.width, 2 * indent)
}

function whatToDo(
  { connection, status, cause }: ConnectionStatus,
  environment: Environment,
  style: Style
): readonly string[] {
  const isDue = !['connected', 'expiring', 'credential-not-here'].includes(status)
  const flag = cause === 'account-changed' ? ' --switch-account' : ''
  const command = `${authorizeCommand(connection, environment)}${flag}`
  return isDue ? [`${' '.repeat(2 * indent)}${style.cyan(command)}`] : []
}

function lookOf(
  status: StatusWord,
  { symbols, green, yellow, red }: Style
): { readonly symbol: string; readonly paint: Paint } {
  switch (status) {
    case 'connected':
      return { symbol: symbols.done, paint: green }
    case 'pending':
      return { symbol: symbols.waiting, paint: yellow }
    case 'expiring':
    case 'drifted':
      return { symbol: symbols.attention, paint: yellow }
    case 'credential-not-here':
      return { symbol: symbols.unknown, paint: yellow }
    case 'needs-reauthorization':
    case 'revoked':
      return { symbol: symbols.failed, paint: red }
  }
}

/** A time in UTC to the minute; any other text as it is. */
function timeWords(time: string): string {
  return time.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?Z$/, '$1 $2 UTC')
}
