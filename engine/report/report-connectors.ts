import type { Connector, Level, OAuth2Way, Parameter, Way } from '../model/generated/types.ts'
import { indented, joined, paintWords, spaced, table, tableWidth } from './layout.ts'
import { cleaned } from './strip-control.ts'
import type { Style } from './style.ts'

const roomForSentences = 30

/** One line of `connectors list`, and one entry of its JSON. */
export interface ConnectorRow {
  readonly id: string
  readonly service: string
  readonly category: string
  /** The kinds of its ways to authorize, the default first. */
  readonly auth: readonly Way['kind'][]
  readonly levels: readonly Level[]
  /** verified: it comes with tieline. workspace: the workspace defines it. */
  readonly grade: 'verified' | 'workspace'
}

export function connectorRow(connector: Connector, grade: ConnectorRow['grade']): ConnectorRow {
  const { id, service, category, levels } = connector
  return {
    id,
    service,
    category,
    auth: [...new Set(connector.auth.map(way => way.kind))],
    levels,
    grade
  }
}

/** A table of connectors, in the order given. Those that the workspace defines are marked. */
export function reportConnectors(list: readonly ConnectorRow[], style: Style): string {
  if (list.length === 0) return 'No connectors.\n'
  // The category is what a narrow terminal can do without.
  const isWide = style.width >= 100
  const titles = ['id', 'service', ...(isWide ? ['category'] : []), 'auth', 'levels']
  const rows = cleaned(list).map(({ id, service, category, auth, levels, grade }) => [
    style.bold(id) + (grade === 'workspace' ? ' (workspace)' : ''),
    service,
    ...(isWide ? [category] : []),
    auth.join(', '),
    levels.join(', ')
  ])
  return joined(table([titles.map(style.dim), ...rows], style.width, 0))
}

/** All that a person needs to know of a service to connect to it. */
export function reportConnector(given: Connector, style: Style): string {
  const connector = cleaned(given)
  const { id, service, category, docs, levels, auth, sources } = connector
  return joined(
    spaced([
      [`${style.bold(service)} (${id}), ${category}`, style.cyan(docs)],
      [heading('Levels', style), `  ${withDefault(levels)}`],
      parameterLines(connector, style),
      ...auth.map((way, at) => wayLines(way, at === 0 && auth.length > 1, style)),
      testLines(connector, style),
      [
        heading('Sources', style),
        ...sources.flatMap(({ url, read, facts }) => [
          `  ${style.cyan(url)}`,
          ...indented(`${read}: ${facts}`, style.width, 4)
        ])
      ]
    ])
  )
}

function heading(text: string, style: Style): string {
  return style.bold(`${text}:`)
}

function withDefault(items: readonly string[]): string {
  return items.length < 2
    ? items.join('')
    : items.map((item, at) => (at === 0 ? `${item} (default)` : item)).join(', ')
}

function parameterLines({ parameters }: Connector, style: Style): readonly string[] {
  const all = Object.entries(parameters ?? {})
  if (all.length === 0) return []
  return [
    heading('Parameters', style),
    ...all.flatMap(([name, parameter]) => [
      ...indented(`${style.bold(name)}: ${parameter.title}`, style.width, 2, 6),
      ...described(parameter.description, style, 4),
      ...valuesOf(parameter).flatMap(line => indented(line, style.width, 4, 6))
    ])
  ]
}

function valuesOf(parameter: Parameter): readonly string[] {
  const known = Object.keys(parameter.values ?? {}).map(value =>
    value === parameter.default ? `${value} (default)` : value
  )
  const isKnown = Object.hasOwn(parameter.values ?? {}, parameter.default ?? '')
  return [
    ...(parameter.default === undefined ? ['required'] : []),
    ...(known.length === 0 ? [] : [`values: ${known.join(', ')}`]),
    ...(parameter.default === undefined || isKnown ? [] : [`default: ${parameter.default}`]),
    ...(parameter.pattern === undefined ? [] : [`pattern: ${parameter.pattern}`]),
    ...(parameter.affectsAuthorization ? ['another value needs another authorization'] : [])
  ]
}

function wayLines(way: Way, isDefault: boolean, style: Style): readonly string[] {
  const title = `Authorized by ${way.id}${isDefault ? ' (default)' : ''}`
  return [
    heading(title, style),
    ...(way.kind === 'oauth2' ? oauth2Lines(way, style) : fieldLines(way, style))
  ]
}

function oauth2Lines(way: OAuth2Way, style: Style): readonly string[] {
  const { revocation, redirect, pkce, clientAuthentication } = way
  const facts = [
    ['redirect to register', redirectOf(redirect)],
    ['authorize', way.authorizeUrl],
    ['token', way.tokenUrl],
    ...(revocation.url === undefined ? [] : [['revoke', revocation.url]]),
    ['revoking ends', endsWords(revocation.ends)],
    ['PKCE', pkce],
    ['client authentication', clientAuthentication]
  ]
  const scopes = Object.entries(way.scopes).map(([scope, sentence]) => [scope, sentence])
  return [
    ...table(facts, style.width, 2),
    ...(scopes.length === 0 ? [] : ['  scopes:', ...definitions(scopes, style, 4)]),
    ...(way.otherScopes === undefined
      ? []
      : ['  other scopes that match:', `    ${way.otherScopes}`]),
    ...indented(`scopes: all stands for ${way.all.join(', ')}`, style.width, 2, 4)
  ]
}

/** The address to give to the service when the client is registered there. */
function redirectOf({ host, port }: OAuth2Way['redirect']): string {
  return port === 'any' ? `http://${host}/callback, on any port` : `http://${host}:${port}/callback`
}

function endsWords(ends: OAuth2Way['revocation']['ends']): string {
  switch (ends) {
    case 'token':
      return 'that token'
    case 'grant':
      return 'the whole grant'
    case 'none':
      return 'nothing: the service has no way to revoke'
  }
}

function fieldLines(way: Exclude<Way, OAuth2Way>, style: Style): readonly string[] {
  return Object.entries(way.fields).flatMap(([name, field]) => [
    ...indented(
      `${style.bold(name)}: ${field.title}${field.secret ? ' (secret)' : ''}`,
      style.width,
      2,
      6
    ),
    ...described(field.description, style, 4)
  ])
}

function testLines({ api }: Connector, style: Style): readonly string[] {
  const { method, url, scopes } = api.test
  return [
    heading('Test request', style),
    `  ${method} ${style.cyan(url)}`,
    ...(scopes === undefined
      ? []
      : indented(`needs one of the scopes ${scopes.join(', ')}`, style.width, 2, 4))
  ]
}

function described(text: string | undefined, style: Style, indent: number): readonly string[] {
  if (text === undefined) return []
  return indented(paintWords(text, style.dim), style.width, indent)
}

/** Words and their sentences side by side where that leaves room for the sentences, else below each other. */
function definitions(
  rows: readonly (readonly string[])[],
  style: Style,
  indent: number
): readonly string[] {
  const left = tableWidth(rows.map(([word = '']) => [word]))
  if (indent + left + 2 + roomForSentences <= style.width) return table(rows, style.width, indent)
  return rows.flatMap(([word = '', sentence = '']) => [
    `${' '.repeat(indent)}${word}`,
    ...indented(sentence, style.width, indent + 4)
  ])
}
