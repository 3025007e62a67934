import { fillAddress, fillTemplate, type TemplateValues, withOrigin } from '../model/address.ts'
import type {
  Api,
  ClientReferences,
  Connection,
  Connector,
  LearntAddress,
  OAuth2Way,
  OwnEnvironment,
  Parameter,
  ParameterValues,
  Send,
  StringMap,
  Way
} from '../model/generated/types.ts'
import type { TargetWay } from '../model/target.ts'

/** A connector as one connection uses it in one environment. */
export interface ExpandedConnector {
  /** The way to authorize, its parameters filled in. */
  readonly way: TargetWay
  readonly api: Api
  readonly client: ClientReferences | null
  /** Scheme, host and port that replace all others; null where the service itself is spoken to. */
  readonly origin: string | null
  /** Every parameter of the connector with its value, defaults included, sorted by name. */
  readonly parameters: ParameterValues
}

/**
 * Lays the environment's differences over the connection and fills its parameters into the connector. What an answer or a
 * field will tell stays open; under another origin nothing is learnt from answers. Throws where connection and connector do
 * not fit together, and never says the value: both have been checked before, so a misfit is the program's mistake.
 */
export function expandConnector(
  connection: Connection,
  connector: Connector,
  environment: OwnEnvironment
): ExpandedConnector {
  const override = connection.environments[environment]
  const way = connector.auth.find(each => each.id === connection.auth)
  if (way === undefined) {
    throw new Error(`Connector ${connector.id} has no way to authorize called ${connection.auth}`)
  }
  const parameters = withDefaults(connector, { ...connection.parameters, ...override?.parameters })
  const origin = override?.origin ? new URL(override.origin).origin : null
  const filler = new Filler(connector, parameters, origin)
  return {
    way: way.kind === 'oauth2' ? filler.oauth2Way(way) : filler.fieldsWay(way),
    api: filler.api(connector.api),
    client: way.kind === 'oauth2' ? (override?.client ?? connection.client) : null,
    origin,
    parameters
  }
}

function withDefaults(connector: Connector, given: ParameterValues): ParameterValues {
  const declared = Object.entries(connector.parameters ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(
    declared.map(([name, parameter]) => {
      const value = Object.hasOwn(given, name) ? given[name] : parameter.default
      if (value !== undefined) return [name, value]
      throw new Error(`Connector ${connector.id} needs a value for its parameter ${name}`)
    })
  )
}

class Filler {
  readonly #connector: string
  readonly #values: TemplateValues
  readonly #origin: string | null

  constructor(connector: Connector, parameters: ParameterValues, origin: string | null) {
    this.#connector = connector.id
    this.#origin = origin
    this.#values = Object.assign(
      {},
      ...Object.entries(connector.parameters ?? {}).map(([name, parameter]) =>
        templateValues(connector, name, parameter, parameters[name] ?? '')
      )
    )
  }

  oauth2Way(way: OAuth2Way): OAuth2Way {
    const { learns, ...rest } = way
    return {
      ...rest,
      authorizeUrl: this.#address(way.authorizeUrl),
      tokenUrl: this.#address(way.tokenUrl),
      revocation: {
        ...way.revocation,
        ...(way.revocation.url === undefined ? {} : { url: this.#address(way.revocation.url) })
      },
      send: this.#send(way.send),
      ...(way.issuer === undefined ? {} : { issuer: this.#address(way.issuer) }),
      ...(way.authorizeParameters === undefined
        ? {}
        : { authorizeParameters: this.#texts(way.authorizeParameters) }),
      ...(way.tokenParameters === undefined
        ? {}
        : { tokenParameters: this.#texts(way.tokenParameters) }),
      ...(learns === undefined || this.#origin !== null
        ? {}
        : { learns: mapValues(learns, each => this.#learnt(each)) })
    }
  }

  fieldsWay(way: Exclude<Way, OAuth2Way>): TargetWay {
    return { id: way.id, kind: way.kind, fields: way.fields, send: this.#send(way.send) }
  }

  api(api: Api): Api {
    return {
      baseUrl: this.#address(api.baseUrl),
      ...(api.headers === undefined ? {} : { headers: this.#texts(api.headers) }),
      test: { ...api.test, url: this.#address(api.test.url) }
    }
  }

  #address(template: string): string {
    const authority = /^[a-z]+:\/\/[^/?#]*/.exec(template)?.[0]
    if (authority !== undefined) this.#checkHost(fillTemplate(authority, this.#values))
    return withOrigin(fillAddress(template, this.#values), this.#origin)
  }

  /** No value may end the host early: what was filled in must read back as the very same origin. */
  #checkHost(origin: string): void {
    if (URL.canParse(origin) && new URL(origin).origin === origin.toLowerCase()) return
    throw new Error(`A parameter of connector ${this.#connector} does not make a host name`)
  }

  #learnt(learnt: LearntAddress): LearntAddress {
    const hosts = learnt.hosts.map(each => fillTemplate(each, this.#values))
    for (const host of hosts) this.#checkHost(`https://${host.replace(/^\*\./, '')}`)
    return {
      member: learnt.member,
      hosts,
      ...(learnt.default === undefined ? {} : { default: this.#address(learnt.default) })
    }
  }

  #send(send: Send): Send {
    if (send.in !== 'basic') return { ...send, value: fillTemplate(send.value, this.#values) }
    return {
      in: 'basic',
      username: fillTemplate(send.username, this.#values),
      password: fillTemplate(send.password, this.#values)
    }
  }

  #texts(texts: StringMap): StringMap {
    return mapValues(texts, each => fillTemplate(each, this.#values))
  }
}

/** What a parameter's value gives to templates: `name`, and `name.attribute` for each of its attributes. */
function templateValues(
  connector: Connector,
  name: string,
  parameter: Parameter,
  value: string
): TemplateValues {
  const known = parameter.values ?? {}
  const attributes = Object.hasOwn(known, value)
    ? known[value]
    : fits(parameter, value)
      ? mapValues(parameter.otherwise ?? {}, each => fillTemplate(each, { value }))
      : undefined
  if (attributes === undefined) {
    throw new Error(`Connector ${connector.id} does not take this value of its parameter ${name}`)
  }
  const named = Object.entries(attributes).map(([key, text]) => [`${name}.${key}`, text])
  return Object.fromEntries([[name, value], ...named])
}

/** Braces are out whatever the pattern says: filled in, they would read as another placeholder. */
function fits(parameter: Parameter, value: string): boolean {
  if (parameter.pattern === undefined || /[{}\p{C}]/u.test(value)) return false
  return new RegExp(`^(?:${parameter.pattern})$`, 'u').test(value)
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  change: (value: From) => To
): Readonly<Record<string, To>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}
