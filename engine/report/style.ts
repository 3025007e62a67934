import picocolors from 'picocolors'

export type Paint = (text: string) => string

/** How texts look: colours, or functions that do nothing, and symbols that the terminal can show. */
export interface Style {
  /** Columns to fit into. */
  readonly width: number
  readonly red: Paint
  readonly green: Paint
  readonly yellow: Paint
  readonly cyan: Paint
  readonly dim: Paint
  readonly bold: Paint
  readonly symbols: Symbols
}

/** All one column wide but the arrow. */
export interface Symbols {
  readonly add: string
  readonly modify: string
  readonly delete: string
  readonly rename: string
  readonly carry: string
  readonly same: string
  readonly done: string
  readonly failed: string
  readonly waiting: string
  readonly attention: string
  readonly unknown: string
  /** Between before and after. */
  readonly arrow: string
  readonly ellipsis: string
  /** Between line numbers and code. */
  readonly bar: string
}

const ascii: Symbols = {
  add: '+',
  modify: '~',
  delete: '-',
  rename: '>',
  carry: '.',
  same: '=',
  done: '+',
  failed: 'x',
  waiting: 'o',
  attention: '!',
  unknown: '?',
  arrow: '->',
  ellipsis: '~',
  bar: '|'
}

const unicode: Symbols = {
  ...ascii,
  rename: '→',
  carry: '·',
  done: '✔',
  failed: '✖',
  waiting: '○',
  arrow: '→',
  ellipsis: '…',
  bar: '│'
}

export interface StyleOptions {
  readonly color: boolean
  /** Columns of the terminal; at least 40 are used. */
  readonly width: number
  /** false: ASCII symbols only. Values of users stay as they are. */
  readonly unicode: boolean
}

export function createStyle(options: StyleOptions): Style {
  const { red, green, yellow, cyan, dim, bold } = picocolors.createColors(options.color)
  return {
    width: Math.max(40, options.width),
    ...{ red, green, yellow, cyan, dim, bold },
    symbols: options.unicode ? unicode : ascii
  }
}
