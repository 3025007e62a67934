import type { OAuth2Way, Revocation, Send, Way } from '../model/generated/types.ts'
import { signsAssertions } from '../model/grants.ts'
import { sendList } from '../model/send-list.ts'
import { enumerated, indented, paintWords, table, tableWidth } from './layout.ts'
import type { Style } from './style.ts'

const roomForSentences = 30

type Fact = readonly [title: string, text: string]

/** What one way to authorize asks of a person, and what happens with what that one enters or consents to. */
export function reportWay(way: Way, isDefault: boolean, style: Style): readonly string[] {
  const title = `Authorized by ${way.id}${isDefault ? ' (default)' : ''}`
  return [
    heading(title, style),
    ...(way.kind === 'oauth2' ? oauth2Lines(way, style) : fieldLines(way, style))
  ]
}

export function heading(text: string, style: Style): string {
  return style.bold(`${text}:`)
}

/** A sentence about what stands above it; nothing where there is none. */
export function described(
  text: string | undefined,
  style: Style,
  indent: number
): readonly string[] {
  if (text === undefined) return []
  return indented(paintWords(text, style.dim), style.width, indent)
}

function oauth2Lines(way: OAuth2Way, style: Style): readonly string[] {
  const facts = [...consentFacts(way), ...addressFacts(way), ...tokenFacts(way)]
  return [...table(facts, style.width, 2), ...learntLines(way, style), ...scopeLines(way, style)]
}

/** How a token is got: by whom, and what must be registered for it. */
function consentFacts(way: OAuth2Way): readonly Fact[] {
  const grant = way.grant ?? 'authorization_code'
  const usesBrowser = grant === 'authorization_code'
  return [
    ['grant', grantWords[grant] + (usesBrowser && way.deviceUrl ? ', or by device code' : '')],
    ...(usesBrowser ? [fact('redirect to register', redirectWords(way.redirect))] : []),
    ...(usesBrowser ? [fact('PKCE', way.pkce ?? 'S256')] : [])
  ]
}

const grantWords: Readonly<Record<NonNullable<OAuth2Way['grant']>, string>> = {
  authorization_code: 'consent in a browser',
  device_code: 'consent by device code, on any device',
  client_credentials: "the client's own right, without a person (client credentials)",
  jwt_bearer: 'an assertion signed with a private key, without a person (JWT bearer)'
}

/** The address to give to the service when the client is registered there. */
function redirectWords(redirect: OAuth2Way['redirect']): string {
  const { host, port, path = '/callback' } = redirect ?? { host: '127.0.0.1', port: 'any' }
  return port === 'any' ? `http://${host}${path}, on any port` : `http://${host}:${port}${path}`
}

function addressFacts(way: OAuth2Way): readonly Fact[] {
  const { url, ends, method = 'POST' } = way.revocation
  return [
    ...some('authorize', way.authorizeUrl),
    ...some('pushed requests (PAR)', way.pushedUrl),
    ...some('device code', way.deviceUrl),
    ['token', way.tokenUrl],
    ...some('refresh', way.refreshUrl),
    ...some('introspect', way.introspectionUrl),
    ...(url === undefined ? [] : [fact('revoke', method === 'POST' ? url : `${method} ${url}`)]),
    ['revoking ends', endsWords[ends]]
  ]
}

const endsWords: Readonly<Record<Revocation['ends'], string>> = {
  token: 'that token',
  grant: 'the whole grant',
  none: 'nothing: the service has no way to revoke'
}

function tokenFacts(way: OAuth2Way): readonly Fact[] {
  return [
    ['client authentication', authenticationWords(way)],
    ...(signsAssertions(way) ? [fact('signed with', signingWords(way))] : []),
    ...(way.dpop === true ? [fact('DPoP', 'tokens are bound to a key of their own')] : []),
    ['sent as', sendWords(way.send)]
  ]
}

/** An assertion that asks for tokens says by itself who the client is (RFC 7521, section 4.1). */
function authenticationWords({ grant, clientAuthentication }: OAuth2Way): string {
  const isNamed = grant === 'jwt_bearer' && clientAuthentication === 'none'
  return isNamed ? 'the assertion alone (none)' : clientWords[clientAuthentication]
}

const clientWords: Readonly<Record<OAuth2Way['clientAuthentication'], string>> = {
  post: 'client id and secret, in the body (post)',
  basic: 'client id and secret, by HTTP Basic (basic)',
  'basic-raw': 'client id and secret, by HTTP Basic without encoding (basic-raw)',
  none: 'client id alone (none)',
  private_key_jwt: 'an assertion signed with the private key (private_key_jwt)'
}

function signingWords({ signing }: OAuth2Way): string {
  const key = signing?.keyId === undefined ? '' : `, key id ${signing.keyId}`
  return `${signing?.algorithm ?? 'RS256'}${key}; client.secret refers to the key`
}

function sendWords(sends: Way['send']): string {
  return enumerated(sendList(sends).map(sendWord))
}

function sendWord(send: Send): string {
  switch (send.in) {
    case 'header':
      return `header ${send.name}`
    case 'query':
      return `query parameter ${send.name}`
    case 'basic':
      return 'HTTP Basic'
  }
}

/** Where tokens may go because an answer says so, and what else it tells. */
function learntLines(way: OAuth2Way, style: Style): readonly string[] {
  const learnt = Object.entries(way.learns ?? {})
  if (learnt.length === 0) return []
  const rows = learnt.map(([name, { hosts, pattern, in: place }]) => {
    const rule = hosts === undefined ? `matches ${pattern}` : `on ${enumerated(hosts, 'or')}`
    return [name, place === 'callback' ? `${rule}, from the redirect` : rule]
  })
  return ['  told by answers:', ...table(rows, style.width, 4)]
}

function scopeLines(way: OAuth2Way, style: Style): readonly string[] {
  const scopes = Object.entries(way.scopes)
  if (scopes.length === 0 && way.otherScopes === undefined) return ['  no scopes: write scopes: []']
  return [
    ...(scopes.length === 0 ? [] : ['  scopes:', ...definitions(scopes, style, 4)]),
    ...(way.otherScopes === undefined
      ? []
      : ['  other scopes that match:', `    ${way.otherScopes}`]),
    ...(way.all.length === 0
      ? []
      : indented(`scopes: all stands for ${way.all.join(', ')}`, style.width, 2, 4))
  ]
}

function fieldLines(way: Exclude<Way, OAuth2Way>, style: Style): readonly string[] {
  const fields = Object.entries(way.fields).flatMap(([name, field]) => [
    ...indented(
      `${style.bold(name)}: ${field.title}${field.secret ? ' (secret)' : ''}`,
      style.width,
      2,
      6
    ),
    ...described(field.description, style, 4)
  ])
  return [...fields, ...indented(`sent as ${sendWords(way.send)}`, style.width, 2, 4)]
}

/** Words and their sentences side by side where that leaves room for the sentences, else below each other. */
function definitions(
  rows: readonly (readonly string[])[],
  style: Style,
  indent: number
): readonly string[] {
  const left = tableWidth(rows.map(([word = '']) => [word]))
  if (indent + left + 2 + roomForSentences <= style.width) return table(rows, style.width, indent)
  return rows.flatMap(([word = '', sentence = '']) => [
    `${' '.repeat(indent)}${word}`,
    ...indented(sentence, style.width, indent + 4)
  ])
}

function some(title: string, text: string | undefined): readonly Fact[] {
  return text === undefined ? [] : [[title, text]]
}

function fact(title: string, text: string): Fact {
  return [title, text]
}
