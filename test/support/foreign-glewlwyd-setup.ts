/** What Glewlwyd is told before it serves: its configuration file, its plugin instances and its clients. */
import type { KeyObject } from 'node:crypto'
import type { GlewlwydClient, Habit } from './foreign-glewlwyd.ts'

const modules = '/usr/lib/glewlwyd'

/** Its configuration file. */
export function configurationOf(port: number, origin: string, database: string): string {
  const texts = {
    bind_address: '127.0.0.1',
    external_url: origin,
    login_url: 'login.html',
    api_prefix: 'api',
    static_files_path: '/usr/share/glewlwyd/webapp/',
    log_mode: 'console',
    log_level: 'ERROR',
    cookie_domain: '127.0.0.1',
    session_key: 'session',
    admin_scope: 'g_admin',
    profile_scope: 'g_profile',
    user_module_path: `${modules}/user`,
    user_middleware_module_path: `${modules}/user_middleware`,
    client_module_path: `${modules}/client`,
    user_auth_scheme_module_path: `${modules}/scheme`,
    plugin_module_path: `${modules}/plugin`,
    hash_algorithm: 'SHA256'
  }
  return `port = ${port}
cookie_secure = 0
${Object.entries(texts)
  .map(([name, value]) => `${name} = "${value}"\n`)
  .join('')}database = { type = "sqlite3", path = "${database}" };
static_files_mime_types = ( { extension = ".html", mime_type = "text/html", compress = 0 } );
`
}

/** How long access tokens live, by instance; the others are as brief as `brief`. */
const accessSeconds = { main: 3600, brief: 3, strict: 4 } as const

/** Resolves when an access token that was just given has run out. */
export function untilExpired(habit: 'brief' | 'strict'): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, accessSeconds[habit] * 1000))
}

interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

/** The parameters of each plugin instance. */
export function habits(
  keys: Readonly<Record<'rsa' | 'ecdsa', KeyPair>>
): Readonly<Record<Habit, Readonly<Record<string, unknown>>>> {
  const main = {
    ...signingWith('rsa', keys.rsa),
    'subject-type': 'public',
    'name-claim': 'mandatory',
    'jwks-show': true,
    'code-duration': 60,
    'access-token-duration': accessSeconds.main,
    'refresh-token-duration': 86_400,
    'refresh-token-rolling': false,
    'refresh-token-one-use': 'always',
    'allow-non-oidc': true,
    'auth-type-code-enabled': true,
    'auth-type-code-revoke-replayed': true,
    'auth-type-token-enabled': false,
    'auth-type-implicit-enabled': false,
    'auth-type-password-enabled': false,
    'auth-type-client-enabled': true,
    'auth-type-device-enabled': true,
    'auth-type-refresh-enabled': true,
    'device-authorization-expiration': 600,
    'device-authorization-interval': 1,
    'pkce-allowed': true,
    'pkce-required': true,
    'pkce-method-plain-allowed': false,
    'introspection-revocation-allowed': true,
    'introspection-revocation-allow-target-client': true,
    // For private_key_jwt.
    'request-parameter-allow': true,
    'request-maximum-exp': 3600,
    'client-jwks-parameter': 'jwks',
    'oauth-as-iss-id': true,
    'oauth-par-allowed': true,
    'oauth-par-required': false,
    'oauth-par-duration': 60,
    'oauth-par-request_uri-prefix': 'urn:ietf:params:oauth:request_uri:',
    'oauth-dpop-allowed': true,
    'oauth-dpop-iat-duration': 60
  }
  const brief = { ...main, 'access-token-duration': accessSeconds.brief }
  return {
    main,
    brief,
    lasting: { ...brief, 'refresh-token-one-use': 'never' },
    strict: {
      ...main,
      ...signingWith('ecdsa', keys.ecdsa),
      'access-token-duration': accessSeconds.strict,
      'oauth-par-required': true,
      'oauth-dpop-nonce-mandatory': true,
      'oauth-dpop-nonce-counter': 10
    },
    plain: { ...brief, 'refresh-token-one-use': undefined }
  }
}

function signingWith(type: 'rsa' | 'ecdsa', { publicKey, privateKey }: KeyPair) {
  return {
    'jwt-type': type,
    'jwt-key-size': '256',
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: publicKey.export({ type: 'spki', format: 'pem' })
  }
}

/** How a client is registered. */
export function registration(
  { id, secret }: GlewlwydClient,
  port: number,
  publicKey: KeyObject
): unknown {
  const ownRight = ['client_credentials']
  const persons = ['code', 'refresh_token', 'device_authorization']
  const asserts = id === 'signed'
  return {
    client_id: id,
    name: `Client ${id}`,
    enabled: true,
    confidential: true,
    ...(asserts
      ? { jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256' }] } }
      : { client_secret: secret }),
    token_endpoint_auth_method: asserts
      ? ['private_key_jwt']
      : ['client_secret_basic', 'client_secret_post'],
    redirect_uri: [`http://127.0.0.1:${port}/callback`, `http://localhost:${port}/oauth/done`],
    // Only who may have client credentials may introspect and revoke.
    authorization_type: id === 'robot' ? ownRight : [...persons, ...ownRight],
    scope: ['read']
  }
}
