/** A real OAuth2 server on this machine (oidc-provider), and a person who answers its pages without a browser. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { JWK } from 'jose'
import type { ClientMetadata, Configuration, default as Provider } from 'oidc-provider'
import { dpopFault, jwtBearer, registerJwtBearer } from './oauth-grants.ts'

export interface OAuthServerOptions {
  readonly clients: readonly OAuthServerClient[]
  /** Scopes beside `offline_access`, with which alone a refresh token comes. */
  readonly scopes: readonly string[]
  /** Whether each refresh gives a new refresh token and ends the one before; no, if not given. */
  readonly rotation?: boolean
  /** Seconds that an access token lives; an hour, if not given. */
  readonly accessTokenLifetime?: number
  /** Seconds that a device code lives; ten minutes, if not given. */
  readonly deviceCodeLifetime?: number
  /** Whether every proof of a key must hold a nonce of the server, at the token endpoint and at /whoami. */
  readonly dpopNonce?: boolean
}

export interface OAuthServerClient {
  readonly id: string
  /** Left out for a public client. */
  readonly secret?: string
  readonly authentication: 'client_secret_post' | 'client_secret_basic' | 'private_key_jwt' | 'none'
  /** For private_key_jwt, and for the assertions of JWT bearer. */
  readonly publicKeys?: readonly JWK[]
  /** The authorization code and refresh tokens, if not given. */
  readonly grants?: readonly ClientGrant[]
  /** Whether it gets bound tokens alone (RFC 9449). */
  readonly dpop?: boolean
  /** Whether it must push its authorization requests (RFC 9126). */
  readonly pushes?: boolean
  /** Of a loopback address any port will do. */
  readonly redirectUris: readonly string[]
}

export type ClientGrant =
  | 'authorization_code'
  | 'refresh_token'
  | 'client_credentials'
  | 'device_code'
  | 'jwt_bearer'

export interface OAuthServer {
  /**
   * Issuer and origin. Endpoints: /auth, /request (PAR), /device/auth, /token, /token/revocation, /token/introspection, and /whoami, which
   * answers `{sub, name, scope}` to a token that travels as it must. A client's own token is its own account.
   */
  readonly origin: string
  /** What was asked for, in order: `POST /token`. */
  readonly requests: readonly string[]
  /** Ends a grant as its owner could: every token of the account dies. */
  readonly endGrants: (account: string) => Promise<void>
  /** The consents that a token still stands on. */
  readonly liveGrants: () => Promise<readonly LiveGrant[]>
  /** The id of the consent that a live access token stands on; null for any other text. */
  readonly grantOf: (accessToken: string) => Promise<string | null>
  /** Every token that was ever given out. */
  readonly issued: readonly string[]
  readonly close: () => Promise<void>
}

export interface LiveGrant {
  readonly id: string
  readonly account: string
  readonly client: string
}

/** Starts it on a free port. Everything is kept in memory. */
export async function startOAuthServer(options: OAuthServerOptions): Promise<OAuthServer> {
  const requests: string[] = []
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const origin = `http://127.0.0.1:${port}`
  const provider = await quietly(async () => {
    const { default: OidcProvider } = await import('oidc-provider')
    return new OidcProvider(origin, configuration(options))
  })
  const publicKeys = options.clients.map(each => [each.id, each.publicKeys ?? []] as const)
  await registerJwtBearer(provider, `${origin}/token`, Object.fromEntries(publicKeys))
  const grants: LiveGrant[] = []
  provider.on('grant.saved', ({ accountId = '', clientId = '', jti }) => {
    grants.push({ account: accountId, client: clientId, id: jti })
  })
  const given = new Map<string, string>()
  provider.on('access_token.saved', ({ jti, grantId = '' }) => void given.set(jti, grantId))
  provider.on('refresh_token.saved', ({ jti, grantId = '' }) => void given.set(jti, grantId))
  const callback = provider.callback()
  server.on('request', (request, response) => {
    const { pathname } = new URL(request.url ?? '/', origin)
    requests.push(`${request.method} ${pathname}`)
    const answer = async (): Promise<void> => {
      if (pathname === '/whoami') return whoAmI(provider, request, response, options)
      if (pathname.startsWith('/interaction/')) return interact(provider, request, response)
      return callback(request, response)
    }
    answer().catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500)
      response.end(String(error))
    })
  })
  return {
    origin,
    requests,
    endGrants: async account => {
      const own = grants.filter(grant => grant.account === account)
      await Promise.all(own.map(({ id }) => endGrant(provider, id)))
    },
    liveGrants: async () => {
      const tokens = [...given.keys()]
      const live = await Promise.all(tokens.map(each => isLive(provider, each)))
      const ids = new Set(tokens.filter((_, at) => live[at]).map(each => given.get(each)))
      return grants.filter(each => ids.has(each.id))
    },
    grantOf: async accessToken => (await provider.AccessToken.find(accessToken))?.grantId ?? null,
    get issued() {
      return [...given.keys()]
    },
    close: () => closeServer(server)
  }
}

function configuration(options: OAuthServerOptions): Configuration {
  const hour = 3600
  return {
    clients: options.clients.map(clientMetadata),
    scopes: ['offline_access', ...options.scopes],
    claims: { openid: ['sub', 'name'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    rotateRefreshToken: options.rotation ?? false,
    issueRefreshToken: async (_context, _client, source) => source.scopes.has('offline_access'),
    findAccount: async (_context, sub) => ({
      accountId: sub,
      claims: async () => ({ sub, name: `Account of ${sub}` })
    }),
    ttl: {
      AccessToken: options.accessTokenLifetime ?? hour,
      AuthorizationCode: 60,
      ClientCredentials: options.accessTokenLifetime ?? hour,
      DeviceCode: options.deviceCodeLifetime ?? hour / 6,
      Grant: 24 * hour,
      IdToken: hour,
      Interaction: hour,
      RefreshToken: 24 * hour,
      Session: 24 * hour
    },
    cookies: { keys: ['a key for tests alone'] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: (context, form, _out, error) => {
          context.body = page('Which code?', error === undefined ? form : `<p>${error.name}</p>`)
        },
        userCodeConfirmSource: (context, form, _client, _device, userCode) => {
          context.body = page(`Is it ${userCode}?`, form)
        },
        successSource: context => {
          context.body = page('Device connected', '')
        }
      },
      introspection: { enabled: true },
      revocation: { enabled: true },
      dPoP: {
        enabled: true,
        ...(options.dpopNonce === true
          ? { nonceSecret: Buffer.alloc(32, 'n'), requireNonce: () => true }
          : {})
      }
    },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    responseTypes: ['code'],
    renderError: (context, { error, error_description }) => {
      context.type = 'html'
      context.body = page('Something went wrong', `<p>${error}: ${error_description}</p>`)
    }
  }
}

function clientMetadata(client: OAuthServerClient): ClientMetadata {
  const { grants = ['authorization_code', 'refresh_token'] } = client
  return {
    client_id: client.id,
    ...(client.secret === undefined ? {} : { client_secret: client.secret }),
    token_endpoint_auth_method: client.authentication,
    ...(client.publicKeys === undefined ? {} : { jwks: { keys: [...client.publicKeys] } }),
    redirect_uris: [...client.redirectUris],
    grant_types: grants.map(each => grantTypes[each] ?? each),
    response_types: grants.includes('authorization_code') ? ['code'] : [],
    application_type: 'native',
    dpop_bound_access_tokens: client.dpop ?? false,
    require_pushed_authorization_requests: client.pushes ?? false
  }
}

const grantTypes: Readonly<Partial<Record<ClientGrant, string>>> = {
  device_code: 'urn:ietf:params:oauth:grant-type:device_code',
  jwt_bearer: jwtBearer
}

/** It announces on the console that this is no production set-up, which is true. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { info, warn } = console
  console.info = () => {}
  console.warn = () => {}
  try {
    return await work()
  } finally {
    Object.assign(console, { info, warn })
  }
}

/** Log-in and consent: two forms. */
async function interact(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> {
  const { prompt, params, uid, session } = await provider.interactionDetails(request, response)
  if (request.method === 'GET') {
    const body = prompt.name === 'login' ? loginForm(uid) : consentForm(uid, params)
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(body)
    return
  }
  const form = new URLSearchParams(await bodyOf(request))
  if (prompt.name === 'login') {
    const login = { accountId: form.get('account') ?? 'nobody' }
    await provider.interactionFinished(request, response, { login })
    return
  }
  if (form.get('decision') !== 'allow') {
    const denied = { error: 'access_denied', error_description: 'The person said no.' }
    await provider.interactionFinished(request, response, denied)
    return
  }
  const grant = new provider.Grant({
    accountId: session?.accountId ?? 'nobody',
    clientId: String(params.client_id)
  })
  grant.addOIDCScope(form.getAll('scope').join(' '))
  grant.rejectOIDCScope(
    scopesOf(params)
      .filter(scope => !form.getAll('scope').includes(scope))
      .join(' ')
  )
  const consent = { grantId: await grant.save() }
  await provider.interactionFinished(
    request,
    response,
    { consent },
    { mergeWithLastSubmission: true }
  )
}

function scopesOf(params: Readonly<Record<string, unknown>>): readonly string[] {
  return String(params.scope ?? '')
    .split(' ')
    .filter(scope => scope !== '')
}

function loginForm(uid: string): string {
  return page(
    'Log in',
    `<form method="post" action="/interaction/${uid}">
<label>Account <input name="account" value="ana@example.com"></label>
<button name="login" value="yes">Log in</button>
</form>`
  )
}

function consentForm(uid: string, params: Readonly<Record<string, unknown>>): string {
  const scopes = scopesOf(params).map(
    scope =>
      `<label><input type="checkbox" name="scope" value="${scope}" checked> ${scope}</label><br>`
  )
  return page(
    'Allow access?',
    `<form method="post" action="/interaction/${uid}">
${scopes.join('\n')}
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</form>`
  )
}

function page(title: string, body: string): string {
  return `<!doctype html>\n<title>${title}</title>\n<h1>${title}</h1>\n${body}\n`
}

const apiNonce = 'nonce-of-the-api'

async function whoAmI(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  { dpopNonce = false }: OAuthServerOptions
): Promise<void> {
  const [, scheme = '', value = ''] =
    /^(Bearer|DPoP) (.+)$/.exec(request.headers.authorization ?? '') ?? []
  const token =
    (await provider.AccessToken.find(value)) ?? (await provider.ClientCredentials.find(value))
  const answer = (status: number, body: object, headers: Record<string, string> = {}): void => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  }
  const isFitting = scheme === (token?.jkt === undefined ? 'Bearer' : 'DPoP')
  if (token === undefined || !token.isValid || !isFitting) {
    return answer(401, {
      error: 'invalid_token',
      error_description: 'The token is not valid.'
    })
  }
  const bound = { value, thumbprint: token.jkt }
  const url = `${provider.issuer}/whoami`
  const fault =
    token.jkt === undefined
      ? null
      : await dpopFault(request, url, bound, dpopNonce ? apiNonce : null)
  if (fault !== null) {
    const challenge = { 'WWW-Authenticate': `DPoP error="${fault}"`, 'DPoP-Nonce': apiNonce }
    return answer(401, { error: fault }, challenge)
  }
  const account = 'accountId' in token ? token.accountId : (token.clientId ?? '')
  answer(200, { sub: account, name: `Account of ${account}`, scope: token.scope })
}

async function isLive(provider: Provider, token: string): Promise<boolean> {
  const found =
    (await provider.RefreshToken.find(token)) ?? (await provider.AccessToken.find(token))
  return found?.isValid === true
}

async function endGrant(provider: Provider, id: string): Promise<void> {
  await provider.RefreshToken.revokeByGrantId(id)
  await provider.AccessToken.revokeByGrantId(id)
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += chunk
  return body
}

function closeServer(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

export interface ConsentOptions {
  /** deny presses the other button. */
  readonly decision?: 'allow' | 'deny'
  readonly account?: string
  /** Scopes to leave unticked. */
  readonly without?: readonly string[]
  /** Where it is to end, if the address does not say because the request was pushed. */
  readonly redirectUri?: string
  /** false: the browser stops before the redirect, as if nothing could be reached there. */
  readonly deliver?: boolean
}

export interface Consent {
  /** The redirected address, with code and state or with an error. */
  readonly redirected: string
  /** What the redirect address answered; null where it was not delivered. */
  readonly answer: { readonly status: number; readonly page: string } | null
}

/**
 * Plays the person: opens the address (the provider's, or the local one that leads there), logs in, answers the consent page and
 * follows the redirect. Keeps cookies for this one visit.
 */
export async function followConsent(url: string, options: ConsentOptions = {}): Promise<Consent> {
  const visit = newVisit()
  let redirectUri: string | null = options.redirectUri ?? null
  let response = await visit(url)
  for (let hops = 0; hops < 20; hops++) {
    redirectUri ??= new URL(response.url).searchParams.get('redirect_uri')
    const { location } = response
    if (location !== null && redirectUri !== null && location.startsWith(redirectUri)) {
      if (options.deliver === false) return { redirected: location, answer: null }
      const { status, body } = await visit(location)
      return { redirected: location, answer: { status, page: body } }
    }
    response =
      location === null
        ? await visit(response.url, filledForm(response, options))
        : await visit(location)
  }
  throw new Error('No redirect after twenty pages')
}

/**
 * Plays the person who has been shown a device's code: opens the address, enters the code, logs in and answers. Returns the text of
 * the last page.
 */
export async function enterDeviceCode(
  address: string,
  userCode: string,
  options: Pick<ConsentOptions, 'decision' | 'account' | 'without'> = {}
): Promise<string> {
  const visit = newVisit()
  let response = await visit(address)
  for (let hops = 0; hops < 20; hops++) {
    const { location } = response
    if (location === null && !response.body.includes('<form')) {
      const isExpected = options.decision === 'deny' || response.body.includes('Device connected')
      if (isExpected) return response.body
      throw new Error(`The code was not taken: ${response.body}`)
    }
    const form = location === null ? filledForm(response, options) : null
    if (form?.body.get('user_code') === '') form.body.set('user_code', userCode)
    response = await visit(location ?? response.url, form ?? undefined)
  }
  throw new Error('No end after twenty pages')
}

interface Visited {
  readonly url: string
  readonly status: number
  /** Where it redirects to. */
  readonly location: string | null
  readonly body: string
}

interface FilledForm {
  readonly action: string
  readonly body: URLSearchParams
}

/** A browser with a cookie jar of its own, that follows nothing by itself. */
function newVisit(): (url: string, form?: FilledForm) => Promise<Visited> {
  const cookies = new Map<string, string>()
  return async (from, form) => {
    const url = new URL(form?.action ?? '', from)
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, {
      redirect: 'manual',
      headers: cookie === '' ? {} : { Cookie: cookie },
      ...(form === undefined ? {} : { method: 'POST', body: form.body })
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const location = response.headers.get('location')
    return {
      url: url.href,
      status: response.status,
      location: location === null ? null : new URL(location, url).href,
      body: await response.text()
    }
  }
}

/** Fills in the one form of a page. */
function filledForm({ url, status, body }: Visited, options: ConsentOptions): FilledForm {
  const action = /<form [^>]*action="([^"]+)"/.exec(body)?.[1]
  if (action === undefined) {
    const said = /<p>(.*)<\/p>/.exec(body)?.[1] ?? ''
    throw new Error(`No form at ${new URL(url).pathname}: status ${status} ${said}`)
  }
  const form = new URLSearchParams()
  for (const [input] of body.matchAll(/<input\s[^>]*>/g)) {
    const name = /name="([^"]+)"/.exec(input)?.[1] ?? ''
    const value = /value="([^"]*)"/.exec(input)?.[1] ?? ''
    if (!(name === 'scope' && options.without?.includes(value))) form.append(name, value)
  }
  if (form.has('account') && options.account !== undefined) form.set('account', options.account)
  if (body.includes('name="decision"')) form.set('decision', options.decision ?? 'allow')
  return { action, body: form }
}
