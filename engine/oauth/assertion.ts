import { fillTemplate } from '../model/address.ts'
import type { Clock } from '../model/ports.ts'
import { assertionLifetime } from './client-authentication.ts'
import type { OAuth2Target, OAuthClient } from './resolve-client.ts'
import { signingKey } from './signing-key.ts'

/**
 * A new assertion that asks for tokens, signed with the client's private key (RFC 7523, section 3). Secret: whoever has it can ask
 * too, while it lives. Throws a Refusal if the key cannot be used.
 */
export async function signAssertion(
  target: OAuth2Target,
  client: OAuthClient,
  clock: Clock
): Promise<string> {
  const { SignJWT } = await import('jose')
  const { need, way } = target
  const { signing, scopeSeparator, tokenUrl } = way
  const { key, algorithm, keyId } = await signingKey(target, client)
  const known = { client_id: client.id, endpoint: tokenUrl }
  const fill = (template: string): string => fillTemplate(template, known)
  const now = Math.floor(clock.now().getTime() / 1000)
  const scope = need.scopes.join(scopeSeparator)
  return new SignJWT(signing?.scopeClaim === true && scope !== '' ? { scope } : {})
    .setProtectedHeader({
      alg: algorithm,
      typ: 'JWT',
      ...(keyId === undefined ? {} : { kid: keyId })
    })
    .setIssuer(fill(signing?.issuer ?? '{client_id}'))
    .setSubject(fill(signing?.subject ?? '{client_id}'))
    .setAudience(fill(signing?.audience ?? tokenUrl))
    .setIssuedAt(now)
    .setExpirationTime(now + (signing?.lifetime ?? assertionLifetime))
    .setJti(crypto.randomUUID())
    .sign(key)
}
