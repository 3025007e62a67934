import type { Redirect } from '../model/generated/types.ts'
import type { Clock, SecretResolver } from '../model/ports.ts'
import type { Target } from '../model/target.ts'
import { isOAuth2, type OAuth2Target } from '../oauth/resolve-client.ts'

/** What every way to get OAuth2 tokens needs. */
export interface OAuthOptions {
  /** Reads the references of the OAuth2 client, before anybody is asked. */
  readonly resolve: SecretResolver
  readonly clock: Clock
  /** Ends the wait for the person. Once a code is on its way to the provider, the step is finished all the same. */
  readonly signal?: AbortSignal | undefined
  /**
   * Called and awaited right before tokens are asked for: from then on a grant may exist at the provider, even if this process
   * never sees the answer.
   */
  readonly onGrantRequested?: (() => void | Promise<void>) | undefined
}

/** What the ways that are answered at a redirect address need beside. */
export interface RedirectOptions extends OAuthOptions {
  /** The port of the redirect address for this time, instead of the connector's. */
  readonly port?: number | undefined
}

/** The redirect as it is for this time. */
export function redirectOf({ way }: OAuth2Target, port: number | undefined): Required<Redirect> {
  return port === undefined ? way.redirect : { ...way.redirect, port }
}

export function oauth2Target(target: Target): OAuth2Target {
  if (!isOAuth2(target)) throw new Error(`${target.way.kind} is not OAuth2`)
  return target
}
