const limit = 300

/** Shorter secrets are likely to be parts of plain words: masking those would show them by what is missing. */
const shortestToMask = 4

/**
 * What a provider says, fit to be shown: in one line of at most 300 characters, without control characters, and with every
 * given secret masked, also where it is percent-encoded or in base64. Empty where it repeats a secret too short to mask.
 */
export function cleanText(text: string, secrets: readonly string[]): string {
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

/** Every text in a token endpoint's answer that is or may be a secret, for masking. */
export function secretsIn(answer: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(answer).flatMap(([name, value]) => {
    const isSecret = /token|secret|password|assertion|^code$/i.test(name) && name !== 'token_type'
    // What a provider makes is long; a short value is an error code or the like.
    return isSecret && typeof value === 'string' && value.length >= 8 ? [value] : []
  })
}
