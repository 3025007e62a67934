/** A key as it is, if it reads like one: what somebody pasted in a key's place is not repeated. */
export function plainKey(key: string): string | null {
  return /^[\w][\w.@-]{0,49}$/.test(key) && !looksSecret(key) ? key : null
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
