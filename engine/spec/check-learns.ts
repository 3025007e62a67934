import {
  fillAddress,
  fillTemplate,
  hostMatches,
  openNames,
  type TemplateValues
} from '../model/address.ts'
import type { Connector, LearntAddress, OAuth2Way } from '../model/generated/types.ts'
import { checkParameterName, variantsOf } from './check-address.ts'
import { patternFindings } from './check-pattern.ts'
import { checkBraces, checkWidth, usesOf } from './check-width.ts'
import { type Finding, finding } from './connector-finding.ts'

/** Whether each thing that an answer tells is held to narrow hosts, or to a pattern, and can come with the way's grant. */
export function checkLearns(
  connector: Connector,
  way: OAuth2Way,
  pointer: string
): readonly Finding[] {
  const variants = variantsOf(connector)
  return Object.entries(way.learns ?? {}).flatMap(([name, learnt]) => {
    const at = `${pointer}/learns/${name}`
    return [
      ...checkCallback(way, learnt, at),
      ...(learnt.hosts === undefined || learnt.pattern !== undefined
        ? checkPlainValue(connector, name, learnt, at)
        : checkHosts(connector, learnt.hosts, learnt.default, at, variants))
    ]
  })
}

/** Nothing comes to the redirect address unless a browser is sent there. */
function checkCallback(way: OAuth2Way, learnt: LearntAddress, at: string): readonly Finding[] {
  if (learnt.in !== 'callback' || learnt.default !== undefined) return []
  const grant = way.grant ?? 'authorization_code'
  if (grant === 'authorization_code' && way.deviceUrl === undefined) return []
  const detail =
    grant === 'authorization_code'
      ? 'People may choose the device code, and then nothing comes to the redirect address. Read it from the token answer, or take deviceUrl out.'
      : `With grant: ${grant} nothing comes to the redirect address. Read it from the token answer.`
  return [finding('CONNECTOR_LEARNS', `${at}/in`, detail)]
}

function checkPlainValue(
  connector: Connector,
  name: string,
  { hosts, pattern, default: origin }: LearntAddress,
  at: string
): readonly Finding[] {
  if (pattern === undefined || hosts !== undefined) {
    const detail =
      pattern === undefined
        ? 'Without a rule an answer could name anything. Give hosts for an address, or a pattern for a plain value.'
        : 'It is either an address, which hosts hold, or a plain value, which a pattern holds. Keep one of them.'
    return [finding('CONNECTOR_LEARNS', at, detail)]
  }
  const faults = patternFindings(pattern, `${at}/pattern`)
  if (faults.length > 0) return faults
  const { path } = usesOf(connector, name)
  return [
    ...(origin === undefined
      ? []
      : [
          finding(
            'CONNECTOR_LEARNS',
            `${at}/default`,
            'A default is an origin, and goes with hosts. A plain value has to come with the answer.'
          )
        ]),
    ...checkBraces(name, pattern, `${at}/pattern`),
    ...checkWidth(name, pattern, `${at}/pattern`, { host: false, path })
  ]
}

function checkHosts(
  connector: Connector,
  hosts: readonly string[],
  origin: string | undefined,
  at: string,
  variants: readonly TemplateValues[]
): readonly Finding[] {
  const findings = hosts.flatMap((host, index) =>
    checkHost(connector, host, `${at}/hosts/${index}`, variants)
  )
  if (findings.length > 0 || origin === undefined) return findings

  const strays = variants.some(values => {
    const url = fillAddress(origin, values)
    if (!URL.canParse(url)) return false // said where addresses are checked
    const { hostname, pathname, search } = new URL(url)
    const fits = hosts.some(host => hostMatches(fillTemplate(host, values), hostname))
    return !fits || pathname !== '/' || search !== ''
  })
  if (!strays) return []
  const detail = 'The default must be an origin, without a path, on one of the hosts.'
  return [finding('CONNECTOR_HOST', `${at}/default`, detail)]
}

const hostPattern = /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?$/

function checkHost(
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
  return [finding('CONNECTOR_HOST', pointer, detail)]
}
