import { CST, Lexer } from 'yaml'

const deepestFlow = 20
const mostIndicators = 20
const deepestIndent = 100

/**
 * Where nesting exceeds what any spec needs. Looked for before parsing, since the parser calls itself for each level and a
 * stack that is nearly full can end the whole process.
 */
export function tooDeepAt(text: string): number | null {
  let offset = 0
  let flow = 0
  let indicators = 0
  let previous = '\n'
  let isText = false
  for (const token of new Lexer().lex(text)) {
    if (token === CST.SCALAR || token === CST.DOCUMENT || token === CST.FLOW_END) {
      isText = token === CST.SCALAR
      continue
    }
    const type = isText ? 'scalar' : CST.tokenType(token)
    if (type === 'flow-map-start' || type === 'flow-seq-start') flow++
    if (type === 'flow-map-end' || type === 'flow-seq-end') flow = Math.max(0, flow - 1)
    if (type === 'seq-item-ind' || type === 'explicit-key-ind' || type === 'map-value-ind')
      indicators++
    else if (type === 'newline' || type === 'comma') indicators = 0

    const isIndent = previous === '\n' && type === 'space' && token.length > deepestIndent
    const isBlank = isIndent && /^ *(\r?\n|$|#)/.test(text.slice(offset, offset + 2000))
    if (flow > deepestFlow || indicators > mostIndicators || (isIndent && !isBlank)) return offset
    offset += token.length
    previous = type === 'newline' ? '\n' : token
    isText = false
  }
  return null
}
