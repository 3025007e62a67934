/** Values for the names in a template: `name` or `name.attribute`. */
export type TemplateValues = Readonly<Record<string, string>>

const placeholder = /\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)\}/g

/** The names that a template still leaves open, in the order of their first appearance. */
export function openNames(template: string): readonly string[] {
  return [...new Set([...template.matchAll(placeholder)].map(match => match[1] ?? ''))]
}

/** Puts values into a template as they are; names without a value stay open. For headers and parts of hosts. */
export function fillTemplate(template: string, values: TemplateValues): string {
  return template.replace(placeholder, (whole, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? whole) : whole
  )
}

/**
 * Puts values into an address (RFC 6570, level 1): in the authority as they are, behind it percent-encoded, so that no value
 * can add a path segment, a query or a fragment. A value at the very start is an origin and stays as it is.
 */
export function fillAddress(template: string, values: TemplateValues): string {
  const authority = /^(?:[a-z]+:\/\/[^/?#]*|\{[a-z0-9_.]+\})/.exec(template)?.[0] ?? ''
  const rest = template
    .slice(authority.length)
    .replace(placeholder, (whole, name: string) =>
      Object.hasOwn(values, name) ? encodeURIComponent(values[name] ?? '') : whole
    )
  return fillTemplate(authority, values) + rest
}

/** The address with scheme, host and port of `origin`, its path and query kept. */
export function withOrigin(address: string, origin: string | null): string {
  if (origin === null) return address
  return address.replace(/^(?:[a-z]+:\/\/[^/?#]*|\{[a-z0-9_.]+\})/, origin.replace(/\/$/, ''))
}

/** Whether plain http is acceptable for the host (RFC 8252, section 7.3). */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

/** Whether a host name fits a pattern; `*.` at its start stands for one or more labels. */
export function hostMatches(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return host === pattern
  const suffix = pattern.slice(1)
  if (!host.endsWith(suffix)) return false
  return /^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(host.slice(0, -suffix.length))
}

/** Whether a URL's origin is among the given origins and origin patterns (`https://*.example.com`). */
export function originAllowed(address: string, origins: readonly string[]): boolean {
  if (!URL.canParse(address)) return false
  const url = new URL(address)
  if (url.username !== '' || url.password !== '') return false
  return origins.some(each => {
    if (!each.includes('*')) return url.origin === each
    const pattern = each.slice('https://'.length)
    return url.protocol === 'https:' && url.port === '' && hostMatches(pattern, url.hostname)
  })
}
