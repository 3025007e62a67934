import {
  type ClientAuth,
  ClientSecretPost,
  modifyAssertion,
  None,
  PrivateKeyJwt
} from 'oauth4webapi'
import { fillTemplate } from '../model/address.ts'
import { ProviderFailure } from './provider-failure.ts'
import {
  basicPair,
  isChangedByEncoding,
  type OAuth2Target,
  type OAuthClient,
  rawBasicPair
} from './resolve-client.ts'
import { signingKey } from './signing-key.ts'

/** Seconds that an assertion lives if the connector does not say. */
export const assertionLifetime = 180

/** How the client names itself to one of the provider's endpoints (RFC 6749, section 2.3; RFC 7523, section 2.2). */
export function clientAuthentication(
  target: OAuth2Target,
  client: OAuthClient,
  endpoint: string
): ClientAuth {
  const { way } = target
  if (way.clientAuthentication === 'private_key_jwt') return privateKey(target, client, endpoint)
  // The assertion names the client (RFC 7521, section 4.1), and its private key is nothing to send.
  if (way.grant === 'jwt_bearer') return () => {}
  if (client.secret === null || way.clientAuthentication === 'none') return None()
  switch (way.clientAuthentication) {
    case 'basic':
      return basic(client.secret, basicPair)
    case 'basic-raw':
      return basic(client.secret, rawBasicPair)
    case 'post':
      return ClientSecretPost(client.secret)
  }
}

/** Where the provider rejects the client, and the way it was named may be why, the message says so. */
export function withClientHint(
  error: unknown,
  { way }: OAuth2Target,
  client: OAuthClient
): unknown {
  const isRejected = error instanceof ProviderFailure && error.kind === 'client-wrong'
  const isEncoded = way.clientAuthentication === 'basic' && way.grant !== 'jwt_bearer'
  if (!isRejected || !isEncoded || !isChangedByEncoding(client)) return error
  const hint =
    'id or secret have characters that HTTP Basic sends encoded, and a service that does not decode them needs ' +
    'clientAuthentication: basic-raw in the connector'
  const message = `${error.message.replace(/\.$/, '')}; ${hint}`
  return new ProviderFailure('client-wrong', message, error.error, error.retryAfterMs)
}

/**
 * The library's own escapes `-`, `_` and `.` as well: right for those who unescape, but many services compare what came. This
 * leaves alone what the form encoding leaves alone, so it is right for both.
 */
function basic(secret: string, pair: (id: string, secret: string) => string): ClientAuth {
  return (_server, client, _body, headers) => {
    headers.set('authorization', `Basic ${pair(client.client_id, secret)}`)
  }
}

function privateKey(target: OAuth2Target, client: OAuthClient, endpoint: string): ClientAuth {
  const { signing, tokenUrl } = target.way
  const known = { client_id: client.id, endpoint }
  return async (...request) => {
    const { key, algorithm, keyId } = await signingKey(target, client)
    const sign = PrivateKeyJwt(keyId === undefined ? key : { key, kid: keyId }, {
      [modifyAssertion]: (header, payload) => {
        header.alg = algorithm
        payload.aud = fillTemplate(signing?.audience ?? tokenUrl, known)
        payload.exp = Number(payload.iat) + (signing?.lifetime ?? assertionLifetime)
      }
    })
    await sign(...request)
  }
}
