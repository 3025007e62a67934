/**
 * One line of plain words of at most `length` characters: line breaks and tabs become spaces; control characters, halves of
 * characters and what changes the direction of text go.
 */
export function plainText(text: string, length: number): string {
  const plain = text
    .replace(/[\s\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[\p{Cc}\p{Cs}\p{Bidi_Control}]/gu, '')
    .trim()
  return plain.length <= length ? plain : [...plain].slice(0, length).join('')
}
