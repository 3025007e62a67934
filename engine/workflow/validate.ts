import type { Diagnostic } from '../model/diagnostic.ts'
import { resolveSpecs } from '../resolve/resolve-specs.ts'
import { openState, openWorkspace, SpecRefusal } from './open-workspace.ts'
import type { Surroundings } from './surroundings.ts'

export interface ValidateResult {
  readonly diagnostics: readonly Diagnostic[]
  readonly texts: ReadonlyMap<string, string>
}

/** Everything that is wrong with the specs, of all files at once. */
export async function validateWorkflow(around: Surroundings): Promise<ValidateResult> {
  try {
    const { specs, known, settings, diagnostics: found, textsOf } = await openWorkspace(around)
    if (specs === null) return { diagnostics: found, texts: textsOf(found) }
    const { documents, problems } = await openState(around, settings, '').read()
    const serial = (documents.dev?.serial ?? 0) + 1
    const resolved = resolveSpecs(specs, known, documents, serial)
    const diagnostics = [...found, ...resolved.diagnostics, ...problems]
    return { diagnostics, texts: textsOf(diagnostics) }
  } catch (error) {
    if (error instanceof SpecRefusal) return { diagnostics: error.diagnostics, texts: error.texts }
    throw error
  }
}
