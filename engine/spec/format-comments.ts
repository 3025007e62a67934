import { CST, Lexer } from 'yaml'
import { textPlaces } from './text-places.ts'

/** A comment as it stands in a text. */
export interface Comment {
  /** From the # to the end of its line. */
  readonly text: string
  readonly offset: number
  readonly line: number
  readonly column: number
  /** false behind something else on its line. */
  readonly isAlone: boolean
  /** Whether an empty line stands above it. */
  readonly isApart: boolean
}

/** All comments of a YAML text, in order. A # inside of a text is none. */
export function commentsOf(text: string): readonly Comment[] {
  const at = textPlaces(text, '')
  const found: Comment[] = []
  let offset = 0
  let isText = false
  for (const token of new Lexer().lex(text)) {
    if (token === CST.SCALAR || token === CST.DOCUMENT || token === CST.FLOW_END) {
      isText = token === CST.SCALAR
      continue
    }
    if (!isText && token.startsWith('#')) {
      const { line, column } = at(offset)
      const isAlone = text.slice(offset - column + 1, offset).trim() === ''
      const isApart = isAlone && isLineAboveEmpty(text, offset)
      found.push({ text: token.trimEnd(), offset, line, column, isAlone, isApart })
    }
    offset += token.length
    isText = false
  }
  return found
}

/** Whether the line above the one that holds an offset is empty. */
export function isLineAboveEmpty(text: string, offset: number): boolean {
  const start = text.lastIndexOf('\n', offset - 1)
  if (start <= 0) return false
  return text.slice(text.lastIndexOf('\n', start - 1) + 1, start).trim() === ''
}
