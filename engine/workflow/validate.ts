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
    const workspace = await openWorkspace(around)
    if (workspace.specs === null) return workspace
    const { documents, problems } = await openState(around, workspace.settings, '').read()
    const serial = (documents.dev?.serial ?? 0) + 1
    const resolved = resolveSpecs(workspace.specs, workspace.known, documents, serial)
    return {
      diagnostics: [...workspace.diagnostics, ...resolved.diagnostics, ...problems],
      texts: workspace.texts
    }
  } catch (error) {
    if (error instanceof SpecRefusal) return error
    throw error
  }
}
