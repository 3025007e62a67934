import { openNames } from '../model/address.ts'
import type { Connector, OAuth2Way, Send, Sends } from '../model/generated/types.ts'
import { sendList } from '../model/send-list.ts'
import { checkParameterName } from './check-address.ts'
import { type Finding, finding } from './connector-finding.ts'

/** What templates of `send` may name beside parameters. */
export interface SendNames {
  /** The credential itself: one of these has to be sent. */
  readonly credential: readonly string[]
  /** What an answer told, such as a tenant id. */
  readonly told: readonly string[]
}

/** Whether `send` names a part of the credential and nothing that is unknown, and each place carries one thing. */
export function checkSend(
  connector: Connector,
  sends: Sends,
  names: SendNames,
  pointer: string
): readonly Finding[] {
  const placed = placedSends(sends, pointer)
  const isSent = placed.some(({ send }) => namesOne(send, names.credential))
  const needed = isSent ? [] : [finding('CONNECTOR_SEND', pointer, notSent(names.credential))]
  return [
    ...placed.flatMap(each => checkOne(connector, each, names)),
    ...needed,
    ...checkPlaces(placed, isSent ? [...names.credential, ...names.told] : null)
  ]
}

interface PlacedSend {
  readonly send: Send
  readonly pointer: string
}

function placedSends(sends: Sends, pointer: string): readonly PlacedSend[] {
  const list = sendList(sends)
  const isList = !('in' in sends)
  return list.map((send, index) => ({ send, pointer: isList ? `${pointer}/${index}` : pointer }))
}

function notSent(credential: readonly string[]): string {
  const names = credential.map(each => `{${each}}`).join(' or ')
  return `Requests would go out without the credential. Name ${names} in it.`
}

function partsOf(send: Send): readonly (readonly [key: string, template: string])[] {
  if (send.in !== 'basic') return [['value', send.value]]
  return [
    ['username', send.username],
    ['password', send.password]
  ]
}

function namesOne(send: Send, names: readonly string[]): boolean {
  return partsOf(send).some(([, template]) =>
    openNames(template).some(name => names.includes(name))
  )
}

function checkOne(
  connector: Connector,
  { send, pointer }: PlacedSend,
  { credential, told }: SendNames
): readonly Finding[] {
  const unknown = partsOf(send).flatMap(([key, template]) =>
    openNames(template)
      .filter(name => !credential.includes(name) && !told.includes(name))
      .flatMap(name => checkParameterName(connector, name, `${pointer}/${key}`))
  )
  if (send.in === 'header' && ownHeaders.includes(send.name.toLowerCase())) {
    const detail = `The header ${send.name} is set by the engine and cannot carry a credential.`
    return [...unknown, finding('CONNECTOR_HEADER', `${pointer}/name`, detail)]
  }
  if (send.in !== 'basic' || !send.username.includes(':')) return unknown
  const detail = 'A user name of HTTP Basic ends at the first colon (RFC 7617, section 2).'
  return [...unknown, finding('CONNECTOR_SEND', `${pointer}/username`, detail)]
}

/** Whether several entries go to several places, and each has a reason to be there; `useful` is null where that is open. */
function checkPlaces(
  placed: readonly PlacedSend[],
  useful: readonly string[] | null
): readonly Finding[] {
  const places = placed.map(({ send }) => placeOf(send))
  return placed.flatMap(({ send, pointer }, index): readonly Finding[] => {
    if (places.indexOf(places[index] ?? '') < index) {
      const detail =
        places[index] === 'header authorization'
          ? 'HTTP Basic is sent in the header Authorization, and a request has one of these. Keep one of the entries.'
          : 'An entry before it is sent in the same place. Keep one of them, or choose another name.'
      return [finding('CONNECTOR_SEND', pointer, detail)]
    }
    if (useful === null || namesOne(send, useful)) return []
    const detail =
      'It names nothing of the credential. What is always the same belongs to api.headers.'
    return [finding('CONNECTOR_SEND', pointer, detail)]
  })
}

function placeOf(send: Send): string {
  if (send.in === 'query') return `query ${send.name}`
  return `header ${send.in === 'basic' ? 'authorization' : send.name.toLowerCase()}`
}

/** Of these, the engine and its HTTP client decide alone. */
const ownHeaders: readonly string[] = [
  'connection',
  'content-length',
  'cookie',
  'dpop',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade'
]

/** Whether the headers of every API request can be sent beside each other and beside the credential. */
export function checkHeaders(connector: Connector): readonly Finding[] {
  const credential = connector.auth.flatMap(({ send }) =>
    sendList(send).filter(each => each.in !== 'query')
  )
  const taken = new Map(
    credential.map(each => [placeOf(each).slice('header '.length), 'carries the credential (send)'])
  )
  return checkHeaderMap(connector, connector.api.headers ?? {}, taken, '/api/headers')
}

/** The same for requests to the token endpoint, where the client's own authentication travels. */
export function checkTokenHeaders(
  connector: Connector,
  way: OAuth2Way,
  pointer: string
): readonly Finding[] {
  const taken = new Map([
    ['authorization', 'is where the client authenticates (clientAuthentication)'],
    ['content-type', 'follows from tokenBody']
  ])
  return checkHeaderMap(connector, way.tokenHeaders ?? {}, taken, `${pointer}/tokenHeaders`)
}

/** `taken` tells of further headers why they cannot be set. */
function checkHeaderMap(
  connector: Connector,
  given: Readonly<Record<string, string>>,
  taken: ReadonlyMap<string, string>,
  parent: string
): readonly Finding[] {
  const headers = Object.entries(given)
  const names = headers.map(([name]) => name.toLowerCase())
  return headers.flatMap(([name, value], index): readonly Finding[] => {
    const pointer = `${parent}/${escapePointer(name)}`
    const lower = name.toLowerCase()
    const faults = [
      ...(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) ? [] : ['is no header name']),
      ...(/\p{C}/u.test(value) ? ['has a control character in its value'] : []),
      ...(names.indexOf(lower) < index ? ['stands there twice'] : []),
      ...[taken.get(lower) ?? []].flat(),
      ...(ownHeaders.includes(lower) ? ['is set by the engine'] : [])
    ]
    const unknown = openNames(value).flatMap(each => checkParameterName(connector, each, pointer))
    if (faults.length === 0) return unknown
    const detail = `The header ${JSON.stringify(name)} ${faults.join(' and ')}. Take it out or mend it.`
    return [finding('CONNECTOR_HEADER', pointer, detail), ...unknown]
  })
}

/** A name as a part of a JSON Pointer (RFC 6901, section 3). */
export function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
