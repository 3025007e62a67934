import type { Connector, Level, Parameter, Way } from '../model/generated/types.ts'
import { usedParameters } from '../model/used-parameters.ts'
import { indented, joined, spaced, table } from './layout.ts'
import { described, heading, reportWay } from './report-way.ts'
import { cleaned } from './strip-control.ts'
import type { Style } from './style.ts'

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
      ...auth.map((way, at) => reportWay(way, at === 0 && auth.length > 1, style)),
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

function withDefault(items: readonly string[]): string {
  return items.length < 2
    ? items.join('')
    : items.map((item, at) => (at === 0 ? `${item} (default)` : item)).join(', ')
}

function parameterLines(connector: Connector, style: Style): readonly string[] {
  const all = Object.entries(connector.parameters ?? {})
  if (all.length === 0) return []
  return [
    heading('Parameters', style),
    ...all.flatMap(([name, parameter]) => [
      ...indented(`${style.bold(name)}: ${parameter.title}`, style.width, 2, 6),
      ...described(parameter.description, style, 4),
      ...[...requiredBy(connector, name, parameter), ...valuesOf(parameter)].flatMap(line =>
        indented(line, style.width, 4, 6)
      )
    ])
  ]
}

/** A parameter is needed where something names it. */
function requiredBy(connector: Connector, name: string, parameter: Parameter): readonly string[] {
  if (parameter.default !== undefined) return []
  const ways = connector.auth.filter(way => usedParameters(connector, way).has(name))
  if (ways.length === connector.auth.length) return ['required']
  return ways.length === 0 ? [] : [`required with auth: ${ways.map(each => each.id).join(', ')}`]
}

function valuesOf(parameter: Parameter): readonly string[] {
  const known = Object.keys(parameter.values ?? {}).map(value =>
    value === parameter.default ? `${value} (default)` : value
  )
  const isKnown = Object.hasOwn(parameter.values ?? {}, parameter.default ?? '')
  return [
    ...(known.length === 0 ? [] : [`values: ${known.join(', ')}`]),
    ...(parameter.default === undefined || isKnown ? [] : [`default: ${parameter.default}`]),
    ...(parameter.pattern === undefined ? [] : [`pattern: ${parameter.pattern}`]),
    ...(parameter.affectsAuthorization ? ['another value needs another authorization'] : [])
  ]
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
