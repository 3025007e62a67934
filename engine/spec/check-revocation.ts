import type { OAuth2Way } from '../model/generated/types.ts'
import { isOwnRight } from '../model/grants.ts'
import { type Finding, finding } from './connector-finding.ts'

/** Whether what is said of revocation can be done: there is an address, and the token has one way to travel. */
export function checkRevocation(way: OAuth2Way, pointer: string): readonly Finding[] {
  const { ends, url, ...details } = way.revocation
  if ((ends === 'none') !== (url === undefined)) {
    const detail =
      ends === 'none'
        ? 'It says that the service cannot revoke, and yet gives an address for it. Say what a revocation ends, or drop the address.'
        : `It says that a revocation ends the ${ends}, but not where to ask for it. Add url, or write ends: none.`
    return [finding('CONNECTOR_REVOCATION', pointer, detail)]
  }
  if (url === undefined) {
    return Object.keys(details).map(key =>
      finding(
        'CONNECTOR_REVOCATION',
        `${pointer}/${key}`,
        `Without an address nothing is asked, so ${key} has no use. Take it out, or add url.`
      )
    )
  }
  return checkTravel(way, pointer)
}

function checkTravel(way: OAuth2Way, pointer: string): readonly Finding[] {
  const { method = 'POST', in: place = 'form', parameter, client, token } = way.revocation
  const faults: readonly (readonly [applies: boolean, member: string, detail: string])[] = [
    [
      method === 'GET' && (place === 'form' || place === 'json'),
      'method',
      'A GET has no body for the token to travel in. Write in: query or in: credential.'
    ],
    [
      place === 'credential' && parameter !== undefined,
      'parameter',
      'With in: credential the token is sent as with every request (send), under no name of its own. Take it out.'
    ],
    [
      place === 'credential' && client === true && way.clientAuthentication.startsWith('basic'),
      'client',
      'With in: credential the header Authorization holds the token, so the client cannot authenticate there. Take it out.'
    ],
    [
      token === 'refresh' && isOwnRight(way),
      'token',
      `With grant: ${way.grant} there is no refresh token. Write token: access, or leave it out.`
    ]
  ]
  return faults
    .filter(([applies]) => applies)
    .map(([, member, detail]) => finding('CONNECTOR_REVOCATION', `${pointer}/${member}`, detail))
}
