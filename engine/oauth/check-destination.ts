import { originAllowed } from '../model/address.ts'
import { problem, Refusal } from '../model/diagnostic.ts'
import type { Target } from '../model/target.ts'
import { isSafe } from './send-request.ts'

/** Throws a Refusal unless a credential of this target may be sent to the address. Nothing has been sent then. */
export function checkDestination(target: Target, address: string): void {
  if (isSafe(address) && originAllowed(address, target.need.basis.origins)) return
  // Only the host: the rest of the address may hold a secret.
  const host = URL.canParse(address) ? new URL(address).host : 'an address that is not complete'
  throw new Refusal(
    problem(
      'DESTINATION_REFUSED',
      'The credential may not be sent there',
      `Connection "${target.linkName}" would send its credential to ${host}, which is not among the origins of its ` +
        'connector. Nothing was sent.\n\nCheck the addresses of the connector:\n' +
        `    tieline connectors show ${target.need.basis.connector}`
    )
  )
}
