/** The services of the year: an OAuth2 server with three registered clients, and a pager that knows its accounts by their keys. */
import { plainCanary } from './cli-canary.ts'
import { json, startLoopbackServer } from './cli-loopback.ts'
import { type OAuthServer, startOAuthServer } from './oauth-server.ts'

export interface Services {
  readonly oauth: OAuthServer
  readonly pager: { readonly origin: string }
  readonly close: () => Promise<void>
}

/** Accounts of the pager, each with its key. */
export const pagerKeys = {
  PAGER_OPS: plainCanary('pager-of-ops'),
  PAGER_NIGHT: plainCanary('pager-of-the-night-shift'),
  PAGER_LAB: plainCanary('pager-of-the-lab'),
  PAGER_ACME: plainCanary('pager-of-acme'),
  PAGER_BETA: plainCanary('pager-of-beta'),
  PAGER_CEDAR: plainCanary('pager-of-cedar')
} as const

export type PagerKey = keyof typeof pagerKeys

/** Ids are no secrets. */
const clientIds = {
  CRM_ID: 'orchard-crm',
  MAIL_ID: 'orchard-mail',
  BETA_CRM_ID: 'beta-crm'
} as const

const clientSecrets = {
  CRM_SECRET: plainCanary('client-secret-of-crm'),
  MAIL_SECRET: plainCanary('client-secret-of-mail'),
  BETA_CRM_SECRET: plainCanary('client-secret-of-beta')
} as const

/** What specs and commands refer to by `env:`. */
export const secrets: Readonly<Record<string, string>> = { ...pagerKeys, ...clientSecrets }

export const variables: Readonly<Record<string, string>> = { ...clientIds, ...secrets }

export async function startServices(): Promise<Services> {
  const registered = [
    [clientIds.CRM_ID, clientSecrets.CRM_SECRET],
    [clientIds.MAIL_ID, clientSecrets.MAIL_SECRET],
    [clientIds.BETA_CRM_ID, clientSecrets.BETA_CRM_SECRET]
  ] as const
  const oauth = await startOAuthServer({
    scopes: ['read', 'write', 'invoices', 'send'],
    rotation: true,
    clients: registered.map(([id, secret]) => ({
      id,
      secret,
      authentication: 'client_secret_post',
      redirectUris: ['http://127.0.0.1/callback']
    }))
  })
  const pager = await startLoopbackServer(({ request }, response) => {
    const given = request.headers['x-key']
    const account = Object.entries(pagerKeys).find(([, each]) => each === given)?.[0]
    if (account === undefined) json(response, 401, { error: 'unknown key' })
    else json(response, 200, { id: account.toLowerCase(), name: accountName(account) })
  })
  return {
    oauth,
    pager,
    close: async () => {
      await oauth.close()
      await pager.close()
    }
  }
}

/** PAGER_OPS belongs to `Pager ops`. */
function accountName(variable: string): string {
  const words = variable.toLowerCase().replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** Its parameter `region` changes what an authorization is for, `tone` does not. */
export function crmConnector(origin: string, docs = 'https://crm.example/docs'): string {
  return oauthConnector('crm', origin, {
    docs,
    ends: 'token',
    parameters: `parameters:
  region: { title: Region, default: eu, affectsAuthorization: true, pattern: '[a-z]+' }
  tone: { title: Tone, default: polite, affectsAuthorization: false, pattern: '[a-z]+' }
`
  })
}

/** Each person's own mailbox, or one that everybody sends from. */
export function mailConnector(origin: string): string {
  return oauthConnector('mail', origin, {
    docs: 'https://mail.example/docs',
    ends: 'grant',
    parameters: ''
  })
}

function oauthConnector(
  id: string,
  origin: string,
  {
    docs,
    ends,
    parameters
  }: { readonly docs: string; readonly ends: 'token' | 'grant'; readonly parameters: string }
): string {
  return `id: ${id}
service: ${id === 'crm' ? 'CRM' : 'Mail'}
category: Tests
docs: ${docs}
levels: [administrator, logged-in-user]
${parameters}auth:
  - id: oauth2
    kind: oauth2
    issuer: ${origin}
    authorizeUrl: ${origin}/auth
    authorizeParameters: { prompt: consent }
    tokenUrl: ${origin}/token
    clientAuthentication: post
    pkce: S256
    scopeSeparator: ' '
    scopes:
      read: Read things.
      write: Write things.
      invoices: Write invoices.
      send: Send mail.
      offline_access: Stay connected.
    all: [offline_access, read, write, invoices, send]
    refreshScopes: [offline_access]
    revocation: { ends: ${ends}, url: '${origin}/token/revocation' }
    redirect: { host: 127.0.0.1, port: any }
    send: { in: header, name: Authorization, value: 'Bearer {access_token}' }
api:
  baseUrl: ${origin}
  test:
    method: GET
    url: ${origin}/whoami
    success: { status: [200] }
    account: { id: /sub, name: /name }
sources:
  - { url: '${docs}', read: 2026-11, facts: Everything. }
`
}

export function pagerConnector(origin: string): string {
  return `id: pager
service: Pager
category: Tests
docs: https://pager.example/docs
levels: [administrator]
auth:
  - id: key
    kind: api-key
    fields: { key: { title: Key, secret: true } }
    send: { in: header, name: X-Key, value: '{key}' }
api:
  baseUrl: ${origin}/pager
  test:
    method: GET
    url: ${origin}/pager/me
    success: { status: [200] }
    account: { id: /id, name: /name }
sources:
  - { url: https://pager.example/docs, read: 2026-11, facts: Everything. }
`
}
