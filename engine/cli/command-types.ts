import { readFileSync, writeFileSync } from 'node:fs'
import { problem, Refusal } from '../model/diagnostic.ts'
import type { Environment } from '../model/generated/types.ts'
import { typesWorkflow } from '../workflow/types.ts'
import type { CommandContext } from './globals.ts'
import { showJson } from './show.ts'

export interface TypesFlags {
  readonly out?: string
  /** As it is recorded there; else as the specs say. */
  readonly env?: Environment
}

/** Prints declarations, or writes them to a file. Exit codes: 0 done, 1 the specs are not sound. */
export async function typesCommand(
  { around, terminal, format }: CommandContext,
  { out, env }: TypesFlags
): Promise<number> {
  const text = await typesWorkflow(around, env ?? null)
  const isWritten = out !== undefined && writeIfOther(out, text)
  if (format === 'json') {
    await showJson(terminal, { formatVersion: 1, file: out ?? null, text })
    return 0
  }
  if (out === undefined) terminal.out(text)
  else if (isWritten && !terminal.quiet) {
    const { green, symbols } = terminal.style
    terminal.out(`${green(symbols.done)} ${out}\n`)
  }
  return 0
}

/** A file that says the same already is left alone: watchers would build again. */
function writeIfOther(file: string, text: string): boolean {
  try {
    if (readFileSync(file, 'utf8') === text) return false
  } catch {
    // Not there yet.
  }
  try {
    writeFileSync(file, text)
    return true
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new Refusal(
      problem(
        'TYPES_NOT_WRITTEN',
        'The declarations could not be written',
        `${file} could not be written (${code}). Name another file with --out, in a folder that is there.`
      )
    )
  }
}
