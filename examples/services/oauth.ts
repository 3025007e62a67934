/** A real OAuth2 server (oidc-provider) on loopback, at the paths of the service that it stands in for. */
import { generateKeyPair } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import type Provider from 'oidc-provider'
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider'
import { parse } from 'yaml'
import { answerConsent } from './consent-page.ts'
import { memoryAdapter } from './memory-adapter.ts'
import { pathOf, type Service, startService } from './service.ts'

/** An app that is registered at the service. */
export interface RegisteredClient {
  readonly id: string
  readonly secret: string
}

/** What a token that the service issued stands for. */
export interface Bearer {
  readonly account: string
  readonly scopes: ReadonlySet<string>
}

/** How a service differs from plain OAuth2. */
export interface OAuthTraits {
  readonly service: string
  /** Whose scopes the service knows. Others are not granted. */
  readonly connector: string
  readonly paths: { readonly authorize: string; readonly token: string; readonly revoke: string }
  readonly scopeSeparator: ' ' | ','
  readonly isPkceRequired: boolean
  /** Seconds. */
  readonly accessTokenLifetime: number
  /** Whether a consent brings a refresh token. */
  readonly bringsRefreshToken: (parameters: Readonly<Record<string, unknown>>) => boolean
  /** The service's own answer of the token endpoint, made from the standard one. */
  readonly tokenAnswer: (
    status: number,
    answer: Readonly<Record<string, unknown>>
  ) => { readonly status: number; readonly answer: Readonly<Record<string, unknown>> }
  /** What the callback carries beside code and state. */
  readonly callbackParameters: Readonly<Record<string, string>>
  /** How `Authorization` introduces an access token at the API. */
  readonly tokenScheme: string
  /** Answers a request to the API. `bearer` is null without a token that is valid now. */
  readonly answerApi: (
    request: IncomingMessage,
    response: ServerResponse,
    bearer: Bearer | null
  ) => void
}

export interface OAuthServiceOptions {
  /** 0, the default, takes any free port. */
  readonly port?: number
  readonly clients: readonly RegisteredClient[]
  /** Who is signed in unless the person types something else. */
  readonly account?: string
}

export function startOAuthService(
  traits: OAuthTraits,
  { port = 0, clients, account = 'ana@field-service.example' }: OAuthServiceOptions
): Promise<Service> {
  return startService(port, async origin => {
    const grantsWithRefresh = new Set<string>()
    const provider = await makeProvider(origin, traits, clients, grantsWithRefresh)
    const page = {
      service: traits.service,
      account,
      onGrant: (grantId: string, parameters: Readonly<Record<string, unknown>>) => {
        if (traits.bringsRefreshToken(parameters)) grantsWithRefresh.add(grantId)
      }
    }
    return serve(provider, traits, (request, response) =>
      answerConsent(provider, page, request, response)
    )
  })
}

function serve(
  provider: Provider,
  traits: OAuthTraits,
  consent: (request: IncomingMessage, response: ServerResponse) => Promise<void>
): RequestListener {
  const oauth = provider.callback()
  const oauthPaths = Object.values(traits.paths)
  return (request, response) => {
    const path = pathOf(request)
    if (path.startsWith('/interaction/')) {
      consent(request, response).catch(() => {
        if (!response.headersSent) response.writeHead(400, { 'content-type': 'text/plain' })
        response.end('This page is out of date. Start again.\n')
      })
    } else if (oauthPaths.some(each => path === each || path.startsWith(`${each}/`))) {
      oauth(request, response)
    } else {
      findBearer(provider, traits.tokenScheme, request.headers.authorization ?? '').then(
        bearer => traits.answerApi(request, response, bearer),
        () => response.writeHead(500).end()
      )
    }
  }
}

async function findBearer(provider: Provider, scheme: string, header: string) {
  const token = header.startsWith(`${scheme} `) ? header.slice(scheme.length + 1) : ''
  const found = token === '' ? undefined : await provider.AccessToken.find(token)
  return found === undefined ? null : { account: found.accountId, scopes: found.scopes }
}

async function makeProvider(
  origin: string,
  traits: OAuthTraits,
  clients: readonly RegisteredClient[],
  grantsWithRefresh: ReadonlySet<string>
): Promise<Provider> {
  const { default: OidcProvider } = await importQuietly()
  const provider = new OidcProvider(origin, {
    ...(await fixedConfiguration(traits)),
    clients: clients.map(({ id, secret }) => ({
      client_id: id,
      client_secret: secret,
      // A native app may come back on any port of loopback (RFC 8252, section 7.3).
      application_type: 'native',
      redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_post'
    })),
    issueRefreshToken: async (_context, _client, source) =>
      grantsWithRefresh.has(source.grantId ?? '')
  })
  provider.silent = true
  provider.use((context, next) => translate(traits, context, next))
  return provider
}

/** Between what the service speaks and what the library speaks. */
async function translate(
  { paths, scopeSeparator, tokenAnswer, callbackParameters }: OAuthTraits,
  context: Pick<KoaContextWithOIDC, 'path' | 'query' | 'status' | 'body' | 'response' | 'set'>,
  next: () => Promise<unknown>
): Promise<void> {
  const { scope } = context.query
  if (context.path === paths.authorize && typeof scope === 'string') {
    context.query = { ...context.query, scope: scope.replaceAll(scopeSeparator, ' ') }
  }
  await next()
  const location = context.response.get('location')
  if (URL.canParse(location) && new URL(location).searchParams.has('iss')) {
    const callback = new URL(location)
    // Neither service tells its issuer there (RFC 9207).
    callback.searchParams.delete('iss')
    for (const [name, value] of Object.entries(callbackParameters)) {
      callback.searchParams.set(name, value)
    }
    context.set('location', callback.href)
  }
  if (context.path === paths.token && typeof context.body === 'object' && context.body !== null) {
    const { status, answer } = tokenAnswer(context.status, { ...context.body })
    context.body = answer
    context.status = status
  }
}

/** The scopes that a connector lists, of its OAuth2 way. */
function scopesOf(connector: string): readonly string[] {
  const file = new URL(`../../connectors/${connector}.yaml`, import.meta.url)
  const { auth } = parse(readFileSync(file, 'utf8')) as {
    readonly auth: readonly { readonly scopes?: Readonly<Record<string, string>> }[]
  }
  return auth.flatMap(({ scopes }) => Object.keys(scopes ?? {}))
}

const day = 24 * 60 * 60

async function fixedConfiguration(traits: OAuthTraits): Promise<Configuration> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  const { authorize, token, revoke } = traits.paths
  const cookieName = traits.service.toLowerCase().replaceAll(/\W/g, '_')
  return {
    adapter: memoryAdapter(),
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' }] },
    routes: { authorization: authorize, token, revocation: revoke },
    scopes: scopesOf(traits.connector),
    pkce: { required: () => traits.isPkceRequired },
    extraParams: ['access_type'],
    // Cookies do not tell the ports of a host apart, so each service has its own names.
    cookies: {
      keys: [crypto.randomUUID()],
      names: {
        session: `${cookieName}_session`,
        interaction: `${cookieName}_interaction`,
        resume: `${cookieName}_resume`
      }
    },
    ttl: {
      AccessToken: traits.accessTokenLifetime,
      AuthorizationCode: 120,
      Grant: day,
      IdToken: day,
      Interaction: day,
      RefreshToken: day,
      Session: day
    },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    rotateRefreshToken: false,
    clientBasedCORS: () => false,
    renderError: (context, out) => {
      context.type = 'text/plain'
      context.body = `${out.error}: ${out.error_description ?? ''}\n`
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      revocation: {
        enabled: true,
        allowedPolicy: (_context, client, token) => token.clientId === client.clientId
      }
    }
  }
}

/** The library warns on import where Node is older than it likes, though it works; a demo's output has no place for that. */
async function importQuietly(): Promise<typeof import('oidc-provider')> {
  const { warn } = console
  console.warn = () => {}
  try {
    return await import('oidc-provider')
  } finally {
    console.warn = warn
  }
}
