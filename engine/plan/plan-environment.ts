import { isDeepStrictEqual } from 'node:util'
import { type Diagnostic, hasErrors, problem } from '../model/diagnostic.ts'
import { type Definitions, type Documents, isClient, noDefinitions } from '../model/documents.ts'
import type {
  Because,
  Change,
  ChangeAction,
  Environment,
  Held,
  Plan,
  Summary
} from '../model/generated/types.ts'
import { compareText } from '../model/record.ts'
import { applyChanges } from './apply-changes.ts'
import { type Item, linkNameOf, matchSides, type Sides } from './entries.ts'
import { fieldsOfAdded, fieldsOfDeleted, fieldsOfModified } from './field-changes.ts'
import { type NeedOf, planDue } from './plan-due.ts'
import { isCarried, type Selected, selectEverything, selectForPublish } from './select-changes.ts'

export interface PlanRequest {
  readonly environment: Environment
  /** client: the name under which `documents` have it for now, if it is to be another. */
  readonly renamedFrom: Plan['renamedFrom']
  readonly documents: Documents
  /** What the environment shall have, without what concerns earlier environments only. */
  readonly wanted: Definitions
  readonly source: Plan['source']
  readonly basedOn: Plan['basedOn']
  readonly inputs: Plan['inputs']
  readonly selection: Plan['selection']
  /** prod and clients: the version to run. stage finds its next one by itself. */
  readonly version: Plan['version']
  readonly needOf: NeedOf
  readonly hasMembers: boolean
  readonly mayRevoke: boolean
  /** What was found on the way here. */
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Everything that would happen to one environment. Pure: the same request gives the same plan, to the byte. A refused plan has no
 * changes and no authorizations; `held` and `diagnostics` say why.
 */
export function planEnvironment(request: PlanRequest): Plan {
  const recorded = request.documents[request.environment] ?? noDefinitions
  const sides = matchSides(request.wanted, recorded)
  const selected =
    request.environment === 'stage'
      ? selectForPublish(sides, request.selection, request.environment)
      : selectEverything(sides)
  const changes = changesOf(request, sides, selected)
  const diagnostics = [
    ...request.diagnostics,
    ...selected.diagnostics,
    ...(request.environment === 'dev' ? protectedDeletions(sides) : [])
  ]
  const refused = isRefusedSelection(selected.held, request.selection) || hasErrors(diagnostics)
  const done = refused ? [] : changes
  const due = refused
    ? { authorizations: [], diagnostics: [] }
    : planDue({
        ...request,
        after: applyChanges(recorded, changes),
        changing: new Set(
          changes.filter(each => each.subject === 'connection').map(each => each.id)
        )
      })
  return {
    formatVersion: 1,
    environment: request.environment,
    renamedFrom: request.renamedFrom,
    source: request.source,
    basedOn: request.basedOn,
    inputs: request.inputs,
    selection: request.selection,
    version: versionChange(request, done),
    changes: done,
    held: selected.held,
    authorizations: due.authorizations,
    diagnostics: [...diagnostics, ...due.diagnostics],
    summary: summaryOf(done, selected.held, due.authorizations)
  }
}

/** Whether the publish rule refuses what was selected. */
export function isRefusedSelection(held: readonly Held[], selection: Plan['selection']): boolean {
  return held.some(
    each =>
      each.code === 'NEEDS_COMPONENTS' ||
      (each.code === 'UNREFERENCED' && selection.connections.includes(each.linkName))
  )
}

/**
 * Whether a plan asks for anything that apply or an administrator would have to do: a change, another version or pin, a consent, an
 * end. What users authorize for themselves is none of that.
 */
export function asksForSomething(plan: Plan, documents: Documents): boolean {
  const { from, to, pinned } = plan.version
  return (
    plan.changes.length > 0 ||
    from !== to ||
    plan.renamedFrom !== null ||
    pinned !== (documents[plan.environment]?.pinned ?? false) ||
    plan.authorizations.some(
      ({ action, level }) => action === 'revoke' || (action !== 'keep' && level === 'administrator')
    )
  )
}

function changesOf(request: PlanRequest, sides: Sides, selected: Selected): readonly Change[] {
  return [...sides.items.values()].flatMap((item): Change[] => {
    if (!selected.members.has(item.key)) return []
    const carried = request.environment === 'stage' && isCarried(sides, selected.members, item)
    if (!item.changed && !carried) return []
    const action = actionOf(item)
    return [
      {
        subject: item.subject,
        linkName: linkNameOf(item),
        from: action === 'rename' ? (item.recorded?.linkName ?? null) : null,
        id: item.id,
        action,
        fields: fieldsOf(item),
        because: becauseOf(request, sides, selected, item)
      }
    ]
  })
}

function actionOf({ wanted, recorded, changed }: Item): ChangeAction {
  if (recorded === null) return 'add'
  if (wanted === null) return 'delete'
  if (!changed) return 'carry'
  return wanted.linkName === recorded.linkName ? 'modify' : 'rename'
}

function fieldsOf({ wanted, recorded }: Item): Change['fields'] {
  if (wanted !== null && recorded !== null) return fieldsOfModified(recorded.value, wanted.value)
  if (wanted !== null) return fieldsOfAdded(wanted.value)
  return recorded === null ? [] : fieldsOfDeleted(recorded.value)
}

function becauseOf(
  { environment, version, selection }: PlanRequest,
  sides: Sides,
  selected: Selected,
  item: Item
): readonly Because[] {
  if ((environment === 'prod' || isClient(environment)) && version.to !== null)
    return [{ code: 'NEW_VERSION', version: version.to }]
  const own = ownReason(item)
  if (environment === 'dev') return own
  const bySelection = selection.components.length + selection.connections.length > 0
  const pulls = (selected.members.get(item.key) ?? [])
    .filter(({ by, because }) =>
      because.code === 'REFERENCES_CHANGED_CONNECTION'
        ? sides.items.get(by)?.changed === true
        : true
    )
    .map(each => each.because)
  if (selected.named.has(item.key)) return [...own, { code: 'SELECTED' }]
  // Where everything goes, only what has no change of its own needs to be explained.
  const because = [...own, ...(bySelection || !item.changed ? pulls : [])]
  return inOrder(because)
}

function ownReason(item: Item): readonly Because[] {
  switch (actionOf(item)) {
    case 'add':
      return [{ code: 'DECLARED' }]
    case 'delete':
      return [{ code: 'REMOVED' }]
    case 'rename':
      return [{ code: 'RENAMED' }]
    case 'modify':
      return [{ code: 'CHANGED' }]
    case 'carry':
      return []
  }
}

const order: readonly Because['code'][] = [
  'DECLARED',
  'CHANGED',
  'REMOVED',
  'RENAMED',
  'NEW_VERSION',
  'SELECTED',
  'LAST_REFERENCE_GONE',
  'REFERENCES_CHANGED_CONNECTION',
  'USED_BY_SELECTED',
  'DEPENDED_ON',
  'DEPENDENCY_GONE',
  'NAME_TAKEN_OVER'
]

function inOrder(because: readonly Because[]): readonly Because[] {
  const sorted = [...because].sort(
    (a, b) =>
      order.indexOf(a.code) - order.indexOf(b.code) ||
      compareText(JSON.stringify(a), JSON.stringify(b))
  )
  return sorted.filter((each, index) => !isDeepStrictEqual(each, sorted[index - 1]))
}

function versionChange(
  { environment, documents, version }: PlanRequest,
  changes: readonly Change[]
): Plan['version'] {
  if (environment !== 'stage') return version
  const from = documents.stage?.version ?? null
  return { from, to: changes.length === 0 ? from : (from ?? 0) + 1, pinned: false }
}

/** `protect` is a promise of dev's record: taking it away and deleting the connection are two applies. */
function protectedDeletions(sides: Sides): readonly Diagnostic[] {
  return [...sides.items.values()].flatMap((item): Diagnostic[] => {
    if (item.wanted !== null || item.recorded?.subject !== 'connection') return []
    if (!item.recorded.value.protect) return []
    const { linkName } = item.recorded
    return [
      problem(
        'PROTECTED',
        'Connection is protected',
        `${linkName} is gone from the specs, but is recorded with \`protect: true\`. Bring connections/${linkName}.yaml back, or first apply it without \`protect\` and then delete it.`
      )
    ]
  })
}

function summaryOf(
  changes: readonly Change[],
  held: readonly Held[],
  authorizations: Plan['authorizations']
): Summary {
  const changed = (action: ChangeAction) => changes.filter(each => each.action === action).length
  const due = (action: string) => authorizations.filter(each => each.action === action).length
  return {
    add: changed('add'),
    modify: changed('modify'),
    delete: changed('delete'),
    rename: changed('rename'),
    carry: changed('carry'),
    held: held.length,
    authorize: due('authorize'),
    reauthorize: due('reauthorize'),
    inherit: due('inherit'),
    revoke: due('revoke')
  }
}
