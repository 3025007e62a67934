import type { Credential } from '../model/credential.ts'
import { isOAuth2, resolveClient } from '../oauth/resolve-client.ts'
import { revokeToken } from '../oauth/revoke-token.ts'
import type { ValidCredentialOptions } from './valid-credential.ts'

/**
 * Ends at the service what it gave for a credential that was revoked meanwhile. Says in a sentence what is left there; empty if
 * nothing is. Never throws.
 */
export async function revokeUnstored(
  { secret }: Credential,
  { target, resolve, clock, leases, credential }: ValidCredentialOptions
): Promise<string> {
  await leases.forget(credential.id).catch(() => {})
  if (secret.kind !== 'oauth2' || !isOAuth2(target)) return ''
  const { service } = target
  try {
    const revocation = await revokeToken(
      target,
      await resolveClient(target, resolve),
      secret,
      clock
    )
    switch (revocation.outcome) {
      case 'revoked':
        return ''
      case 'not-offered':
        return `${service} has no way to end what it had given in that moment; it was thrown away.`
      case 'refused':
        return `${service} did not end what it had given in that moment: ${revocation.reason}. End it there.`
    }
  } catch {
    return `${service} could not be asked to end what it had given in that moment. End it there.`
  }
}
