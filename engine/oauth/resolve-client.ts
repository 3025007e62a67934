import { problem, Refusal } from '../model/diagnostic.ts'
import type { SecretResolver } from '../model/ports.ts'
import type { OAuth2TargetWay, Target } from '../model/target.ts'
import { needsSigningKey, signingKey } from './signing-key.ts'

/** A target whose way is OAuth2. */
export type OAuth2Target = Target & { readonly way: OAuth2TargetWay }

export function isOAuth2(target: Target): target is OAuth2Target {
  return target.way.kind === 'oauth2'
}

/** An OAuth2 client registration, with its references resolved. */
export interface OAuthClient {
  readonly id: string
  /** The private key where the client signs assertions; null for a public client. */
  readonly secret: string | null
}

/**
 * Reads the client registration that the target refers to. Throws a Refusal if there is none, it cannot be read, or its private
 * key cannot sign, so that nobody is asked for nothing.
 */
export async function resolveClient(
  target: OAuth2Target,
  resolve: SecretResolver
): Promise<OAuthClient> {
  if (target.client === null) throw clientMissing(target)
  const owner = { connection: target.need.connection, slot: target.need.slot }
  const { secret } = target.client
  const client = {
    id: await resolve(target.client.id, owner),
    secret: secret === null ? null : await resolve(secret, owner)
  }
  if (needsSigningKey(target.way)) await signingKey(target, client)
  return client
}

/** What must be masked in whatever the provider says: the client secret, also as the pair that travels in a header. */
export function clientSecrets({ id, secret }: OAuthClient): readonly string[] {
  return secret === null ? [] : [secret, basicPair(id, secret), rawBasicPair(id, secret)]
}

/** Id and secret as HTTP Basic carries them (RFC 6749, section 2.3.1). */
export function basicPair(id: string, secret: string): string {
  return btoa(`${formEncoded(id)}:${formEncoded(secret)}`)
}

/** The same for services that compare what came and do not decode it (RFC 7617, section 2.1). */
export function rawBasicPair(id: string, secret: string): string {
  const bytes = new TextEncoder().encode(`${id}:${secret}`)
  return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''))
}

/** Whether the two differ. */
export function isChangedByEncoding({ id, secret }: OAuthClient): boolean {
  return [id, secret ?? ''].some(each => formEncoded(each) !== each)
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
