import { openNames } from '../model/address.ts'
import type { Connector } from '../model/generated/types.ts'
import { addressesOf, sampleOf, splitAddress } from './check-address.ts'
import { anchored } from './check-pattern.ts'
import type { Finding } from './connector-finding.ts'

/** Where a value goes. */
export interface Uses {
  readonly host: boolean
  readonly path: boolean
}

/** What no value in a host may hold: each of these ends it, or makes it somebody else's. */
const hostBreakers = ['/', '?', '#', '@', '\\', ':', '%', '*', ' ']

const placeholderMakers = ['{', '}', '{a}', '\n', '\u0000']

/** Whether a pattern keeps values from changing where an address leads: its host, or the path that it spells. */
export function checkWidth(
  name: string,
  pattern: string | undefined,
  pointer: string,
  uses: Uses
): readonly Finding[] {
  if (pattern === undefined) return []
  const whole = anchored(pattern)
  const sample = sampleOf(pattern)
  const admitted = hostBreakers.filter(each =>
    [each, sample + each, each + sample, `${sample}${each}${sample}`].some(text => whole.test(text))
  )
  const findings: Finding[] = []
  if (uses.host && admitted.length > 0) {
    const detail =
      `{${name}} stands in a host, so its pattern must not admit ${admitted.map(each => JSON.stringify(each)).join(' ')}: ` +
      'such a value could send credentials to another host. Write out the characters that it may have, such as [a-z0-9-]+.'
    findings.push({ code: 'CONNECTOR_PATTERN_WIDE', pointer, detail })
  }
  if (uses.path && (whole.test('.') || whole.test('..'))) {
    const detail = `{${name}} stands in a path, so its pattern must not admit . or .., which would take a part of the path away.`
    findings.push({ code: 'CONNECTOR_PATTERN_WIDE', pointer, detail })
  }
  return findings
}

/** Whether a parameter's pattern keeps out what would read as a placeholder, since fields are filled in after parameters. */
export function checkBraces(
  name: string,
  pattern: string | undefined,
  pointer: string
): readonly Finding[] {
  if (pattern === undefined) return []
  const whole = anchored(pattern)
  const sample = sampleOf(pattern)
  const admitted = placeholderMakers.some(each => whole.test(each) || whole.test(sample + each))
  if (!admitted) return []
  const detail = `The pattern of {${name}} must not admit braces or control characters: filled in, a value with braces would read as another placeholder.`
  return [{ code: 'CONNECTOR_PATTERN_WIDE', pointer, detail }]
}

/** Where a parameter or a field stands in the connector's addresses. */
export function usesOf(connector: Connector, name: string): Uses {
  const addresses = addressesOf(connector).map(each => each.address)
  const names = (text: string) => openNames(text).some(each => each.split('.')[0] === name)
  const hosts = connector.auth.flatMap(way =>
    way.kind === 'oauth2' ? Object.values(way.learns ?? {}).flatMap(each => each.hosts ?? []) : []
  )
  return {
    host: [...addresses.map(each => splitAddress(each)[0]), ...hosts].some(names),
    path: addresses.map(each => splitAddress(each)[1].split('?')[0] ?? '').some(names)
  }
}
