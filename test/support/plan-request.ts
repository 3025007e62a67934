import { digestOf } from '../../engine/model/digest.ts'
import type { Definitions, Documents } from '../../engine/model/documents.ts'
import type { Environment, Plan, Selection } from '../../engine/model/generated/types.ts'
import { type PlanRequest, planEnvironment } from '../../engine/plan/plan-environment.ts'
import { trimDefinitions } from '../../engine/plan/trim-definitions.ts'
import { plainNeed } from './builders.ts'

export const noDocuments: Documents = { dev: null, stage: null, prod: null, shared: null }

export function selecting(selection: Partial<Selection> = {}): Selection {
  return { components: [], connections: [], withReferences: false, version: null, ...selection }
}

/** Plans without files: what the environment shall have, against the given documents. */
export function planFor(
  environment: Environment,
  wanted: Definitions,
  documents: Documents = noDocuments,
  overrides: Partial<PlanRequest> = {}
): Plan {
  return planEnvironment({
    environment,
    renamedFrom: null,
    documents,
    wanted: trimDefinitions(wanted, environment),
    source: { environment: 'tree', serial: null, definitions: digestOf(wanted) },
    basedOn: [],
    inputs: digestOf(null),
    selection: selecting(),
    version: { from: null, to: null, pinned: false },
    needOf: plainNeed,
    hasMembers: true,
    mayRevoke: true,
    diagnostics: [],
    ...overrides
  })
}
