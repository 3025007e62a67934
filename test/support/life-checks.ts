/** Compares what is on disk, and what would be planned, with what the model says. Every difference is a sentence. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Refusal } from '../../engine/model/diagnostic.ts'
import { clientsIn, type Documents, slotsIn } from '../../engine/model/documents.ts'
import type {
  AuthorizationRecord,
  CredentialFile,
  Environment,
  Reason,
  Slot,
  State
} from '../../engine/model/generated/types.ts'
import { openVault } from '../../engine/workflow/open-vault.ts'
import { openState, soundDocuments } from '../../engine/workflow/open-workspace.ts'
import { type Planned, planOne } from '../../engine/workflow/plan.ts'
import { openScene } from '../../engine/workflow/plan-scene.ts'
import {
  at,
  type Consent,
  clientsOf,
  type Env,
  foresee,
  type Life,
  own,
  sameRecord,
  slotsSeen,
  type Wish
} from './life-model.ts'
import { type LifeWorkspace, selectionOf } from './life-workspace.ts'

/** What the model's numbers are called on disk. Each stands for one thing, for all of a life. */
export interface Names {
  readonly connections: Map<number, string>
  readonly components: Map<number, string>
  readonly consents: Map<number, string>
  readonly lineages: Map<number, string>
}

export function noNames(): Names {
  return {
    connections: new Map(),
    components: new Map(),
    consents: new Map(),
    lineages: new Map()
  }
}

export function copyOf({ connections, components, consents, lineages }: Names): Names {
  return {
    connections: new Map(connections),
    components: new Map(components),
    consents: new Map(consents),
    lineages: new Map(lineages)
  }
}

/** Notes that two mean the same; says where one of them means something else already. */
function pair(names: Map<number, string>, number: number, name: string, where: string): string[] {
  const known = names.get(number)
  if (known === name) return []
  if (known !== undefined) return [`${where}: ${number} is ${name} here, and was ${known}`]
  const other = [...names].find(([, each]) => each === name)
  if (other !== undefined) return [`${where}: ${name} is ${number} here, and was ${other[0]}`]
  names.set(number, name)
  return []
}

export interface OnDisk {
  readonly documents: Documents
  readonly problems: readonly string[]
  readonly credentials: readonly CredentialFile[]
}

export async function readDisk({ around }: LifeWorkspace): Promise<OnDisk> {
  const state = openState(around, settings, 'nobody')
  const { documents, problems } = await state.read()
  const vault = await openVault(around, settings, () => soundDocuments(state), null)
  const { files, problems: damaged } = await vault.list()
  return {
    documents,
    problems: [...problems, ...damaged].map(each => `${each.code}: ${each.detail}`),
    credentials: files
  }
}

const settings = { app: { name: 'Life' }, clients: new Map() } as const

/** Everything that is recorded and stored, against the model. */
export function compareDisk(life: Life, disk: OnDisk, names: Names): readonly string[] {
  const { documents, problems } = disk
  const found: string[] = [...problems]
  for (const env of own) found.push(...compareInstalled(life, env, documents[env], names))
  const clients = Object.keys(life.installed).filter(each => each.startsWith('client/'))
  for (const env of new Set([...clients, ...clientsIn(documents)])) {
    const document = documents[env as Environment]
    found.push(...compareInstalled(life, env as Env, document ?? null, names))
    const here = at(life, env as Env)
    if (here !== undefined && document != null) {
      found.push(...pair(names.lineages, here.lineage, document.lineage, env))
    }
  }
  for (const pool of ['connections', 'components'] as const) {
    const retired = Object.entries(documents.dev?.retired[pool] ?? {})
    const meant = Object.entries(life.retired[pool]).map(([link, id]) => [
      link,
      names[pool].get(id)
    ])
    if (!sameRecord(Object.fromEntries(retired), Object.fromEntries(meant))) {
      found.push(`retired ${pool}: ${retired.join(' ')} instead of ${meant.join(' ')}`)
    }
  }
  found.push(...compareVersions(life, documents))
  found.push(...compareConsents(life, disk, names))
  return found
}

function compareInstalled(
  life: Life,
  env: Env,
  document: State | null,
  names: Names
): readonly string[] {
  const here = at(life, env)
  const entries = { ...document?.connections, ...document?.components }
  if (here === undefined) {
    return Object.keys(entries).length === 0 ? [] : [`${env} has something recorded`]
  }
  if (document === null) return [`${env} has nothing recorded`]
  const found: string[] = []
  const links = (a: object, b: object) => [...new Set([...Object.keys(a), ...Object.keys(b)])]
  for (const link of links(here.connections, document.connections)) {
    const meant = here.connections[link]
    const is = document.connections[link]
    const where = `${env} connection ${link}`
    if (meant === undefined || is === undefined) {
      found.push(`${where} is ${is === undefined ? 'missing' : 'too much'}`)
      continue
    }
    found.push(...pair(names.connections, meant.id, is.id, where))
    const { id: _, ...definition } = meant
    const projected = {
      name: is.name,
      connector: is.connector,
      level: is.level,
      separate: is.authorization === 'separate',
      scopes: is.scopes,
      area: is.parameters.area,
      tone: is.parameters.tone,
      areas: Object.fromEntries(
        Object.entries(is.environments).map(([name, each]) => [name, each?.parameters.area])
      ),
      protect: is.protect
    }
    if (!sameRecord(projected, definition)) {
      found.push(
        `${where} is ${JSON.stringify(projected)} instead of ${JSON.stringify(definition)}`
      )
    }
  }
  for (const link of links(here.components, document.components)) {
    const meant = here.components[link]
    const is = document.components[link]
    const where = `${env} component ${link}`
    if (meant === undefined || is === undefined) {
      found.push(`${where} is ${is === undefined ? 'missing' : 'too much'}`)
      continue
    }
    found.push(...pair(names.components, meant.id, is.id, where))
    const { id: _, ...definition } = meant
    const projected = { name: is.name, uses: is.uses, depends: is.depends }
    if (!sameRecord(projected, definition)) {
      found.push(
        `${where} is ${JSON.stringify(projected)} instead of ${JSON.stringify(definition)}`
      )
    }
    for (const each of is.uses) {
      if (!Object.hasOwn(document.connections, each))
        found.push(`${where} uses ${each}, which is not there`)
    }
    for (const each of is.depends) {
      if (!Object.hasOwn(document.components, each))
        found.push(`${where} needs ${each}, which is not there`)
    }
  }
  const runs = [document.version, document.pinned, document.had]
  const shall = [here.version, here.pinned, here.had]
  if (env !== 'dev' && JSON.stringify(runs) !== JSON.stringify(shall)) {
    found.push(`${env} runs ${JSON.stringify(runs)} instead of ${JSON.stringify(shall)}`)
  }
  return found
}

function compareVersions(life: Life, { stage }: Documents): readonly string[] {
  const numbers = Object.keys(stage?.versions ?? {})
  const meant = life.versions.map((_, index) => String(index + 1))
  if (numbers.join() !== meant.join())
    return [`versions are ${numbers.join()} instead of ${meant.join()}`]
  const last = life.versions.at(-1)
  const here = at(life, 'stage')
  const isNewest =
    last === undefined ||
    (here !== undefined &&
      sameRecord(here.connections, last.connections) &&
      sameRecord(here.components, last.components))
  return isNewest ? [] : ['stage is not its newest version']
}

/** What consents are of: every one recorded where it belongs, everything that lives stored, and nothing else stored. */
function compareConsents(
  life: Life,
  { documents, credentials }: OnDisk,
  names: Names
): readonly string[] {
  const found: string[] = []
  const slotName = new Map<string, Slot>([
    ...own.map(each => [each, each] as const),
    ['shared', 'shared']
  ])
  for (const [env, here] of Object.entries(life.installed)) {
    if (env.startsWith('client/')) slotName.set(`client#${here.lineage}`, env as Slot)
  }
  const text = (consent: Consent): string =>
    [
      names.connections.get(consent.id),
      consent.level,
      consent.basis,
      consent.scopes,
      consent.live
    ].join(' ')
  const textOf = ({ connection, level, basis, asked, ended }: AuthorizationRecord): string =>
    [connection, level, `${basis.connector}|${basis.parameters.area}`, asked, ended === null].join(
      ' '
    )
  for (const consent of life.consents) {
    if (consent.live && !slotName.has(consent.slot)) found.push(`${text(consent)} lives nowhere`)
  }
  for (const [model, slot] of slotName) {
    const records = new Map(Object.entries(documents[slot]?.authorizations ?? {}))
    const meant = life.consents.filter(each => each.slot === model && each.user === null)
    const known = new Map(meant.map(each => [each, names.consents.get(each.number)] as const))
    for (const [consent, name] of known) {
      const id =
        name ??
        [...records].find(
          ([key, each]) => textOf(each) === text(consent) && ![...known.values()].includes(key)
        )?.[0]
      const record = id === undefined ? undefined : records.get(id)
      if (id === undefined || record === undefined) {
        found.push(`${slot} has no record ${text(consent)}`)
        continue
      }
      if (textOf(record) !== text(consent)) {
        found.push(`${slot} has ${textOf(record)} instead of ${text(consent)}`)
      }
      found.push(...pair(names.consents, consent.number, id, `${slot} ${text(consent)}`))
      known.set(consent, id)
      records.delete(id)
      const stored = credentials.find(each => each.id === id)
      if (consent.live !== (stored !== undefined)) {
        found.push(`${slot} ${text(consent)} is ${stored === undefined ? 'not ' : ''}in the vault`)
      }
      if (stored !== undefined && (stored.slot !== slot || stored.proof.kind !== 'adopted')) {
        found.push(`${text(consent)} is stored in ${stored.slot}`)
      }
    }
    for (const record of records.values()) found.push(`${slot} records ${textOf(record)} beside`)
  }
  const recorded = new Set(
    slotsIn(documents).flatMap(each => Object.keys(documents[each]?.authorizations ?? {}))
  )
  for (const each of credentials) {
    if (each.user === null && !recorded.has(each.id)) {
      found.push(
        `the vault has a credential of ${each.connection} in ${each.slot} without a record`
      )
    }
  }
  found.push(...compareUsers(life, credentials, names, slotName))
  for (const [env, here] of Object.entries(life.installed)) {
    const serving = documents[env as Environment]?.serving ?? {}
    const is = Object.entries(serving)
      .map(([id, credential]) => `${id}: ${credential}`)
      .sort()
    const shall = Object.entries(here.serving)
      .map(([id, number]) => `${names.connections.get(Number(id))}: ${names.consents.get(number)}`)
      .sort()
    if (is.join() !== shall.join())
      found.push(`${env} runs on ${is.join()} instead of ${shall.join()}`)
  }
  return found
}

function compareUsers(
  life: Life,
  credentials: readonly CredentialFile[],
  names: Names,
  slotName: ReadonlyMap<string, Slot>
): readonly string[] {
  const is = userConsents(credentials)
  const shall = life.consents
    .filter(each => each.user !== null)
    .map(
      each =>
        `${slotName.get(each.slot)} ${names.connections.get(each.id)} ${each.user} ${each.basis}`
    )
    .sort()
  return is.join() === shall.join() ? [] : [`users have ${is.join()} instead of ${shall.join()}`]
}

/** What each user has that counts: the newest. */
export function userConsents(credentials: readonly CredentialFile[]): readonly string[] {
  const newest = new Map<string, CredentialFile>()
  for (const each of credentials) {
    if (each.user === null) continue
    const key = [each.slot, each.connection, each.user].join(' ')
    const other = newest.get(key)
    if (other === undefined || each.facts.at > other.facts.at) newest.set(key, each)
  }
  return [...newest.values()]
    .map(
      ({ slot, connection, user, facts }) =>
        `${slot} ${connection} ${user} ${facts.basis.connector}|${facts.basis.parameters.area}`
    )
    .sort()
}

/** State's counts of users, which are right after every apply. */
export function compareCounts(life: Life, { documents }: OnDisk, names: Names): readonly string[] {
  return Object.entries(life.installed).flatMap(([env, here]) =>
    slotsSeen(here, env as Env).flatMap(model => {
      const slot = (model.startsWith('client#') ? env : model) as Slot
      const is = Object.entries(documents[slot]?.users ?? {})
        .flatMap(([id, counts]) =>
          counts.map(
            ({ basis, count }) => `${id} ${basis.connector}|${basis.parameters.area} ${count}`
          )
        )
        .sort()
      const groups = new Map<string, number>()
      for (const each of life.consents) {
        if (each.user === null || each.slot !== model) continue
        const key = `${names.connections.get(each.id)} ${each.basis}`
        groups.set(key, (groups.get(key) ?? 0) + 1)
      }
      const shall = [...groups].map(([key, count]) => `${key} ${count}`).sort()
      return is.join() === shall.join()
        ? []
        : [`${slot} counts users ${is.join()} instead of ${shall.join()}`]
    })
  )
}

export function everyEnvironment(life: Life): readonly Env[] {
  return [...own, ...clientsOf(life)]
}

/** What would be planned, of every environment; that it is the same twice, and that nobody writes anything to find out. */
export async function comparePlans(
  life: Life,
  workspace: LifeWorkspace,
  names: Names,
  wishes: readonly Wish[]
): Promise<readonly string[]> {
  const before = fingerprint(workspace)
  const scene = await openScene(workspace.around)
  const found: string[] = []
  for (const wish of wishes) {
    const [first, second] = [await plan(scene, wish), await plan(scene, wish)]
    if (JSON.stringify(first.shown) !== JSON.stringify(second.shown)) {
      found.push(`${wish.env} is planned in two ways`)
    }
    found.push(
      ...comparePlan(life, wish, first.planned, names).map(each => `plan of ${wish.env}: ${each}`)
    )
  }
  if (fingerprint(workspace) !== before) found.push('planning wrote something')
  return found
}

type Shown = Planned | { readonly codes: readonly string[] }

async function plan(
  scene: Awaited<ReturnType<typeof openScene>>,
  wish: Wish
): Promise<{ readonly planned: Shown; readonly shown: unknown }> {
  try {
    const planned = await planOne(scene, wish.env as Environment, selectionOf(wish))
    return { planned, shown: planned.plan }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const codes = error.diagnostics.filter(each => each.severity === 'error').map(each => each.code)
    return { planned: { codes }, shown: error.diagnostics }
  }
}

export function comparePlan(
  life: Life,
  wish: Wish,
  planned: Shown,
  names: Names
): readonly string[] {
  const seen = foresee(life, wish)
  const codes = 'codes' in planned ? planned.codes : []
  if ('refused' in seen) {
    const isRefused =
      codes.includes(seen.refused) ||
      ('plan' in planned && planned.refused && planned.plan.changes.length === 0)
    return isRefused ? [] : [`is not refused with ${seen.refused}, but ${codes.join()}`]
  }
  if ('codes' in planned) return [`is refused with ${codes.join()}`]
  const { plan } = planned
  const found: string[] = []
  const differ = (what: string, is: readonly string[], shall: readonly string[]): void => {
    if ([...is].sort().join() !== [...shall].sort().join()) {
      found.push(
        `${what}: ${[...is].sort().join(', ') || 'none'} instead of ${[...shall].sort().join(', ') || 'none'}`
      )
    }
  }
  differ(
    'changes',
    plan.changes
      .filter(each => each.action !== 'carry')
      .map(each => `${each.action} ${each.subject} ${each.linkName}`),
    seen.changes.map(each => `${each.action} ${each.subject} ${each.link}`)
  )
  const administrators = plan.authorizations.filter(each => each.level === 'administrator')
  const slot = (model: string): string => (model.startsWith('client#') ? wish.env : model)
  differ(
    'due',
    administrators
      .filter(each => each.action !== 'revoke')
      .map(each =>
        [each.action, each.connection, each.slot, ...each.reasons.map(reasonText)].join(' ')
      ),
    seen.due.map(each => [each.action, each.link, slot(each.slot), ...each.reasons].join(' '))
  )
  differ(
    'ends',
    administrators.filter(each => each.action === 'revoke').map(each => String(each.credential)),
    seen.ends.map(each => names.consents.get(each.number) ?? '?')
  )
  if (plan.environment !== 'dev') {
    differ(
      'version',
      [`${plan.version.to} ${plan.version.pinned}`],
      [`${seen.version} ${seen.pinned}`]
    )
  }
  // How many users there are, state knows as of the last apply only.
  const hasUsers =
    seen.userEnds.length > 0 || plan.authorizations.some(each => each.level !== 'administrator')
  if (planned.asks !== seen.asks && !hasUsers) found.push(`asks ${planned.asks}`)
  return found
}

function reasonText(reason: Reason): string {
  return 'scopes' in reason ? `${reason.code} ${reason.scopes.join('+')}` : reason.code
}

/** Every file of state and vault, with its size and time. */
export function fingerprint({ scenario }: LifeWorkspace): string {
  const walk = (folder: string): readonly string[] => {
    const entries =
      statSync(folder, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(folder)
    return entries.flatMap(each => {
      const path = join(folder, each)
      const stat = statSync(path)
      return stat.isDirectory() ? walk(path) : [`${path} ${stat.size} ${stat.mtimeMs} ${stat.ino}`]
    })
  }
  return ['state', '.tieline'].flatMap(each => walk(join(scenario.folder, each))).join('\n')
}

/** Every write has its line, one after the other, and the last one made what is there now. */
export async function compareHistories(
  { around }: LifeWorkspace,
  { documents }: OnDisk,
  told: Map<string, string>
): Promise<readonly string[]> {
  const state = openState(around, settings, 'nobody')
  const found: string[] = []
  for (const slot of slotsIn(documents)) {
    const document = documents[slot]
    if (document == null || told.get(slot) === document.digest) continue
    told.set(slot, document.digest)
    const { entries, problems } = await state.history(slot)
    found.push(...problems.map(each => `history of ${slot}: ${each.detail}`))
    if (entries.at(-1)?.digest !== document.digest) found.push(`history of ${slot} ends elsewhere`)
    const ownLines = entries.filter(each => each.lineage === document.lineage)
    for (const [index, each] of ownLines.entries()) {
      const before = ownLines[index - 1]
      if (before !== undefined && each.serial !== before.serial + 1)
        found.push(`history of ${slot}: ${each.serial} follows ${before.serial}`)
      if (before !== undefined && each.before !== before.digest)
        found.push(`history of ${slot}: ${each.serial} follows nothing`)
      if (each.changes.length === 0)
        found.push(`history of ${slot}: ${each.serial} (${each.operation}) explains nothing`)
    }
    if (document.serial !== ownLines.at(-1)?.serial)
      found.push(`history of ${slot} ends before ${document.serial}`)
  }
  return found
}

/** Published versions never change. */
export function compareFrozen(
  { scenario }: LifeWorkspace,
  life: Life,
  frozen: Map<number, string>
): readonly string[] {
  return life.versions.flatMap((_, index) => {
    const text = readFileSync(join(scenario.folder, 'state/versions', `${index + 1}.json`), 'utf8')
    const before = frozen.get(index + 1) ?? text
    frozen.set(index + 1, text)
    return text === before ? [] : [`version ${index + 1} changed`]
  })
}
