import { type Diagnostic, problem } from '../model/diagnostic.ts'
import type { Connector, Fields, Parameter, Way } from '../model/generated/types.ts'
import type { Located } from '../model/specs.ts'
import { checkAddress, knownAfter, type PlacedAddress } from './check-address.ts'
import { checkLevels } from './check-grant.ts'
import { checkOAuth2Way, unknownScopes } from './check-oauth2.ts'
import { anchored, patternFindings } from './check-pattern.ts'
import { checkHeaders, checkSend } from './check-send.ts'
import { checkBraces, checkWidth, type Uses, usesOf } from './check-width.ts'
import { type Finding, finding, summaries } from './connector-finding.ts'

/**
 * What the schema cannot say of a connector: that its templates name things that exist, that every address stays https and
 * within the hosts it spells, that secrets travel in `send` alone, and that patterns cannot hang or widen a host. Gathers all
 * that is wrong, in the order of the file's sections.
 */
export function checkConnector(located: Located<Connector>): readonly Diagnostic[] {
  const connector = located.spec
  const findings = [
    ...checkId(connector, located.linkName),
    ...checkNames(connector),
    ...checkLevels(connector),
    ...Object.entries(connector.parameters ?? {}).flatMap(([name, parameter]) =>
      checkParameter(name, parameter, usesOf(connector, name))
    ),
    ...connector.auth.flatMap((way, index) => checkWay(connector, way, `/auth/${index}`)),
    ...checkApi(connector)
  ]
  return findings.map(each =>
    problem(each.code, summaries[each.code], each.detail, located.place(each.pointer))
  )
}

/** Taken by the engine: the token, the client's id, the endpoint that is asked, and what attributes call the parameter's own value. */
const reservedNames: readonly string[] = ['access_token', 'client_id', 'endpoint', 'value']

function checkId(connector: Connector, fileName: string): readonly Finding[] {
  if (connector.id === fileName) return []
  const detail = `Connections find a connector by its file name. Name the file ${connector.id}.yaml, or write id: ${fileName}.`
  return [{ code: 'CONNECTOR_ID', pointer: '/id', detail }]
}

function checkNames(connector: Connector): readonly Finding[] {
  const parameters = Object.keys(connector.parameters ?? {}).map(name => `/parameters/${name}`)
  const learnt = connector.auth.flatMap((way, index) =>
    way.kind === 'oauth2'
      ? Object.keys(way.learns ?? {}).map(name => `/auth/${index}/learns/${name}`)
      : []
  )
  const fields = connector.auth.flatMap((way, index) =>
    way.kind === 'oauth2'
      ? []
      : Object.keys(way.fields).map(name => `/auth/${index}/fields/${name}`)
  )
  const ids = connector.auth.map(way => way.id)
  return [
    ...taken(parameters, []),
    ...taken(learnt, parameters),
    ...taken(fields, [...parameters, ...learnt]),
    ...ids.flatMap((id, index): readonly Finding[] => {
      if (ids.indexOf(id) === index) return []
      const detail = `A connection picks a way by its id, and ${id} is used before.`
      return [{ code: 'CONNECTOR_WAY_TAKEN', pointer: `/auth/${index}/id`, detail }]
    })
  ]
}

/** Two ways may share names of the same sort, since a connection uses one of them. */
function taken(pointers: readonly string[], before: readonly string[]): readonly Finding[] {
  const names = [...reservedNames, ...before.map(nameIn)]
  return pointers
    .filter(each => names.includes(nameIn(each)))
    .map(pointer => ({
      code: 'CONNECTOR_NAME_TAKEN',
      pointer,
      detail: `{${nameIn(pointer)}} already stands for something else, or is the engine's own. Choose another name.`
    }))
}

function nameIn(pointer: string): string {
  return pointer.slice(pointer.lastIndexOf('/') + 1)
}

function checkParameter(name: string, parameter: Parameter, uses: Uses): readonly Finding[] {
  const pointer = `/parameters/${name}`
  const faults = patternFindings(parameter.pattern, `${pointer}/pattern`)
  if (faults.length > 0) return faults

  const findings: Finding[] = []
  if (parameter.default !== undefined && !takes(parameter, parameter.default)) {
    const detail = `Parameter ${name} takes neither from its values nor by its pattern what its default says.`
    findings.push({ code: 'CONNECTOR_DEFAULT', pointer: `${pointer}/default`, detail })
  }
  return [
    ...findings,
    ...checkBraces(name, parameter.pattern, `${pointer}/pattern`),
    ...checkWidth(name, parameter.pattern, `${pointer}/pattern`, uses)
  ]
}

function takes(parameter: Parameter, value: string): boolean {
  if (Object.hasOwn(parameter.values ?? {}, value)) return true
  return parameter.pattern !== undefined && anchored(parameter.pattern).test(value)
}

function checkWay(connector: Connector, way: Way, pointer: string): readonly Finding[] {
  if (way.kind === 'oauth2') return checkOAuth2Way(connector, way, pointer)
  const names = { credential: Object.keys(way.fields), told: [] }
  return [
    ...checkFields(connector, way.fields, `${pointer}/fields`),
    ...checkSend(connector, way.send, names, `${pointer}/send`)
  ]
}

function checkFields(connector: Connector, fields: Fields, pointer: string): readonly Finding[] {
  return Object.entries(fields).flatMap(([name, field]): readonly Finding[] => {
    const at = `${pointer}/${name}`
    const faults = patternFindings(field.pattern, `${at}/pattern`)
    if (faults.length > 0) return faults
    const uses = usesOf(connector, name)
    if (field.pattern === undefined && uses.path && !field.secret) {
      const detail = `{${name}} stands in a path, so it needs a pattern: without one, a value such as .. would take a part of the path away.`
      return [{ code: 'CONNECTOR_PATTERN_WIDE', pointer: at, detail }]
    }
    return checkWidth(name, field.pattern, `${at}/pattern`, { host: false, path: uses.path })
  })
}

function checkApi(connector: Connector): readonly Finding[] {
  const { api } = connector
  const addresses: readonly PlacedAddress[] = [
    { pointer: '/api/baseUrl', address: api.baseUrl },
    { pointer: '/api/test/url', address: api.test.url }
  ]
  const oauth2 = connector.auth.filter(way => way.kind === 'oauth2')
  return [
    ...addresses.flatMap(each => checkSharedAddress(connector, each)),
    ...checkHeaders(connector),
    ...unknownScopes(api.test.scopes ?? [], oauth2, '/api/test/scopes'),
    ...Object.entries(api.test.account ?? {})
      .filter(([, pointer]) => pointer === '')
      .map(([key]) =>
        finding(
          'CONNECTOR_ANSWER',
          `/api/test/account/${key}`,
          'An empty pointer means the whole answer. Name the member, such as /data/id.'
        )
      )
  ]
}

/** The API is the same for every way, so each of them must know what its addresses name. */
function checkSharedAddress(connector: Connector, placed: PlacedAddress): readonly Finding[] {
  for (const way of connector.auth) {
    const findings = checkAddress(connector, placed, knownAfter(way))
    if (findings.length > 0 && connector.auth.length === 1) return findings
    if (findings.length > 0) {
      return findings.map(each => ({ ...each, detail: `With auth: ${way.id}. ${each.detail}` }))
    }
  }
  return []
}
