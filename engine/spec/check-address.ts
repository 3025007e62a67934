import {
  fillAddress,
  fillTemplate,
  isLoopback,
  openNames,
  type TemplateValues
} from '../model/address.ts'
import type { Connector, Fields, Parameter, StringMap, Way } from '../model/generated/types.ts'
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
    ['pushedUrl', way.pushedUrl],
    ['deviceUrl', way.deviceUrl],
    ['tokenUrl', way.tokenUrl],
    ['refreshUrl', way.refreshUrl],
    ['introspectionUrl', way.introspectionUrl],
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
  /** Origins that an answer tells: at the start only. */
  readonly origins: readonly string[]
  /** Plain values that an answer or the client registration tells: anywhere but in the host. */
  readonly values: readonly string[]
  readonly fields: Fields
}

/** Nothing but parameters: what is known before anybody was asked anything. */
export const parametersOnly: Known = { origins: [], values: [], fields: {} }

/** What the answers of one way to authorize, or the fields that it asks for, tell to addresses that are used afterwards. */
export function knownAfter(way: Way): Known {
  if (way.kind !== 'oauth2') return { origins: [], values: [], fields: way.fields }
  const learns = Object.entries(way.learns ?? {})
  const names = (isOrigin: boolean) =>
    learns.filter(([, each]) => (each.hosts !== undefined) === isOrigin).map(([name]) => name)
  return { origins: names(true), values: names(false), fields: {} }
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
    ...known.origins.map(name => [name, 'https://learnt.example.com']),
    ...[...known.values, ...Object.keys(known.fields)].map(name => [name, 'x'])
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
    const inStart = openNames(start).includes(name)
    if (known.origins.includes(name)) {
      if (start === `{${name}}` && !openNames(rest).includes(name)) return []
      const detail = `{${name}} is an origin that an answer tells, so it can only stand at the start.`
      return [{ code: 'CONNECTOR_ADDRESS', pointer, detail }]
    }
    const isTold = known.values.includes(name) || Object.hasOwn(known.fields, name)
    if (inStart && isTold) {
      const detail = `Where a credential goes is decided before {${name}} is known, so it cannot stand in the host. Make it a parameter.`
      return [{ code: 'CONNECTOR_ADDRESS', pointer, detail }]
    }
    if (isTold) return []
    if (start === `{${name}}`) {
      const detail = `Only an address that an answer tells can stand for a whole origin, and {${name}} is none. Write https:// before it.`
      return [{ code: 'CONNECTOR_ADDRESS', pointer, detail }]
    }
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
export function variantsOf(connector: Connector): readonly TemplateValues[] {
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

function ownValue<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}
