import { hostMatches, isLoopback } from '../model/address.ts'
import { problem, Refusal } from '../model/diagnostic.ts'
import type { LearntAddress } from '../model/generated/types.ts'
import type { OAuth2Target } from './resolve-client.ts'

/** Origins that a token answer told, by the connector's names for them. */
export type LearntAddresses = Readonly<Record<string, string>>

/**
 * Reads the addresses that the answer to an authorization tells. Throws a Refusal if one is missing or names a host that
 * the connector does not allow.
 */
export function learnAddresses(
  target: OAuth2Target,
  answer: Readonly<Record<string, unknown>>
): LearntAddresses {
  return mapLearns(target, (name, rule) => {
    const told = answer[rule.member]
    if (told === undefined || told === null || told === '')
      return rule.default ?? missing(target, name)
    return allowedOrigin(rule, told) ?? refused(target, name, told)
  })
}

/**
 * Reads them again after a refresh. What the answer does not tell, or may not tell, stays as it was: a refresh never widens
 * where a credential goes, and the new tokens must not be lost for it.
 */
export function relearnAddresses(
  target: OAuth2Target,
  answer: Readonly<Record<string, unknown>>,
  before: LearntAddresses
): LearntAddresses {
  return mapLearns(target, (name, rule) => {
    return allowedOrigin(rule, answer[rule.member]) ?? before[name] ?? rule.default
  })
}

function mapLearns(
  { way, origin }: OAuth2Target,
  read: (name: string, rule: LearntAddress) => string | undefined
): LearntAddresses {
  const addresses: Record<string, string> = {}
  for (const [name, rule] of Object.entries(way.learns ?? {})) {
    const address = origin ?? read(name, rule)
    if (address !== undefined) addresses[name] = address
  }
  return addresses
}

/** undefined unless the value is an https URL of an allowed host. Its path is left out. */
function allowedOrigin(rule: LearntAddress, value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined
  const url = new URL(value)
  const isPlain = url.username === '' && url.password === '' && url.port === ''
  const isAllowed = rule.hosts.some(pattern => hostMatches(pattern, url.hostname))
  return url.protocol === 'https:' && isPlain && isAllowed ? url.origin : undefined
}

function missing({ service, linkName }: OAuth2Target, name: string): never {
  throw new Refusal(
    problem(
      'LEARNT_ADDRESS_MISSING',
      'The service did not say where its API is',
      `The token answer of ${service} lacks the address that the connector calls "${name}", so connection "${linkName}" ` +
        'could not be used. Nothing was stored.'
    )
  )
}

function refused({ service, linkName, need }: OAuth2Target, name: string, told: unknown): never {
  const host = typeof told === 'string' && URL.canParse(told) ? new URL(told).hostname : ''
  const what =
    !isLoopback(host) && /^[a-z0-9.-]{1,253}$/.test(host) ? `the host ${host}` : 'an address'
  throw new Refusal(
    problem(
      'LEARNT_HOST_REFUSED',
      'The service named a host that its connector does not allow',
      `The token answer of ${service} names ${what} as "${name}" of connection "${linkName}". The credential would be sent ` +
        'there, so only https and hosts that the connector lists are accepted. Nothing was stored.\n\n' +
        `See the hosts:\n    tieline connectors show ${need.basis.connector}`
    )
  )
}
