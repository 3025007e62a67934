/**
 * A person with a browser, for scripts: opens an address, keeps cookies, follows redirects, fills in and submits the forms
 * that come, and stops at the first page that asks nothing more.
 */

export interface PersonOptions {
  /** What the person types into a form's fields, by name; the other fields keep what is in them. */
  readonly fields?: Readonly<Record<string, string>>
  /** Which button the person presses, by its value, where a form has several. The first if not given. */
  readonly press?: string
}

export interface LastPage {
  readonly address: string
  readonly status: number
  readonly text: string
}

const hopLimit = 20

/** Resolves with the page at the end, whatever its status. Rejects if nobody answers, or if it never ends. */
export async function visitLikeAPerson(
  address: string,
  options: PersonOptions = {}
): Promise<LastPage> {
  const cookies = new CookieJar()
  let request = new Request(address, { redirect: 'manual' })
  for (let hop = 0; hop < hopLimit; hop++) {
    const url = new URL(request.url)
    const cookie = cookies.for(url)
    if (cookie !== '') request.headers.set('cookie', cookie)
    const response = await fetch(request)
    cookies.keep(url, response.headers.getSetCookie())
    const text = await response.text()

    const location = response.headers.get('location')
    const isRedirect = response.status >= 300 && response.status < 400 && location !== null
    const next = isRedirect
      ? new Request(new URL(location, url), { redirect: 'manual' })
      : submitForm(text, url, options)
    if (next === null) return { address: request.url, status: response.status, text }
    request = next
  }
  throw new Error(`After ${hopLimit} pages there was still another one.`)
}

/** The request that the first form of a page makes; null if there is no form. */
function submitForm(html: string, page: URL, options: PersonOptions): Request | null {
  const [, tag = '', inside = ''] = /<form\b([^>]*)>(.*?)<\/form>/is.exec(html) ?? []
  if (inside === '') return null

  const values = new URLSearchParams()
  for (const [, input = ''] of inside.matchAll(/<input\b([^>]*)>/gi)) {
    const name = attribute(input, 'name')
    if (name !== null) values.set(name, options.fields?.[name] ?? attribute(input, 'value') ?? '')
  }
  const buttons = [...inside.matchAll(/<button\b([^>]*)>/gi)].map(([, button = '']) => ({
    name: attribute(button, 'name'),
    value: attribute(button, 'value') ?? ''
  }))
  const pressed =
    options.press === undefined ? buttons[0] : buttons.find(({ value }) => value === options.press)
  if (pressed === undefined) throw new Error(`No button of ${page.pathname} can be pressed.`)
  if (pressed.name !== null) values.set(pressed.name, pressed.value)

  const target = new URL(attribute(tag, 'action') ?? page, page)
  return new Request(target, { method: 'POST', body: values, redirect: 'manual' })
}

function attribute(tag: string, name: string): string | null {
  const [, value] = new RegExp(`\\b${name}="([^"]*)"`, 'i').exec(tag) ?? []
  return value === undefined ? null : unescapeHtml(value)
}

const entities: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'"
}

function unescapeHtml(text: string): string {
  return text.replace(/&(?:amp|lt|gt|quot|#39);/g, entity => entities[entity] ?? entity)
}

interface Cookie {
  readonly origin: string
  readonly path: string
  readonly name: string
  readonly value: string
}

/** As much of RFC 6265 as forms on loopback need. Unlike a browser, it keeps the ports of a host apart. */
class CookieJar {
  #cookies: readonly Cookie[] = []

  for(url: URL): string {
    return this.#cookies
      .filter(({ origin, path }) => origin === url.origin && isInside(path, url.pathname))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }

  keep(url: URL, headers: readonly string[]): void {
    for (const header of headers) {
      const [pair = '', ...attributes] = header.split(/; */)
      const equals = pair.indexOf('=')
      const name = pair.slice(0, equals)
      const given = new Map(attributes.map(each => splitAttribute(each)))
      const path = given.get('path') ?? '/'
      const others = this.#cookies.filter(
        cookie => cookie.origin !== url.origin || cookie.path !== path || cookie.name !== name
      )
      const expires = given.get('expires')
      const isGone = expires !== undefined && Date.parse(expires) <= Date.now()
      const cookie = { origin: url.origin, path, name, value: pair.slice(equals + 1) }
      this.#cookies = isGone ? others : [...others, cookie]
    }
  }
}

function splitAttribute(text: string): readonly [name: string, value: string] {
  const [name = '', value = ''] = text.split('=', 2)
  return [name.toLowerCase(), value]
}

/** RFC 6265, section 5.1.4. */
function isInside(path: string, pathname: string): boolean {
  return pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`)
}
