import { type Diagnostic, Refusal } from '../model/diagnostic.ts'

/** What an application is told when it cannot have what it asked for. Holds no secret, so that it can be logged. */
export class TielineError extends Error {
  /** Stable: what to decide by. */
  readonly code: string
  /** What is wrong, why it matters and what to do. */
  readonly detail: string
  /** All that was found, in its order; the first error gives code and detail. */
  readonly diagnostics: readonly Diagnostic[]

  constructor(diagnostics: readonly Diagnostic[]) {
    const first = diagnostics.find(each => each.severity === 'error') ?? diagnostics[0]
    const { code = 'UNKNOWN', summary = 'Something is wrong', detail = '' } = first ?? {}
    super(detail === '' ? summary : `${summary}. ${detail}`)
    this.name = 'TielineError'
    this.code = code
    this.detail = detail
    this.diagnostics = diagnostics
  }
}

/** Runs `work`, and tells a refusal as an application expects it. */
export async function asTielineError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof Refusal ? new TielineError(error.diagnostics) : error
  }
}
