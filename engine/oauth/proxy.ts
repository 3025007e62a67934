import type { EnvHttpProxyAgent } from 'undici'
import { isLoopback } from '../model/address.ts'
import { problem, Refusal } from '../model/diagnostic.ts'

/** As much of fetch as requests to providers need. */
export type Fetch = (
  url: string,
  request: {
    readonly method: string
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
    readonly redirect: 'manual'
    readonly signal: AbortSignal
  }
) => Promise<Pick<Response, 'status' | 'body'> & { readonly headers: Pick<Headers, 'get'> }>

/** Variables by their names in small letters. */
type Variables = Readonly<Record<'http_proxy' | 'https_proxy' | 'no_proxy', string>>

/**
 * The fetch for an address: undici's own where the environment names a proxy (HTTPS_PROXY, HTTP_PROXY, NO_PROXY, in any case), since the
 * built-in one of Node 20 knows none. What is on this machine is never asked through a proxy. Throws a Refusal (PROXY_INVALID).
 */
export async function fetchFor(
  url: string
): Promise<{ readonly fetch: Fetch; readonly knowsProxy: boolean }> {
  const variables = readVariables(process.env)
  const isNamed = variables.http_proxy !== '' || variables.https_proxy !== ''
  if (!isNamed || isLoopback(new URL(url).hostname)) {
    return { fetch: globalThis.fetch, knowsProxy: false }
  }
  const { fetch } = await import('undici')
  const dispatcher = await agentFor(variables)
  return {
    // undici's types of streams and headers are its own, but the same for our purpose.
    fetch: (address, request) => fetch(address, { ...request, dispatcher }) as ReturnType<Fetch>,
    knowsProxy: true
  }
}

/** Small letters first, as curl does; then any other case. */
function readVariables(environment: NodeJS.ProcessEnv): Variables {
  const names = Object.keys(environment).filter(each => /^(https?|no)_proxy$/i.test(each))
  const read = (name: keyof Variables): string => {
    const others = names.filter(each => each.toLowerCase() === name)
    const values = [name, ...others].map(each => environment[each]?.trim())
    return values.find(each => each !== undefined && each !== '') ?? ''
  }
  return {
    http_proxy: read('http_proxy'),
    https_proxy: read('https_proxy'),
    no_proxy: read('no_proxy')
  }
}

/** One agent as long as the variables stay, so that connections are kept. */
let kept: { readonly key: string; readonly agent: EnvHttpProxyAgent } | null = null

async function agentFor(variables: Variables): Promise<EnvHttpProxyAgent> {
  const key = JSON.stringify(variables)
  if (kept?.key === key) return kept.agent
  const { EnvHttpProxyAgent } = await import('undici')
  const agent = new EnvHttpProxyAgent({
    httpProxy: addressOf('HTTP_PROXY', variables.http_proxy),
    httpsProxy: addressOf('HTTPS_PROXY', variables.https_proxy),
    noProxy: variables.no_proxy
  })
  kept = { key, agent }
  return agent
}

/** `proxy.example:3128` is an address as well. Never repeats the value, which may hold a password. */
function addressOf(name: string, value: string): string {
  if (value === '') return ''
  const address = value.includes('://') ? value : `http://${value}`
  const isKnown =
    URL.canParse(address) &&
    ['http:', 'https:', 'socks:', 'socks5:'].includes(new URL(address).protocol)
  if (isKnown) return address
  throw new Refusal(
    problem(
      'PROXY_INVALID',
      'The proxy variable is not an address',
      `The variable ${name} names the proxy for requests to services, and its value is no address of a kind that is ` +
        'understood. Nothing was sent. Set it to an address such as http://proxy.example:3128, or unset it.'
    )
  )
}
