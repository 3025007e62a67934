import type { Diagnostic } from '../model/diagnostic.ts'
import { problem } from '../model/diagnostic.ts'
import { meant } from '../model/did-you-mean.ts'
import { environments } from '../model/documents.ts'
import type {
  ConnectionSpec,
  Connector,
  ConnectorId,
  Parameter,
  Way
} from '../model/generated/types.ts'
import type { KnownConnectors, Located } from '../model/specs.ts'
import { usedParameters } from '../model/used-parameters.ts'
import { checkOAuthConnection } from './check-oauth-connection.ts'

/** What may be missing only because it was left out as wrong in itself. */
const missing = ['SCOPES_MISSING', 'CLIENT_MISSING', 'CLIENT_SECRET_MISSING', 'PARAMETER_MISSING']

/** All that connections get wrong about their connectors, but for those whose connector is `broken` itself. */
export function checkConnections(
  connections: readonly Located<ConnectionSpec>[],
  known: KnownConnectors,
  broken: ReadonlySet<ConnectorId>
): readonly Diagnostic[] {
  return connections
    .filter(each => !broken.has(each.spec.connector))
    .flatMap(each => {
      const found = checkConnection(each, known.get(each.spec.connector)?.connector, known.ids)
      return each.whole ? found : found.filter(({ code }) => !missing.includes(code))
    })
}

/** All that a connection gets wrong about its connector. Every finding stands at its line. */
export function checkConnection(
  located: Located<ConnectionSpec>,
  connector: Connector | undefined,
  ids: () => readonly ConnectorId[]
): readonly Diagnostic[] {
  const { spec, place } = located
  if (connector === undefined) {
    return [
      problem(
        'CONNECTOR_UNKNOWN',
        'Unknown connector',
        `There is no connector "${spec.connector}".${meant(spec.connector, ids())} These are known:\n    tieline connectors list`,
        place('/connector')
      )
    ]
  }
  return [
    ...checkLevel(located, connector),
    ...checkParameters(located, connector),
    ...checkSharing(located, connector),
    ...checkWay(located, connector)
  ]
}

function checkLevel({ spec, place }: Located<ConnectionSpec>, connector: Connector): Diagnostic[] {
  const level = spec.level ?? 'administrator'
  if (connector.levels.includes(level)) return []
  return [
    problem(
      'LEVEL_UNSUPPORTED',
      'Level is not supported',
      `${connector.service} can be authorized at ${connector.levels.join(' or ')} level only. Write \`level: ${connector.levels[0]}\`.`,
      place('/level')
    )
  ]
}

function checkParameters(
  { spec, place }: Located<ConnectionSpec>,
  connector: Connector
): Diagnostic[] {
  const declared = connector.parameters ?? {}
  const groups = [
    { values: spec.parameters ?? {}, path: '/parameters' },
    ...environments.map(environment => ({
      values: spec.environments?.[environment]?.parameters ?? {},
      path: `/environments/${environment}/parameters`
    }))
  ]
  const wrong = groups.flatMap(({ values, path }) =>
    Object.entries(values).flatMap(([name, value]): Diagnostic[] => {
      const parameter = Object.hasOwn(declared, name) ? declared[name] : undefined
      if (parameter === undefined) {
        const known = Object.keys(declared)
        const list = known.length === 0 ? 'It has none' : `It has ${known.join(', ')}`
        return [
          problem(
            'PARAMETER_UNKNOWN',
            'Unknown parameter',
            `${connector.service} has no parameter ${/^[a-z][a-z_]{0,29}$/i.test(name) ? `"${name}"` : 'of this name'}.${meant(name, known)} ${list}.`,
            place(`${path}/${name}`)
          )
        ]
      }
      if (parameterAllows(parameter, value)) return []
      return [
        problem(
          'PARAMETER_INVALID',
          'Parameter has a wrong value',
          `${parameter.title} (${name}) ${allowed(parameter)}.`,
          place(`${path}/${name}`)
        )
      ]
    })
  )
  const way = wayOf(spec, connector)
  const used = way === undefined ? new Set<string>() : usedParameters(connector, way)
  const missing = Object.entries(declared).flatMap(([name, parameter]): Diagnostic[] => {
    if (
      !used.has(name) ||
      parameter.default !== undefined ||
      Object.hasOwn(spec.parameters ?? {}, name)
    )
      return []
    const everywhere = environments.every(environment =>
      Object.hasOwn(spec.environments?.[environment]?.parameters ?? {}, name)
    )
    if (everywhere) return []
    return [
      problem(
        'PARAMETER_MISSING',
        'Parameter is missing',
        `${connector.service} needs ${name} (${parameter.title}), which ${allowed(parameter)}. Add it under \`parameters\`.`,
        place('/parameters')
      )
    ]
  })
  return [...wrong, ...missing]
}

/** Whether a parameter takes a value: a known one, or one that its pattern admits from end to end. */
export function parameterAllows(parameter: Parameter, value: string): boolean {
  if (Object.hasOwn(parameter.values ?? {}, value)) return true
  return (
    parameter.pattern !== undefined && new RegExp(`^(?:${parameter.pattern})$`, 'u').test(value)
  )
}

function allowed({ values, pattern }: Parameter): string {
  const known = Object.keys(values ?? {})
  const parts = [
    ...(known.length > 0 ? [`is one of ${known.join(', ')}`] : []),
    ...(pattern === undefined ? [] : [`matches ${pattern}`])
  ]
  return parts.join(', or ')
}

function checkSharing(
  { spec, place }: Located<ConnectionSpec>,
  connector: Connector
): Diagnostic[] {
  if ((spec.authorization ?? 'shared') !== 'shared') return []
  const culprits = environments.flatMap(environment => {
    const override = spec.environments?.[environment]
    if (override === undefined) return []
    const path = `/environments/${environment}`
    return [
      ...('origin' in override ? [`${path}/origin`] : []),
      ...('client' in override ? [`${path}/client`] : []),
      ...Object.keys(override.parameters ?? {})
        .filter(name => connector.parameters?.[name]?.affectsAuthorization === true)
        .map(name => `${path}/parameters/${name}`)
    ]
  })
  return culprits.map(path => {
    const [, , environment, ...rest] = path.split('/')
    return problem(
      'SHARED_BUT_DIFFERENT',
      'One authorization cannot serve environments that differ',
      `${environment} has its own ${rest.join(' ').replace('parameters', 'parameter')}, so an authorization given elsewhere does not fit it. Write \`authorization: separate\`, or let ${environment} be like the others.`,
      place(path)
    )
  })
}

/** undefined where the connector has no such way. */
function wayOf({ auth }: ConnectionSpec, connector: Connector): Way | undefined {
  return auth === undefined ? connector.auth[0] : connector.auth.find(each => each.id === auth)
}

function checkWay(located: Located<ConnectionSpec>, connector: Connector): Diagnostic[] {
  const { spec, place } = located
  const ways = connector.auth.map(each => each.id)
  const way = wayOf(spec, connector)
  if (way === undefined) {
    return [
      problem(
        'AUTH_UNKNOWN',
        'Unknown way to authorize',
        `${connector.service} can be authorized by ${ways.join(' or ')}.${meant(spec.auth ?? '', ways)}`,
        place('/auth')
      )
    ]
  }
  return way.kind === 'oauth2'
    ? checkOAuthConnection(located, way, connector)
    : checkWithoutOAuth(located, way, connector)
}

function checkWithoutOAuth(
  { spec, place }: Located<ConnectionSpec>,
  way: Way,
  connector: Connector
): Diagnostic[] {
  const kind = way.kind === 'basic' ? 'user name and password' : 'API key'
  const clients = [
    ...(spec.client === undefined ? [] : ['/client']),
    ...environments.flatMap(environment =>
      spec.environments?.[environment]?.client === undefined
        ? []
        : [`/environments/${environment}/client`]
    )
  ]
  return [
    ...(spec.scopes === undefined
      ? []
      : [
          problem(
            'SCOPES_NOT_ALLOWED',
            'Scopes are for OAuth2 only',
            `${connector.service} is authorized by ${kind} here, which knows no scopes. Take \`scopes\` away.`,
            place('/scopes')
          )
        ]),
    ...clients.map(path =>
      problem(
        'CLIENT_NOT_ALLOWED',
        'A client is for OAuth2 only',
        `${connector.service} is authorized by ${kind} here, which needs no client registration. Take \`client\` away.`,
        place(path)
      )
    )
  ]
}
