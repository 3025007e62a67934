import { type Diagnostic, note, problem } from '../model/diagnostic.ts'
import { meant } from '../model/did-you-mean.ts'
import type { Because, Environment, Held, Selection, Subject } from '../model/generated/types.ts'
import { sortedUnique } from '../model/record.ts'
import { type Item, type ItemKey, linkNameOf, type Sides } from './entries.ts'
import { type Pull, publishSet } from './publish-set.ts'

/** What goes into a plan, what stays behind, and what is worth saying about it. */
export interface Selected {
  /** The items that take part, each with all that pulls it in. Empty if the plan is refused. */
  readonly members: ReadonlyMap<ItemKey, readonly Pull[]>
  /** The items named on the command line. */
  readonly named: ReadonlySet<ItemKey>
  readonly held: readonly Held[]
  readonly diagnostics: readonly Diagnostic[]
}

/** Everything that differs: how dev follows the tree, and prod a version. */
export function selectEverything(sides: Sides): Selected {
  const changed = [...sides.items.values()].filter(item => item.changed)
  return {
    members: new Map(changed.map(item => [item.key, []])),
    named: new Set(),
    held: [],
    diagnostics: []
  }
}

/** What a publish to stage takes along (the publish rule), or why it is refused. */
export function selectForPublish(
  sides: Sides,
  selection: Selection,
  environment: Environment
): Selected {
  const isOpen = selection.components.length === 0 && selection.connections.length === 0
  return isOpen ? publishAll(sides) : publishSelected(sides, selection, environment)
}

function publishAll(sides: Sides): Selected {
  const changed = [...sides.items.values()].filter(item => item.changed)
  const members = publishSet(
    sides,
    changed.filter(item => !isUnreferenced(sides, item)).map(item => item.key)
  )
  const held = changed
    .filter(item => !members.has(item.key))
    .map(item => heldUnreferenced(linkNameOf(item)))
  return { members, named: new Set(), held, diagnostics: [] }
}

function publishSelected(sides: Sides, selection: Selection, environment: Environment): Selected {
  const found = [
    ...find(sides, 'component', selection.components),
    ...find(sides, 'connection', selection.connections)
  ]
  const nothing = { members: new Map<ItemKey, readonly Pull[]>(), named: new Set<ItemKey>() }
  const unknown = found.flatMap(each => (typeof each === 'string' ? [] : [each]))
  if (unknown.length > 0) return { ...nothing, held: [], diagnostics: unknown }

  const named = new Set(found.filter(each => typeof each === 'string'))
  const lonely = [...named]
    .map(key => sides.items.get(key))
    .filter(item => item !== undefined)
    .filter(item => isUnreferenced(sides, item))
  const members = publishSet(sides, [...named])
  const missing = [...members.keys()].filter(key => key.startsWith('component:') && !named.has(key))
  const open = selection.withReferences
    ? []
    : heldOpen(sides, members, missing, selection, environment)
  if (open.length > 0 || lonely.length > 0) {
    const held = [...lonely.map(item => heldUnreferenced(linkNameOf(item))), ...open]
    return { ...nothing, held, diagnostics: [] }
  }
  return {
    members,
    named,
    held: stillReferenced(sides, members),
    diagnostics: leftOut(sides, members)
  }
}

/** Flags name the source's link name, or the target's for what the source deletes. */
function find(
  sides: Sides,
  subject: Subject,
  linkNames: readonly string[]
): readonly (ItemKey | Diagnostic)[] {
  return sortedUnique(linkNames).map(linkName => {
    const wanted = sides.wanted.byLinkName.get(`${subject}:${linkName}`)
    if (wanted !== undefined) return wanted
    const recorded = sides.recorded.byLinkName.get(`${subject}:${linkName}`)
    if (recorded !== undefined && sides.items.get(recorded)?.wanted === null) return recorded
    const names = [...sides.items.values()].filter(item => item.subject === subject).map(linkNameOf)
    return problem(
      subject === 'connection' ? 'CONNECTION_NOT_FOUND' : 'COMPONENT_NOT_FOUND',
      subject === 'connection' ? 'No such connection' : 'No such component',
      `There is no ${subject} "${linkName}" to publish.${meant(linkName, names)}`
    )
  })
}

/** A connection that nothing uses, before or after, has no reason to be published; one that is deleted may go. */
function isUnreferenced(sides: Sides, item: Item): boolean {
  return (
    item.subject === 'connection' &&
    item.wanted !== null &&
    (sides.wanted.usedBy.get(item.key) ?? []).length === 0 &&
    (sides.recorded.usedBy.get(item.key) ?? []).length === 0
  )
}

function heldUnreferenced(linkName: string): Held {
  return {
    subject: 'connection',
    linkName,
    code: 'UNREFERENCED',
    message: `No component uses ${linkName}. It goes along once one does; until then it stays in dev.`,
    missing: []
  }
}

/** One entry for each item that lacks components, so that a person sees which belong together and why. */
function heldOpen(
  sides: Sides,
  members: ReadonlyMap<ItemKey, readonly Pull[]>,
  missing: readonly ItemKey[],
  selection: Selection,
  environment: Environment
): readonly Held[] {
  const waiting = new Map<ItemKey, Map<ItemKey, Because>>()
  for (const key of missing) {
    for (const { by, because } of members.get(key) ?? []) {
      waiting.set(by, (waiting.get(by) ?? new Map()).set(key, because))
    }
  }
  const command = [
    `tieline plan -e ${environment}`,
    ...sortedUnique(selection.components).map(name => `--component ${name}`),
    ...sortedUnique(selection.connections).map(name => `--connection ${name}`),
    '--with-references'
  ].join(' ')
  return inOrder(sides, waiting.keys()).map(item => {
    const lacks = waiting.get(item.key) ?? new Map<ItemKey, Because>()
    const components = inOrder(sides, lacks.keys())
    return {
      subject: item.subject,
      linkName: linkNameOf(item),
      code: 'NEEDS_COMPONENTS',
      message:
        `${linkNameOf(item)} cannot go without ${components.map(linkNameOf).join(', ')}. ` +
        `Take ${components.length === 1 ? 'it' : 'them'} along:\n    ${command}`,
      missing: components.map(each => ({
        component: linkNameOf(each),
        because: lacks.get(each.key) ?? { code: 'CHANGED' }
      }))
    }
  })
}

/** A deletion that a selected component would allow, while others in the target still hold the connection. */
function stillReferenced(sides: Sides, members: ReadonlyMap<ItemKey, unknown>): readonly Held[] {
  return [...sides.items.values()].flatMap((item): Held[] => {
    if (item.subject !== 'connection' || item.wanted !== null || members.has(item.key)) return []
    const users = sides.recorded.usedBy.get(item.key) ?? []
    if (!users.some(user => members.has(user))) return []
    const others = inOrder(
      sides,
      users.filter(user => !members.has(user))
    )
    return [
      {
        subject: 'connection',
        linkName: linkNameOf(item),
        code: 'STILL_REFERENCED',
        message: `${linkNameOf(item)} is deleted once ${others.map(linkNameOf).join(', ')} no longer ${others.length === 1 ? 'uses' : 'use'} it.`,
        missing: others.map(each => ({
          component: linkNameOf(each),
          because: { code: 'REFERENCES_CHANGED_CONNECTION', connection: linkNameOf(item) }
        }))
      }
    ]
  })
}

/** What belongs to the set but has nothing to publish. */
function leftOut(
  sides: Sides,
  members: ReadonlyMap<ItemKey, readonly Pull[]>
): readonly Diagnostic[] {
  return inOrder(sides, members.keys())
    .filter(item => !item.changed && !isCarried(sides, members, item))
    .map(item =>
      note(
        'NOTHING_TO_PUBLISH',
        'Selected, but the same already',
        `${item.subject} ${linkNameOf(item)} has no change, and uses no connection that has one. It is left out.`
      )
    )
}

/** A component without a change of its own that goes along because a connection it uses changes. */
export function isCarried(
  sides: Sides,
  members: ReadonlyMap<ItemKey, unknown>,
  item: Item
): boolean {
  if (item.subject !== 'component' || item.changed) return false
  return (sides.wanted.uses.get(item.key) ?? []).some(
    key => members.has(key) && sides.items.get(key)?.changed === true
  )
}

function inOrder(sides: Sides, keys: Iterable<ItemKey>): readonly Item[] {
  const wanted = new Set(keys)
  return [...sides.items.values()].filter(item => wanted.has(item.key))
}
