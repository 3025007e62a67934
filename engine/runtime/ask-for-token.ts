import type { Credential, OAuth2Secret } from '../model/credential.ts'
import type { RefreshFailure } from '../model/ports.ts'
import { checkDestination } from '../oauth/check-destination.ts'
import { introspectRefreshToken } from '../oauth/introspect.ts'
import { ProviderFailure } from '../oauth/provider-failure.ts'
import { refreshTokens } from '../oauth/refresh-tokens.ts'
import { renewTokens } from '../oauth/renew-tokens.ts'
import type { OAuth2Target, OAuthClient } from '../oauth/resolve-client.ts'
import { bury } from './bury.ts'
import { coolDown } from './cool-down.ts'
import { refreshTokenOf } from './copies.ts'
import { keepRenewed } from './keep-renewed.ts'
import { hasMovedOn, nextOf, type Renewal } from './renewal.ts'
import { renewalFailed } from './runtime-refusal.ts'

/**
 * Asks the service for another access token, with the refresh token if there is one, and stores what comes. null: somebody else wrote a
 * newer generation. Throws a Refusal otherwise; the credential is then as good as before, or recorded as dead.
 */
export async function askForToken(
  renewal: Renewal,
  secret: OAuth2Secret,
  target: OAuth2Target,
  client: OAuthClient
): Promise<Credential | null> {
  const { before, lease, options } = renewal
  const { refreshToken } = secret
  const { way } = target
  checkDestination(target, refreshToken === null ? way.tokenUrl : (way.refreshUrl ?? way.tokenUrl))
  if (!(await lease.sending(roomFor(before)))) return null
  let got: OAuth2Secret
  try {
    got =
      refreshToken === null
        ? await renewTokens(target, client, secret, options.clock)
        : await refreshTokens(target, client, { ...secret, refreshToken }, options.clock)
  } catch (error) {
    return afterFailure(await judged(error, renewal, secret, target, client), renewal)
  }
  return keepRenewed(nextOf(before, got), renewal)
}

/** Bytes that the next generation surely fits in, sealed and spelt in base64, even if its tokens are twice as long. */
function roomFor(before: Credential): number {
  return 8192 + 4 * JSON.stringify(before).length
}

/**
 * Some services refuse a dead refresh token without a word, as they refuse a wrong client. Where the service can be asked about the
 * token itself (RFC 7662), that decides: it has accepted the client there, or it would not have told. Whatever else comes of asking,
 * the refusal stays what it was.
 */
async function judged(
  error: unknown,
  { options }: Renewal,
  secret: OAuth2Secret,
  target: OAuth2Target,
  client: OAuthClient
): Promise<unknown> {
  if (!(error instanceof ProviderFailure) || !error.isWordless) return error
  const told = await introspectRefreshToken(target, client, secret, options.clock).catch(() => null)
  if (told?.active !== false) return error
  return new ProviderFailure('grant-gone', 'the refresh token is not active any more')
}

async function afterFailure(error: unknown, renewal: Renewal): Promise<Credential | null> {
  const { before, lease, options } = renewal
  const { clock, target } = options
  const failed = async (
    kind: RefreshFailure['kind'],
    message: string,
    retryAfterMs: number | null
  ) => {
    const failure = coolDown({ kind, message, retryAfterMs }, lease.lastFailure, clock)
    await lease.failed(failure)
    return failure
  }
  if (!(error instanceof ProviderFailure)) {
    await failed('broken-answer', 'the renewal broke off', null)
    throw error
  }
  const { kind, message, retryAfterMs } = error
  if (kind === 'grant-gone' && refreshTokenOf(before) !== null) return grantGone(renewal)
  const sort = kind === 'grant-gone' ? 'refused' : kind
  throw renewalFailed(target, before.user, await failed(sort, message, retryAfterMs))
}

/** The service does not know the refresh token. That is right if somebody used it meanwhile. */
async function grantGone(renewal: Renewal): Promise<null> {
  const { lease } = renewal
  if (await hasMovedOn(renewal)) {
    await lease.done()
    return null
  }
  // We slept, and a successor may be about to store what it got.
  if (!(await lease.isHeld())) return null
  return bury(lease.interrupted === 0 ? 'grant-gone' : 'interrupted-refresh', renewal)
}
