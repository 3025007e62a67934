import type { Clock, SecretResolver } from '../model/ports.ts'
import type { Target } from '../model/target.ts'
import { isOAuth2, type OAuth2Target } from '../oauth/resolve-client.ts'

/** What both ways to get an authorization code need. */
export interface OAuthOptions {
  /** Reads the references of the OAuth2 client, before anybody is asked. */
  readonly resolve: SecretResolver
  readonly clock: Clock
  /** Ends the wait for the person. Once the code is on its way to the provider, the step is finished all the same. */
  readonly signal?: AbortSignal | undefined
  /**
   * Called and awaited right before the code is sent to the provider: from then on a grant may exist there, even if this
   * process never sees the answer.
   */
  readonly onGrantRequested?: (() => void | Promise<void>) | undefined
}

/** The path of every redirect address. */
export const callbackPath = '/callback'

export function oauth2Target(target: Target): OAuth2Target {
  if (!isOAuth2(target)) throw new Error(`${target.way.kind} needs no browser`)
  return target
}
