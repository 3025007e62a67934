/** A browser for scripts: a cookie jar, and nothing that is followed by itself. */

export interface BrowseOptions {
  readonly method?: string
  readonly json?: unknown
}

export interface Visited {
  readonly url: string
  readonly status: number
  /** Where it redirects to. */
  readonly location: string | null
  readonly body: string
}

export type Browse = (url: string, options?: BrowseOptions) => Promise<Visited>

export function newBrowser(): Browse {
  const cookies = new Map<string, string>()
  return async (url, { method = 'GET', json } = {}) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: {
        ...(cookie === '' ? {} : { Cookie: cookie }),
        ...(json === undefined ? {} : { 'Content-Type': 'application/json' })
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) })
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const location = response.headers.get('location')
    return {
      url,
      status: response.status,
      location: location === null ? null : new URL(location, url).href,
      body: await response.text()
    }
  }
}
