import type { Style } from '../report/style.ts'

/** Where a command prints. Results go to `out`, talk goes to `err`, so that results can be piped. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Whether a person can be asked: standard input and standard error are a terminal. */
  readonly interactive: boolean
  /** Whether results are shown on a terminal. */
  readonly isTTY: boolean
  readonly style: Style
  /** For what goes to `err`, which may be a terminal when `out` is a pipe. */
  readonly errStyle: Style
  readonly quiet: boolean
}

export interface TerminalOptions {
  readonly color: boolean
  readonly quiet: boolean
}

/**
 * The real terminal. Colour only where a terminal shows it and nobody said no (https://no-color.org). A program that passes our
 * output on to a terminal says so with FORCE_COLOR (https://force-color.org), and how wide that is with COLUMNS.
 */
export async function openTerminal(options: TerminalOptions): Promise<Terminal> {
  const { createStyle } = await import('../report/style.ts')
  const { NO_COLOR, FORCE_COLOR, COLUMNS, TERM, LANG, LC_ALL, LC_CTYPE } = process.env
  const allowed = options.color && (NO_COLOR ?? '') === '' && TERM !== 'dumb'
  const forced = !['', '0', 'false'].includes(FORCE_COLOR ?? '')
  const pipeWidth = /^[1-9]\d{1,3}$/.test(COLUMNS ?? '') ? Number(COLUMNS) : 100
  const locale = LC_ALL || LC_CTYPE || LANG || ''
  // A pipe has no locale to speak of; what reads it expects UTF-8.
  const unicode = process.platform === 'win32' || locale === '' || /utf-?8/i.test(locale)
  const styleFor = (stream: NodeJS.WriteStream): Style =>
    createStyle({
      color: allowed && (stream.isTTY === true || forced),
      width: stream.isTTY === true ? stream.columns || 80 : pipeWidth,
      unicode: unicode || stream.isTTY !== true
    })
  return {
    out: text => void (text !== '' && process.stdout.write(text)),
    err: text => void (text !== '' && process.stderr.write(text)),
    interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    isTTY: process.stdout.isTTY === true,
    style: styleFor(process.stdout),
    errStyle: styleFor(process.stderr),
    quiet: options.quiet
  }
}
