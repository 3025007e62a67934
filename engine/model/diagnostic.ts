import type { Diagnostic, Place } from './generated/types.ts'

export type { Diagnostic, Place }

/** What is wrong with a user's input: a value, never an exception. The summary is always the same for a code. */
export function problem(
  code: string,
  summary: string,
  detail: string,
  at: Place | null = null
): Diagnostic {
  return { code, severity: 'error', summary, detail, at }
}

/** What a user should know though nothing is wrong yet. */
export function warning(
  code: string,
  summary: string,
  detail: string,
  at: Place | null = null
): Diagnostic {
  return { code, severity: 'warning', summary, detail, at }
}

/** What explains a result. */
export function note(
  code: string,
  summary: string,
  detail: string,
  at: Place | null = null
): Diagnostic {
  return { code, severity: 'note', summary, detail, at }
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(each => each.severity === 'error')
}

/** A refusal that has to cross a stage's boundary: carries the diagnostics to show, and never a secret. */
export class Refusal extends Error {
  readonly diagnostics: readonly Diagnostic[]

  constructor(...diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(each => `${each.code}: ${each.summary}`).join('; '))
    this.name = 'Refusal'
    this.diagnostics = diagnostics
  }
}
