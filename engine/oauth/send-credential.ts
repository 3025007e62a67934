import { fillTemplate, type TemplateValues } from '../model/address.ts'
import type { Credential } from '../model/credential.ts'
import { problem, Refusal } from '../model/diagnostic.ts'
import type { Target } from '../model/target.ts'

/** What to add to a request, so that it carries the credential. */
export interface SentCredential {
  readonly headers: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
}

/** Says what the connector's way of sending adds to a request. Throws a Refusal if the secret cannot be sent that way. */
export function sendCredential(target: Target, secret: Credential['secret']): SentCredential {
  const { send } = target.way
  const values = secretValues(secret)
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

/** What templates of a connector can name. */
function secretValues(secret: Credential['secret']): TemplateValues {
  return secret.kind === 'fields'
    ? secret.fields
    : { ...secret.learnt, access_token: secret.accessToken }
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
