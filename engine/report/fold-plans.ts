import { isClient } from '../model/documents.ts'
import type { Diagnostic, DueAuthorization, Environment, Plan } from '../model/generated/types.ts'
import { compareText } from '../model/record.ts'
import { namesWords } from './words.ts'

/** Plans that say the same. */
export interface PlanGroup {
  /** At least one; several are of clients, by link name. */
  readonly plans: readonly Plan[]
  /** The first of them, but with the people of all: each number of users is a sum. */
  readonly plan: Plan
  /** A client where nothing is to be done: no change, no authorization, no other version or name. */
  readonly isIdle: boolean
}

/**
 * Puts plans of clients together that change the same and ask for the same, so that hundreds can be read; how many people they
 * concern may differ. Our own environments stay apart and come first, as they were given; then the clients, each group where its
 * first link name belongs; last those with nothing to do, as one group.
 */
export function foldPlans(plans: readonly Plan[]): readonly PlanGroup[] {
  const own = plans.filter(each => !isClient(each.environment))
  const clients = plans
    .filter(each => isClient(each.environment))
    .toSorted((a, b) => compareText(a.environment, b.environment))
  return [
    ...own.map(plan => ({ plans: [plan], plan, isIdle: false })),
    ...groups(clients.filter(each => !isIdle(each)).map(plan => [keyOf(plan), plan])).map(
      alike => ({ plans: alike, plan: together(alike), isIdle: false })
    ),
    ...groups(clients.filter(isIdle).map(plan => ['', plan])).map(alike => ({
      plans: alike,
      plan: alike[0],
      isIdle: true
    }))
  ]
}

/**
 * What the plans say beside what they do, in their order. What plans of several clients say alike is said once; whom it concerns
 * is told, because one message does not know of the others.
 */
export function planDiagnostics(plans: readonly Plan[]): readonly Diagnostic[] {
  const isTheirs = (plan: Plan) => isClient(plan.environment)
  const theirs = plans.filter(isTheirs).flatMap(({ environment, diagnostics }) =>
    diagnostics.map((each): [string, Concern] => {
      const { code, severity, summary, detail, at } = each
      return [JSON.stringify([code, severity, summary, detail, at]), { environment, each }]
    })
  )
  return [
    ...plans.filter(plan => !isTheirs(plan)).flatMap(plan => plan.diagnostics),
    ...groups(theirs).map(alike => {
      const names = alike.map(({ environment }) => environment)
      const { each } = alike[0]
      return { ...each, detail: `${each.detail}\n\nThis is about ${namesWords(names)}.` }
    })
  ]
}

interface Concern {
  readonly environment: Environment
  readonly each: Diagnostic
}

/** What has the same key, together, in the order in which each key comes up. */
function groups<T>(keyed: readonly (readonly [string, T])[]): readonly (readonly [T, ...T[]])[] {
  const found = new Map<string, [T, ...T[]]>()
  for (const [key, value] of keyed) {
    const group = found.get(key)
    if (group === undefined) found.set(key, [value])
    else group.push(value)
  }
  return [...found.values()]
}

function isIdle({ version, renamedFrom, changes, held, authorizations }: Plan): boolean {
  return (
    version.from === version.to &&
    renamedFrom === null &&
    [changes, held, authorizations].every(each => each.length === 0)
  )
}

/** All that a report tells of a client's plan, but whose it is and how many people it concerns. */
function keyOf(plan: Plan): string {
  const { source, selection, version, changes, held, authorizations } = plan
  const due = authorizations.map(each => ({
    ...each,
    slot: each.slot === plan.environment ? null : each.slot,
    credential: null,
    users: null
  }))
  return JSON.stringify([source.environment, selection, version, changes, held, due])
}

function together(alike: readonly [Plan, ...Plan[]]): Plan {
  const [first, ...others] = alike
  if (others.length === 0) return first
  const summed = (due: DueAuthorization, at: number): DueAuthorization => {
    const counts = alike.flatMap(each => each.authorizations[at]?.users ?? [])
    const users = counts.length === 0 ? null : counts.reduce((sum, each) => sum + each, 0)
    return { ...due, users }
  }
  return { ...first, authorizations: first.authorizations.map(summed) }
}
