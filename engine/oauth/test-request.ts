import type { AccountRule, SuccessRule, TestRequest } from '../model/generated/types.ts'
import type { Target } from '../model/target.ts'
import { checkDestination } from './check-destination.ts'
import { isOverloaded } from './classify-answer.ts'
import { cleanText, oneLine } from './clean-text.ts'
import { valueAt } from './json-pointer.ts'
import { openAddress } from './open-address.ts'
import { ProviderFailure } from './provider-failure.ts'
import { type SendableCredential, type SentCredential, sendCredential } from './send-credential.ts'
import { type Answer, sendRequest } from './send-request.ts'
import { dpopNonceAsked } from './token-refused.ts'

/** The account at the service, as far as it tells. */
export interface FoundAccount {
  readonly id: string | null
  readonly name: string | null
}

/** What the connector's test request says about a credential. Texts are fit to be shown. */
export type TestResult =
  | { readonly outcome: 'passed'; readonly account: FoundAccount }
  | { readonly outcome: 'skipped'; readonly note: string; readonly account: FoundAccount }
  | { readonly outcome: 'refused'; readonly status: number; readonly reason: string }
  | { readonly outcome: 'try-again'; readonly reason: string }

const unknown: FoundAccount = { id: null, name: null }

/**
 * Makes the connector's test request, which decides whether a credential is good and tells whose it is. Throws a Refusal,
 * before anything is sent, if the address is not one the credential may be sent to.
 */
export async function testRequest(
  target: Target,
  credential: SendableCredential
): Promise<TestResult> {
  const { test } = target.api
  if (target.way.kind === 'oauth2' && !isPermitted(test, target.need.scopes)) {
    return { outcome: 'skipped', note: skippedNote(target), account: unknown }
  }
  const address = openedAddress(target, credential)
  try {
    const { answer, sent } = await ask(target, credential, address)
    return judge(target, answer, {
      all: secretsOf(credential, sent),
      never: credentialsOf(target, credential, sent)
    })
  } catch (error) {
    if (error instanceof ProviderFailure) return { outcome: 'try-again', reason: error.message }
    throw error
  }
}

interface Asked {
  readonly answer: Answer
  readonly sent: SentCredential
}

/** A second time where the first answer asks for a nonce in the proof of our key (RFC 9449, section 9). */
async function ask(
  target: Target,
  credential: SendableCredential,
  address: string
): Promise<Asked> {
  const first = await askOnce(target, credential, address, null)
  const nonce = dpopNonceAsked(first.answer)
  return nonce === null ? first : askOnce(target, credential, address, nonce)
}

async function askOnce(
  target: Target,
  credential: SendableCredential,
  address: string,
  nonce: string | null
): Promise<Asked> {
  const { method, body } = target.api.test
  const sent = await sendCredential(target, credential, { method, url: address }, nonce)
  const url = new URL(address)
  for (const [name, value] of Object.entries(sent.query)) url.searchParams.set(name, value)
  const answer = await sendRequest(url.href, {
    method,
    headers: headersOf(target, sent),
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  return { answer, sent }
}

/** Whether one of the scopes that the test needs was asked. */
function isPermitted(test: TestRequest, asked: readonly string[]): boolean {
  return test.scopes === undefined || test.scopes.some(scope => asked.includes(scope))
}

function skippedNote({ service, api }: Target): string {
  return (
    `${service} tells whose account it is only with one of the scopes ${(api.test.scopes ?? []).join(', ')}. None of them ` +
    'was asked, so the account stays unknown.'
  )
}

function openedAddress(target: Target, { secret }: SendableCredential): string {
  const address = openAddress(target, target.api.test.url, secret)
  checkDestination(target, address)
  return address
}

function headersOf({ api }: Target, sent: SentCredential): Readonly<Record<string, string>> {
  const headers = new Headers({ Accept: 'application/json', 'User-Agent': 'tieline' })
  if (api.test.body !== undefined) headers.set('Content-Type', 'application/json')
  for (const [name, value] of Object.entries({ ...api.headers, ...sent.headers })) {
    headers.set(name, value)
  }
  return Object.fromEntries(headers)
}

/** What identifies nobody: all of them but the fields that are no secret, such as the user name, after which accounts are called. */
function credentialsOf(
  { way }: Target,
  credential: SendableCredential,
  sent: SentCredential
): readonly string[] {
  const { secret } = credential
  const isOpen = (name: string): boolean => way.kind !== 'oauth2' && !way.fields[name]?.secret
  const open =
    secret.kind === 'fields'
      ? Object.entries(secret.fields).flatMap(([name, value]) => (isOpen(name) ? [value] : []))
      : []
  return secretsOf(credential, sent).filter(each => each !== '' && !open.includes(each))
}

function secretsOf(
  { secret, clientId }: SendableCredential,
  sent: SentCredential
): readonly string[] {
  const own =
    secret.kind === 'fields'
      ? Object.values(secret.fields)
      : [secret.accessToken, secret.refreshToken ?? '']
  const credentials = Object.values(sent.headers).flatMap(value => [
    value,
    value.split(' ')[1] ?? ''
  ])
  // An app may be told that it is its own account, by the id that it sends.
  return [...own, ...credentials, ...Object.values(sent.query)].filter(each => each !== clientId)
}

function judge(
  { api }: Target,
  answer: Answer,
  secrets: { readonly all: readonly string[]; readonly never: readonly string[] }
): TestResult {
  const { success, account }: { success: SuccessRule; account?: AccountRule } = api.test
  const { status } = answer
  if (isOverloaded(status)) {
    return { outcome: 'try-again', reason: `status ${status}` }
  }
  const body = parsed(answer.text)
  if (!success.status.includes(status)) {
    return { outcome: 'refused', status, reason: refusalReason(answer, body, secrets.all) }
  }
  if (success.body !== undefined && valueAt(body, success.body.pointer) !== success.body.equals) {
    const said = saidIn(body, secrets.all)
    return { outcome: 'refused', status, reason: said === '' ? 'the answer says no' : said }
  }
  return { outcome: 'passed', account: accountIn(body, account, secrets.never) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function refusalReason(answer: Answer, body: unknown, secrets: readonly string[]): string {
  const { status } = answer
  if (status >= 300 && status < 400) {
    return `status ${status}: it redirects elsewhere, and no redirect is followed with a credential`
  }
  const said = body === undefined ? plainText(answer, secrets) : saidIn(body, secrets)
  return said === '' ? `status ${status}` : `status ${status}: ${said}`
}

/** Nobody explains a refusal at greater length; what is longer is something else. */
const longestPlainText = 500

/** The first line of a short plain text; empty for anything else, such as a page. */
function plainText({ headers, text }: Answer, secrets: readonly string[]): string {
  const type = headers.get('content-type') ?? ''
  const isPlain = /^text\/plain\s*(?:;|$)/i.test(type) && !/<[a-z!/?]/i.test(text)
  if (!isPlain || text.length > longestPlainText) return ''
  return cleanText(text.trim().split(/[\r\n]/, 1)[0] ?? '', secrets)
}

/** The first of the members in which services say what is wrong. Nothing else of a JSON body is shown. */
function saidIn(body: unknown, secrets: readonly string[]): string {
  const pointers = [
    '/error_description',
    '/message',
    '/error/message',
    '/errors/0/message',
    '/0/message',
    '/detail',
    '/error'
  ]
  const texts = pointers.map(pointer => valueAt(body, pointer))
  return cleanText(texts.find((each): each is string => typeof each === 'string') ?? '', secrets)
}

function accountIn(
  body: unknown,
  rule: AccountRule | undefined,
  secrets: readonly string[]
): FoundAccount {
  if (rule === undefined) return unknown
  return {
    id: accountText(valueAt(body, rule.id), secrets),
    name: rule.name === undefined ? null : accountText(valueAt(body, rule.name), secrets)
  }
}

/** Numbers are ids too. Shown to people and recorded in state, so in one line, not without end, and never the credential. */
function accountText(value: unknown, secrets: readonly string[]): string | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null
  const text = oneLine(String(value))
  if (text === '' || cleanText(text, secrets) !== cleanText(text, [])) return null
  return text.slice(0, 200)
}
