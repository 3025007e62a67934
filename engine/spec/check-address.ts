import {
  fillAddress,
  fillTemplate,
  hostMatches,
  isLoopback,
  openNames,
  type TemplateValues
} from '../model/address.ts'
import type {
  Connector,
  Fields,
  OAuth2Way,
  Parameter,
  StringMap,
  Way
} from '../model/generated/types.ts'
import { anchored } from './check-pattern.ts'
import type { Finding } from './connector-finding.ts'

/** An address of a connector and the pointer to it. */
export interface PlacedAddress {
  readonly pointer: string
  readonly address: string
}

/** All addresses that requests go to. */
export function addressesOf(connector: Connector): readonly PlacedAddress[] {
  return [
    ...connector.auth.flatMap((way, index) => wayAddresses(way, `/auth/${index}`)),
    { pointer: '/api/baseUrl', address: connector.api.baseUrl },
    { pointer: '/api/test/url', address: connector.api.test.url }
  ]
}

/** The addresses of one way to authorize; none but for OAuth2. */
export function wayAddresses(way: Way, pointer: string): readonly PlacedAddress[] {
  if (way.kind !== 'oauth2') return []
  const learns = Object.entries(way.learns ?? {})
  const all: readonly (readonly [string, string | undefined])[] = [
    ['issuer', way.issuer],
    ['authorizeUrl', way.authorizeUrl],
    ['tokenUrl', way.tokenUrl],
    ['revocation/url', way.revocation.url],
    ...learns.map(([name, each]) => [`learns/${name}/default`, each.default] as const)
  ]
  return all.flatMap(([key, address]) =>
    address === undefined ? [] : [{ pointer: `${pointer}/${key}`, address }]
  )
}

/** Scheme and host (or the learnt origin that stands for them), and what follows. */
export function splitAddress(address: string): readonly [string, string] {
  const start = /^(?:[a-z]+:\/\/[^/?#]*|\{[a-z0-9_.]+\})/.exec(address)?.[0] ?? ''
  return [start, address.slice(start.length)]
}

/** What an address may name beside parameters. */
export interface Known {
  readonly learnt: readonly string[]
  readonly fields: Fields
}

/** Whether an address names only what is known where it is used, and makes a plain https URL with every parameter value. */
export function checkAddress(
  connector: Connector,
  { pointer, address }: PlacedAddress,
  known: Known
): readonly Finding[] {
  const names = checkAddressNames(connector, pointer, address, known)
  if (names.length > 0) return names

  const [start, rest] = splitAddress(address)
  if (start.startsWith('{') && !/^(?:[/?]|$)/.test(rest)) {
    const detail = `${start} is a whole origin: only a path or a query may follow it, or it would become part of another host.`
    return [{ code: 'CONNECTOR_ADDRESS', pointer, detail }]
  }
  const samples = Object.fromEntries([
    ...known.learnt.map(name => [name, 'https://learnt.example.com']),
    ...Object.keys(known.fields).map(name => [name, 'x'])
  ])
  // One finding an address is enough, however many values show it.
  for (const values of variantsOf(connector)) {
    const finding = checkExpanded(pointer, address, { ...values, ...samples })
    if (finding !== undefined) return [finding]
  }
  return []
}

function checkAddressNames(
  connector: Connector,
  pointer: string,
  address: string,
  known: Known
): readonly Finding[] {
  const [start, rest] = splitAddress(address)
  return openNames(address).flatMap((name): readonly Finding[] => {
    if (name === 'access_token' || known.fields[name]?.secret === true) {
      const detail = `Addresses end up in logs and histories, so {${name}} may travel in \`send\` only.`
      return [{ code: 'CONNECTOR_SECRET_IN_ADDRESS', pointer, detail }]
    }
    const elsewhere = openNames(rest).includes(name)
    if (known.learnt.includes(name) && (elsewhere || start !== `{${name}}`)) {
      const detail = `{${name}} is an origin that an answer tells, so it can only stand at the start.`
      return [{ code: 'CONNECTOR_ADDRESS', pointer, detail }]
    }
    if (known.learnt.includes(name)) return []
    if (openNames(start).includes(name) && Object.hasOwn(known.fields, name)) {
      const detail = `Where a credential goes is decided before it is entered, so {${name}} cannot stand in the host. Make it a parameter.`
      return [{ code: 'CONNECTOR_ADDRESS', pointer, detail }]
    }
    if (start === `{${name}}`) {
      const detail = `Only an address that an answer tells can stand for a whole origin, and {${name}} is none. Write https:// before it.`
      return [{ code: 'CONNECTOR_ADDRESS', pointer, detail }]
    }
    if (Object.hasOwn(known.fields, name)) return []
    return checkParameterName(connector, name, pointer)
  })
}

/** A parameter's name, or `parameter.attribute` with an attribute that each of its values has. */
export function checkParameterName(
  connector: Connector,
  name: string,
  pointer: string
): readonly Finding[] {
  const [root = '', attribute] = name.split('.')
  const parameter = ownValue(connector.parameters ?? {}, root)
  if (parameter === undefined) {
    const detail = `{${name}} is no parameter, and nothing else that is known at this place.`
    return [{ code: 'CONNECTOR_NAME_UNKNOWN', pointer, detail }]
  }
  if (attribute === undefined) return []
  const lacking = Object.entries(parameter.values ?? {})
    .filter(([, attributes]) => !Object.hasOwn(attributes, attribute))
    .map(([value]) => `the value ${value}`)
  const other =
    parameter.pattern !== undefined && !Object.hasOwn(parameter.otherwise ?? {}, attribute)
  const all = [...lacking, ...(other ? ['values by the pattern (otherwise)'] : [])]
  if (all.length === 0) return []
  const detail = `{${name}} asks for the attribute ${attribute}, which ${all.join(', ')} of ${root} lacks.`
  return [{ code: 'CONNECTOR_NAME_UNKNOWN', pointer, detail }]
}

function checkExpanded(
  pointer: string,
  address: string,
  values: TemplateValues
): Finding | undefined {
  const filled = fillAddress(address, values)
  if (/[{}]/.test(filled)) {
    const detail =
      'A brace is left after filling in. Names are lower-case letters, digits and _, with one attribute at most.'
    return { code: 'CONNECTOR_ADDRESS', pointer, detail }
  }
  if (!URL.canParse(filled))
    return { code: 'CONNECTOR_ADDRESS', pointer, detail: `${filled} is no URL.` }

  const url = new URL(filled)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    const detail = `Anybody on the way to ${url.host} could read what is sent. Write https; plain http is for this machine only (127.0.0.1, localhost).`
    return { code: 'CONNECTOR_HTTP', pointer, detail }
  }
  const origin = fillTemplate(splitAddress(address)[0], values)
  if (url.origin !== origin.toLowerCase() || filled.includes('#')) {
    const detail = `${filled} must be scheme, host and path, spelt out: no user name, no default port, no fragment, no other alphabet in the host.`
    return { code: 'CONNECTOR_ADDRESS', pointer, detail }
  }
  return undefined
}

/** Template values to try: every value of every parameter once, beside the first of the others. */
function variantsOf(connector: Connector): readonly TemplateValues[] {
  const choices = Object.entries(connector.parameters ?? {}).map(([name, parameter]) =>
    choicesOf(name, parameter)
  )
  const first: TemplateValues = Object.assign({}, ...choices.map(each => each[0] ?? {}))
  return [first, ...choices.flatMap(each => each.slice(1).map(choice => ({ ...first, ...choice })))]
}

function choicesOf(name: string, parameter: Parameter): readonly TemplateValues[] {
  const known = Object.entries(parameter.values ?? {})
  const sample = parameter.pattern === undefined ? undefined : sampleOf(parameter.pattern)
  const other = Object.entries(parameter.otherwise ?? {})
  const byPattern: readonly (readonly [string, StringMap])[] =
    sample === undefined
      ? []
      : [
          [
            sample,
            Object.fromEntries(
              other.map(([key, text]) => [key, fillTemplate(text, { value: sample })])
            )
          ]
        ]
  return [...known, ...byPattern].map(([value, attributes]) =>
    Object.fromEntries([
      [name, value],
      ...Object.entries(attributes).map(([key, text]) => [`${name}.${key}`, text])
    ])
  )
}

const likelyValues = [
  'acme',
  'a',
  'acme.com',
  'www.acme.com',
  'ACME',
  '1',
  '1234',
  '12345678',
  'a1',
  'acme-1'
]

/** Something that the pattern admits, or else something to try with. */
export function sampleOf(pattern: string): string {
  try {
    const whole = anchored(pattern)
    return likelyValues.find(each => whole.test(each)) ?? 'acme'
  } catch {
    return 'acme' // said where the pattern itself is checked
  }
}

/** Whether the hosts that an answer may name are narrow enough, and the default is one of them. */
export function checkLearntHosts(
  connector: Connector,
  way: OAuth2Way,
  pointer: string
): readonly Finding[] {
  const variants = variantsOf(connector)
  return Object.entries(way.learns ?? {}).flatMap(([name, learnt]) => {
    const at = `${pointer}/learns/${name}`
    const findings = learnt.hosts.flatMap((host, index) =>
      checkLearntHost(connector, host, `${at}/hosts/${index}`, variants)
    )
    if (findings.length > 0 || learnt.default === undefined) return findings

    const origin = learnt.default
    const strays = variants.some(values => {
      const url = fillAddress(origin, values)
      if (!URL.canParse(url)) return false // said where addresses are checked
      const { hostname, pathname, search } = new URL(url)
      const fits = learnt.hosts.some(host => hostMatches(fillTemplate(host, values), hostname))
      return !fits || pathname !== '/' || search !== ''
    })
    if (!strays) return []
    const detail = 'The default must be an origin, without a path, on one of the hosts.'
    return [{ code: 'CONNECTOR_HOST', pointer: `${at}/default`, detail }]
  })
}

const hostPattern = /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?$/

function checkLearntHost(
  connector: Connector,
  host: string,
  pointer: string,
  variants: readonly TemplateValues[]
): readonly Finding[] {
  const unknown = openNames(host).flatMap(each => checkParameterName(connector, each, pointer))
  if (unknown.length > 0) return unknown

  const bad = variants
    .map(values => fillTemplate(host, values))
    .find(each => !hostPattern.test(each))
  if (bad === undefined) return []
  const detail = `Tokens may go to every host that fits ${bad}. Write a host name such as api.example.com, or at least two labels behind *., such as *.example.com.`
  return [{ code: 'CONNECTOR_HOST', pointer, detail }]
}

function ownValue<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}
