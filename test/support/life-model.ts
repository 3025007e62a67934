/**
 * The rules of a workspace's life once more, small and apart from the engine: what identities there are, what each environment has,
 * which versions were published, which consents live, and who has to give another. Identities, versions and consents are plain
 * numbers here. It knows the two connectors of life-workspace.ts and nothing of files, digests and serials.
 */

export type Own = 'dev' | 'stage' | 'prod'
/** One of ours, or a client by its link name. */
export type Env = Own | `client/${string}`
export const own: readonly Own[] = ['dev', 'stage', 'prod']

export interface Connection {
  readonly name: string
  readonly connector: 'board' | 'forge'
  readonly level: 'administrator' | 'logged-in-user'
  readonly separate: boolean
  readonly scopes: readonly string[]
  /** What an authorization is for. */
  readonly area: string
  /** What no authorization cares about. */
  readonly tone: string
  /** Another area in one environment. */
  readonly areas: Readonly<Partial<Record<Own, string>>>
  readonly protect: boolean
}
export interface Component {
  readonly name: string
  readonly uses: readonly string[]
  readonly depends: readonly string[]
}
export type Spec<T> = T & { readonly previously: string | null }
export interface ClientSpec {
  readonly version: number | null
  /** Its own areas, by connection. */
  readonly areas: Readonly<Record<string, string>>
  readonly previously: string | null
}
export interface Tree {
  readonly connections: Readonly<Record<string, Spec<Connection>>>
  readonly components: Readonly<Record<string, Spec<Component>>>
  readonly clients: Readonly<Record<string, ClientSpec>>
}

export type Recorded<T> = T & { readonly id: number }
export interface Definitions {
  readonly connections: Readonly<Record<string, Recorded<Connection>>>
  readonly components: Readonly<Record<string, Recorded<Component>>>
}
export interface Installed extends Definitions {
  /** Of an installation, which begins anew when it comes back. */
  readonly lineage: number
  readonly version: number | null
  readonly pinned: boolean
  readonly had: readonly number[]
  /** Identity of a connection to number of the consent that it runs on. */
  readonly serving: Readonly<Record<number, number>>
}
export interface Consent {
  readonly number: number
  /** `shared`, an environment, or `client#<lineage>`. */
  readonly slot: string
  readonly id: number
  readonly level: Connection['level']
  /** null: an administrator's, for everybody. */
  readonly user: string | null
  readonly basis: string
  readonly scopes: readonly string[]
  readonly live: boolean
}
export interface Life {
  readonly tree: Tree
  /** By environment; a client that was removed still has an empty one. */
  readonly installed: Readonly<Record<string, Installed>>
  readonly retired: {
    readonly connections: Readonly<Record<string, number>>
    readonly components: Readonly<Record<string, number>>
  }
  /** The first is version 1. */
  readonly versions: readonly Definitions[]
  readonly consents: readonly Consent[]
  /** What connections were called at first. */
  readonly origin: Readonly<Record<number, string>>
  readonly next: number
}

export const unborn: Life = {
  tree: { connections: {}, components: {}, clients: {} },
  installed: {},
  retired: { connections: {}, components: {} },
  versions: [],
  consents: [],
  origin: {},
  next: 1
}

/** What one of the commands would do: nothing but say no, or steps of which each is done wholly or not at all. */
export type Course = { readonly refused: string } | { readonly steps: readonly Step[] }
export interface Step {
  readonly what: string
  readonly run: (life: Life) => Life
  /** How it ends where a later run completes it: nobody knows any more for which environment a shared consent was given. */
  readonly mended?: (life: Life) => Life
}

export function isClient(env: Env): env is `client/${string}` {
  return env.startsWith('client/')
}

export function isRefused(course: Course): course is { readonly refused: string } {
  return 'refused' in course
}

export function runAll(life: Life, steps: readonly Step[]): Life {
  return steps.reduce((now, step) => step.run(now), life)
}

const nothing: Definitions = { connections: {}, components: {} }

export function at(life: Life, env: Env): Installed | undefined {
  return Object.hasOwn(life.installed, env) ? life.installed[env] : undefined
}

/** Nothing is left of a client but the memory. */
export function isGone(life: Life, env: Env): boolean {
  const here = at(life, env)
  if (here === undefined) return true
  const slot = slotOf(here, env, true)
  const isEmpty = Object.keys({ ...here.connections, ...here.components }).length === 0
  return (
    here.version === null && isEmpty && !life.consents.some(each => each.live && each.slot === slot)
  )
}

function slotOf(here: Installed, env: Env, separate: boolean): string {
  if (isClient(env)) return `client#${here.lineage}`
  return separate ? env : 'shared'
}

export function slotsSeen(here: Installed | undefined, env: Env): readonly string[] {
  if (!isClient(env)) return [env, 'shared']
  return here === undefined ? [] : [slotOf(here, env, true)]
}

/** The environments that share what is authorized. */
function neighbours(env: Env): readonly Env[] {
  return isClient(env) ? [env] : own
}

// ---- what a connection needs, and what it has

export interface Need {
  readonly id: number
  readonly level: Connection['level']
  readonly slot: string
  readonly basis: string
  readonly scopes: readonly string[]
}

export function needOf(here: Installed, env: Env, connection: Recorded<Connection>): Need {
  const area = (isClient(env) ? undefined : connection.areas[env]) ?? connection.area
  return {
    id: connection.id,
    level: connection.level,
    slot: slotOf(here, env, connection.separate),
    basis: `${connection.connector}|${area}`,
    scopes: connection.scopes
  }
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** Link names in any order mean the same. */
export function sameRecord(a: object, b: object): boolean {
  const sorted = (each: object) => Object.entries(each).sort(([x], [y]) => (x < y ? -1 : 1))
  return same(sorted(a), sorted(b))
}

function fits(need: Need, consent: Consent): boolean {
  return (
    consent.live &&
    consent.user === null &&
    consent.id === need.id &&
    consent.level === need.level &&
    consent.basis === need.basis
  )
}

function covers(need: Need, consent: Consent): boolean {
  const hasAll = need.scopes.every(each => consent.scopes.includes(each))
  return fits(need, consent) && consent.slot === need.slot && hasAll
}

/** The consent that a connection uses: the one that it has as long as that does, else the one with the fewest scopes, of equals the newest. */
function used(life: Life, need: Need, present: number | undefined): Consent | undefined {
  const good = life.consents.filter(each => covers(need, each))
  const best = [...good].sort((a, b) => a.scopes.length - b.scopes.length || b.number - a.number)[0]
  return good.find(each => each.number === present) ?? best
}

/** While none does, the one from before goes on, if it is for the same. */
function serves(life: Life, need: Need, present: number | undefined): Consent | undefined {
  const former = life.consents.find(each => each.number === present)
  return (
    used(life, need, present) ?? (former !== undefined && fits(need, former) ? former : undefined)
  )
}

function byId<T>(entries: Readonly<Record<string, Recorded<T>>>) {
  return new Map(Object.entries(entries).map(([link, each]) => [each.id, { link, each }]))
}

/** What an environment uses right after its definitions were written. */
function servingAfter(life: Life, env: Env, before: Installed | undefined, after: Installed) {
  const serving: Record<number, number> = {}
  const old = byId(before?.connections ?? {})
  for (const connection of Object.values(after.connections)) {
    if (connection.level !== 'administrator') continue
    const need = needOf(after, env, connection)
    const former = old.get(connection.id)?.each
    const present = before?.serving[connection.id]
    const formerNeed =
      before === undefined || former === undefined ? undefined : needOf(before, env, former)
    const stays = formerNeed !== undefined && same(formerNeed, need) ? present : undefined
    const now = used(life, need, stays)
    const goesOn = formerNeed === undefined ? undefined : serves(life, formerNeed, present)
    if (now !== undefined) serving[connection.id] = now.number
    else if (goesOn !== undefined && goesOn.basis === need.basis)
      serving[connection.id] = goesOn.number
  }
  return serving
}

// ---- what the tree means

/** Whether the files are a workspace at all. */
export function isSound(tree: Tree, life: Life): boolean {
  const connections = Object.entries(tree.connections)
  const components = Object.entries(tree.components)
  const names = connections.map(([, each]) => each.name)
  const isFree = (
    specs: readonly (readonly [string, { readonly previously: string | null }])[]
  ) => {
    const claimed = specs.flatMap(([, { previously }]) => previously ?? [])
    const isItself = specs.some(([link, { previously }]) => link === previously)
    return !isItself && new Set(claimed).size === claimed.length
  }
  const dev = at(life, 'dev')
  const isKnown = (
    [link, { previously }]: readonly [string, { readonly previously: string | null }],
    pool: 'connections' | 'components'
  ): boolean =>
    previously === null ||
    dev === undefined ||
    [link, previously].some(each => Object.hasOwn(dev[pool], each)) ||
    Object.hasOwn(life.retired[pool], previously)
  return (
    new Set(names).size === names.length &&
    connections.every(each => isKnown(each, 'connections')) &&
    components.every(each => isKnown(each, 'components')) &&
    components.every(
      ([link, { uses, depends }]) =>
        uses.every(each => Object.hasOwn(tree.connections, each)) &&
        depends.every(each => each !== link && Object.hasOwn(tree.components, each))
    ) &&
    isFree(connections) &&
    isFree(components) &&
    isFree(Object.entries(tree.clients))
  )
}

/** Which identity each spec goes on with; null for something new. */
function identities(
  specs: Readonly<Record<string, { readonly previously: string | null }>>,
  recorded: Readonly<Record<string, { readonly id: number }>>,
  retired: Readonly<Record<string, number>>
): ReadonlyMap<string, number> {
  const links = Object.keys(specs).sort()
  const taken = new Map<string, number>()
  const idOf = (link: string | null | undefined) =>
    link != null && Object.hasOwn(recorded, link) ? recorded[link]?.id : undefined
  const was = (link: string | null | undefined) =>
    link != null && Object.hasOwn(retired, link) ? retired[link] : undefined
  const claims: readonly ((link: string) => number | undefined)[] = [
    // A rename that says so, of what dev still knows by its old name.
    link => (idOf(link) === undefined ? idOf(specs[link]?.previously) : undefined),
    idOf,
    // A name that comes back.
    was,
    link => was(specs[link]?.previously)
  ]
  for (const claim of claims) {
    for (const link of links) {
      const id = claim(link)
      const isFree = id !== undefined && !taken.has(link) && ![...taken.values()].includes(id)
      if (isFree) taken.set(link, id)
    }
  }
  return taken
}

interface Wanted extends Definitions {
  readonly next: number
  readonly origin: Life['origin']
}

function wantedByTree(life: Life): Wanted {
  const dev = at(life, 'dev') ?? nothing
  const pools = ['connections', 'components'] as const
  let next = life.next
  const origin: Record<number, string> = { ...life.origin }
  const [connections, components] = pools.map(pool => {
    const ids = identities(life.tree[pool], dev[pool], life.retired[pool])
    return Object.fromEntries(
      Object.keys(life.tree[pool])
        .sort()
        .map(link => {
          const { previously: _, ...each } = life.tree[pool][link] as Spec<object>
          const known = ids.get(link)
          const id = known ?? next++
          if (known === undefined) origin[id] = link
          return [link, { ...each, id }]
        })
    )
  })
  return {
    connections: connections as unknown as Definitions['connections'],
    components: components as unknown as Definitions['components'],
    next,
    origin
  }
}

/** Without what concerns earlier environments alone. */
function trimmed({ connections, components }: Definitions, env: Env): Definitions {
  const earlier = isClient(env) ? own : own.slice(0, own.indexOf(env))
  const trim = (each: Recorded<Connection>) => ({
    ...each,
    areas: Object.fromEntries(
      Object.entries(each.areas).filter(([name]) => !earlier.includes(name as Own))
    )
  })
  return {
    connections: Object.fromEntries(
      Object.entries(connections).map(([link, each]) => [link, trim(each)])
    ),
    components
  }
}

// ---- differences, and the publish rule

export interface Difference {
  readonly subject: 'connection' | 'component'
  readonly id: number
  readonly action: 'add' | 'modify' | 'rename' | 'delete'
  /** In the source; in the target for what is deleted. */
  readonly link: string
}

export function differences(before: Definitions, after: Definitions): readonly Difference[] {
  const pools = [
    ['connection', before.connections, after.connections],
    ['component', before.components, after.components]
  ] as const
  return pools.flatMap(([subject, old, now]) => {
    const was = byId<object>(old)
    const is = byId<object>(now)
    return [...new Set([...was.keys(), ...is.keys()])].flatMap((id): Difference[] => {
      const [a, b] = [was.get(id), is.get(id)]
      if (a === undefined)
        return b === undefined ? [] : [{ subject, id, action: 'add', link: b.link }]
      if (b === undefined) return [{ subject, id, action: 'delete', link: a.link }]
      if (a.link !== b.link) return [{ subject, id, action: 'rename', link: b.link }]
      return sameRecord(a.each, b.each) ? [] : [{ subject, id, action: 'modify', link: b.link }]
    })
  })
}

export interface Selection {
  readonly components: readonly string[]
  readonly connections: readonly string[]
  readonly withReferences: boolean
}

/** What a publish brings to stage of what dev has, or why it is refused. */
function published(
  before: Definitions,
  source: Definitions,
  selection: Selection | null
): { readonly refused: string } | { readonly after: Definitions; readonly isChange: boolean } {
  const changed = new Map(
    differences(before, source).map(each => [`${each.subject} ${each.id}`, each])
  )
  const users = (side: Definitions, id: number): readonly number[] => {
    const link = byId(side.connections).get(id)?.link
    return Object.values(side.components)
      .filter(each => link !== undefined && each.uses.includes(link))
      .map(each => each.id)
  }
  const dependants = (side: Definitions, id: number): readonly number[] => {
    const link = byId(side.components).get(id)?.link
    return Object.values(side.components)
      .filter(each => link !== undefined && each.depends.includes(link))
      .map(each => each.id)
  }
  const isLonely = (id: number): boolean =>
    byId(source.connections).has(id) && users(before, id).length + users(source, id).length === 0

  const set = new Set<string>()
  if (selection === null) {
    for (const [key, { subject, id }] of changed) {
      if (subject === 'component' || !isLonely(id)) set.add(key)
    }
  } else {
    const keyOf = (subject: 'connection' | 'component', link: string): string | undefined => {
      const pool = subject === 'connection' ? 'connections' : 'components'
      const id = source[pool][link]?.id ?? before[pool][link]?.id
      const isGone = id !== undefined && byId<object>(source[pool]).get(id)?.link !== link
      const isElsewhere = isGone && byId<object>(source[pool]).has(id)
      return id === undefined || isElsewhere ? undefined : `${subject} ${id}`
    }
    for (const link of selection.components) {
      const key = keyOf('component', link)
      if (key === undefined) return { refused: 'COMPONENT_NOT_FOUND' }
      set.add(key)
    }
    for (const link of selection.connections) {
      const key = keyOf('connection', link)
      if (key === undefined) return { refused: 'CONNECTION_NOT_FOUND' }
      set.add(key)
    }
  }
  const named = new Set(set)
  const lonely = [...named].some(key => {
    const [subject, id] = key.split(' ')
    return subject === 'connection' && isLonely(Number(id))
  })
  for (let size = -1; size !== set.size; ) {
    size = set.size
    const has = (subject: string, id: number) => set.has(`${subject} ${id}`)
    for (const [id] of [...byId(before.connections), ...byId(source.connections)]) {
      const all = [...users(before, id), ...users(source, id)]
      // (a) all that refers to a connection goes along with it.
      if (has('connection', id)) for (const user of all) set.add(`component ${user}`)
      // (b) a component takes what it uses along.
      const isChanged = changed.has(`connection ${id}`)
      if (isChanged && users(source, id).some(user => has('component', user)))
        set.add(`connection ${id}`)
      // (d) a connection that is deleted goes with the last that refers to it.
      const old = users(before, id)
      const isDeleted = !byId(source.connections).has(id)
      if (isDeleted && old.length > 0 && old.every(user => has('component', user)))
        set.add(`connection ${id}`)
    }
    for (const [id] of [...byId(before.components), ...byId(source.components)]) {
      // (b) and what it depends on.
      const isChanged = changed.has(`component ${id}`)
      if (isChanged && dependants(source, id).some(each => has('component', each)))
        set.add(`component ${id}`)
      // (c) what depends on a component that goes, or gives up its name, goes along.
      const [was, is] = [byId(before.components).get(id), byId(source.components).get(id)]
      const leaves = was !== undefined && was.link !== is?.link
      if (leaves && has('component', id))
        for (const each of dependants(before, id)) set.add(`component ${each}`)
    }
    // (e) whoever holds a name that is taken gives it up.
    for (const { subject, id, action } of changed.values()) {
      if (action === 'delete' || !has(subject, id)) continue
      const pool = subject === 'connection' ? 'connections' : 'components'
      const now = byId<{ readonly name: string }>(source[pool]).get(id)
      for (const [other, { link, each }] of byId<{ readonly name: string }>(before[pool])) {
        const isSameName = subject === 'connection' && each.name === now?.each.name
        if (other !== id && (link === now?.link || isSameName)) set.add(`${subject} ${other}`)
      }
    }
  }
  const missing = [...set].some(key => key.startsWith('component') && !named.has(key))
  if (selection !== null && (lonely || (missing && !selection.withReferences))) {
    return { refused: 'PUBLISH_REFUSED' }
  }
  const goes = [...changed].filter(([key]) => set.has(key)).map(([, each]) => each)
  const pick = <T>(
    subject: Difference['subject'],
    old: Readonly<Record<string, Recorded<T>>>,
    now: Readonly<Record<string, Recorded<T>>>
  ): Readonly<Record<string, Recorded<T>>> => {
    const ids = new Set(goes.filter(each => each.subject === subject).map(each => each.id))
    return Object.fromEntries([
      ...Object.entries(old).filter(([, each]) => !ids.has(each.id)),
      ...Object.entries(now).filter(([, each]) => ids.has(each.id))
    ])
  }
  return {
    after: {
      connections: pick('connection', before.connections, source.connections),
      components: pick('component', before.components, source.components)
    },
    isChange: goes.length > 0
  }
}

// ---- what an environment is to have

export interface Wish {
  readonly env: Env
  /** stage: null for everything. */
  readonly selection: Selection | null
  /** prod: a number pins, `latest` unpins, null stays. */
  readonly version: number | 'latest' | null
}

interface Aim {
  /** The environment's document goes on from that one. */
  readonly before: Installed | undefined
  readonly renamedFrom: Env | null
  readonly after: Omit<Installed, 'serving'>
  readonly mayRevoke: boolean
  readonly newVersion: Definitions | null
  readonly tree: Wanted | null
}

function aimOf(life: Life, { env, selection, version }: Wish): { readonly refused: string } | Aim {
  const here = at(life, env)
  const base = { before: here, renamedFrom: null, newVersion: null, tree: null }
  const lineage = here?.lineage ?? 0
  if (env === 'dev') {
    const tree = wantedByTree(life)
    const gone = Object.values(here?.connections ?? {}).filter(
      each => !byId(tree.connections).has(each.id)
    )
    if (gone.some(each => each.protect)) return { refused: 'PROTECTED' }
    const { connections, components } = tree
    const after = { connections, components, lineage, version: null, pinned: false, had: [] }
    return { ...base, tree, mayRevoke: true, after }
  }
  if (env === 'stage') {
    const dev = at(life, 'dev')
    if (dev === undefined) return { refused: 'NO_SOURCE' }
    const result = published(here ?? nothing, trimmed(dev, 'stage'), selection)
    if ('refused' in result) return result
    const { after, isChange } = result
    const number = isChange ? life.versions.length + 1 : (here?.version ?? null)
    return {
      ...base,
      mayRevoke: true,
      newVersion: isChange ? after : null,
      after: { ...after, lineage, version: number, pinned: false, had: [] }
    }
  }
  if (env === 'prod') {
    const latest = at(life, 'stage')?.version ?? null
    if (latest === null) return { refused: 'NO_SOURCE' }
    const stays = version === null && here?.pinned === true
    const number =
      typeof version === 'number' ? version : stays ? (here?.version ?? latest) : latest
    const content = life.versions[number - 1]
    if (content === undefined) return { refused: 'VERSION_UNKNOWN' }
    const pinned = typeof version === 'number' || stays
    const had = [...new Set([...(here?.had ?? []), number])].sort((a, b) => a - b)
    const after = { ...trimmed(content, 'prod'), lineage, version: number, pinned, had }
    return { ...base, mayRevoke: !pinned && number === latest, after }
  }
  return aimOfClient(life, env)
}

/** The client that an installation goes on as, while that is still to be applied. */
function formerName(life: Life, link: string): Env | null {
  const previously = life.tree.clients[link]?.previously ?? null
  if (previously === null || !isGone(life, `client/${link}`)) return null
  return isGone(life, `client/${previously}`) ? null : `client/${previously}`
}

function aimOfClient(life: Life, env: `client/${string}`): { readonly refused: string } | Aim {
  const link = env.slice('client/'.length)
  const spec = Object.hasOwn(life.tree.clients, link) ? life.tree.clients[link] : undefined
  const here = at(life, env)
  const follower = Object.keys(life.tree.clients).some(
    each => each !== link && formerName(life, each) === env
  )
  if (spec === undefined) {
    if (here === undefined) return { refused: 'CLIENT_UNKNOWN' }
    if (follower) return { refused: 'CLIENT_RENAMED' }
    const { lineage, had } = here
    return {
      before: here,
      renamedFrom: null,
      newVersion: null,
      tree: null,
      mayRevoke: true,
      after: { ...nothing, lineage, version: null, pinned: false, had }
    }
  }
  const renamedFrom = formerName(life, link)
  if (renamedFrom !== null && here !== undefined) return { refused: 'CLIENT_NAME_TAKEN' }
  if (renamedFrom === null && here !== undefined && follower) return { refused: 'CLIENT_RENAMED' }
  if (renamedFrom === null && here === undefined && spec.previously !== null) {
    return { refused: 'PREVIOUSLY_UNKNOWN' }
  }
  const isAnew = renamedFrom === null && isGone(life, env)
  const before = renamedFrom !== null ? at(life, renamedFrom) : isAnew ? undefined : here
  const prod = at(life, 'prod')
  if (prod === undefined || prod.version === null) return { refused: 'NO_SOURCE' }
  const number = spec.version ?? prod.version
  const content = life.versions[number - 1]
  if (!prod.had.includes(number) || content === undefined) return { refused: 'VERSION_NOT_HAD' }
  const { connections, components } = trimmed(content, env)
  if (Object.keys(spec.areas).some(each => !Object.hasOwn(connections, each))) {
    return { refused: 'CLIENT_CONNECTION_UNKNOWN' }
  }
  const had = [...new Set([...(before?.had ?? []), number])].sort((a, b) => a - b)
  return {
    before,
    renamedFrom,
    newVersion: null,
    tree: null,
    mayRevoke: number >= Math.max(0, ...(before?.had ?? [])),
    after: {
      connections: Object.fromEntries(
        Object.entries(connections).map(([name, each]) => [
          name,
          { ...each, area: spec.areas[name] ?? each.area }
        ])
      ),
      components,
      lineage: before?.lineage ?? life.next,
      version: number,
      pinned: spec.version !== null,
      had
    }
  }
}

// ---- what is due

export interface Due {
  readonly action: 'authorize' | 'reauthorize' | 'inherit' | 'keep'
  readonly link: string
  readonly id: number
  readonly slot: string
  /** Codes; of added scopes with the scopes. */
  readonly reasons: readonly string[]
}
/** What a plan has to say. */
export interface Forecast {
  readonly changes: readonly Difference[]
  readonly due: readonly Due[]
  /** Consents of administrators that nobody uses once all of that is done. */
  readonly ends: readonly Consent[]
  /** Those of users. */
  readonly userEnds: readonly Consent[]
  readonly asks: boolean
  readonly version: number | null
  readonly pinned: boolean
}

export type Foreseen = { readonly refused: string } | (Forecast & { readonly aim: Aim })

export function foresee(life: Life, wish: Wish): Foreseen {
  const aim = aimOf(life, wish)
  if ('refused' in aim) return aim
  const { env } = wish
  const { before, after } = aim
  const changes = differences(before ?? nothing, after)
  const changing = new Set(
    changes.filter(each => each.subject === 'connection').map(each => each.id)
  )
  const written = write(life, env, aim)
  const here = at(written, env) ?? { ...after, serving: {} }
  const links = Object.keys(here.connections).sort()
  const due = links.flatMap((link): Due[] => {
    const connection = here.connections[link]
    if (connection === undefined || connection.level !== 'administrator') return []
    const { id } = connection
    const need = needOf(here, env, connection)
    const former = before === undefined ? undefined : byId(before.connections).get(id)?.each
    const present = before?.serving[id]
    const formerly =
      before === undefined || former === undefined
        ? undefined
        : serves(life, needOf(before, env, former), present)
    const now = used(written, need, here.serving[id])
    const entry = { link, id, slot: need.slot }
    if (now !== undefined) {
      if (!changing.has(id)) return []
      const isOther = need.slot === 'shared' && now.number !== formerly?.number
      if (isOther) return [{ ...entry, action: 'inherit', reasons: ['COVERED_BY_SHARED'] }]
      const isNarrower = now.scopes.some(each => !need.scopes.includes(each))
      return [{ ...entry, action: 'keep', reasons: isNarrower ? ['NARROWER_THAN_GRANTED'] : [] }]
    }
    const nearest = formerly ?? nearestTo(life, need, present)
    const isOtherLevel = former !== undefined && former.level !== need.level
    const level = isOtherLevel ? ['LEVEL_CHANGED'] : []
    return nearest === undefined
      ? [{ ...entry, action: 'authorize', reasons: ['NEVER_AUTHORIZED', ...level] }]
      : [{ ...entry, action: 'reauthorize', reasons: reasonsFor(need, nearest, level) }]
  })
  const asked = due.filter(isAsked)
  const granted = asked.reduce((now, each) => consent(now, [env], each.link, env), written)
  const ends = aim.mayRevoke ? unneeded(life, granted, env) : []
  const userEnds = aim.mayRevoke ? unneededOfUsers(written, env) : []
  const asks =
    changes.length > 0 ||
    aim.renamedFrom !== null ||
    (before?.version ?? null) !== after.version ||
    (before?.pinned ?? false) !== after.pinned ||
    due.some(each => each.action !== 'keep') ||
    ends.length + userEnds.length > 0
  const { version, pinned } = after
  return { changes, due, ends, userEnds, asks, version, pinned, aim }
}

/** What a due consent is compared with: what serves, or served until it ended; else the nearest of its slot, rather one that lives. */
function nearestTo(life: Life, need: Need, present: number | undefined): Consent | undefined {
  const own = life.consents.filter(
    each => each.user === null && each.id === need.id && each.level === need.level
  )
  const lacking = (each: Consent) => need.scopes.filter(scope => !each.scopes.includes(scope))
  const beside = (each: Consent) => each.scopes.filter(scope => !need.scopes.includes(scope))
  const [nearest] = own
    .filter(each => each.slot === need.slot)
    .sort(
      (a, b) =>
        Number(b.live) - Number(a.live) ||
        lacking(a).length - lacking(b).length ||
        beside(a).length - beside(b).length ||
        b.number - a.number
    )
  const ended = own.find(each => each.number === present && !each.live)
  return serves(life, need, present) ?? ended ?? nearest
}

/** Why a consent does not do for a need. */
function reasonsFor(need: Need, before: Consent, level: readonly string[]): readonly string[] {
  const [connector, area] = need.basis.split('|')
  const [otherConnector, otherArea] = before.basis.split('|')
  const added = need.scopes.filter(each => !before.scopes.includes(each))
  return [
    ...(connector !== otherConnector
      ? ['CONNECTOR_CHANGED']
      : area !== otherArea
        ? ['PARAMETERS_CHANGED']
        : []),
    ...level,
    ...(before.slot === need.slot ? [] : ['SLOT_CHANGED']),
    ...(added.length === 0 ? [] : [`SCOPES_ADDED ${added.join('+')}`]),
    ...(before.live ? [] : ['REVOKED'])
  ]
}

function isAsked({ action }: Due): boolean {
  return action === 'authorize' || action === 'reauthorize'
}

/** Live consents of the slots that the environment sees, which no environment uses once all that was due is granted. */
function unneeded(life: Life, granted: Life, env: Env): readonly Consent[] {
  const needed = new Set<number>()
  for (const each of neighbours(env)) {
    const here = at(granted, each)
    for (const connection of Object.values(here?.connections ?? {})) {
      if (here === undefined) continue
      const now = serves(granted, needOf(here, each, connection), here.serving[connection.id])
      if (now !== undefined) needed.add(now.number)
    }
  }
  const slots = slotsSeen(at(granted, env), env)
  const names = namesOf(granted, env, life)
  return life.consents
    .filter(each => each.user === null && each.live && slots.includes(each.slot))
    .filter(each => granted.consents.some(other => other.number === each.number))
    .filter(each => !needed.has(each.number))
    .sort((a, b) => compare(names(a.id), names(b.id)) || a.number - b.number)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** What an environment calls a connection, or called it, or another one still does. */
function namesOf(after: Life, env: Env, before: Life): (id: number) => string {
  const names = new Map<number, string>()
  for (const each of [
    ...neighbours(env).map(name => at(before, name)),
    at(before, env),
    at(after, env)
  ]) {
    for (const [link, { id }] of Object.entries(each?.connections ?? {})) names.set(id, link)
  }
  return id => names.get(id) ?? after.origin[id] ?? ''
}

function unneededOfUsers(life: Life, env: Env): readonly Consent[] {
  const slots = slotsSeen(at(life, env), env)
  return life.consents.filter(
    each =>
      each.user !== null &&
      slots.includes(each.slot) &&
      !neighbours(env).some(name => {
        const there = at(life, name)
        const connection = byId(there?.connections ?? {}).get(each.id)?.each
        if (there === undefined || connection?.level !== 'logged-in-user') return false
        const need = needOf(there, name, connection)
        return need.slot === each.slot && need.basis === each.basis
      })
  )
}

// ---- what is done

function write(life: Life, env: Env, aim: Aim): Life {
  const { before, after, renamedFrom, newVersion, tree } = aim
  const isEmpty = Object.keys({ ...after.connections, ...after.components }).length === 0
  // Nothing is written where there was nothing and is nothing.
  if (before === undefined && isEmpty && after.version === null) return life
  const installed: Record<string, Installed> = { ...life.installed }
  if (renamedFrom !== null) delete installed[renamedFrom]
  const bare = { ...after, serving: {} }
  installed[env] = { ...bare, serving: servingAfter(life, env, before, bare) }
  const isNew = isClient(env) && before === undefined
  return {
    ...life,
    installed,
    retired: env === 'dev' ? retire(life, before ?? nothing, after) : life.retired,
    versions: newVersion === null ? life.versions : [...life.versions, newVersion],
    next: tree?.next ?? (isNew ? life.next + 1 : life.next),
    origin: tree?.origin ?? life.origin
  }
}

/** A name that is given up keeps pointing to its identity, as long as nothing else takes it. */
function retire({ retired }: Life, before: Definitions, after: Definitions): Life['retired'] {
  const pool = (
    known: Readonly<Record<string, number>>,
    old: Readonly<Record<string, { readonly id: number }>>,
    now: Readonly<Record<string, unknown>>
  ) => {
    const left = Object.entries(old).map(([link, { id }]) => [link, id] as const)
    const all = [...Object.entries(known), ...left]
    return Object.fromEntries(all.filter(([link]) => !Object.hasOwn(now, link)))
  }
  return {
    connections: pool(retired.connections, before.connections, after.connections),
    components: pool(retired.components, before.components, after.components)
  }
}

/** One consent for a connection of an environment, in that one's slot. `scopes` if more than it needs are asked. */
export function consent(
  life: Life,
  givenIn: readonly Env[],
  link: string,
  env: Env,
  {
    scopes,
    user = null
  }: { readonly scopes?: readonly string[]; readonly user?: string | null } = {}
): Life {
  const here = at(life, env)
  const connection = here?.connections[link]
  if (here === undefined || connection === undefined) throw new Error(`${env} has no ${link}`)
  const need = needOf(here, env, connection)
  const { id, level, slot, basis } = need
  const fresh: Consent = {
    number: life.next,
    slot,
    id,
    level,
    user,
    basis,
    scopes: scopes ?? need.scopes,
    live: true
  }
  const isReplaced = (each: Consent): boolean => {
    if (each.slot !== slot || each.id !== id || each.user !== user) return false
    if (user !== null) return true
    const isEqual = each.basis === basis && same(each.scopes, fresh.scopes)
    return each.level === level && (!each.live || isEqual)
  }
  const consents = [...life.consents.filter(each => !isReplaced(each)), fresh]
  const recorded = { ...life, consents, next: life.next + 1 }
  if (user !== null) return recorded
  const installed: Record<string, Installed> = { ...life.installed }
  for (const each of neighbours(env)) {
    const there = at(life, each)
    const own = byId(there?.connections ?? {}).get(id)?.each
    if (there === undefined || own?.level !== 'administrator') continue
    const theirs = needOf(there, each, own)
    const present = there.serving[id]
    if (used(recorded, theirs, present)?.number === present && !givenIn.includes(each)) continue
    const best = used(recorded, theirs, undefined)
    if (best === undefined) continue
    installed[each] = { ...there, serving: { ...there.serving, [id]: best.number } }
  }
  return { ...recorded, installed }
}

function end(life: Life, number: number): Life {
  const consents = life.consents.flatMap(each => {
    if (each.number !== number) return [each]
    return each.user === null ? [{ ...each, live: false }] : []
  })
  return { ...life, consents }
}

/** Whether somebody authorizes a connection when an apply asks; false leaves it pending. */
export type Presence = (link: string, connector: Connection['connector']) => boolean

/** Applies to one environment. `presence` null: nobody is asked. */
export function apply(life: Life, wish: Wish, presence: Presence | null): Course {
  const { env } = wish
  const seen = foresee(life, wish)
  if ('refused' in seen) return seen
  if (!seen.asks) return { steps: [] }
  const steps: Step[] = [{ what: `write ${env}`, run: now => write(now, env, seen.aim) }]
  const waiting = new Set<number>()
  const asked = seen.due.filter(isAsked)
  const left = new Set(leftToDo(life, wish, presence))
  for (const due of asked) {
    if (!left.has(due.link)) {
      steps.push({
        what: `consent ${due.link} in ${env}`,
        run: now => consent(now, [env], due.link, env),
        mended: now => consent(now, due.slot === 'shared' ? [] : [env], due.link, env)
      })
    } else waiting.add(due.id)
  }
  for (const each of seen.ends) {
    if (waiting.has(each.id)) continue
    steps.push({ what: `end ${each.number}`, run: now => end(now, each.number) })
  }
  const users = seen.userEnds.filter(each => !waiting.has(each.id))
  if (users.length > 0) {
    steps.push({
      what: 'end of users',
      run: now => users.reduce((before, each) => end(before, each.number), now)
    })
  }
  return { steps }
}

/** The connections that nobody authorizes in an apply, sorted. */
export function leftToDo(life: Life, wish: Wish, presence: Presence | null): readonly string[] {
  const seen = foresee(life, wish)
  if ('refused' in seen) return []
  const { connections } = seen.aim.after
  return seen.due
    .filter(isAsked)
    .map(each => each.link)
    .filter(link => presence?.(link, connections[link]?.connector ?? 'board') !== true)
    .sort()
}

/** One consent of an administrator for some of our environments, or for one client; or of a user in one. */
export function authorize(
  life: Life,
  link: string,
  envs: readonly Env[],
  user: string | null
): Course {
  const targets = envs.map(env => {
    const here = at(life, env)
    const connection = here?.connections[link]
    return here === undefined || connection === undefined
      ? null
      : { env, need: needOf(here, env, connection) }
  })
  const found = targets.flatMap(each => each ?? [])
  if (found.length < targets.length) return { refused: 'CONNECTION_NOT_RECORDED' }
  // Each identity for itself, and one conversation for what stands on the same basis.
  const groups = new Map<string, (typeof found)[number][]>()
  for (const each of found) {
    const key = JSON.stringify([each.need.id, each.need.level, each.need.basis])
    groups.set(key, [...(groups.get(key) ?? []), each])
  }
  const steps = [...groups.values()].flatMap((group): Step[] => {
    const scopes = [...new Set(group.flatMap(each => each.need.scopes))].sort()
    return [...new Set(group.map(each => each.need.slot))].map(slot => {
      const inSlot = group.filter(each => each.need.slot === slot)
      const [first] = inSlot
      if (first === undefined) throw new Error('A slot comes from a target')
      const givenIn = inSlot.map(each => each.env)
      const whose = first.need.level === 'logged-in-user' ? (user ?? 'ana@example.com') : null
      const give = (names: readonly Env[]) => (now: Life) =>
        consent(now, names, link, first.env, { scopes, user: whose })
      return {
        what: `consent ${link} in ${slot}`,
        run: give(givenIn),
        mended: give(slot === 'shared' ? [] : givenIn)
      }
    })
  })
  return { steps }
}

/** Ends what a connection runs on in an environment, and all that lives in its slot. */
export function revoke(life: Life, link: string, env: Env, user: string | null): Course {
  const here = at(life, env)
  const connection = here?.connections[link]
  if (here === undefined || connection === undefined) return { refused: 'CONNECTION_NOT_RECORDED' }
  const need = needOf(here, env, connection)
  const isUsers = need.level === 'logged-in-user'
  const serving = serves(life, need, here.serving[need.id])
  const whose = isUsers ? (user ?? 'ana@example.com') : null
  const ends = life.consents.filter(
    each =>
      each.live &&
      each.id === need.id &&
      each.user === whose &&
      (isUsers || each.level === 'administrator') &&
      (each.slot === need.slot || (!isUsers && each.number === serving?.number))
  )
  return {
    steps: ends
      .sort((a, b) => a.number - b.number)
      .map(each => ({ what: `end ${each.number}`, run: now => end(now, each.number) }))
  }
}

/** Gives something in dev's record another link name, by hand. */
export function move(
  life: Life,
  pool: 'connections' | 'components',
  from: string,
  to: string
): Course {
  const dev = at(life, 'dev')
  const entry = dev?.[pool][from]
  if (dev === undefined || entry === undefined) return { refused: 'MOVE_SOURCE_UNKNOWN' }
  if (Object.hasOwn(dev[pool], to)) return { refused: 'MOVE_TARGET_TAKEN' }
  const follow = (links: readonly string[]) => links.map(each => (each === from ? to : each)).sort()
  const list = pool === 'connections' ? 'uses' : 'depends'
  const rename = <T>(entries: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
    Object.fromEntries(
      Object.entries(entries).map(([link, each]) => [link === from ? to : link, each])
    )
  const components = Object.fromEntries(
    Object.entries(pool === 'components' ? rename(dev.components) : dev.components).map(
      ([link, each]) => [link, { ...each, [list]: follow(each[list]) }]
    )
  )
  const connections = pool === 'connections' ? rename(dev.connections) : dev.connections
  const { [to]: _, ...others } = life.retired[pool]
  const retired = { ...life.retired, [pool]: { ...others, [from]: entry.id } }
  const run = (now: Life): Life => ({
    ...now,
    retired,
    installed: { ...now.installed, dev: { ...dev, connections, components } }
  })
  return { steps: [{ what: `move ${from} to ${to}`, run }] }
}

/** The clients that there are or shall be. */
export function clientsOf(life: Life): readonly `client/${string}`[] {
  const moved = Object.keys(life.tree.clients).flatMap(each => formerName(life, each) ?? [])
  const recorded = Object.keys(life.installed).filter(
    (each): each is `client/${string}` =>
      isClient(each as Env) && !isGone(life, each as Env) && !moved.includes(each as Env)
  )
  const named = Object.keys(life.tree.clients).map(each => `client/${each}` as const)
  return [...new Set([...named, ...recorded])].sort()
}
