import { openNames } from '../model/address.ts'
import type { Connector, OAuth2Way, StringMap } from '../model/generated/types.ts'
import { sendList } from '../model/send-list.ts'
import {
  checkAddress,
  checkParameterName,
  type Known,
  knownAfter,
  parametersOnly,
  wayAddresses
} from './check-address.ts'
import { checkGrant, checkSigning } from './check-grant.ts'
import { checkLearns } from './check-learns.ts'
import { anchored, checkPattern, patternFindings } from './check-pattern.ts'
import { checkRevocation } from './check-revocation.ts'
import { checkSend, checkTokenHeaders, escapePointer } from './check-send.ts'
import { type Finding, finding } from './connector-finding.ts'

/** All that is wrong with one OAuth2 way, in the order of its sections. */
export function checkOAuth2Way(
  connector: Connector,
  way: OAuth2Way,
  pointer: string
): readonly Finding[] {
  const { origins, values } = knownAfter(way)
  const names = { credential: ['access_token'], told: [...origins, ...values, 'client_id'] }
  return [
    ...checkGrant(connector, way, pointer),
    ...checkAddresses(connector, way, pointer),
    ...checkSigning(connector, way, pointer),
    ...checkRedirectPath(way, pointer),
    ...checkLearns(connector, way, pointer),
    ...checkScopes(way, pointer),
    ...checkAnswer(way, pointer),
    ...checkRevocation(way, `${pointer}/revocation`),
    ...(['authorizeParameters', 'tokenParameters', 'refreshParameters'] as const).flatMap(key =>
      checkParameters(connector, way[key], `${pointer}/${key}`)
    ),
    ...checkTokenHeaders(connector, way, pointer),
    ...checkSend(connector, way.send, names, `${pointer}/send`),
    ...checkBound(way, pointer)
  ]
}

function checkAddresses(connector: Connector, way: OAuth2Way, pointer: string): readonly Finding[] {
  const after = knownAfter(way)
  const known: Readonly<Record<string, Known>> = {
    [`${pointer}/refreshUrl`]: after,
    [`${pointer}/introspectionUrl`]: after,
    [`${pointer}/revocation/url`]: { ...after, values: [...after.values, 'client_id'] }
  }
  return wayAddresses(way, pointer).flatMap(each =>
    checkAddress(connector, each, known[each.pointer] ?? parametersOnly)
  )
}

/** What is registered is compared letter by letter, so the path must be what a URL makes of it. */
function checkRedirectPath(way: OAuth2Way, pointer: string): readonly Finding[] {
  const { path } = way.redirect ?? {}
  if (path === undefined || new URL(path, 'http://127.0.0.1').href === `http://127.0.0.1${path}`) {
    return []
  }
  const detail = 'It is no plain path: a URL would read it otherwise. Leave out // and dots alone.'
  return [finding('CONNECTOR_ADDRESS', `${pointer}/redirect/path`, detail)]
}

function checkScopes(way: OAuth2Way, pointer: string): readonly Finding[] {
  const faults = patternFindings(way.otherScopes, `${pointer}/otherScopes`)
  if (faults.length > 0) return faults
  return [
    ...unknownScopes(way.all, [way], `${pointer}/all`),
    ...unknownScopes(way.refreshScopes ?? [], [way], `${pointer}/refreshScopes`),
    ...checkAll(way, pointer),
    ...checkOpenId(way, pointer)
  ]
}

/** Scopes that none of the ways has. */
export function unknownScopes(
  scopes: readonly string[],
  ways: readonly OAuth2Way[],
  pointer: string
): readonly Finding[] {
  return scopes.flatMap((scope, index): readonly Finding[] => {
    if (ways.some(way => hasScope(way, scope))) return []
    const detail = `${scope} is neither listed under scopes nor admitted by otherScopes, so no connection can ask for it.`
    return [finding('CONNECTOR_SCOPE', `${pointer}/${index}`, detail)]
  })
}

function hasScope({ scopes, otherScopes }: OAuth2Way, scope: string): boolean {
  if (Object.hasOwn(scopes, scope)) return true
  if (otherScopes === undefined) return false
  // A faulty pattern is a finding of its own; what it would admit, nobody knows.
  return checkPattern(otherScopes) !== undefined || anchored(otherScopes).test(scope)
}

function checkAll(way: OAuth2Way, pointer: string): readonly Finding[] {
  const hasNone = Object.keys(way.scopes).length === 0 && way.otherScopes === undefined
  if (way.all.length > 0 || hasNone) return []
  const detail =
    'There are scopes, but `scopes: all` would ask for none of them. List what All Actions stands for.'
  return [finding('CONNECTOR_SCOPE', `${pointer}/all`, detail)]
}

/** OpenID Connect Core, section 3.1.2.1: without openid there is no id token. */
function checkOpenId(way: OAuth2Way, pointer: string): readonly Finding[] {
  if (way.identity === undefined || hasScope(way, 'openid')) return []
  const detail =
    'The id token that it reads comes only where openid is asked for, which is neither listed under scopes nor admitted by otherScopes. Add openid, or take identity out.'
  return [finding('CONNECTOR_SCOPE', `${pointer}/identity`, detail)]
}

/** Each pointer leads to one member, and no two of them to the same. */
function checkAnswer(way: OAuth2Way, pointer: string): readonly Finding[] {
  const answer = Object.entries(way.answer ?? {})
  const seen = answer.map(([, each]) => each)
  const identity = Object.entries(way.identity ?? {})
  return [
    ...answer.map(([key, each]) => [`${pointer}/answer/${key}`, each] as const),
    ...identity.map(([key, each]) => [`${pointer}/identity/${key}`, each] as const)
  ].flatMap(([at, each], index): readonly Finding[] => {
    if (each === '') {
      const detail =
        'An empty pointer means the whole answer. Name the member, such as /data/token.'
      return [finding('CONNECTOR_ANSWER', at, detail)]
    }
    if (index >= seen.length || seen.indexOf(each) === index) return []
    const detail = 'Another member of the answer is read there already.'
    return [finding('CONNECTOR_ANSWER', at, detail)]
  })
}

/** What requests consist of by RFC 6749, 7009, 7521, 7636, 8628, 9101, 9126 and 9449, and OpenID Connect. */
const protocolParameters: readonly string[] = [
  'assertion',
  'client_assertion',
  'client_assertion_type',
  'client_id',
  'client_secret',
  'code',
  'code_challenge',
  'code_challenge_method',
  'code_verifier',
  'device_code',
  'dpop_jkt',
  'grant_type',
  'nonce',
  'redirect_uri',
  'refresh_token',
  'request',
  'request_uri',
  'response_type',
  'scope',
  'state',
  'token',
  'token_type_hint'
]

function checkParameters(
  connector: Connector,
  parameters: StringMap | undefined,
  pointer: string
): readonly Finding[] {
  return Object.entries(parameters ?? {}).flatMap(([name, value]): readonly Finding[] => {
    const at = `${pointer}/${escapePointer(name)}`
    if (protocolParameters.includes(name)) {
      const detail = `The engine sets ${name} itself (RFC 6749, RFC 7636); a fixed value would undo its checks. Leave it out.`
      return [finding('CONNECTOR_OAUTH_PARAMETER', at, detail)]
    }
    return openNames(value).flatMap(each => checkParameterName(connector, each, at))
  })
}

/** RFC 9449, section 7.1: a bound token travels in Authorization, by a scheme of its own that replaces Bearer. */
function checkBound(way: OAuth2Way, pointer: string): readonly Finding[] {
  if (way.dpop !== true) return []
  const isBound = sendList(way.send).some(
    each =>
      each.in === 'header' &&
      each.name.toLowerCase() === 'authorization' &&
      /^(?:Bearer|DPoP) \{access_token\}$/i.test(each.value)
  )
  if (isBound) return []
  const detail =
    "With dpop: true the token is sent in the header Authorization:\n    send: { in: header, name: Authorization, value: 'DPoP {access_token}' }"
  return [finding('CONNECTOR_SEND', `${pointer}/send`, detail)]
}
