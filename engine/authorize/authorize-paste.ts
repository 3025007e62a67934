import type { Redirect } from '../model/generated/types.ts'
import type { Target } from '../model/target.ts'
import { authorizationRequest } from '../oauth/authorization-request.ts'
import { exchangeCode } from '../oauth/exchange-code.ts'
import { authorizationFailed } from '../oauth/provider-refusal.ts'
import { resolveClient } from '../oauth/resolve-client.ts'
import { type Authorized, asRefusal, proven } from './authorized.ts'
import { callbackPath, type OAuthOptions, oauth2Target } from './oauth-options.ts'

export interface PasteOptions extends Omit<OAuthOptions, 'signal'> {
  /** Shows the address to open. Its page ends at `redirectUri`, which the browser will fail to show. */
  readonly onAddress: (addresses: {
    readonly authorizationUrl: string
    readonly redirectUri: string
  }) => void | Promise<void>
  /** Asks for the redirected address; `again` says why the line before would not do. null ends the authorization. */
  readonly readLine: (again: string | null) => Promise<string | null>
}

/** The port for services that ignore it: nothing listens there. */
const anyPort = 47_823
const maxTries = 3

/**
 * Authorizes where the browser cannot reach this machine: the person copies the address to which the provider redirected.
 * State and issuer are checked as if it had arrived by itself. Throws a Refusal.
 */
export async function authorizePaste(
  anyTarget: Target,
  options: PasteOptions
): Promise<Authorized> {
  const target = oauth2Target(anyTarget)
  const client = await resolveClient(target, options.resolve)
  const redirectUri = pastedRedirect(target.way.redirect)
  const request = await authorizationRequest(target, client.id, redirectUri)
  await options.onAddress({ authorizationUrl: request.url, redirectUri })
  const callback = await readCallback(redirectUri, request.state, options.readLine)
  if (typeof callback === 'string') throw authorizationFailed(target, callback)
  return asRefusal(target, async () => {
    const { secret, granted } = await exchangeCode(target, {
      ...options,
      client,
      request,
      callback
    })
    return proven(target, { secret, granted, clientId: client.id })
  })
}

function pastedRedirect({ host, port }: Redirect): string {
  return `http://${host}:${port === 'any' ? anyPort : port}${callbackPath}`
}

/** What the redirected address brought; a text that says why there is none. */
async function readCallback(
  redirectUri: string,
  state: string,
  readLine: PasteOptions['readLine']
): Promise<URLSearchParams | string> {
  let why: string | null = null
  for (let tries = 0; tries < maxTries; tries++) {
    const line = await readLine(why)
    if (line === null) return 'no redirected address was given'
    const parameters = parseRedirected(line.trim(), redirectUri)
    if (typeof parameters === 'string') why = parameters
    else if (parameters.get('state') === state) return parameters
    else why = 'this address belongs to another attempt'
  }
  return why ?? 'no redirected address was given'
}

/** The whole address, or its query alone. A text says what is wrong; it never repeats the line, which holds a code. */
function parseRedirected(line: string, redirectUri: string): URLSearchParams | string {
  if (/^\??[a-z_]+=/i.test(line)) return new URLSearchParams(line.replace(/#.*$/, ''))
  if (!URL.canParse(line)) return 'this is not an address'
  const url = new URL(line)
  const isRedirect = `${url.origin}${url.pathname}` === redirectUri
  return isRedirect ? url.searchParams : `this address does not begin with ${redirectUri}`
}
