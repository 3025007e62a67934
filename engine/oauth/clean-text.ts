const limit = 300

/** Shorter secrets are likely to be parts of plain words: masking those would show them by what is missing. */
const shortestToMask = 4

/** Beyond this nobody explains an error, and searching it would take too long. */
const longestText = 20_000
const mostSecrets = 100

/**
 * What a provider says, fit to be shown: in one line of at most 300 characters, without control characters, and with every
 * given secret masked, also where it is percent-encoded or in base64, and so is what looks like a JWT. Empty where it repeats a
 * secret too short to mask, and where text or secrets are too many to be searched.
 */
export function cleanText(text: string, secrets: readonly string[]): string {
  if (text.length > longestText || secrets.length > mostSecrets) return ''
  const line = oneLine(text)
  const forms = [...new Set(secrets.flatMap(formsOf))].filter(form => form !== '')
  if (forms.some(form => form.length < shortestToMask && line.includes(form))) return ''
  // The longest first, so that no secret that holds another one is left in part.
  const masked = forms
    .toSorted((a, b) => b.length - a.length)
    .reduce(
      (rest, form) => (form.length < shortestToMask ? rest : rest.replaceAll(form, '***')),
      line
    )
    .replace(/\beyJ[\w-]{8,}(?:\.[\w-]+){1,4}/g, '***')
  // Cut last: a secret cut in two would not be found.
  return masked.length > limit ? `${masked.slice(0, limit - 1)}\u2026` : masked
}

/** Without control, format and private characters, and with each run of white space as one space. */
export function oneLine(text: string): string {
  return text
    .replace(/\s+/gu, ' ')
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
    .trim()
}

function formsOf(secret: string): readonly string[] {
  const utf8 = Array.from(new TextEncoder().encode(secret), byte => String.fromCharCode(byte)).join(
    ''
  )
  const base64 = btoa(utf8).replace(/=+$/, '')
  return [
    secret,
    oneLine(secret),
    encodeURIComponent(secret.replace(/\p{Cs}/gu, '\ufffd')),
    new URLSearchParams([['', secret]]).toString().slice(1),
    JSON.stringify(secret).slice(1, -1),
    base64,
    base64.replaceAll('+', '-').replaceAll('/', '_')
  ]
}

/** Every text in a provider's answer, however deep, that is or may be a secret, for masking. */
export function secretsIn(answer: Readonly<Record<string, unknown>>): readonly string[] {
  const secrets: string[] = []
  // A list of what is left instead of recursion: answers may be nested deeper than the stack.
  const left: object[] = [answer]
  for (let each = left.pop(); each !== undefined; each = left.pop()) {
    for (const [name, value] of Object.entries(each)) {
      if (typeof value === 'object' && value !== null) left.push(value)
      else if (isSecret(name, value)) secrets.push(value)
    }
  }
  return secrets
}

function isSecret(name: string, value: unknown): value is string {
  const isNamedSo =
    /token|secret|password|assertion|^code$/i.test(name) && name.toLowerCase() !== 'token_type'
  // What a provider makes is long; a short value is an error code or the like.
  return isNamedSo && typeof value === 'string' && value.length >= 8
}
