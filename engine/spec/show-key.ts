const identifier = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,29}$/
const email = /^[a-z0-9_][a-z0-9_.+-]{0,40}@(?:[a-z0-9-]{1,40}\.){1,5}[a-z]{2,20}$/i

/** A key as it is, if it reads like a name or an e-mail address: what somebody pasted in a key's place is not repeated. */
export function plainKey(key: string): string | null {
  if (email.test(key)) return key
  // The number of `form_version_2` makes no mixed word.
  const word = key.replace(/_\d{1,2}(?=_|$)/g, '')
  const isMixed = key.length >= 16 && /[A-Za-z]/.test(word) && /[0-9]/.test(word)
  return identifier.test(key) && !isMixed ? key : null
}

/** A key in quotes, to begin a sentence with. */
export function showKey(key: string): string {
  const plain = plainKey(key)
  return plain === null ? 'This key' : `"${plain}"`
}

/** Whether a word is long and mixed enough to be a credential; `lead_form_version_2` is not. */
export function looksSecret(word: string): boolean {
  const changes = word.match(/[A-Za-z](?=[0-9])|[0-9](?=[A-Za-z])/g) ?? []
  return word.length >= 20 && changes.length >= 4
}

/** Whether a value reads like `login`, `us` or `acme--uat.sandbox`: short, lower-case, no long run of letters and digits. */
export function isPlainWord(value: string): boolean {
  const runs = value.match(/[a-z0-9]{8,}/g) ?? []
  const isMixed = runs.some(each => /[a-z]/.test(each) && /[0-9]/.test(each))
  return /^[a-z0-9_.-]{1,40}$/.test(value) && !isMixed
}

/** Whether a value is an address (`scheme:` and more) of plain words only, without a user, a query or a fragment: `http://127.0.0.1:4010`. */
export function isPlainAddress(value: string): boolean {
  const parts = value.split(/[/:[\]]/)
  return /^[a-z0-9]+:/.test(value) && parts.every(each => each === '' || isPlainWord(each))
}
