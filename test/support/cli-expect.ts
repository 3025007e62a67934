import * as assert from 'uvu/assert'
import type { RunResult } from './assert.ts'

/** What holds for every run, whatever it was asked: nobody sees a stack trace, nor control characters in a pipe. */
export function isTidy({ stdout, stderr }: RunResult, what: string): void {
  const said = `${stdout}${stderr}`
  assert.not.match(said, /^ {4,}at .+:\d+:\d+\)?$/m, what)
  assert.not.match(said, /INTERNAL_ERROR|UnhandledPromise|node:internal|ERR_[A-Z]/, what)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what is looked for
  assert.not.match(said, /[\x00-\x08\x0b-\x1f\x7f\x9b]/, what)
}

/** Standard output as the one JSON document that it must be. */
export function documentIn({ stdout, stderr }: RunResult, what: string): unknown {
  try {
    return JSON.parse(stdout)
  } catch {
    throw new Error(`${what} did not print one JSON document:\n${stdout}\n${stderr}`)
  }
}

/** The codes of what it says is wrong. */
export function codesIn(result: RunResult, what: string): readonly string[] {
  const document = documentIn(result, what)
  if (typeof document !== 'object' || document === null || !('diagnostics' in document)) return []
  return (document.diagnostics as readonly { readonly code: string }[]).map(each => each.code)
}
