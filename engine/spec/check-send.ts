import { openNames } from '../model/address.ts'
import type { Connector, Send } from '../model/generated/types.ts'
import { checkParameterName } from './check-address.ts'
import type { Finding } from './connector-finding.ts'

/** Whether `send` names a part of the credential, and nothing that is unknown. */
export function checkSend(
  connector: Connector,
  send: Send,
  credential: readonly string[],
  pointer: string
): readonly Finding[] {
  const parts: readonly (readonly [string, string])[] =
    send.in === 'basic'
      ? [
          ['username', send.username],
          ['password', send.password]
        ]
      : [['value', send.value]]
  const unknown = parts.flatMap(([key, template]) =>
    openNames(template)
      .filter(name => !credential.includes(name))
      .flatMap(name => checkParameterName(connector, name, `${pointer}/${key}`))
  )
  const findings: Finding[] = [...unknown]
  if (!parts.some(([, template]) => openNames(template).some(name => credential.includes(name)))) {
    const detail = `Requests would go out without the credential. Name ${credential.map(each => `{${each}}`).join(' or ')} in it.`
    findings.push({ code: 'CONNECTOR_SEND', pointer, detail })
  }
  if (send.in === 'basic' && send.username.includes(':')) {
    const detail = 'A user name of HTTP Basic ends at the first colon (RFC 7617, section 2).'
    findings.push({ code: 'CONNECTOR_SEND', pointer: `${pointer}/username`, detail })
  }
  return findings
}

/** Of these, the engine and its HTTP client decide alone. */
const ownHeaders: readonly string[] = [
  'connection',
  'content-length',
  'cookie',
  'host',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade'
]

/** Whether the headers of every request can be sent beside each other and beside the credential. */
export function checkHeaders(connector: Connector): readonly Finding[] {
  const headers = Object.entries(connector.api.headers ?? {})
  const sent = connector.auth.flatMap(({ send }) =>
    send.in === 'header' ? [send.name.toLowerCase()] : send.in === 'basic' ? ['authorization'] : []
  )
  const names = headers.map(([name]) => name.toLowerCase())
  return [
    ...headers.flatMap(([name, value], index): readonly Finding[] => {
      const pointer = `/api/headers/${escapePointer(name)}`
      const lower = name.toLowerCase()
      const faults = [
        ...(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) ? [] : ['is no header name']),
        ...(/\p{C}/u.test(value) ? ['has a control character in its value'] : []),
        ...(names.indexOf(lower) < index ? ['stands there twice'] : []),
        ...(sent.includes(lower) ? ['carries the credential (send)'] : []),
        ...(ownHeaders.includes(lower) ? ['is set by the engine'] : [])
      ]
      const unknown = openNames(value).flatMap(each => checkParameterName(connector, each, pointer))
      if (faults.length === 0) return unknown
      const detail = `The header ${JSON.stringify(name)} ${faults.join(' and ')}. Take it out or mend it.`
      return [{ code: 'CONNECTOR_HEADER', pointer, detail }, ...unknown]
    }),
    ...connector.auth.flatMap(({ send }, index): readonly Finding[] => {
      if (send.in !== 'header' || !ownHeaders.includes(send.name.toLowerCase())) return []
      const detail = `The header ${send.name} is set by the engine and cannot carry a credential.`
      return [{ code: 'CONNECTOR_HEADER', pointer: `/auth/${index}/send/name`, detail }]
    })
  ]
}

/** A name as a part of a JSON Pointer (RFC 6901, section 3). */
export function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
