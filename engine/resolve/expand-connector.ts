import { fillAddress, fillTemplate, type TemplateValues, withOrigin } from '../model/address.ts'
import { isOwn } from '../model/documents.ts'
import type {
  Api,
  ClientReferences,
  Connection,
  Connector,
  Environment,
  LearntAddress,
  OAuth2Way,
  Parameter,
  ParameterValues,
  Redirect,
  Send,
  Sends,
  Signing,
  StringMap,
  Way
} from '../model/generated/types.ts'
import { sortedRecord } from '../model/record.ts'
import { sendList } from '../model/send-list.ts'
import type { OAuth2TargetWay, TargetWay } from '../model/target.ts'
import { usedParameters } from '../model/used-parameters.ts'

/** A connector as one connection uses it in one environment. */
export interface ExpandedConnector {
  /** The way to authorize, its parameters filled in. */
  readonly way: TargetWay
  readonly api: Api
  readonly client: ClientReferences | null
  /** Scheme, host and port that replace all others; null where the service itself is spoken to. */
  readonly origin: string | null
  /** Every parameter with its value, defaults included, sorted by name; without those that have none and that nothing here needs. */
  readonly parameters: ParameterValues
}

/**
 * Lays the environment's differences over the connection and fills its parameters and the defaults into the connector. What an
 * answer, a field or the client registration (`{client_id}`) will tell stays open; under another origin no host is learnt from
 * answers, while plain values still are. Throws where connection and connector do not fit together, and never says the value:
 * both have been checked before, so a misfit is the program's mistake.
 */
export function expandConnector(
  connection: Connection,
  connector: Connector,
  environment: Environment
): ExpandedConnector {
  const override = isOwn(environment) ? connection.environments[environment] : undefined
  const way = connector.auth.find(each => each.id === connection.auth)
  if (way === undefined) {
    throw new Error(`Connector ${connector.id} has no way to authorize called ${connection.auth}`)
  }
  const parameters = withDefaults(connector, way, {
    ...connection.parameters,
    ...override?.parameters
  })
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

function withDefaults(connector: Connector, way: Way, given: ParameterValues): ParameterValues {
  const used = usedParameters(connector, way)
  const declared = Object.entries(connector.parameters ?? {}).flatMap(
    ([name, parameter]): [string, string][] => {
      const value = Object.hasOwn(given, name) ? given[name] : parameter.default
      if (value !== undefined) return [[name, value]]
      if (!used.has(name)) return []
      throw new Error(`Connector ${connector.id} needs a value for its parameter ${name}`)
    }
  )
  return sortedRecord(declared)
}

/** RFC 8252, section 7.3: a loopback redirect by its address, on whatever port is free. */
const plainRedirect: Required<Redirect> = { host: '127.0.0.1', port: 'any', path: '/callback' }

const optionalAddresses = [
  'issuer',
  'authorizeUrl',
  'pushedUrl',
  'deviceUrl',
  'refreshUrl',
  'introspectionUrl'
] as const

const textMaps = [
  'authorizeParameters',
  'tokenParameters',
  'refreshParameters',
  'tokenHeaders'
] as const

const signingTemplates = ['keyId', 'issuer', 'subject', 'audience'] as const

class Filler {
  readonly #connector: string
  readonly #values: TemplateValues
  readonly #origin: string | null

  constructor(connector: Connector, parameters: ParameterValues, origin: string | null) {
    this.#connector = connector.id
    this.#origin = origin
    this.#values = Object.assign(
      {},
      ...Object.entries(connector.parameters ?? {}).map(([name, parameter]) => {
        const value = parameters[name]
        return value === undefined ? {} : templateValues(connector, name, parameter, value)
      })
    )
  }

  oauth2Way(way: OAuth2Way): OAuth2TargetWay {
    const { learns, ...rest } = way
    const { url } = way.revocation
    return {
      ...rest,
      ...mapMembers(way, optionalAddresses, (each: string) => this.#address(each)),
      ...mapMembers(way, textMaps, (each: StringMap) => this.#texts(each)),
      grant: way.grant ?? 'authorization_code',
      tokenUrl: this.#address(way.tokenUrl),
      pkce: way.pkce ?? 'S256',
      redirect: { ...plainRedirect, ...way.redirect },
      revocation: { ...way.revocation, ...(url === undefined ? {} : { url: this.#address(url) }) },
      send: this.#sends(way.send),
      ...(way.signing === undefined ? {} : { signing: this.#signing(way.signing) }),
      ...this.#learns(learns ?? {})
    }
  }

  fieldsWay(way: Exclude<Way, OAuth2Way>): TargetWay {
    return { id: way.id, kind: way.kind, fields: way.fields, send: this.#sends(way.send) }
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

  /** Whatever an answer says, another origin replaces it: so only what is no host is learnt there. */
  #learns(learns: NonNullable<OAuth2Way['learns']>): Pick<OAuth2TargetWay, 'learns'> {
    const kept = Object.entries(learns).filter(
      ([, each]) => this.#origin === null || each.hosts === undefined
    )
    if (kept.length === 0) return {}
    return { learns: Object.fromEntries(kept.map(([name, each]) => [name, this.#learnt(each)])) }
  }

  #learnt(learnt: LearntAddress): LearntAddress {
    const hosts = learnt.hosts?.map(each => fillTemplate(each, this.#values))
    for (const host of hosts ?? []) this.#checkHost(`https://${host.replace(/^\*\./, '')}`)
    return {
      ...learnt,
      ...(hosts === undefined ? {} : { hosts }),
      ...(learnt.default === undefined ? {} : { default: this.#address(learnt.default) })
    }
  }

  #signing(signing: Signing): Signing {
    return {
      ...signing,
      ...mapMembers(signing, signingTemplates, (each: string) => fillTemplate(each, this.#values))
    }
  }

  #sends(sends: Sends): readonly Send[] {
    return sendList(sends).map(each => this.#send(each))
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

/** Some members of a record, changed; those that it leaves out stay out. */
function mapMembers<Key extends string, T>(
  record: { readonly [K in NoInfer<Key>]?: NoInfer<T> },
  keys: readonly Key[],
  change: (value: T) => T
): { readonly [K in Key]?: T } {
  const changed: { [K in Key]?: T } = {}
  for (const key of keys) {
    const value = record[key]
    if (value !== undefined) changed[key] = change(value)
  }
  return changed
}
