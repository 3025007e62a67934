import { originAllowed } from '../model/address.ts'
import type { Credential } from '../model/credential.ts'
import { problem, Refusal } from '../model/diagnostic.ts'
import type { Target } from '../model/target.ts'
import { checkDestination } from '../oauth/check-destination.ts'
import { openAddress } from '../oauth/open-address.ts'

/**
 * Where a request goes: a path below the connector's base URL, or a whole address at one of the credential's own origins. Throws a
 * Refusal (REQUEST_ELSEWHERE) for everything else, before anything is sent. A path never leaves the base URL, however it climbs,
 * so that a piece of it that a stranger chose stays a piece of it.
 */
export function requestAddress(target: Target, secret: Credential['secret'], path: string): URL {
  const base = new URL(openAddress(target, target.api.baseUrl, secret))
  const isWhole = /^[a-z][a-z0-9+.-]*:/i.test(path)
  const url = isWhole ? wholeAddress(target, path) : below(target, base, path)
  const own = [base.origin, ...ownOrigins(target, secret)]
  if (url.username !== '' || url.password !== '' || !own.includes(url.origin)) {
    throw elsewhere(target, url.host, own)
  }
  // What is pinned inside the seal has the last word.
  checkDestination(target, url.href)
  return url
}

/** The base URL of the connection's API, without a slash at its end. */
export function baseAddress(target: Target, secret: Credential['secret']): string {
  const base = openAddress(target, target.api.baseUrl, secret)
  checkDestination(target, base)
  return base.replace(/\/+$/, '')
}

function wholeAddress(target: Target, path: string): URL {
  if (URL.canParse(path)) return new URL(path)
  throw elsewhere(target, null, [])
}

function below(target: Target, base: URL, path: string): URL {
  const folder = base.pathname.replace(/\/+$/, '')
  const rest = /^[?#]/.test(path) || path === '' ? path : `/${path.replace(/^[/\\]/, '')}`
  // Dot segments are resolved here, also those that are percent-encoded (WHATWG URL, section 4.4).
  const url = new URL(`${base.origin}${folder}${rest}`)
  if (url.pathname !== folder && !url.pathname.startsWith(`${folder}/`)) throw climbs(target)
  for (const [name, value] of base.searchParams) {
    if (!url.searchParams.has(name)) url.searchParams.set(name, value)
  }
  return url
}

/** Patterns do not count: only what this very credential was told. */
function ownOrigins({ need }: Target, secret: Credential['secret']): readonly string[] {
  const learnt = secret.kind === 'oauth2' ? Object.values(secret.learnt) : []
  const told = learnt.filter(each => /^https?:/.test(each) && URL.canParse(each))
  return [
    ...need.basis.origins.filter(each => !each.includes('*')),
    ...told
      .map(each => new URL(each).origin)
      .filter(each => originAllowed(each, need.basis.origins))
  ]
}

function elsewhere({ linkName }: Target, host: string | null, own: readonly string[]): Refusal {
  const where = host === null || host === '' ? 'an address that is not complete' : host
  const may =
    own.length === 0
      ? ''
      : ` Its own are ${[...new Set(own)].map(each => new URL(each).host).join(', ')}.`
  return new Refusal(
    problem(
      'REQUEST_ELSEWHERE',
      'The request would go elsewhere',
      `The credential of ${linkName} would be sent to ${where}, which is none of its own hosts.${may} Nothing was sent. Give a path, such as /users.`
    )
  )
}

function climbs({ linkName }: Target): Refusal {
  return new Refusal(
    problem(
      'REQUEST_ELSEWHERE',
      'The request would go elsewhere',
      `The path climbs out of the base address of ${linkName} with "..". Nothing was sent. If another part of the same host is meant, give the whole address.`
    )
  )
}
