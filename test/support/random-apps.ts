import fc from 'fast-check'
import type { Definitions } from '../../engine/model/documents.ts'
import type { Component, Connection, Ids } from '../../engine/model/generated/types.ts'
import { assignIds } from '../../engine/resolve/assign-ids.ts'
import { aComponent, aConnection } from './builders.ts'

/** What a team might write: connections and components by link name, without ids. */
export interface App {
  readonly connections: Readonly<Record<string, AppConnection>>
  readonly components: Readonly<Record<string, AppComponent>>
}
interface AppConnection {
  readonly name: string
  readonly scopes: readonly string[]
  readonly authorization: Connection['authorization']
  readonly level: Connection['level']
  readonly parameters: Readonly<Record<string, string>>
  readonly previously?: string
}
interface AppComponent {
  readonly name: string
  readonly uses: readonly string[]
  readonly depends: readonly string[]
  readonly previously?: string
}

const connectionNames = ['crm', 'mail', 'pay', 'sms', 'bot']
const componentNames = ['form', 'list', 'page', 'task', 'flow', 'hook']

const connection: fc.Arbitrary<AppConnection> = fc.record(
  {
    // Few display names, so that they are often taken over from one another.
    name: fc.constantFrom('Alpha', 'Beta', 'Gamma', 'Delta', 'Epsilon', 'Zeta'),
    scopes: fc.subarray(['api', 'full', 'web'], { minLength: 1 }),
    authorization: fc.constantFrom('shared', 'separate'),
    level: fc.oneof(
      { weight: 4, arbitrary: fc.constant('administrator' as const) },
      { weight: 1, arbitrary: fc.constant('logged-in-user' as const) }
    ),
    parameters: fc.constantFrom({}, {}, { domain: 'eu' }, { domain: 'us' })
  },
  { noNullPrototype: true }
)

/** Any app that validates: references name something that exists, display names are unique. */
export const anApp: fc.Arbitrary<App> = fc
  .record({
    connections: fc.dictionary(fc.constantFrom(...connectionNames), connection, {
      noNullPrototype: true
    }),
    components: fc.dictionary(
      fc.constantFrom(...componentNames),
      fc.record(
        {
          name: fc.constantFrom('One', 'Two'),
          uses: fc.subarray(connectionNames, { maxLength: 3 }),
          depends: fc.subarray(componentNames, { maxLength: 2 })
        },
        { noNullPrototype: true }
      ),
      { noNullPrototype: true }
    )
  })
  .map(sound)

/** An app that differs from another in a few places: edited, added, deleted or renamed entries. */
export function anEditOf(app: App): fc.Arbitrary<App> {
  return fc
    .record({
      other: anApp,
      taken: fc.array(fc.constantFrom(...connectionNames, ...componentNames), { maxLength: 4 }),
      renamed: fc.option(
        fc.tuple(fc.constantFrom(...connectionNames), fc.constantFrom(...connectionNames))
      ),
      moved: fc.option(
        fc.tuple(fc.constantFrom(...componentNames), fc.constantFrom(...componentNames))
      )
    })
    .map(({ other, taken, renamed, moved }) => {
      const connections = overlay(app.connections, other.connections, taken)
      const components = overlay(app.components, other.components, taken)
      if (renamed !== null) rename(connections, renamed[0], renamed[1])
      if (moved !== null) rename(components, moved[0], moved[1])
      const follow = (names: readonly string[], change: readonly [string, string] | null) =>
        change === null ? names : names.map(name => (name === change[0] ? change[1] : name))
      const followed = Object.entries(components).map(([key, each]) => [
        key,
        { ...each, uses: follow(each.uses, renamed), depends: follow(each.depends, moved) }
      ])
      return sound({ connections, components: Object.fromEntries(followed) })
    })
}

function overlay<T>(
  base: Readonly<Record<string, T>>,
  other: Readonly<Record<string, T>>,
  names: readonly string[]
): Record<string, T> {
  const result = { ...base }
  for (const name of names) {
    const replacement = other[name]
    if (replacement === undefined) delete result[name]
    else result[name] = replacement
  }
  return result
}

function rename(
  entries: Record<string, { readonly previously?: string }>,
  from: string,
  to: string
) {
  const entry = entries[from]
  if (entry === undefined || from === to) return
  delete entries[from]
  entries[to] = { ...entry, previously: from }
}

function sound({ connections, components }: App): App {
  const names = new Set<string>()
  const unique = Object.entries(connections).map(([linkName, each], index) => {
    let name = each.name
    while (names.has(name)) name = `${name} ${index}`
    names.add(name)
    return [linkName, { ...each, name }] as const
  })
  const known = Object.entries(components).map(([linkName, each]) => [
    linkName,
    {
      ...each,
      uses: each.uses.filter(name => Object.hasOwn(connections, name)),
      depends: each.depends.filter(name => name !== linkName && Object.hasOwn(components, name))
    }
  ])
  return { connections: Object.fromEntries(unique), components: Object.fromEntries(known) }
}

/** The definitions that dev would record: ids given by the real rule, the rest in normal form. */
export function definitionsOf(
  app: App,
  dev: Definitions & { readonly retired: { readonly connections: Ids; readonly components: Ids } },
  serial: number
): Definitions {
  const named = (entries: Readonly<Record<string, { readonly previously?: string }>>) =>
    Object.entries(entries).map(([linkName, each]) => ({ linkName, previously: each.previously }))
  const connectionIds = assignIds(
    named(app.connections),
    dev.connections,
    dev.retired.connections,
    serial
  )
  const componentIds = assignIds(
    named(app.components),
    dev.components,
    dev.retired.components,
    serial
  )
  return {
    connections: Object.fromEntries(
      Object.entries(app.connections).map(
        ([linkName, { previously: _, ...each }]): [string, Connection] => [
          linkName,
          aConnection({
            ...each,
            scopes: [...each.scopes].sort(),
            id: connectionIds.get(linkName) ?? ''
          })
        ]
      )
    ),
    components: Object.fromEntries(
      Object.entries(app.components).map(
        ([linkName, { previously: _, ...each }]): [string, Component] => [
          linkName,
          aComponent({
            ...each,
            uses: [...each.uses].sort(),
            depends: [...each.depends].sort(),
            id: componentIds.get(linkName) ?? ''
          })
        ]
      )
    )
  }
}
