import { hostMatches, isLoopback } from '../model/address.ts'
import { problem, Refusal } from '../model/diagnostic.ts'
import type { LearntAddress } from '../model/generated/types.ts'
import type { OAuth2Target } from './resolve-client.ts'

/** What answers told, by the connector's names for it: origins, or plain values. */
export type LearntAddresses = Readonly<Record<string, string>>

/** What came of an authorization. */
export interface Answers {
  /** The members of the token answer. */
  readonly token: Readonly<Record<string, unknown>>
  /** What came to the redirect address; null where there was none. */
  readonly callback: URLSearchParams | null
}

/**
 * Reads what the answers to an authorization tell and the connector wants to know. Throws a Refusal if something is missing, or
 * is not what the connector allows.
 */
export function learnAddresses(target: OAuth2Target, answers: Answers): LearntAddresses {
  return mapLearns(target, (name, rule) => {
    const told = toldBy(answers, rule)
    if (told === undefined || told === null || told === '')
      return rule.default ?? missing(target, name, rule)
    return allowed(rule, told) ?? refused(target, name, rule, told)
  })
}

/**
 * Reads it again after a refresh. What the answer does not tell, or may not tell, stays as it was: a refresh never widens
 * where a credential goes, and the new tokens must not be lost for it.
 */
export function relearnAddresses(
  target: OAuth2Target,
  answer: Readonly<Record<string, unknown>>,
  before: LearntAddresses
): LearntAddresses {
  return mapLearns(target, (name, rule) => {
    const told = toldBy({ token: answer, callback: null }, rule)
    const earlier = Object.hasOwn(before, name) ? before[name] : undefined
    return allowed(rule, told) ?? earlier ?? rule.default
  })
}

/** Whether a rule reads an origin. Anything else is a plain value, which has no place in the host of an address. */
export function isOriginRule(rule: LearntAddress): boolean {
  return rule.hosts !== undefined
}

function mapLearns(
  { way, origin }: OAuth2Target,
  read: (name: string, rule: LearntAddress) => string | undefined
): LearntAddresses {
  const learnt = Object.entries(way.learns ?? {}).flatMap(([name, rule]) => {
    const value = isOriginRule(rule) && origin !== null ? origin : read(name, rule)
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(learnt)
}

/** Numbers are ids too. Told twice with a difference, it is told wrongly. */
function toldBy({ token, callback }: Answers, rule: LearntAddress): unknown {
  if (rule.in === 'callback') {
    const values = new Set(callback?.getAll(rule.member))
    return values.size > 1 ? [...values] : [...values][0]
  }
  const value = Object.hasOwn(token, rule.member) ? token[rule.member] : undefined
  return typeof value === 'number' && !isOriginRule(rule) ? String(value) : value
}

function allowed(rule: LearntAddress, value: unknown): string | undefined {
  return isOriginRule(rule) ? allowedOrigin(rule, value) : allowedValue(rule, value)
}

/** undefined unless the value is an https URL of an allowed host. Its path is left out. */
function allowedOrigin({ hosts = [] }: LearntAddress, value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined
  const url = new URL(value)
  const isPlain = url.username === '' && url.password === '' && url.port === ''
  const isAllowed = hosts.some(pattern => hostMatches(pattern, url.hostname))
  return url.protocol === 'https:' && isPlain && isAllowed ? url.origin : undefined
}

/**
 * undefined unless the whole value fits the pattern. Whatever that says, nothing that a header or log could not carry, that reads
 * as another placeholder, or that steps out of a path.
 */
function allowedValue({ pattern = '' }: LearntAddress, value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 500) return undefined
  if (/[{}\p{C}]/u.test(value) || value === '.' || value === '..') return undefined
  return new RegExp(`^(?:${pattern})$`, 'u').test(value) ? value : undefined
}

function missing({ service, linkName }: OAuth2Target, name: string, rule: LearntAddress): never {
  const [where, what] = [
    rule.in === 'callback' ? 'The redirect' : 'The token answer',
    isOriginRule(rule) ? 'address' : 'value'
  ]
  throw new Refusal(
    problem(
      'LEARNT_ADDRESS_MISSING',
      'The service did not say where its API is',
      `${where} of ${service} lacks the ${what} that the connector calls "${name}", so connection "${linkName}" ` +
        'could not be used. Nothing was stored.'
    )
  )
}

function refused(target: OAuth2Target, name: string, rule: LearntAddress, told: unknown): never {
  throw isOriginRule(rule) ? hostRefused(target, name, told) : valueRefused(target, name)
}

function hostRefused(
  { service, linkName, need }: OAuth2Target,
  name: string,
  told: unknown
): Refusal {
  const host = typeof told === 'string' && URL.canParse(told) ? new URL(told).hostname : ''
  const what =
    !isLoopback(host) && /^[a-z0-9.-]{1,253}$/.test(host) ? `the host ${host}` : 'an address'
  return new Refusal(
    problem(
      'LEARNT_HOST_REFUSED',
      'The service named a host that its connector does not allow',
      `The answer of ${service} names ${what} as "${name}" of connection "${linkName}". The credential would be sent ` +
        'there, so only https and hosts that the connector lists are accepted. Nothing was stored.\n\n' +
        `See the hosts:\n    tieline connectors show ${need.basis.connector}`
    )
  )
}

function valueRefused({ service, linkName, need }: OAuth2Target, name: string): Refusal {
  return new Refusal(
    problem(
      'LEARNT_VALUE_REFUSED',
      'The service told a value that its connector does not allow',
      `What the answer of ${service} tells as "${name}" of connection "${linkName}" does not have the form that the ` +
        'connector asks for. It would become part of addresses and headers, so nothing else is accepted. Nothing was stored.' +
        `\n\nSee the form:\n    tieline connectors show ${need.basis.connector}`
    )
  )
}
