/** What a team does to its files, chosen by numbers: the same numbers mean something in every tree, or nothing. */
import {
  at,
  type Component,
  type Connection,
  type Life,
  type Spec,
  type Tree
} from './life-model.ts'

export interface Numbers {
  readonly a: number
  readonly b: number
  readonly c: number
  readonly d: number
}

export interface Edit {
  readonly what: string
  readonly tree: Tree
}

const connectionLinks = ['crm', 'mail', 'pay', 'sms', 'bot']
const componentLinks = ['form', 'list', 'page', 'task', 'flow']
const clientLinks = ['acme', 'beta', 'corp', 'dyna']
const areas = ['east', 'north', 'west']
const names = ['Alpha', 'Beta', 'Gamma']
const scopes = [
  ['read'],
  ['read', 'write'],
  ['write'],
  ['admin', 'read'],
  ['admin', 'read', 'write']
]

export function pick<T>(list: readonly T[], number: number): T | undefined {
  return list.length === 0 ? undefined : list[number % list.length]
}

function free(links: readonly string[], taken: object, number: number): string | undefined {
  return pick(
    links.filter(each => !Object.hasOwn(taken, each)),
    number
  )
}

function without<T>(entries: Readonly<Record<string, T>>, link: string): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).filter(([each]) => each !== link))
}

function toggled(list: readonly string[], each: string): readonly string[] {
  return list.includes(each) ? list.filter(other => other !== each) : [...list, each].sort()
}

/** Overrides that change nothing are none. */
function normal<T extends Connection>(connection: T): T {
  const { connector, level, area, separate } = connection
  const own = separate ? connection.areas : {}
  const areas = Object.fromEntries(
    Object.entries(own)
      .sort()
      .filter(([, each]) => each !== area)
  )
  const isForge = connector === 'forge' && level === 'administrator'
  return {
    ...connection,
    connector: isForge ? 'forge' : 'board',
    scopes: isForge ? (connection.scopes.length === 0 ? ['read'] : connection.scopes) : [],
    areas
  }
}

type Maker = (life: Life, numbers: Numbers) => Edit | null

function addConnection({ tree }: Life, { a, b, c, d }: Numbers): Edit | null {
  const link = free(connectionLinks, tree.connections, a)
  if (link === undefined) return null
  const connection = normal<Spec<Connection>>({
    name: `Name of ${link}`,
    connector: b % 3 === 0 ? 'board' : 'forge',
    level: d % 5 === 0 ? 'logged-in-user' : 'administrator',
    separate: c % 2 === 0,
    scopes: pick(scopes, c) ?? [],
    area: pick(areas, d) ?? '',
    tone: 'low',
    areas: {},
    protect: false,
    previously: null
  })
  const user = pick(Object.keys(tree.components), b)
  const components =
    user === undefined || d % 4 === 0
      ? tree.components
      : { ...tree.components, [user]: using(tree.components[user], link) }
  return {
    what: `add connection ${link} to ${user}`,
    tree: { ...tree, components, connections: { ...tree.connections, [link]: connection } }
  }
}

function using(component: Spec<Component> | undefined, link: string): Spec<Component> {
  const { uses = [], ...rest } = component ?? { name: '', depends: [], previously: null }
  return { ...rest, uses: [...new Set([...uses, link])].sort() }
}

function editConnection({ tree }: Life, { a, b, c, d }: Numbers): Edit | null {
  const link = pick(Object.keys(tree.connections), a)
  const before = link === undefined ? undefined : tree.connections[link]
  if (link === undefined || before === undefined) return null
  const change = ((): Partial<Connection> => {
    switch (b % 12) {
      case 0:
        return { tone: c % 2 === 0 ? 'low' : 'high' }
      case 1:
      case 2:
        return { area: pick(areas, c) ?? '' }
      case 3:
      case 4:
      case 5:
        return { scopes: pick(scopes, c) ?? [] }
      case 6:
        return { separate: !before.separate }
      case 7:
        return { level: before.level === 'administrator' ? 'logged-in-user' : 'administrator' }
      case 8:
        return { connector: before.connector === 'board' ? 'forge' : 'board' }
      case 9:
        return { areas: { ...before.areas, [c % 2 === 0 ? 'dev' : 'stage']: pick(areas, d) ?? '' } }
      case 10:
        return c % 2 === 0 ? { protect: d % 3 === 0 } : { areas: {} }
      default:
        return { name: c % 3 === 0 ? `Name of ${link}` : (pick(names, d) ?? '') }
    }
  })()
  const after = normal({ ...before, ...change })
  if (JSON.stringify(after) === JSON.stringify(before)) return null
  return {
    what: `edit connection ${link}: ${JSON.stringify(change)}`,
    tree: { ...tree, connections: { ...tree.connections, [link]: after } }
  }
}

function deleteConnection({ tree }: Life, { a }: Numbers): Edit | null {
  const link = pick(Object.keys(tree.connections), a)
  if (link === undefined) return null
  const components = Object.fromEntries(
    Object.entries(tree.components).map(([name, each]) => [
      name,
      { ...each, uses: each.uses.filter(other => other !== link) }
    ])
  )
  const connections = without(tree.connections, link)
  return { what: `delete connection ${link}`, tree: { ...tree, connections, components } }
}

/** What a renamed file says of its past: its old name, what it said before, or nothing. */
function past(
  former: string,
  before: string | null,
  number: number,
  isRecorded: boolean
): string | null {
  if (number % 4 === 0) return null
  // Renamed twice before anybody applied it: the first name is the one that counts.
  return isRecorded || number % 4 === 1 ? former : before
}

function renameConnection(life: Life, { a, b, c }: Numbers): Edit | null {
  const { tree } = life
  const from = pick(Object.keys(tree.connections), a)
  const to = free(connectionLinks, tree.connections, b)
  const before = from === undefined ? undefined : tree.connections[from]
  if (from === undefined || to === undefined || before === undefined) return null
  const isRecorded = Object.hasOwn(at(life, 'dev')?.connections ?? {}, from)
  const previously = past(from, before.previously, c, isRecorded)
  const components = Object.fromEntries(
    Object.entries(tree.components).map(([name, each]) => [
      name,
      { ...each, uses: each.uses.map(other => (other === from ? to : other)).sort() }
    ])
  )
  const name = before.name === `Name of ${from}` ? `Name of ${to}` : before.name
  const connections = { ...without(tree.connections, from), [to]: { ...before, name, previously } }
  return {
    what: `rename connection ${from} to ${to}, previously ${previously}`,
    tree: { ...tree, connections, components }
  }
}

function addComponent({ tree }: Life, { a, b, c, d }: Numbers): Edit | null {
  const link = free(componentLinks, tree.components, a)
  if (link === undefined) return null
  const uses = [pick(Object.keys(tree.connections), b), pick(Object.keys(tree.connections), c)]
  const other = d % 2 === 0 ? undefined : pick(Object.keys(tree.components), c)
  const component = {
    name: 'One',
    uses: [...new Set(uses.flatMap(each => each ?? []))].sort(),
    depends: other === undefined ? [] : [other],
    previously: null
  }
  return {
    what: `add component ${link} using ${component.uses}`,
    tree: { ...tree, components: { ...tree.components, [link]: component } }
  }
}

function editComponent({ tree }: Life, { a, b, c }: Numbers): Edit | null {
  const link = pick(Object.keys(tree.components), a)
  const before = link === undefined ? undefined : tree.components[link]
  if (link === undefined || before === undefined) return null
  const other = pick(Object.keys(tree.components), c)
  const connection = pick(Object.keys(tree.connections), c)
  const change = ((): Partial<Component> | null => {
    switch (b % 6) {
      case 0:
        return { name: before.name === 'One' ? 'Two' : 'One' }
      case 1:
      case 2:
        return other === undefined || other === link
          ? null
          : { depends: toggled(before.depends, other) }
      default:
        return connection === undefined ? null : { uses: toggled(before.uses, connection) }
    }
  })()
  if (change === null) return null
  return {
    what: `edit component ${link}: ${JSON.stringify(change)}`,
    tree: { ...tree, components: { ...tree.components, [link]: { ...before, ...change } } }
  }
}

function deleteComponent({ tree }: Life, { a }: Numbers): Edit | null {
  const link = pick(Object.keys(tree.components), a)
  if (link === undefined) return null
  const components = Object.fromEntries(
    Object.entries(without(tree.components, link)).map(([name, each]) => [
      name,
      { ...each, depends: each.depends.filter(other => other !== link) }
    ])
  )
  return { what: `delete component ${link}`, tree: { ...tree, components } }
}

function renameComponent(life: Life, { a, b, c }: Numbers): Edit | null {
  const { tree } = life
  const from = pick(Object.keys(tree.components), a)
  const to = free(componentLinks, tree.components, b)
  const before = from === undefined ? undefined : tree.components[from]
  if (from === undefined || to === undefined || before === undefined) return null
  const isRecorded = Object.hasOwn(at(life, 'dev')?.components ?? {}, from)
  const previously = past(from, before.previously, c, isRecorded)
  const renamed = { ...without(tree.components, from), [to]: { ...before, previously } }
  const components = Object.fromEntries(
    Object.entries(renamed).map(([name, each]) => [
      name,
      { ...each, depends: each.depends.map(other => (other === from ? to : other)).sort() }
    ])
  )
  return {
    what: `rename component ${from} to ${to}, previously ${previously}`,
    tree: { ...tree, components }
  }
}

function dropPreviously({ tree }: Life, { a }: Numbers): Edit | null {
  const pools = ['connections', 'components', 'clients'] as const
  const all = pools.flatMap(pool =>
    Object.entries<{ readonly previously: string | null }>(tree[pool]).flatMap(([link, each]) =>
      each.previously === null ? [] : [{ pool, link, each }]
    )
  )
  const found = pick(all, a)
  if (found === undefined) return null
  const { pool, link, each } = found
  const entries = { ...tree[pool], [link]: { ...each, previously: null } }
  return { what: `drop previously of ${pool} ${link}`, tree: { ...tree, [pool]: entries } }
}

/** Says later that something that was added was something else before, whether that is still so or not. */
function setPreviously(life: Life, { a, b, c }: Numbers): Edit | null {
  const { tree } = life
  const pool = c % 2 === 0 ? 'connections' : 'components'
  const link = pick(Object.keys(tree[pool]), a)
  const known = [...Object.keys(at(life, 'dev')?.[pool] ?? {}), ...Object.keys(life.retired[pool])]
  const previously = pick(known, b)
  const before = link === undefined ? undefined : tree[pool][link]
  if (link === undefined || previously === undefined || before === undefined) return null
  const entries = { ...tree[pool], [link]: { ...before, previously } }
  return {
    what: `previously of ${pool} ${link} is ${previously}`,
    tree: { ...tree, [pool]: entries }
  }
}

function addClient({ tree, installed }: Life, { a, b }: Numbers): Edit | null {
  // Now and then one that was there before.
  const known = clientLinks.filter(each => Object.hasOwn(installed, `client/${each}`))
  const before = b % 2 === 0 ? free(known, tree.clients, a) : undefined
  const link = before ?? free(clientLinks, tree.clients, a)
  if (link === undefined || Object.keys(tree.clients).length > 2) return null
  const clients = { ...tree.clients, [link]: { version: null, areas: {}, previously: null } }
  return { what: `add client ${link}`, tree: { ...tree, clients } }
}

function editClient(life: Life, { a, b, c, d }: Numbers): Edit | null {
  const { tree } = life
  const link = pick(Object.keys(tree.clients), a)
  const before = link === undefined ? undefined : tree.clients[link]
  if (link === undefined || before === undefined) return null
  const had = at(life, 'prod')?.had ?? []
  const version = before.version ?? at(life, 'prod')?.version ?? 0
  const connection = pick(Object.keys(life.versions[version - 1]?.connections ?? {}), c)
  const change = ((): Partial<typeof before> => {
    if (b % 5 === 0) return { version: null }
    if (b % 5 < 4) {
      // Now and then one that prod never had.
      const wanted = d % 7 === 0 ? life.versions.length : pick(had, c)
      // A version without what the client sets something for is no use to it.
      const known = life.versions[(wanted ?? 0) - 1]?.connections ?? {}
      const areas = Object.fromEntries(
        Object.entries(before.areas).filter(([name]) => d % 5 === 0 || Object.hasOwn(known, name))
      )
      return wanted === undefined || wanted === 0 ? {} : { version: wanted, areas }
    }
    if (connection === undefined || d % 3 === 0) return { areas: {} }
    return { areas: { ...before.areas, [connection]: pick(areas, d) ?? '' } }
  })()
  const after = { ...before, ...change }
  if (JSON.stringify(after) === JSON.stringify(before)) return null
  return {
    what: `edit client ${link}: ${JSON.stringify(change)}`,
    tree: { ...tree, clients: { ...tree.clients, [link]: after } }
  }
}

function removeClient({ tree }: Life, { a, b }: Numbers): Edit | null {
  const link = pick(Object.keys(tree.clients), a)
  if (link === undefined || b % 2 === 0) return null
  return { what: `remove client ${link}`, tree: { ...tree, clients: without(tree.clients, link) } }
}

function renameClient(life: Life, { a, b, c }: Numbers): Edit | null {
  const { tree } = life
  const from = pick(Object.keys(tree.clients), a)
  const to = free(clientLinks, tree.clients, b)
  const before = from === undefined ? undefined : tree.clients[from]
  if (from === undefined || to === undefined || before === undefined) return null
  const isRecorded = at(life, `client/${from}`) !== undefined
  const previously = c % 4 === 0 ? null : isRecorded ? from : before.previously
  const clients = { ...without(tree.clients, from), [to]: { ...before, previously } }
  return {
    what: `rename client ${from} to ${to}, previously ${previously}`,
    tree: { ...tree, clients }
  }
}

export const edits = {
  addConnection,
  editConnection,
  deleteConnection,
  renameConnection,
  addComponent,
  editComponent,
  deleteComponent,
  renameComponent,
  dropPreviously,
  setPreviously,
  addClient,
  editClient,
  removeClient,
  renameClient
} as const satisfies Readonly<Record<string, Maker>>
