/** A person at Glewlwyd's login and consent pages, which are scripts: their calls are made here one by one. */
import { newBrowser, type Visited } from './foreign-browser.ts'
import type { Person } from './foreign-glewlwyd.ts'

export interface ForeignConsentOptions {
  /** What is ticked on the consent page; everything that is asked, if not given. */
  readonly scopes?: readonly string[]
  /** false: the browser stops before the redirect, as if nothing could be reached there. */
  readonly deliver?: boolean
}

export interface ForeignConsent {
  /** Where the server sent the browser in the end. */
  readonly redirected: string
  /** What was asked for, as the login page was told. */
  readonly asked: readonly string[]
  /** What stands at that address; null where it was not delivered. */
  readonly answer: Visited | null
}

/** Opens the address, logs in, ticks scopes and goes where the server sends the browser, to the end. */
export async function giveConsent(
  address: string,
  person: Person,
  { scopes, deliver = true }: ForeignConsentOptions = {}
): Promise<ForeignConsent> {
  const browse = newBrowser()
  const login = await follow(await browse(address))
  const { origin, searchParams } = new URL(login.url)
  const [client, back] = [searchParams.get('client_id'), searchParams.get('callback_url')]
  if (login.status !== 200 || back === null) {
    throw new Error(`No login page at ${new URL(login.url).pathname}: status ${login.status}`)
  }
  const asked = (searchParams.get('scope') ?? '').split(' ')
  await call('POST', '/api/auth/', person)
  await call('PUT', `/api/auth/grant/${client}`, { scope: (scopes ?? asked).join(' ') })
  const { location } = await browse(`${back}${back.includes('?') ? '&' : '?'}g_continue`)
  if (location === null) throw new Error(`No redirect from ${new URL(back).pathname}`)
  return { redirected: location, asked, answer: deliver ? await browse(location) : null }

  async function follow(visited: Visited): Promise<Visited> {
    return visited.location === null ? visited : follow(await browse(visited.location))
  }

  async function call(method: string, path: string, json: unknown): Promise<void> {
    const { status } = await browse(`${origin}${path}`, { method, json })
    if (status !== 200) throw new Error(`Glewlwyd answered ${status} to ${method} ${path}`)
  }
}
