import { Refusal } from '../model/diagnostic.ts'
import type { Target } from '../model/target.ts'
import { authorizationRequest } from '../oauth/authorization-request.ts'
import { callbackFault } from '../oauth/check-callback.ts'
import { exchangeCode } from '../oauth/exchange-code.ts'
import { refusal } from '../oauth/provider-refusal.ts'
import { type OAuth2Target, resolveClient } from '../oauth/resolve-client.ts'
import { type Authorized, asRefusal, proven } from './authorized.ts'
import {
  type Awaited,
  type CallbackServer,
  openCallbackServer,
  type RefusedRequest
} from './callback-server.ts'
import { cancelled, timedOut } from './nobody-authorized.ts'
import { oauth2Target, type RedirectOptions, redirectOf } from './oauth-options.ts'
import type { Page } from './page.ts'

export interface BrowserAddresses {
  /** Local, works once and holds nothing to protect: for the command line of whatever opens the browser. */
  readonly start: string
  /** The provider's page itself, for people to open by hand. */
  readonly authorizationUrl: string
  /** What the client registration must name. */
  readonly redirectUri: string
}

export interface BrowserOptions extends RedirectOptions {
  /** Shows or opens the address. */
  readonly onAddress: (addresses: BrowserAddresses) => void | Promise<void>
  /** Called and awaited before the browser is told of the success, so that it is told of what goes wrong in there too. */
  readonly onAuthorized?: ((authorized: Authorized) => Promise<void>) | undefined
  /**
   * Hears what was turned away at the redirect address, each sort once, in words without any value of it: "a request with another
   * state was ignored".
   */
  readonly onRefused?: ((what: string) => void) | undefined
  /** How long to wait for the person; five minutes if not given. */
  readonly timeLimitMs?: number
}

/**
 * Authorizes in the person's browser: authorization code with PKCE and a loopback redirect (RFC 8252). The browser is told how
 * it ended after the test request has decided. Only the right answer ends the wait; everything else that arrives is turned away.
 * Throws a Refusal; nothing listens any more when it returns.
 */
export async function authorizeBrowser(
  anyTarget: Target,
  options: BrowserOptions
): Promise<Authorized> {
  const target = oauth2Target(anyTarget)
  const client = await resolveClient(target, options.resolve)
  if (options.signal?.aborted === true) throw cancelled(target)
  const server = await openCallbackServer(redirectOf(target, options.port))
  if (server === null) throw portTaken(target, options.port)
  try {
    const { redirectUri } = server
    const request = await asRefusal(target, () =>
      authorizationRequest(target, { client, redirectUri, clock: options.clock })
    )
    const answer = await answerOf(target, options, server, {
      url: request.url,
      faultOf: callback => callbackFault(target, request.state, callback)
    })
    return await replying(target, answer.reply, async () => {
      const exchange = { ...options, client, request, callback: answer.parameters }
      const { secret, granted, identity } = await exchangeCode(target, exchange)
      const authorized = await proven(target, { secret, granted, clientId: client.id }, identity)
      await options.onAuthorized?.(authorized)
      return authorized
    })
  } finally {
    await server.close()
  }
}

/** Sends the person off and waits for the answer. */
async function answerOf(
  target: OAuth2Target,
  options: BrowserOptions,
  server: CallbackServer,
  awaited: Pick<Awaited, 'url' | 'faultOf'>
) {
  const refused = new Set<string>()
  const onRefused = (request: RefusedRequest): void => {
    const what = refusedInWords[request]
    if (what === null || refused.has(what)) return
    refused.add(what)
    options.onRefused?.(what)
  }
  const { start, callback } = server.expect({ ...awaited, onRefused })
  await options.onAddress({
    start,
    authorizationUrl: awaited.url,
    redirectUri: server.redirectUri
  })
  return inTime(target, options, callback, () => [...refused])
}

/** null for what browsers ask by themselves, such as an icon. */
const refusedInWords: Readonly<Record<RefusedRequest, string | null>> = {
  unknownPath: null,
  method: 'a request that is no GET was ignored',
  host: 'a request for another host was ignored',
  broken: 'a request that cannot be read was ignored',
  state: 'a request with another state was ignored',
  issuer: 'an answer from another provider than the one that was asked was ignored',
  malformed: 'an answer with neither one code nor one error was ignored',
  startedBefore: 'the start address was asked for a second time',
  answeredBefore: 'a second answer was ignored'
}

/** Waits for the person, not longer than the limit and not after a cancellation. */
async function inTime<T>(
  target: OAuth2Target,
  { signal, timeLimitMs = 5 * 60_000 }: BrowserOptions,
  wait: Promise<T>,
  refused: () => readonly string[]
): Promise<T> {
  let stop = (): void => {}
  const end = new Promise<never>((_, reject) => {
    const timer = setTimeout(
      () => reject(timedOut(target, timeLimitMs / 1000, refused())),
      timeLimitMs
    )
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

function portTaken({ linkName, environment, way }: OAuth2Target, port?: number): Refusal {
  const named =
    port === undefined
      ? `The client registration of connection "${linkName}" names port ${way.redirect.port} of this machine as the place to return to`
      : `Port ${port} of this machine was given as the place to return to`
  return refusal(
    'PORT_TAKEN',
    'The redirect port is taken',
    `${named}, and another program uses it. Nobody was asked. End that program and try again, or paste the redirected ` +
      `address by hand:\n    tieline authorize ${linkName} -e ${environment} --method paste`
  )
}
