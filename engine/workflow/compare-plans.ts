import { isDeepStrictEqual } from 'node:util'
import { type Diagnostic, problem } from '../model/diagnostic.ts'
import type { DueAuthorization, Plan } from '../model/generated/types.ts'

/**
 * Whether a plan made anew still is what was promised; a diagnostic if not. Diagnostics do not count, and what was authorized in the
 * meantime counts as done.
 */
export function brokenPromise(promised: Plan, now: Plan): Diagnostic | null {
  if (isSameResult(promised, now)) return null
  const moved = movedOn(promised, now)
  if (moved === null) {
    return problem(
      'PLAN_ALTERED',
      'Saved plan was altered',
      `The plan is not what tieline makes of the specs and the state that it names, and these have not changed. Make a new plan and review it:\n    tieline plan -e ${now.environment}`
    )
  }
  return problem(
    'PLAN_STALE',
    'Saved plan is out of date',
    `${moved} Applying it could undo what happened since.\n\nMake a new plan and review it:\n    tieline plan -e ${now.environment}`
  )
}

function isSameResult(promised: Plan, now: Plan): boolean {
  return (
    isDeepStrictEqual(essence(promised), essence(now)) &&
    now.authorizations.every(due => isExpected(due, promised.authorizations))
  )
}

function essence({
  environment,
  renamedFrom,
  source,
  selection,
  version,
  changes,
  held,
  basedOn
}: Plan) {
  const lineages = basedOn.flatMap(({ document, lineage }) =>
    document.startsWith('versions/') || lineage === null ? [] : [[document, lineage]]
  )
  const { serial: _, ...from } = source
  return {
    environment,
    renamedFrom,
    from,
    selection,
    version,
    changes,
    held,
    lineages: lineages.filter(([document]) => document === (renamedFrom ?? environment))
  }
}

/**
 * A consent given meanwhile leaves `keep` or `inherit` behind, or nothing; never anything new to do. Users come and go by
 * themselves: how many there are makes no difference.
 */
function isExpected(due: DueAuthorization, promised: readonly DueAuthorization[]): boolean {
  if (due.action === 'keep' || due.action === 'inherit') return true
  if (due.level === 'logged-in-user') {
    return due.action !== 'revoke' || promised.some(each => isSameEnd(each, due))
  }
  const { credential: _, ...wanted } = due
  return promised.some(({ credential: _credential, ...each }) => isDeepStrictEqual(each, wanted))
}

function isSameEnd(a: DueAuthorization, b: DueAuthorization): boolean {
  return a.action === b.action && a.id === b.id && a.slot === b.slot && a.level === b.level
}

function movedOn(promised: Plan, now: Plan): string | null {
  const document = now.basedOn.find(
    each =>
      !isDeepStrictEqual(
        each,
        promised.basedOn.find(other => other.document === each.document)
      )
  )
  if (document !== undefined) {
    const before = promised.basedOn.find(each => each.document === document.document)
    return `The plan was made from ${document.document} at serial ${before?.serial ?? 0}, which is now at ${document.serial}.`
  }
  return promised.inputs === now.inputs
    ? null
    : 'The specs or the connectors have changed since the plan was made.'
}
