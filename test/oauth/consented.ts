/** A person's consent at a real OAuth server, without the local redirect. */
import { authorizationRequest } from '../../engine/oauth/authorization-request.ts'
import { exchangeCode } from '../../engine/oauth/exchange-code.ts'
import type { OAuth2Target, OAuthClient } from '../../engine/oauth/resolve-client.ts'
import { followConsent } from '../support/oauth-server.ts'
import { clock, type RefreshableSecret } from './a-target.ts'

export async function consented(
  target: OAuth2Target,
  client: OAuthClient,
  redirectUri: string
): Promise<RefreshableSecret> {
  const request = await authorizationRequest(target, { client, redirectUri, clock })
  const { redirected } = await followConsent(request.url, { deliver: false })
  const callback = new URL(redirected).searchParams
  const { secret } = await exchangeCode(target, { client, request, callback, clock })
  if (secret.refreshToken === null) throw new Error('No refresh token came')
  return { ...secret, refreshToken: secret.refreshToken }
}
