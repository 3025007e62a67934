/** What JSON allows unescaped and a terminal still acts on: DEL, C1, line separators and bidirectional controls. */
const unsafe = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu

/**
 * JSON indented by two spaces, keys in the order of the objects, with a line feed at its end. Control characters inside of
 * texts are escaped, so it is safe to show on a terminal and parses to the same value.
 */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2) ?? 'null'
  const escaped = text.replace(
    unsafe,
    each => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`
  )
  return `${escaped}\n`
}
