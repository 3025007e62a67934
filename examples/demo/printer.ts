/** What the demo prints: a numbered line about each step, every command before its output, and never a secret. */
import { createColors } from 'picocolors'
import { DemoFailure } from './failure.ts'

export interface Printer {
  /** One line about what comes next. */
  readonly say: (text: string) => void
  readonly command: (line: string) => void
  /** What a command printed. Throws a DemoFailure, and prints nothing, if there is a secret in it. */
  readonly output: (text: string) => void
  /** A remark of the demo itself on what happens. */
  readonly remark: (text: string) => void
  /** From now on this must not be printed. */
  readonly keepSecret: (value: string) => void
}

export function createPrinter(write: (text: string) => void, hasColour: boolean): Printer {
  const { bold, cyan, dim } = createColors(hasColour)
  const secrets = new Set(['AGE-SECRET-KEY-'])
  let step = 0
  let isFirstCommand = true

  const output = (text: string) => {
    for (const secret of secrets) {
      if (text.includes(secret)) throw new DemoFailure('There is a secret in its output.')
    }
    write(text)
  }
  return {
    say: text => {
      step += 1
      isFirstCommand = true
      output(`\n${bold(`${step}. ${text}`)}\n`)
    },
    command: line => {
      output(`${isFirstCommand ? '' : '\n'}${cyan('$')} ${bold(line)}\n`)
      isFirstCommand = false
    },
    output,
    remark: text => output(`${dim(`(${text})`)}\n`),
    keepSecret: value => void secrets.add(value)
  }
}
