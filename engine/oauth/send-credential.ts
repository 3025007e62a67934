import { fillTemplate, type TemplateValues } from '../model/address.ts'
import type { Credential, OAuth2Secret } from '../model/credential.ts'
import { problem, Refusal } from '../model/diagnostic.ts'
import type { Send } from '../model/generated/types.ts'
import type { Target } from '../model/target.ts'

/** What to add to a request, so that it carries the credential. */
export interface SentCredential {
  readonly headers: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
}

/** As much of a credential as requests carry. */
export type SendableCredential = Pick<Credential, 'secret' | 'clientId'>

/** The request that is to carry it: a token bound to a key is shown with a proof for this request alone. */
export interface CarryingRequest {
  readonly method: string
  readonly url: string
}

/**
 * Says what the connector's ways of sending add to a request. Tokens that are bound to a key go with a proof of it (RFC 9449,
 * section 7.1); `nonce` is what the service asked for, see `dpopNonceAsked`. Throws a Refusal if the secret cannot be sent.
 */
export async function sendCredential(
  target: Target,
  credential: SendableCredential,
  request: CarryingRequest,
  nonce: string | null = null
): Promise<SentCredential> {
  const { secret } = credential
  const values = valuesOf(credential)
  const parts = target.way.send.map(send => sentBy(target, send, values))
  const headers = Object.assign({}, ...parts.map(each => each.headers))
  const query = Object.assign({}, ...parts.map(each => each.query))
  if (secret.kind === 'fields' || secret.dpopKey === null) return { headers, query }
  const bound = await boundToken({ ...secret, dpopKey: secret.dpopKey }, request, nonce)
  return { headers: { ...withoutAuthorization(headers), ...bound }, query }
}

function sentBy(target: Target, send: Send, values: TemplateValues): SentCredential {
  const fill = (template: string): string => checked(target, fillTemplate(template, values))
  switch (send.in) {
    case 'header':
      return { headers: { [send.name]: headerText(target, fill(send.value)) }, query: {} }
    case 'query':
      return { headers: {}, query: { [send.name]: fill(send.value) } }
    case 'basic': {
      const [username, password] = [fill(send.username), fill(send.password)]
      // The first colon ends the user name (RFC 7617, section 2).
      if (username.includes(':')) throw unsendable(target, 'a user name with a colon in it')
      return { headers: { Authorization: `Basic ${base64(`${username}:${password}`)}` }, query: {} }
    }
  }
}

async function boundToken(
  { accessToken, dpopKey: key }: OAuth2Secret & { readonly dpopKey: string },
  { method, url }: CarryingRequest,
  nonce: string | null
): Promise<Readonly<Record<string, string>>> {
  const { dpopProof } = await import('./dpop.ts')
  const proof = await dpopProof({ key, method, url, accessToken, nonce })
  return { Authorization: `DPoP ${accessToken}`, DPoP: proof }
}

function withoutAuthorization(
  headers: Readonly<Record<string, string>>
): Readonly<Record<string, string>> {
  const isOther = (name: string): boolean => name.toLowerCase() !== 'authorization'
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isOther(name)))
}

/** What templates of a connector can name. */
function valuesOf({ secret, clientId }: SendableCredential): TemplateValues {
  if (secret.kind === 'fields') return secret.fields
  const own = {
    access_token: secret.accessToken,
    ...(clientId === null ? {} : { client_id: clientId })
  }
  return { ...secret.learnt, ...own }
}

/** fetch would refuse these too, with an error that repeats the value. */
function checked(target: Target, value: string): string {
  if (/[\p{Cc}\p{Cs}]/u.test(value)) throw unsendable(target, 'a control character')
  return value
}

/** The bytes of a header are those of Latin-1 (RFC 9110, section 5.5). */
function headerText(target: Target, value: string): string {
  if (/[^\u0020-\u00ff]/.test(value))
    throw unsendable(target, 'a character that headers cannot carry')
  return value
}

function base64(text: string): string {
  return btoa(
    Array.from(new TextEncoder().encode(text), byte => String.fromCharCode(byte)).join('')
  )
}

function unsendable({ linkName, environment, service }: Target, what: string): Refusal {
  return new Refusal(
    problem(
      'CREDENTIAL_UNSENDABLE',
      'The credential cannot be sent',
      `The credential of connection "${linkName}" has ${what}, so it cannot be sent to ${service}. ` +
        'Copy it once more and authorize again:\n' +
        `    tieline authorize ${linkName} -e ${environment}`
    )
  )
}
