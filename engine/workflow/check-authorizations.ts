import { isDeepStrictEqual } from 'node:util'
import { type Findings, recordFindings } from '../apply/record-findings.ts'
import { type Diagnostic, note, Refusal, warning } from '../model/diagnostic.ts'
import {
  clientEnvironment,
  environmentsIn,
  isClient,
  neighboursOf,
  visibleSlots
} from '../model/documents.ts'
import type { CredentialFile, Environment, Slot, StatusCause } from '../model/generated/types.ts'
import { compareText } from '../model/record.ts'
import { readersOf } from '../model/roles.ts'
import type { Settings } from '../model/specs.ts'
import type { Target } from '../model/target.ts'
import { servingRecord, visibleRecords } from '../plan/used-record.ts'
import { actorOf } from './actor.ts'
import { openAuthorizeScene } from './authorize.ts'
import type { AuthorizeScene } from './authorize-scene.ts'
import { checkCredential, type Verdict } from './check-credential.ts'
import { openWorkspace } from './open-workspace.ts'
import { clientsOfActor, isGuest, isPermitted, permit } from './permit.ts'
import { runAs } from './run-as.ts'
import type { Surroundings } from './surroundings.ts'
import { countUsers } from './user-counts.ts'

/** At most so many services are asked at once, and so many requests go to one of them. */
const limits = { all: 8, origin: 2 } as const

export interface Checked {
  /** What works and is not as it was recorded, by credential: that is not ended, so state does not tell it. */
  readonly found: ReadonlyMap<string, StatusCause>
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Asks the services about every authorization of the given environments (all where the actor may, if none is given) that our key opens, and records
 * what has ended: the grant is gone (EXPIRED), or the service took back scopes that an environment needs (SCOPES_LOST). Deposits
 * are adopted on the way, and users are counted. Another account is only told: what uses the authorization works on, and whether
 * that is right is for a person to say. Throws a Refusal if the actor's role may not record it.
 */
export async function checkAuthorizations(
  around: Surroundings,
  only: readonly Environment[],
  /** What the person ran. */
  operation: 'status --refresh' | 'plan --refresh'
): Promise<Checked> {
  const { settings } = await openWorkspace(around)
  const actor = await actorOf(around)
  for (const environment of only) permit(settings, actor, { kind: 'refresh-status', environment })
  if (only.length === 0) permitSomewhere(settings, actor)
  const { scene, found: mended } = await openAuthorizeScene(around)
  const { files } = await scene.vault.list()
  const environments = only.length === 0 ? mayRefresh(scene) : only
  const chosen = [...new Set(environments.flatMap(visibleSlots))]
  const candidates = files.filter(each => chosen.includes(each.slot) && isToCheck(scene, each))
  const { readable, diagnostics } = await readableSlots(scene, chosen, candidates)
  const checks = candidates
    .filter(each => readable.has(each.slot))
    .flatMap(file => {
      const use = useOf(scene, file)
      return use === null ? [] : [{ file, ...use }]
    })
  const verdicts = await askAll(scene, checks)
  const { files: then } = await scene.vault.list()
  await recordFindings(
    {
      ended: verdicts.flatMap(endOf),
      users: await countUsers(scene.documents, scene.vault, then, chosen)
    },
    { by: scene.actor, at: around.clock.now().toISOString() },
    runAs(scene.state, operation)
  )
  return {
    found: new Map(verdicts.flatMap(causeOf)),
    diagnostics: [...mended, ...diagnostics, ...verdicts.flatMap(findingOf)]
  }
}

/** Throws a Refusal for who may refresh nothing at all, before anything is read. */
function permitSomewhere(settings: Settings, actor: string): void {
  const own = clientsOfActor(settings, actor).map(clientEnvironment)
  const places: readonly Environment[] = isGuest(settings, actor) ? own : ['dev', ...own]
  const isSomewhere = places.some(environment =>
    isPermitted(settings, actor, { kind: 'refresh-status', environment })
  )
  const [first = 'dev'] = places
  if (!isSomewhere) permit(settings, actor, { kind: 'refresh-status', environment: first })
}

function mayRefresh({ settings, actor, documents }: AuthorizeScene): readonly Environment[] {
  return environmentsIn(documents).filter(environment =>
    isPermitted(settings, actor, { kind: 'refresh-status', environment })
  )
}

/** What waits for a reader, or had ended before, is not asked about. */
function isToCheck({ documents }: AuthorizeScene, { id, slot, dead, proof, user }: CredentialFile) {
  if (proof.kind !== 'adopted') return false
  const record = documents[slot]?.authorizations[id]
  if (record !== undefined && record.ended !== null) return false
  // One that a run-time process found dead is recorded as such.
  return dead === null || (user === null && record !== undefined)
}

async function readableSlots(
  { vault }: AuthorizeScene,
  slots: readonly Slot[],
  candidates: readonly CredentialFile[]
): Promise<{
  readonly readable: ReadonlySet<Slot>
  readonly diagnostics: readonly Diagnostic[]
}> {
  const readable = new Set<Slot>()
  const diagnostics: Diagnostic[] = []
  for (const slot of slots) {
    const count = candidates.filter(each => each.slot === slot).length
    if (count === 0) continue
    try {
      if (await vault.canRead(slot)) readable.add(slot)
      else diagnostics.push(notReadable(slot, count))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      diagnostics.push(
        ...error.diagnostics.map(each => ({ ...each, severity: 'warning' as const }))
      )
    }
  }
  return { readable, diagnostics }
}

/** Where an authorization can be used, as a target with its basis, and the scopes that environments which run on it need. */
interface Use {
  readonly target: Target
  readonly needed: readonly string[]
}

/** null where its connection is gone, or wants another authorization by now. */
function useOf(scene: AuthorizeScene, file: CredentialFile): Use | null {
  const { documents, resolver } = scene
  const uses = neighboursOf(file.slot).flatMap(environment => {
    const connections = Object.entries(documents[environment]?.connections ?? {})
    const [linkName, connection] = connections.find(([, { id }]) => id === file.connection) ?? []
    if (linkName === undefined || connection === undefined) return []
    const target = resolver.targetOf(linkName, connection, environment)
    const { need } = target
    const isOurs =
      (file.slot === 'shared' || file.slot === environment) &&
      need.level === file.facts.level &&
      isDeepStrictEqual(need.basis, file.facts.basis)
    if (!isOurs) return []
    const remembered = documents[environment]?.serving[connection.id]
    const serving =
      file.user === null
        ? servingRecord(need, visibleRecords(documents, environment), remembered)?.credential
        : file.id
    return [{ target, isUsed: serving === file.id }]
  })
  const [use] = [...uses].sort((a, b) => Number(b.isUsed) - Number(a.isUsed))
  if (use === undefined) return null
  const needed = uses.filter(each => each.isUsed).flatMap(each => each.target.need.scopes)
  return { target: use.target, needed }
}

interface Check extends Use {
  readonly file: CredentialFile
}

interface Asked extends Check {
  readonly verdict: Verdict
}

async function askAll(scene: AuthorizeScene, checks: readonly Check[]): Promise<readonly Asked[]> {
  if (checks.length === 0) return []
  const { default: pLimit } = await import('p-limit')
  const all = pLimit(limits.all)
  const origins = new Map<string, ReturnType<typeof pLimit>>()
  const asked = await Promise.all(
    checks.map(check => {
      const origin = originOf(check.target)
      const own = origins.get(origin) ?? pLimit(limits.origin)
      origins.set(origin, own)
      return own(() =>
        all(async () => ({
          ...check,
          verdict: await checkCredential(scene, check.target, check.file.id)
        }))
      )
    })
  )
  return asked.toSorted((a, b) => compareText(nameOf(a), nameOf(b)))
}

/** Whom a check burdens: where tokens come from, else where the test request goes. */
function originOf({ way, api, need }: Target): string {
  const address = way.kind === 'oauth2' ? way.tokenUrl : api.test.url
  return URL.canParse(address) ? new URL(address).origin : (need.basis.origins[0] ?? '')
}

/** Scopes that nothing needs may go: only what an environment runs on has ended for it. */
function isLoss({ verdict, needed }: Asked): boolean {
  return verdict.outcome === 'scopes-lost' && verdict.scopes.some(each => needed.includes(each))
}

function endOf(asked: Asked): Findings['ended'] {
  const { file, verdict } = asked
  if (file.user !== null) return []
  const end = { slot: file.slot, credential: file.id }
  if (verdict.outcome === 'gone') return [{ ...end, cause: 'EXPIRED' }]
  return isLoss(asked) ? [{ ...end, cause: 'SCOPES_LOST' }] : []
}

function causeOf(asked: Asked): readonly (readonly [string, StatusCause])[] {
  const { file, verdict } = asked
  if (verdict.outcome === 'account-changed') return [[file.id, 'account-changed']]
  return isLoss(asked) ? [[file.id, 'scopes-lost']] : []
}

function findingOf({ file, target, verdict }: Asked): readonly Diagnostic[] {
  const { service } = target
  const { account } = file.facts
  switch (verdict.outcome) {
    case 'works':
    case 'gone':
    case 'scopes-lost':
      return []
    case 'account-changed':
      return [
        warning(
          'ACCOUNT_CHANGED',
          'Another account answers than was authorized',
          `${nameOf({ file, target })} was authorized as ${account.name}, and ${service} says now that it is ${verdict.account.name}. It was left as it is. If that is not right, end it:\n    tieline revoke ${target.linkName} -e ${target.environment}${file.user === null ? '' : ` --user ${file.user}`}`
        )
      ]
    case 'unknown':
      return [
        warning(
          'CHECK_FAILED',
          'An authorization could not be checked',
          `${nameOf({ file, target })}: ${service} gave no answer that counts, and nothing was changed: ${verdict.reason}`
        )
      ]
  }
}

function nameOf({ file, target }: Pick<Asked, 'file' | 'target'>): string {
  const whose = file.user === null ? '' : ` of ${file.user}`
  return `${target.linkName}${whose} in ${file.slot}`
}

function notReadable(slot: Slot, count: number): Diagnostic {
  return note(
    'CHECK_SKIPPED',
    'Some authorizations were not checked',
    `${count} ${count === 1 ? 'authorization' : 'authorizations'} in ${slot} ${count === 1 ? 'was' : 'were'} not checked: your key does not open that slot. The application's own key does, and those of ${isClient(slot) ? "the client's own admins" : `members with the role ${readersOf(slot).join(' or ')}`}.`
  )
}
