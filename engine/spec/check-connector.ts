import { openNames } from '../model/address.ts'
import { type Diagnostic, problem } from '../model/diagnostic.ts'
import type {
  Connector,
  Fields,
  OAuth2Way,
  Parameter,
  StringMap,
  Way
} from '../model/generated/types.ts'
import type { Located } from '../model/specs.ts'
import {
  checkAddress,
  checkLearntHosts,
  checkParameterName,
  type Known,
  type PlacedAddress,
  wayAddresses
} from './check-address.ts'
import { anchored, checkPattern } from './check-pattern.ts'
import { checkHeaders, checkSend, escapePointer } from './check-send.ts'
import { checkBraces, checkWidth, type Uses, usesOf } from './check-width.ts'
import { type Finding, summaries } from './connector-finding.ts'

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

/** Taken by the engine: what `send` calls the token, and what attributes call the parameter's own value. */
const reservedNames: readonly string[] = ['access_token', 'value']

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
  const faults = checkRegularExpression(parameter.pattern, `${pointer}/pattern`)
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

function checkRegularExpression(pattern: string | undefined, pointer: string): readonly Finding[] {
  const fault = pattern === undefined ? undefined : checkPattern(pattern)
  if (fault === undefined) return []
  if (fault.kind === 'invalid') {
    return [{ code: 'CONNECTOR_PATTERN', pointer, detail: `It must compile: ${fault.detail}.` }]
  }
  const detail = `${fault.detail} A text that nearly fits could hang the program. Say the same without the repetition inside.`
  return [{ code: 'CONNECTOR_PATTERN_SLOW', pointer, detail }]
}

function checkWay(connector: Connector, way: Way, pointer: string): readonly Finding[] {
  if (way.kind !== 'oauth2') {
    return [
      ...checkFields(connector, way.fields, `${pointer}/fields`),
      ...checkSend(connector, way.send, Object.keys(way.fields), `${pointer}/send`)
    ]
  }
  const learnt = Object.keys(way.learns ?? {})
  return [
    ...wayAddresses(way, pointer).flatMap(each => {
      const afterwards = each.pointer === `${pointer}/revocation/url` ? learnt : []
      return checkAddress(connector, each, { learnt: afterwards, fields: {} })
    }),
    ...checkLearntHosts(connector, way, pointer),
    ...checkScopes(way, pointer),
    ...checkRevocation(way, `${pointer}/revocation`),
    ...checkOAuthParameters(connector, way.authorizeParameters, `${pointer}/authorizeParameters`),
    ...checkOAuthParameters(connector, way.tokenParameters, `${pointer}/tokenParameters`),
    ...checkSend(connector, way.send, ['access_token'], `${pointer}/send`)
  ]
}

function checkScopes(way: OAuth2Way, pointer: string): readonly Finding[] {
  const faults = checkRegularExpression(way.otherScopes, `${pointer}/otherScopes`)
  if (faults.length > 0) return faults
  return [
    ...unknownScopes(way.all, [way], `${pointer}/all`),
    ...unknownScopes(way.refreshScopes ?? [], [way], `${pointer}/refreshScopes`)
  ]
}

function unknownScopes(
  scopes: readonly string[],
  ways: readonly OAuth2Way[],
  pointer: string
): readonly Finding[] {
  return scopes.flatMap((scope, index): readonly Finding[] => {
    if (ways.some(way => hasScope(way, scope))) return []
    const detail = `${scope} is neither listed under scopes nor admitted by otherScopes, so no connection can ask for it.`
    return [{ code: 'CONNECTOR_SCOPE', pointer: `${pointer}/${index}`, detail }]
  })
}

function hasScope({ scopes, otherScopes }: OAuth2Way, scope: string): boolean {
  if (Object.hasOwn(scopes, scope)) return true
  if (otherScopes === undefined) return false
  // A faulty pattern is a finding of its own; what it would admit, nobody knows.
  return checkPattern(otherScopes) !== undefined || anchored(otherScopes).test(scope)
}

function checkRevocation(way: OAuth2Way, pointer: string): readonly Finding[] {
  const { ends, url } = way.revocation
  if ((ends === 'none') === (url === undefined)) return []
  const detail =
    ends === 'none'
      ? 'It says that the service cannot revoke, and yet gives an address for it. Say what a revocation ends, or drop the address.'
      : `It says that a revocation ends the ${ends}, but not where to ask for it. Add url, or write ends: none.`
  return [{ code: 'CONNECTOR_REVOCATION', pointer, detail }]
}

const protocolParameters: readonly string[] = [
  'client_id',
  'client_secret',
  'code',
  'code_challenge',
  'code_challenge_method',
  'code_verifier',
  'grant_type',
  'redirect_uri',
  'refresh_token',
  'response_type',
  'scope',
  'state'
]

function checkOAuthParameters(
  connector: Connector,
  parameters: StringMap | undefined,
  pointer: string
): readonly Finding[] {
  return Object.entries(parameters ?? {}).flatMap(([name, value]): readonly Finding[] => {
    const at = `${pointer}/${escapePointer(name)}`
    if (protocolParameters.includes(name)) {
      const detail = `The engine sets ${name} itself (RFC 6749, RFC 7636); a fixed value would undo its checks. Leave it out.`
      return [{ code: 'CONNECTOR_OAUTH_PARAMETER', pointer: at, detail }]
    }
    return openNames(value).flatMap(each => checkParameterName(connector, each, at))
  })
}

function checkFields(connector: Connector, fields: Fields, pointer: string): readonly Finding[] {
  return Object.entries(fields).flatMap(([name, field]): readonly Finding[] => {
    const at = `${pointer}/${name}`
    const faults = checkRegularExpression(field.pattern, `${at}/pattern`)
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
    ...unknownScopes(api.test.scopes ?? [], oauth2, '/api/test/scopes')
  ]
}

/** The API is the same for every way, so each of them must know what its addresses name. */
function checkSharedAddress(connector: Connector, placed: PlacedAddress): readonly Finding[] {
  for (const way of connector.auth) {
    const known: Known =
      way.kind === 'oauth2'
        ? { learnt: Object.keys(way.learns ?? {}), fields: {} }
        : { learnt: [], fields: way.fields }
    const findings = checkAddress(connector, placed, known)
    if (findings.length > 0 && connector.auth.length === 1) return findings
    if (findings.length > 0) {
      return findings.map(each => ({ ...each, detail: `With auth: ${way.id}. ${each.detail}` }))
    }
  }
  return []
}
