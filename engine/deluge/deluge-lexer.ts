export type DelugeToken = 'word' | 'text' | 'open' | 'close' | 'sign' | 'end'

/** The token that was read last: `kind` of what stands between `start` and `end`. */
export interface DelugeLexer {
  readonly kind: DelugeToken
  readonly start: number
  readonly end: number
  /** Of `start`, from 1. */
  readonly line: number
  /** A line break stands before it. */
  readonly isFirst: boolean
  /** A text that its line or the end of the export cut off. */
  readonly isOpen: boolean
  /** Reads on. Scripts take `//` and `/*` for comments wherever they stand, what is around them only behind white space. */
  next(isScript: boolean): DelugeToken
}

const word = /[\p{L}\p{N}_$]+/uy

/**
 * Reads the tokens of Deluge, and of the exports that it stands in. Texts (in " or ') end with their line at the latest, unless a backslash
 * stands before its end, so that one quote too many hides one line. Takes time in proportion to the text.
 */
export function delugeLexer(text: string): DelugeLexer {
  let line = 1
  let at = 0
  const lexer = {
    kind: 'end' as DelugeToken,
    start: 0,
    end: 0,
    line: 1,
    isFirst: true,
    isOpen: false,
    next(isScript: boolean): DelugeToken {
      const before = line
      const start = skipBlank(text, at, isScript)
      line += lineBreaks(text, at, start)
      lexer.isFirst = line > before
      lexer.start = start
      lexer.line = line
      lexer.isOpen = false
      lexer.kind = read(start)
      at = lexer.end
      return lexer.kind
    }
  }

  function read(start: number): DelugeToken {
    lexer.end = start + 1
    switch (text.charAt(start)) {
      case '':
        lexer.end = start
        return 'end'
      case '(':
      case '[':
      case '{':
        return 'open'
      case ')':
      case ']':
      case '}':
        return 'close'
      case '"':
      case "'":
        lexer.end = endOfText(text, start)
        lexer.isOpen = !isClosed(text, start, lexer.end)
        line += lineBreaks(text, start, lexer.end)
        return 'text'
    }
    word.lastIndex = start
    const found = word.exec(text)
    if (found === null) return 'sign'
    lexer.end = start + found[0].length
    return 'word'
  }
  return lexer
}

/** Behind the closing quote of the text that begins at `start`, or where its line ends. */
export function endOfText(text: string, start: number): number {
  const quote = text.charAt(start)
  for (let at = start + 1; at < text.length; at++) {
    const letter = text.charAt(at)
    if (letter === quote) return at + 1
    if (letter === '\n') return at
    if (letter === '\\') at += text.startsWith('\r\n', at + 1) ? 2 : 1
  }
  return text.length
}

/** Whether the text between `start` and `end` has its closing quote. */
export function isClosed(text: string, start: number, end: number): boolean {
  if (end - start < 2 || text.charAt(end - 1) !== text.charAt(start)) return false
  let slashes = 0
  while (text.charAt(end - 2 - slashes) === '\\') slashes++
  return slashes % 2 === 0
}

/** Behind white space and comments. */
export function skipBlank(text: string, from: number, isScript: boolean): number {
  let at = from
  for (;;) {
    while (at < text.length && isBlank(text.charCodeAt(at))) at++
    // An address or a pattern of file types that stands without quotes begins no comment.
    if (!isScript && at === from && at > 0 && !isBlank(text.charCodeAt(at - 1))) return at
    if (text.startsWith('//', at)) at = endOr(text, text.indexOf('\n', at), 0)
    else if (text.startsWith('/*', at)) at = endOr(text, text.indexOf('*/', at + 2), 2)
    else return at
  }
}

function isBlank(code: number): boolean {
  if (code === 32 || (code >= 9 && code <= 13)) return true
  return code > 127 && String.fromCharCode(code).trim() === ''
}

function endOr(text: string, found: number, length: number): number {
  return found === -1 ? text.length : found + length
}

function lineBreaks(text: string, from: number, to: number): number {
  let count = 0
  for (let at = from; at < to; at++) {
    if (text.charCodeAt(at) === 10) count++
  }
  return count
}
