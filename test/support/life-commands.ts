/** The commands of a life: what people do to the files, and what they run; after each one, all is as the model says. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { Refusal } from '../../engine/model/diagnostic.ts'
import type { Plan } from '../../engine/model/generated/types.ts'
import { everything, type Planned, planWorkflow } from '../../engine/workflow/plan.ts'
import { planRoad } from '../../engine/workflow/plan-road.ts'
import {
  compareCounts,
  compareDisk,
  compareFrozen,
  compareHistories,
  comparePlan,
  comparePlans,
  copyOf,
  everyEnvironment,
  type Names,
  noNames,
  type OnDisk,
  readDisk,
  userConsents
} from './life-checks.ts'
import { type Cut, restart } from './life-crash.ts'
import { edits, type Numbers, pick } from './life-edits.ts'
import {
  apply,
  at,
  authorize,
  type Course,
  clientsOf,
  differences,
  type Env,
  foresee,
  isClient,
  isRefused,
  isSound,
  type Life,
  leftToDo,
  move,
  own,
  type Presence,
  revoke,
  runAll,
  type Selection,
  type Step,
  unborn,
  type Wish
} from './life-model.ts'
import { type LifeWorkspace, makeLifeWorkspace, type Outcome } from './life-workspace.ts'

export interface Model {
  life: Life
}

export interface Real {
  readonly workspace: LifeWorkspace
  readonly cut: Cut
  readonly names: Names
  readonly told: Map<string, string>
  readonly frozen: Map<number, string>
  /** What took effect, in order. */
  readonly log: string[]
  readonly stats: Map<string, number>
  /** How many changes on disk a command made the last time. */
  readonly usual: Map<string, number>
}

export function begin(origin: string, cut: Cut, stats: Map<string, number>) {
  const real: Real = {
    workspace: makeLifeWorkspace(origin),
    cut,
    names: noNames(),
    told: new Map(),
    frozen: new Map(),
    log: [],
    stats,
    usual: new Map()
  }
  return { model: { life: unborn }, real }
}

export type LifeCommand = fc.AsyncCommand<Model, Real>

/** A command that is run for real, and what the model says it comes to. */
interface Action {
  readonly what: string
  readonly course: (life: Life) => Course
  readonly run: (workspace: LifeWorkspace) => Promise<Outcome>
  /** Of an apply. */
  readonly wish?: Wish
  readonly presence?: Presence | null
  /** Whether running it once more is the same. */
  readonly again: boolean
}

const everybody: Presence = () => true
const users = [null, 'ben@example.com'] as const

/** Some authorize, and some have the wrong key; a service that asks nobody always gives. */
function some(mask: number): Presence | null {
  if (mask % 4 === 0) return null
  if (mask % 4 < 3) return everybody
  return (link, connector) => connector === 'forge' || ((mask >> (link.length % 5)) & 1) === 1
}

function applying(wish: Wish, presence: Presence | null): Action {
  const flags = [
    ...(wish.selection?.components.map(each => `--component ${each}`) ?? []),
    ...(wish.selection?.connections.map(each => `--connection ${each}`) ?? []),
    ...(wish.selection?.withReferences === true ? ['--with-references'] : []),
    ...(wish.version === null ? [] : [`--version ${wish.version}`]),
    presence === null ? '--no-authorize' : presence === everybody ? '' : '(some authorize)'
  ]
  return {
    what: `apply -e ${wish.env} ${flags.join(' ')}`.trim(),
    course: life => apply(life, wish, presence),
    run: workspace => workspace.apply(wish, presence),
    wish,
    presence,
    // What was named may have gone with the first run.
    again: wish.selection === null
  }
}

function wishFor(env: Env, rest: Partial<Wish> = {}): Wish {
  return { env, selection: null, version: null, ...rest }
}

/** Some components, or connections, of those that dev or stage has. */
function selectionFor(life: Life, { a, b, c, d }: Numbers): Selection | null {
  const links = (pool: 'connections' | 'components') =>
    Object.keys({ ...at(life, 'dev')?.[pool], ...at(life, 'stage')?.[pool] }).sort()
  const chosen = (pool: 'connections' | 'components', numbers: readonly number[]) =>
    [...new Set(numbers.flatMap(each => pick(links(pool), each) ?? []))].sort()
  const components = chosen('components', [a, b].slice(0, d % 3))
  const connections = chosen('connections', d % 3 === 0 ? [c] : d % 5 === 0 ? [a, c] : [])
  if (components.length + connections.length === 0) return null
  return { components, connections, withReferences: b % 3 > 0 }
}

type Chooser = (life: Life, numbers: Numbers) => Action | null

const choosers = {
  applyDev: (_life, { a }) => applying(wishFor('dev'), some(a)),
  publish: (_life, { a }) => applying(wishFor('stage'), some(a)),
  publishSelected: (life, numbers) => {
    const selection = selectionFor(life, numbers)
    return selection === null ? null : applying(wishFor('stage', { selection }), some(numbers.c))
  },
  deploy: (life, { a, b, c }) => {
    const number = (b % (life.versions.length + 1)) + (c % 9 === 0 ? 1 : 0)
    const version = a % 3 === 0 ? null : a % 3 === 1 ? 'latest' : number === 0 ? null : number
    return applying(wishFor('prod', { version }), some(c))
  },
  upgrade: (life, { a, b, c }) => {
    const known = [
      ...clientsOf(life),
      ...Object.keys(life.installed).filter((each): each is `client/${string}` =>
        isClient(each as Env)
      )
    ]
    const env = pick(c % 6 === 0 ? known : clientsOf(life), a)
    return env === undefined ? null : applying(wishFor(env), some(b))
  },
  authorize: (life, { a, b, c }) => {
    const env = pick(
      everyEnvironment(life).filter(each => at(life, each) !== undefined),
      a
    )
    const link =
      env === undefined ? undefined : pick(Object.keys(at(life, env)?.connections ?? {}), b)
    if (env === undefined || link === undefined) return null
    return authorizing(life, link, [env], c)
  },
  authorizeTwo: (life, { a, b, c }) => {
    const envs = own
      .filter((_, index) => index !== a % 3)
      .filter(each => at(life, each) !== undefined)
    const [first] = envs
    const link =
      first === undefined ? undefined : pick(Object.keys(at(life, first)?.connections ?? {}), b)
    if (link === undefined || envs.length < 2) return null
    return authorizing(life, link, envs, c)
  },
  revoke: (life, { a, b, c, d }) => {
    const env = pick(
      everyEnvironment(life).filter(each => at(life, each) !== undefined),
      a
    )
    const link =
      env === undefined ? undefined : pick(Object.keys(at(life, env)?.connections ?? {}), b)
    if (env === undefined || link === undefined || d % 2 === 0) return null
    const user = isUsers(life, link, env) ? (pick(users, c) ?? null) : null
    return {
      what: `revoke ${link} -e ${env}${user === null ? '' : ` --user ${user}`}`,
      course: now => revoke(now, link, env, user),
      run: workspace => workspace.revoke(link, env, user),
      again: true
    }
  }
} as const satisfies Readonly<Record<string, Chooser>>

function isUsers(life: Life, link: string, env: Env): boolean {
  return at(life, env)?.connections[link]?.level === 'logged-in-user'
}

function authorizing(life: Life, link: string, envs: readonly Env[], number: number): Action {
  const isAll = envs.every(env => isUsers(life, link, env))
  const user = isAll ? (pick(users, number) ?? null) : null
  return {
    what: `authorize ${link} ${envs.map(each => `-e ${each}`).join(' ')}${user === null ? '' : ` --user ${user}`}`,
    course: now => authorize(now, link, envs, user),
    run: workspace => workspace.authorize(link, envs, user),
    again: true
  }
}

// ---- running and checking

function fail(real: Real, found: readonly string[]): void {
  if (found.length === 0) return
  const steps = real.log.map((each, index) => `${String(index + 1).padStart(3)} ${each}`)
  throw new Error(`${found.slice(0, 12).join('\n')}\n\nafter\n${steps.join('\n')}`)
}

function count(real: Real, what: string): void {
  real.stats.set(what, (real.stats.get(what) ?? 0) + 1)
}

async function checkDisk(real: Real, life: Life): Promise<OnDisk> {
  const disk = await readDisk(real.workspace)
  fail(real, compareDisk(life, disk, real.names))
  fail(real, await compareHistories(real.workspace, disk, real.told))
  fail(real, compareFrozen(real.workspace, life, real.frozen))
  return disk
}

/** Two selections of one thing each that differs between dev and stage; the first of what leaves its name, where there is such. */
function differing(life: Life, { a, b, c }: Numbers): readonly Selection[] {
  const nothing = { connections: {}, components: {} }
  const changed = differences(at(life, 'stage') ?? nothing, at(life, 'dev') ?? nothing)
  const leaving = changed.filter(each => each.action === 'rename' || each.action === 'delete')
  return [pick(leaving, a), pick(changed, b)].flatMap(found => {
    if (found === undefined) return []
    const { subject, link } = found
    return {
      components: subject === 'component' ? [link] : [],
      connections: subject === 'connection' ? [link] : [],
      withReferences: c % 3 > 0
    }
  })
}

/** All of them, and some selections for stage that nobody applies. */
async function checkPlans(real: Real, life: Life, { a, b, c, d }: Numbers): Promise<void> {
  const selections = [0, 1, 2].flatMap(
    each => selectionFor(life, { a: a + each, b: b + d * each, c: c + each, d: d + each }) ?? []
  )
  const wishes = [
    ...everyEnvironment(life).map(each => wishFor(each)),
    ...[...selections, ...differing(life, { a, b, c, d })].map(selection =>
      wishFor('stage', { selection })
    )
  ]
  fail(real, await comparePlans(life, real.workspace, real.names, wishes))
}

async function perform(real: Real, model: Model, action: Action): Promise<void> {
  const { life } = model
  const course = action.course(life)
  const { result, count } = await real.cut.count(() => action.run(real.workspace))
  real.usual.set(kindOf(action), count)
  await settle(real, model, action, course, result)
}

/** `apply -e prod`, `authorize`. */
function kindOf({ what }: Action): string {
  return what
    .split(' ')
    .slice(0, what.startsWith('apply') ? 3 : 1)
    .join(' ')
}

/** What it came to, against what the model says. */
async function settle(
  real: Real,
  model: Model,
  action: Action,
  course: Course,
  outcome: Outcome
): Promise<void> {
  const { life } = model
  real.log.push(action.what)
  if (isRefused(course)) {
    const is = 'refused' in outcome ? outcome.refused.join() : 'done'
    if (!is.includes(course.refused)) fail(real, [`${is} instead of ${course.refused}`])
    count(real, `refused: ${course.refused}`)
    await checkDisk(real, life)
    return
  }
  if ('refused' in outcome) fail(real, [`refused: ${outcome.refused.join()}`])
  model.life = runAll(life, course.steps)
  const disk = await checkDisk(real, model.life)
  if (action.wish !== undefined) checkApplied(real, life, model.life, action, disk, outcome)
}

/** What must hold right after an apply, whatever was applied. */
function checkApplied(
  real: Real,
  before: Life,
  after: Life,
  { wish, presence }: Action,
  disk: OnDisk,
  outcome: Outcome
): void {
  if (wish === undefined) return
  fail(real, compareCounts(after, disk, real.names))
  if (wish.env === 'stage') fail(real, publishedTogether(before, after))
  const seen = foresee(after, { ...wish, selection: null, version: null })
  if ('refused' in seen) return
  const left = leftToDo(before, wish, presence ?? null)
  const pending = 'pending' in outcome ? [...outcome.pending].sort() : []
  if (pending.join() !== left.join()) fail(real, [`pending is ${pending} instead of ${left}`])
  if (presence === everybody && wish.selection === null && seen.asks) {
    fail(real, [`${wish.env} asks for something right after everything was applied and authorized`])
  }
}

/** A connection arrives with all that refers to it, on either side. */
function publishedTogether(before: Life, after: Life): readonly string[] {
  const [old, now, dev] = [at(before, 'stage'), at(after, 'stage'), at(after, 'dev')]
  if (now === undefined || dev === undefined) return []
  const none = { connections: {}, components: {} }
  return differences(old ?? none, now).flatMap(({ subject, id }) => {
    if (subject !== 'connection') return []
    const linkIn = (side: typeof now) =>
      Object.entries(side.connections).find(([, each]) => each.id === id)?.[0] ?? ''
    const users = [old, dev].flatMap(side =>
      side === undefined
        ? []
        : Object.values(side.components).filter(each => each.uses.includes(linkIn(side)))
    )
    const find = (side: typeof now, user: number) =>
      Object.entries(side.components).find(([, each]) => each.id === user)
    return users
      .filter(user => !isDeepStrictEqual(find(now, user.id), find(dev, user.id)))
      .map(user => `connection ${id} arrived without component ${user.id}`)
  })
}

/** The least that is there once a run was cut off: some of its steps, each wholly. */
async function findPrefix(real: Real, life: Life, steps: readonly Step[]): Promise<Life | null> {
  const disk = await readDisk(real.workspace)
  const stored = new Set(userConsents(disk.credentials))
  for (let done = 0; done <= steps.length; done += 1) {
    const now = runAll(life, steps.slice(0, done))
    const next = steps[done]
    const mended = next?.mended?.(now)
    const candidates = [now, ...(mended === undefined ? [] : [mended])]
    // Users end one after the other.
    if (next?.what === 'end of users') {
      candidates.push(partly(now, next.run(now), stored, real))
    }
    for (const candidate of candidates) {
      const names = copyOf(real.names)
      if (compareDisk(candidate, disk, names).length === 0) {
        count(real, `cut off after ${done} of ${steps.length} steps`)
        return candidate
      }
    }
  }
  return null
}

function partly(before: Life, after: Life, stored: ReadonlySet<string>, { names }: Real): Life {
  const left = new Set(after.consents.map(each => each.number))
  return {
    ...before,
    consents: before.consents.filter(({ number, slot, id, user, basis }) => {
      const env = Object.entries(before.installed).find(
        ([, each]) => slot === `client#${each.lineage}`
      )
      const key = `${slot.startsWith('client#') ? env?.[0] : slot} ${names.connections.get(id)} ${user} ${basis}`
      return user === null || left.has(number) || stored.has(key)
    })
  }
}

async function crash(real: Real, model: Model, action: Action, { c, d }: Numbers): Promise<void> {
  const { life } = model
  const course = action.course(life)
  let outcome: Outcome = { pending: [], outcomes: [] }
  const point = c % Math.max(12, (real.usual.get(kindOf(action)) ?? 40) + 2)
  const isCut = await real.cut.off(point, async () => {
    outcome = await action.run(real.workspace)
  })
  if (!isCut) return settle(real, model, action, course, outcome)
  restart(real.workspace.scenario.folder)
  const what = `${action.what} (cut off at ${point})`
  count(
    real,
    `cut off: ${action.what
      .split(' ')
      .slice(0, action.what.startsWith('apply') ? 3 : 1)
      .join(' ')}`
  )
  if (isRefused(course)) {
    real.log.push(what)
    await real.workspace.verify()
    await checkDisk(real, life)
    return
  }
  if (action.again && d % 2 === 0) {
    real.log.push(what)
    return perform(real, model, action)
  }
  const found = await real.workspace.verify()
  real.log.push(`${what}, verified`)
  const errors = found.filter(each => each.severity === 'error')
  if (errors.some(each => each.code === 'RECORD_WITHOUT_CREDENTIAL')) {
    // The credential goes first, then the record: the same command completes it.
    count(real, 'cut off between credential and record')
    return perform(real, model, action)
  }
  fail(
    real,
    errors.map(each => `verify: ${each.code}: ${each.detail}`)
  )
  const now = await findPrefix(real, life, course.steps)
  if (now === null) {
    const disk = await readDisk(real.workspace)
    const whole = compareDisk(runAll(life, course.steps), disk, copyOf(real.names))
    const none = compareDisk(life, disk, copyOf(real.names))
    return fail(real, [
      'a half is there',
      ...whole.map(each => `whole: ${each}`),
      ...none.map(each => `none: ${each}`)
    ])
  }
  model.life = now
  await checkDisk(real, now)
}

/** What must come as it was foretold. New ids have the serial in them, which a late record or a count of users moves on. */
function shortly({ changes, authorizations }: Plan): unknown {
  return [
    changes.map(({ subject, linkName, from, action, because, id, fields }) => [
      [subject, linkName, from, action, because],
      action === 'add' ? fields.filter(each => each.path !== '/id') : [id, fields]
    ]),
    authorizations
      .filter(({ level }) => level === 'administrator')
      .map(({ action, connection, slot, reasons }) => [action, connection, slot, reasons])
  ]
}

/** Plans all the way, goes it, and finds each plan as it was foretold. */
async function road(real: Real, model: Model): Promise<void> {
  real.log.push('the whole road')
  const plans = await foretold(real, model)
  for (const { plan } of plans) {
    const env = plan.environment as Env
    const [own] = (await planWorkflow(real.workspace.around, plan.environment, everything)).plans
    if (own === undefined) throw new Error('No plan')
    if (!isDeepStrictEqual(shortly(own.plan), shortly(plan))) {
      fail(real, [
        `the road to ${env} was foretold as ${JSON.stringify(shortly(plan))}`,
        `and is ${JSON.stringify(shortly(own.plan))}`
      ])
    }
    fail(real, comparePlan(model.life, wishFor(env), own, real.names))
    const action = applying(wishFor(env), everybody)
    const isBlocked = isRefused(action.course(model.life))
    await perform(real, model, action)
    // What comes after it was foretold as if it had been applied.
    if (isBlocked) return
  }
  count(real, 'road')
}

const isOfClients: ReadonlySet<string> = new Set([
  'VERSION_NOT_HAD',
  'CLIENT_CONNECTION_UNKNOWN',
  'CLIENT_NAME_TAKEN',
  'PREVIOUSLY_UNKNOWN'
])

/** Nothing where a client's file is wrong, as the last plans of the road would have it. */
async function foretold(real: Real, { life }: Model): Promise<readonly Planned[]> {
  try {
    return (await planRoad(real.workspace.around, everything)).plans
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const codes = error.diagnostics.map(each => each.code)
    const isTheirs = codes.some(each => isOfClients.has(each))
    if (!isTheirs || Object.keys(life.tree.clients).length === 0)
      fail(real, [`the road is refused: ${codes}`])
    count(real, `the road is refused: ${codes}`)
    return []
  }
}

/** prod goes back and forward again: the second time nobody is asked, and nothing ends on the way. */
async function backAndForth(real: Real, model: Model, { a }: Numbers): Promise<boolean> {
  const prod = at(model.life, 'prod')
  const version = pick(prod?.had.filter(each => each !== prod.version) ?? [], a)
  if (prod === undefined || prod.version === null || version === undefined) return false
  await perform(real, model, applying(wishFor('prod', { version: prod.version }), everybody))
  const live = (life: Life) => life.consents.filter(each => each.live).length
  const before = live(model.life)
  await perform(real, model, applying(wishFor('prod', { version }), everybody))
  if (live(model.life) < before) fail(real, ['going back ended something'])
  const forward = foresee(model.life, wishFor('prod', { version: prod.version }))
  const asked =
    'refused' in forward ? [] : forward.due.filter(each => /authorize/.test(each.action))
  if (asked.length > 0) fail(real, [`going forward again asks for ${asked.map(each => each.link)}`])
  await perform(real, model, applying(wishFor('prod', { version: prod.version }), null))
  if (!prod.pinned)
    await perform(real, model, applying(wishFor('prod', { version: 'latest' }), everybody))
  return true
}

/** By hand, and back again or with the file. */
async function moveByHand(real: Real, model: Model, { a, b, c }: Numbers): Promise<boolean> {
  const { life } = model
  const pool = a % 2 === 0 ? 'connections' : 'components'
  const subject = a % 2 === 0 ? 'connection' : 'component'
  const from = pick(Object.keys(at(life, 'dev')?.[pool] ?? {}), b)
  const links =
    a % 2 === 0 ? ['crm', 'mail', 'pay', 'sms', 'bot'] : ['form', 'list', 'page', 'task', 'flow']
  const to = pick(links, c)
  if (from === undefined || to === undefined) return false
  const action: Action = {
    what: `state mv ${subject}/${from} ${to}`,
    course: now => move(now, pool, from, to),
    run: workspace => workspace.move(subject, from, to),
    again: false
  }
  await perform(real, model, action)
  if (model.life === life || c % 2 === 0) return true
  real.log.push('state undo')
  const outcome = await real.workspace.undo()
  if ('refused' in outcome) fail(real, [`undo is refused: ${outcome.refused.join()}`])
  model.life = life
  await checkDisk(real, life)
  return true
}

/** A version file that was edited is none: nobody deploys it, and verify says so. Then it is put back. */
async function editVersion(real: Real, { life }: Model, { a }: Numbers): Promise<boolean> {
  const { scenario } = real.workspace
  const number = pick(
    life.versions.map((_, index) => index + 1),
    a
  )
  if (number === undefined) return false
  const file = `state/versions/${number}.json`
  const text = readFileSync(join(scenario.folder, file), 'utf8')
  scenario.write(file, JSON.stringify({ ...JSON.parse(text), note: 'By hand.' }))
  real.log.push(`version ${number} is edited, and put back`)
  const found = await real.workspace.verify()
  if (!found.some(each => each.code === 'VERSION_DAMAGED')) fail(real, ['verify finds nothing'])
  const outcome = await real.workspace.apply(wishFor('prod', { version: number }), everybody)
  const is = 'refused' in outcome ? outcome.refused.join() : 'done'
  if (!is.includes('VERSION_UNKNOWN')) fail(real, [`${is} instead of VERSION_UNKNOWN`])
  scenario.write(file, text)
  await checkDisk(real, life)
  return true
}

/** dev asks for less than is shared and authorizes that: stage, which needs no more either, stays with what it has. */
async function narrow(real: Real, model: Model, { a, b }: Numbers): Promise<boolean> {
  const { tree } = model.life
  const used = new Set(Object.values(tree.components).flatMap(each => each.uses))
  const links = Object.entries(tree.connections).flatMap(([link, each]) =>
    each.connector === 'forge' && !each.separate && used.has(link) ? [link] : []
  )
  const link = pick(links, a)
  if (link === undefined) return false
  for (const scopes of [['read', 'write'], [b % 2 === 0 ? 'read' : 'write']]) {
    const before = model.life.tree.connections[link]
    if (before === undefined) return false
    const connections = { ...model.life.tree.connections, [link]: { ...before, scopes } }
    const now = { ...model.life.tree, connections }
    model.life = { ...model.life, tree: now }
    real.log.push(`edit connection ${link}: ${JSON.stringify({ scopes })}`)
    real.workspace.write(now)
    await perform(real, model, applying(wishFor('dev'), everybody))
    if (at(model.life, 'dev') === undefined) return true
    await perform(real, model, applying(wishFor('stage'), everybody))
  }
  if (at(model.life, 'dev')?.connections[link] === undefined) return true
  await perform(real, model, authorizing(model.life, link, ['dev'], b))
  return true
}

class Command implements LifeCommand {
  readonly kind: string
  readonly numbers: Numbers

  constructor(kind: string, numbers: Numbers) {
    this.kind = kind
    this.numbers = numbers
  }

  check(): boolean {
    return true
  }

  async run(model: Model, real: Real): Promise<void> {
    const tookEffect = await this.act(model, real)
    count(real, tookEffect ? this.kind : `nothing for ${this.kind}`)
    if (tookEffect) await checkPlans(real, model.life, this.numbers)
  }

  private async act(model: Model, real: Real): Promise<boolean> {
    const { kind, numbers } = this
    if (Object.hasOwn(edits, kind)) {
      const edit = edits[kind as keyof typeof edits](model.life, numbers)
      if (edit === null || !isSound(edit.tree, model.life)) return false
      model.life = { ...model.life, tree: edit.tree }
      real.log.push(edit.what)
      real.workspace.write(edit.tree)
      return true
    }
    if (kind === 'road') {
      await road(real, model)
      return true
    }
    if (kind === 'backAndForth') return backAndForth(real, model, numbers)
    if (kind === 'moveByHand') return moveByHand(real, model, numbers)
    if (kind === 'editVersion') return editVersion(real, model, numbers)
    if (kind === 'narrow') return narrow(real, model, numbers)
    const isCrash = kind.startsWith('crash ')
    const chooser = choosers[kind.replace('crash ', '') as keyof typeof choosers]
    const action = chooser(model.life, numbers)
    if (action === null) return false
    if (isCrash) await crash(real, model, action, numbers)
    else await perform(real, model, action)
    return true
  }

  toString(): string {
    return `${this.kind} ${Object.values(this.numbers).join(' ')}`
  }
}

const weights: Readonly<Record<string, number>> = {
  addConnection: 5,
  editConnection: 9,
  deleteConnection: 2,
  renameConnection: 3,
  addComponent: 4,
  editComponent: 5,
  deleteComponent: 2,
  renameComponent: 3,
  dropPreviously: 2,
  setPreviously: 2,
  addClient: 3,
  editClient: 4,
  removeClient: 2,
  renameClient: 2,
  applyDev: 14,
  publish: 8,
  publishSelected: 6,
  deploy: 7,
  upgrade: 8,
  authorize: 4,
  authorizeTwo: 2,
  revoke: 2,
  road: 1,
  backAndForth: 2,
  moveByHand: 2,
  editVersion: 1,
  narrow: 2,
  'crash applyDev': 3,
  'crash publish': 3,
  'crash publishSelected': 1,
  'crash deploy': 2,
  'crash upgrade': 3,
  'crash authorize': 3,
  'crash revoke': 1
}

// Without a leaning to small numbers, which all mean the same choices.
const number = fc.noBias(fc.nat(10_000))

/** Any command at all. Whether it means something is seen when its turn comes. */
export const aCommand: fc.Arbitrary<LifeCommand> = fc.oneof(
  ...Object.entries(weights).map(([kind, weight]) => ({
    weight,
    arbitrary: fc
      .record({ a: number, b: number, c: number, d: number })
      .map(numbers => new Command(kind, numbers))
  }))
)
