import { clientOf, isClient } from '../model/documents.ts'
import type { Plan } from '../model/generated/types.ts'
import type { Style } from './style.ts'

/** What a plan does to its environment as a whole; null where that needs no words. `count`: so many clients have the same plan. */
export function headingWords(plan: Plan, count: number, style: Style): string | null {
  if (!isClient(plan.environment)) return ownWords(plan, style)
  const renamed =
    count === 1 && plan.renamedFrom !== null ? [`rename from ${plan.renamedFrom}`] : []
  const words = [...renamed, ...clientWords(plan, count, style)]
  return words.length === 0 ? null : words.join(', ')
}

/** Whether a plan takes away everything that a client has. */
export function isRemoval({ environment, version, changes, authorizations }: Plan): boolean {
  const isThere = version.from !== null || changes.length > 0 || authorizations.length > 0
  return isClient(environment) && version.to === null && isThere
}

function ownWords({ version, selection }: Plan, style: Style): string | null {
  const { from, to, pinned } = version
  if (to === null) return null
  if (from === to) {
    if (!pinned) return selection.version === 'latest' ? `version ${to}, not pinned` : null
    return selection.version === null ? `stays pinned at ${to}` : `version ${to}, pinned`
  }
  const step = from === null ? `${to}, the first` : `${from} ${style.symbols.arrow} ${to}`
  return `version ${step}${pinned ? ', pinned' : ''}`
}

function clientWords(plan: Plan, count: number, style: Style): readonly string[] {
  const { from, to, pinned } = plan.version
  if (to === null) return isRemoval(plan) ? ['remove'] : []
  return [stepWords(from, to, style), pinned ? staysWords(plan, count) : followsWords(count)]
}

function stepWords(from: number | null, to: number, { symbols }: Style): string {
  if (from === null) return `install version ${to}`
  if (from === to) return `version ${to}`
  return `${from < to ? 'upgrade' : 'go back'} ${from} ${symbols.arrow} ${to}`
}

function followsWords(count: number): string {
  return count === 1 ? 'follows prod' : 'follow prod'
}

/** Where a team says which version a client runs, for whoever wants another one. */
function staysWords({ environment }: Plan, count: number): string {
  if (count > 1) return 'stay at their version (clients/*.yaml)'
  const file = isClient(environment) ? `clients/${clientOf(environment)}.yaml` : ''
  return `stays at its version (${file})`
}
