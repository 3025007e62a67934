import type { Target } from '../model/target.ts'
import { authorizationRequest } from '../oauth/authorization-request.ts'
import { type CallbackFault, callbackFault } from '../oauth/check-callback.ts'
import { exchangeCode } from '../oauth/exchange-code.ts'
import { authorizationFailed } from '../oauth/provider-refusal.ts'
import { resolveClient } from '../oauth/resolve-client.ts'
import { type Authorized, asRefusal, proven } from './authorized.ts'
import { oauth2Target, type RedirectOptions, redirectOf } from './oauth-options.ts'

export interface PasteOptions extends Omit<RedirectOptions, 'signal'> {
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
/** Characters; no answer of a provider is longer. */
const longestLine = 16 * 1024

/**
 * Authorizes where the browser cannot reach this machine: the person copies the address to which the provider redirected.
 * State and issuer are checked as if it had arrived by itself. Throws a Refusal.
 */
export async function authorizePaste(
  anyTarget: Target,
  options: PasteOptions
): Promise<Authorized> {
  const target = oauth2Target(anyTarget)
  const { clock } = options
  const client = await resolveClient(target, options.resolve)
  const { host, port, path } = redirectOf(target, options.port)
  const redirectUri = `http://${host}:${port === 'any' ? anyPort : port}${path}`
  return asRefusal(target, async () => {
    const request = await authorizationRequest(target, { client, redirectUri, clock })
    await options.onAddress({ authorizationUrl: request.url, redirectUri })
    const faultOf = (answer: URLSearchParams): CallbackFault | null =>
      callbackFault(target, request.state, answer)
    const callback = await readCallback(redirectUri, faultOf, options.readLine)
    if (typeof callback === 'string') throw authorizationFailed(target, callback)
    const exchange = { ...options, client, request, callback }
    const { secret, granted, identity } = await exchangeCode(target, exchange)
    return proven(target, { secret, granted, clientId: client.id }, identity)
  })
}

/** What the redirected address brought; a text that says why there is none. */
async function readCallback(
  redirectUri: string,
  faultOf: (answer: URLSearchParams) => CallbackFault | null,
  readLine: PasteOptions['readLine']
): Promise<URLSearchParams | string> {
  let why: string | null = null
  for (let tries = 0; tries < maxTries; tries++) {
    const line = await readLine(why)
    if (line === null) return why ?? 'no redirected address was given'
    const parameters = parseRedirected(line.trim(), redirectUri)
    if (typeof parameters === 'string') {
      why = parameters
      continue
    }
    const fault = faultOf(parameters)
    if (fault === null) return parameters
    why = faults[fault]
  }
  return why ?? 'no redirected address was given'
}

const faults: Readonly<Record<CallbackFault, string>> = {
  state: 'this address belongs to another attempt',
  issuer: 'this address comes from another provider than the one that was asked',
  malformed: 'this address has neither one code nor one error in it'
}

/** The whole address, or its query alone. A text says what is wrong; it never repeats the line, which holds a code. */
function parseRedirected(line: string, redirectUri: string): URLSearchParams | string {
  if (line.length > longestLine) return 'this is longer than any redirected address'
  if (/^\??[a-z_]+=/i.test(line)) return new URLSearchParams(line.replace(/#.*$/, ''))
  if (!URL.canParse(line)) return 'this is not an address'
  const url = new URL(line)
  const isRedirect = `${url.origin}${url.pathname}` === redirectUri
  return isRedirect ? url.searchParams : `this address does not begin with ${redirectUri}`
}
