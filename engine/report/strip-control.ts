const esc = '\u001b'
const bell = '\u0007'

/** Escape sequences of ECMA-48: CSI, then OSC, DCS, SOS, PM and APC up to their end on the same line, then all others. */
const sequences = new RegExp(
  [
    `(?:${esc}\\[|\u009b)[0-?]*[ -/]*[@-~]`,
    `(?:${esc}[\\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\n${bell}${esc}\u0080-\u009f]*(?:${bell}|${esc}\\\\|\u009c)`,
    `${esc}[ -/]*[0-~]`
  ].join('|'),
  'g'
)
/** C0 but the line feed, DEL, C1, lone surrogates, line separators, and all that changes the direction of text. */
const controls = /(?!\n)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu

/**
 * Removes what could move the cursor, recolour, retitle or reorder a terminal: escape sequences, control characters other
 * than the line feed, and bidirectional controls. A tab becomes one space, so that words stay apart.
 */
export function stripControl(text: string): string {
  return text.replace(sequences, '').replaceAll('\t', ' ').replace(controls, '')
}

/**
 * A copy in which no text, key or value, holds a control character. Texts are also put on one line, so that a name cannot
 * pretend to be a line of ours; only those under a key of `multiline` keep their line feeds.
 */
export function cleaned<T>(value: T, ...multiline: readonly string[]): T {
  return clean(value, false, multiline) as T
}

function clean(value: unknown, keepsLines: boolean, multiline: readonly string[]): unknown {
  if (typeof value === 'string') return keepsLines ? stripControl(value) : oneLine(value)
  if (Array.isArray(value)) return value.map(each => clean(each, keepsLines, multiline))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      oneLine(key),
      clean(each, multiline.includes(key), multiline)
    ])
  )
}

function oneLine(text: string): string {
  return stripControl(text).replace(/\s*\n\s*/g, ' ')
}
