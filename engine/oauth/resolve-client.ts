import { problem, Refusal } from '../model/diagnostic.ts'
import type { OAuth2Way } from '../model/generated/types.ts'
import type { SecretResolver } from '../model/ports.ts'
import type { Target } from '../model/target.ts'

/** A target whose way is OAuth2. */
export type OAuth2Target = Target & { readonly way: OAuth2Way }

export function isOAuth2(target: Target): target is OAuth2Target {
  return target.way.kind === 'oauth2'
}

/** An OAuth2 client registration, with its references resolved. */
export interface OAuthClient {
  readonly id: string
  /** null for a public client. */
  readonly secret: string | null
}

/** Reads the client registration that the target refers to. Throws a Refusal if there is none or it cannot be read. */
export async function resolveClient(
  target: OAuth2Target,
  resolve: SecretResolver
): Promise<OAuthClient> {
  if (target.client === null) throw clientMissing(target)
  const id = await resolve(target.client.id)
  const { secret } = target.client
  return { id, secret: secret === null ? null : await resolve(secret) }
}

/** What must be masked in whatever the provider says: the client secret, also as the pair that travels in a header. */
export function clientSecrets({ id, secret }: OAuthClient): readonly string[] {
  return secret === null ? [] : [secret, basicPair(id, secret)]
}

/** Id and secret as HTTP Basic carries them (RFC 6749, section 2.3.1). */
export function basicPair(id: string, secret: string): string {
  return btoa(`${formEncoded(id)}:${formEncoded(secret)}`)
}

function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}

function clientMissing({ linkName, service }: Target): Refusal {
  return new Refusal(
    problem(
      'CLIENT_MISSING',
      'No OAuth2 client is given',
      `Connection "${linkName}" authorizes with OAuth2, which needs your app's client registration at ${service}. ` +
        `Add "client" with "id" and "secret" to connections/${linkName}.yaml, as references such as env:NAME.`
    )
  )
}
