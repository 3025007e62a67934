import { Refusal } from '../model/diagnostic.ts'
import type { Target } from '../model/target.ts'
import { authorizationRequest } from '../oauth/authorization-request.ts'
import { exchangeCode } from '../oauth/exchange-code.ts'
import { authorizeCommand, refusal } from '../oauth/provider-refusal.ts'
import { type OAuth2Target, resolveClient } from '../oauth/resolve-client.ts'
import { type Authorized, asRefusal, proven } from './authorized.ts'
import { openCallbackServer } from './callback-server.ts'
import { type OAuthOptions, oauth2Target } from './oauth-options.ts'
import type { Page } from './page.ts'

export interface BrowserAddresses {
  /** Local, works once and holds nothing to protect: for the command line of whatever opens the browser. */
  readonly start: string
  /** The provider's page itself, for people to open by hand. */
  readonly authorizationUrl: string
  /** What the client registration must name. */
  readonly redirectUri: string
}

export interface BrowserOptions extends OAuthOptions {
  /** Shows or opens the address. */
  readonly onAddress: (addresses: BrowserAddresses) => void | Promise<void>
  /** Called and awaited before the browser is told of the success, so that it is told of what goes wrong in there too. */
  readonly onAuthorized?: ((authorized: Authorized) => Promise<void>) | undefined
  /** How long to wait for the person; five minutes if not given. */
  readonly timeLimitMs?: number
}

/**
 * Authorizes in the person's browser: authorization code with PKCE and a loopback redirect (RFC 8252). The browser is told how
 * it ended after the test request has decided. Throws a Refusal; nothing listens any more when it returns.
 */
export async function authorizeBrowser(
  anyTarget: Target,
  options: BrowserOptions
): Promise<Authorized> {
  const target = oauth2Target(anyTarget)
  const client = await resolveClient(target, options.resolve)
  if (options.signal?.aborted === true) throw cancelled(target)
  const server = await openCallbackServer(target.way.redirect)
  if (server === null) throw portTaken(target)
  try {
    const { redirectUri } = server
    const request = await authorizationRequest(target, client.id, redirectUri)
    const { start, callback } = server.expect(request.url, request.state)
    await options.onAddress({ start, authorizationUrl: request.url, redirectUri })
    const { parameters, reply } = await inTime(target, options, callback)
    return await replying(target, reply, async () => {
      const exchange = { ...options, client, request, callback: parameters }
      const { secret, granted } = await exchangeCode(target, exchange)
      const authorized = await proven(target, { secret, granted, clientId: client.id })
      await options.onAuthorized?.(authorized)
      return authorized
    })
  } finally {
    await server.close()
  }
}

/** Waits for the person, not longer than the limit and not after a cancellation. */
async function inTime<T>(
  target: OAuth2Target,
  options: BrowserOptions,
  wait: Promise<T>
): Promise<T> {
  const { signal, timeLimitMs = 5 * 60_000 } = options
  let stop = (): void => {}
  const end = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(timedOut(target, timeLimitMs)), timeLimitMs)
    const onAbort = (): void => reject(cancelled(target))
    signal?.addEventListener('abort', onAbort)
    if (signal?.aborted === true) onAbort()
    stop = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
  })
  return Promise.race([wait, end]).finally(stop)
}

/** Does the rest and tells the browser how it ended. */
async function replying(
  target: OAuth2Target,
  reply: (page: Page) => Promise<void>,
  work: () => Promise<Authorized>
): Promise<Authorized> {
  try {
    const authorized = await asRefusal(target, work)
    await reply(successPage(target, authorized))
    return authorized
  } catch (error) {
    await reply(failurePage(error))
    throw error
  }
}

function successPage({ service, name, environment }: Target, { account }: Authorized): Page {
  const who = account.name ?? account.id
  return {
    status: 200,
    title: `${service} is authorized`,
    text:
      `"${name}" in ${environment}${who === null ? '' : `, as ${who}`}.\n` +
      'You can close this window and go back to your terminal.'
  }
}

function failurePage(error: unknown): Page {
  const first = error instanceof Refusal ? error.diagnostics[0] : undefined
  return {
    status: 400,
    title: first?.summary ?? 'Something went wrong',
    text: first?.detail ?? 'Your terminal shows more.'
  }
}

function portTaken({ linkName, environment, way }: OAuth2Target): Refusal {
  return refusal(
    'PORT_TAKEN',
    'The redirect port is taken',
    `The client registration of connection "${linkName}" names port ${way.redirect.port} of this machine as the place to ` +
      'return to, and another program uses it. Nobody was asked. End that program and try again, or paste the redirected ' +
      `address by hand:\n    tieline authorize ${linkName} -e ${environment} --method paste`
  )
}

function timedOut(target: OAuth2Target, limitMs: number): Refusal {
  return refusal(
    'AUTHORIZATION_TIMEOUT',
    'Nobody authorized in time',
    `Connection "${target.linkName}" was not authorized at ${target.service} within ${Math.ceil(limitMs / 1000)} seconds. ` +
      `Nothing was stored. To ask again:\n${authorizeCommand(target)}`
  )
}

function cancelled(target: OAuth2Target): Refusal {
  return refusal(
    'AUTHORIZATION_CANCELLED',
    'The authorization was cancelled',
    `Connection "${target.linkName}" was not authorized, and nothing was stored. To ask again:\n${authorizeCommand(target)}`
  )
}
