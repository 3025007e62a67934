import {
  allowInsecureRequests,
  customFetch,
  processPushedAuthorizationResponse,
  pushedAuthorizationRequest
} from 'oauth4webapi'
import { isLoopback } from '../model/address.ts'
import { authorizationServer } from './ask-token-endpoint.ts'
import { checkDestination } from './check-destination.ts'
import { asFailure } from './classify-answer.ts'
import { clientAuthentication, withClientHint } from './client-authentication.ts'
import { clientSecrets, type OAuth2Target, type OAuthClient } from './resolve-client.ts'
import { endpointFetch, type FetchOptions } from './token-fetch.ts'

/**
 * Leaves the parameters of an authorization request at the provider, and returns the `request_uri` that stands for them, once
 * (RFC 9126). Throws a ProviderFailure, or a Refusal if the connection may not send its client's secret there.
 */
export async function pushRequest(
  target: OAuth2Target,
  client: OAuthClient,
  parameters: Readonly<Record<string, string>>,
  { secrets: sent, clock }: FetchOptions
): Promise<string> {
  const { pushedUrl = '' } = target.way
  checkDestination(target, pushedUrl)
  const secrets = [...sent, ...clientSecrets(client)]
  const server = authorizationServer(target.way)
  const named = { client_id: client.id }
  try {
    const response = await pushedAuthorizationRequest(
      server,
      named,
      clientAuthentication(target, client, pushedUrl),
      { ...parameters },
      {
        [customFetch]: endpointFetch({ secrets, clock }, 201),
        [allowInsecureRequests]: isLoopback(new URL(pushedUrl).hostname)
      }
    )
    return (await processPushedAuthorizationResponse(server, named, response)).request_uri
  } catch (error) {
    throw withClientHint(asFailure(error, secrets), target, client)
  }
}
