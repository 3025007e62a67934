import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import { type Documents, isClient, type StateContent } from '../model/documents.ts'
import type {
  Digest,
  DueAuthorization,
  Environment,
  Plan,
  Selection
} from '../model/generated/types.ts'
import { contentAfter, differs } from '../plan/content-after.ts'
import { actorOf } from './actor.ts'
import { authorizeGroup, authorizeSceneOf, permitAuthorize } from './authorize.ts'
import { type AuthorizeScene, type Conversation, type Place, targetIn } from './authorize-scene.ts'
import { checkBranch } from './check-branch.ts'
import { commitOf } from './commit-of.ts'
import { brokenPromise } from './compare-plans.ts'
import { mendAndEnd } from './mend.ts'
import { poolsOf, resolverFor, soundDocuments } from './open-workspace.ts'
import { orphanedGrants } from './orphaned-grants.ts'
import { isPermitted, permit } from './permit.ts'
import { type Planned, planOne, versionOf } from './plan.ts'
import { openScene, type Scene } from './plan-scene.ts'
import { revokePlanned } from './revoke-record.ts'
import { runAs } from './run-as.ts'
import type { Surroundings } from './surroundings.ts'
import { recordUserCounts } from './user-counts.ts'

export interface ApplyRequest {
  readonly environment: Environment
  readonly selection: Selection
  /** A saved plan: what is applied must still be this. */
  readonly promised: Plan | null
  readonly note: string | null
  /** Whether people are led through the authorizations that are due. */
  readonly authorize: boolean
  readonly place: Place
  readonly signal: AbortSignal
}

/** One thing that apply did, in its order. */
export interface Step {
  readonly what: string
  readonly outcome: 'done' | 'failed' | 'not-run'
  readonly detail: string | null
}

export interface ApplyResult {
  readonly environment: Environment
  readonly steps: readonly Step[]
  /** Authorizations that are still to be given. */
  readonly pending: readonly DueAuthorization[]
  readonly diagnostics: readonly Diagnostic[]
}

/** What the caller decides and shows on the way. */
export interface ApplyConversation extends Conversation {
  /** Shows the plan and asks. false ends it without a change. */
  readonly confirm: (planned: Planned, diagnostics: readonly Diagnostic[]) => Promise<boolean>
  /** Runs a step with its progress shown. */
  readonly step: <T>(what: string, work: () => Promise<T>) => Promise<T>
}

/**
 * Plans, asks, writes the definitions in one atomic write, and then leads through what is due, one step after the other, each
 * recorded when it is done. null if the person said no. Throws a Refusal before anything was written.
 */
export async function applyWorkflow(
  around: Surroundings,
  request: ApplyRequest,
  conversation: ApplyConversation
): Promise<ApplyResult | null> {
  const actor = await actorOf(around)
  const opened = await openScene(around, actor)
  const { workspace, state } = opened
  permit(workspace.settings, actor, { kind: 'apply', environment: request.environment })
  if (request.environment !== 'dev') await checkBranch(around, workspace.settings)
  const acting = await authorizeSceneOf(around, workspace, state, opened.documents, actor)
  const telling = { ...acting, state: runAs(state, `apply ${request.environment}`) }
  const mended = await mendAndEnd(telling)
  const counted = await recordUserCounts({ ...telling, clock: around.clock })
  const documents = counted ? await soundDocuments(state) : mended.documents
  const scene = { ...opened, documents }
  const planned = await replan(scene, request, serialOf(request.promised))
  const orphaned = await orphanedGrants(around)
  const found = [...orphaned.diagnostics, ...mended.diagnostics]
  const isConfirmed = await conversation.confirm(planned, [...scene.diagnostics, ...found])
  if (isConfirmed && planned.refused) throw refusedPlan(planned)
  await orphaned.forget()
  if (!isConfirmed) return null

  const steps: Step[] = []
  const { plan } = planned
  const writes = planned.asks && needsWrite(planned)
  if (writes) {
    const what = describeWrite(plan)
    // Interrupted before it began: then nothing below is run either.
    const outcome = request.signal.aborted ? 'not-run' : 'done'
    if (outcome === 'done') {
      await conversation.step(what, () => writeDefinitions(around, scene, planned, request, actor))
    }
    steps.push({ what, outcome, detail: null })
  }
  const keys = await keysOfClient(around, scene, plan, request.signal)
  // Users authorize for themselves, at first use: nothing that apply could do or leave to do.
  const due = plan.authorizations.filter(
    ({ action, level }) =>
      action === 'revoke' ||
      (action !== 'keep' && action !== 'inherit' && level === 'administrator')
  )
  const asked = due.filter(each => each.action !== 'revoke')
  const pending: DueAuthorization[] = []
  const failed = new Set<string>()
  if (due.length > 0 && (request.authorize || due.length > asked.length)) {
    const now = { ...acting, documents: await soundDocuments(state), resolver: planned.resolver }
    for (const each of due) {
      const step = await runDue(now, planned, each, request, conversation, failed)
      if (step !== null) steps.push(step)
      if (step?.outcome !== 'done' && each.action !== 'revoke') pending.push(each)
    }
  } else {
    pending.push(...asked)
  }
  return { environment: plan.environment, steps, pending, diagnostics: [...found, ...keys] }
}

/** What an installed client authorizes needs keys that its own admins read. */
async function keysOfClient(
  around: Surroundings,
  { workspace, state }: Scene,
  { environment, version }: Plan,
  signal: AbortSignal
): Promise<readonly Diagnostic[]> {
  if (!isClient(environment) || version.to === null || signal.aborted) return []
  const { ensureClientKeys } = await import('./client-keys.ts')
  return ensureClientKeys(around, workspace.settings, state, environment)
}

/** New entries keep the ids that a saved plan gave them, though an authorization has moved dev on meanwhile. */
function serialOf(promised: Plan | null): number | undefined {
  const serial = promised?.basedOn.find(each => each.document === 'dev')?.serial
  return serial === undefined ? undefined : serial + 1
}

/** Plans on what is there now; a saved plan has to come out the same. */
async function replan(
  scene: Scene,
  { environment, selection, promised }: ApplyRequest,
  serial: number | undefined
): Promise<Planned> {
  const options = serial === undefined ? {} : { serial }
  const planned = await planOne(scene, environment, selection, options)
  const broken = promised === null ? null : brokenPromise(promised, planned.plan)
  if (broken !== null) throw new Refusal(broken)
  return planned
}

/** Under the lock everything is read again: what is written is what was shown, or nothing. */
async function writeDefinitions(
  around: Surroundings,
  scene: Scene,
  planned: Planned,
  request: ApplyRequest,
  actor: string
): Promise<void> {
  const about = {
    by: actor,
    at: around.clock.now().toISOString(),
    note: request.note,
    commit: planned.plan.environment === 'dev' ? null : await commitOf(around.folder)
  }
  await scene.state.withLock(`apply ${planned.plan.environment}`, async writer => {
    const documents = await writer.read()
    const shown = { ...request, promised: planned.plan }
    const serial = serialOf(request.promised ?? planned.plan)
    const fresh = await replan({ ...scene, documents }, shown, serial)
    const version = versionOf(fresh, about)
    const versionDigest = version === null ? null : await writer.writeVersion(version)
    const { note, commit } = about
    if (needsWrite(fresh))
      await writer.write(contentOf(fresh, versionDigest), { note, commit, ...fresh.writing })
  })
}

function needsWrite(planned: Planned): boolean {
  return planned.plan.renamedFrom !== null || differs(contentOf(planned, null), planned.documents)
}

function contentOf(
  { plan, documents, accompanying, resolver }: Planned,
  versionDigest: Digest | null
): StateContent {
  return contentAfter(plan, documents, { ...accompanying, versionDigest }, resolver.needOf)
}

function describeWrite({ environment, renamedFrom, changes, version }: Plan): string {
  if (isClient(environment)) {
    if (renamedFrom !== null) return `record ${renamedFrom} as ${environment}`
    if (version.to === null) return `record that ${environment} is removed`
  }
  const count = `${changes.length} ${changes.length === 1 ? 'change' : 'changes'}`
  const to = version.to === null ? '' : `, version ${version.to}`
  return `record ${count} in ${environment}${to}`
}

async function runDue(
  scene: AuthorizeScene,
  { plan: { environment }, documents: former }: Planned,
  due: DueAuthorization,
  request: ApplyRequest,
  conversation: ApplyConversation,
  failed: Set<string>
): Promise<Step | null> {
  if (due.action === 'revoke') {
    const isWaiting = request.signal.aborted || failed.has(due.id)
    return endUnneeded(scene, due, former, conversation, isWaiting)
  }
  // What belongs to a client is its own members' to authorize, and waits for them.
  if (!request.authorize || !mayAuthorize(scene, due, environment)) {
    failed.add(due.id)
    return null
  }
  const what = `authorize ${due.connection} in ${due.slot}`
  if (request.signal.aborted) {
    failed.add(due.id)
    return { what, outcome: 'not-run', detail: null }
  }
  try {
    const documents = await soundDocuments(scene.state)
    const resolver = resolverFor(scene.known, poolsOf(documents))
    const current = { ...scene, documents, resolver }
    const target = targetIn(current, due.connection, environment)
    permitAuthorize(current, target, undefined)
    const options = {
      user: undefined,
      method: undefined,
      place: request.place,
      port: undefined,
      from: {},
      switchAccount: false,
      signal: request.signal
    } as const
    await conversation.step(what, () => authorizeGroup(current, [target], options, conversation))
    return { what, outcome: 'done', detail: null }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    failed.add(due.id)
    return {
      what,
      outcome: 'failed',
      detail: error.diagnostics.map(each => each.detail).join('\n')
    }
  }
}

function mayAuthorize(
  { settings, actor }: AuthorizeScene,
  { level }: DueAuthorization,
  environment: Environment
): boolean {
  if (!isClient(environment)) return true
  return isPermitted(settings, actor, { kind: 'authorize', level, environment, isOwn: false })
}

/** Nothing is revoked before its replacement is stored. */
async function endUnneeded(
  scene: AuthorizeScene,
  due: DueAuthorization,
  former: Documents,
  conversation: ApplyConversation,
  isWaiting: boolean
): Promise<Step> {
  const what = `revoke ${due.connection} in ${due.slot}`
  if (isWaiting) {
    return { what, outcome: 'not-run', detail: 'What comes before it is not done yet.' }
  }
  const telling = { ...scene, state: runAs(scene.state, `revoke ${due.connection}`) }
  const { said } = await conversation.step(what, () => revokePlanned(telling, due, former))
  return { what, outcome: 'done', detail: said }
}

function refusedPlan({ plan }: Planned): Refusal {
  const errors = plan.diagnostics.filter(each => each.severity === 'error')
  if (errors.length > 0) return new Refusal(...errors)
  return new Refusal(
    problem(
      'PUBLISH_REFUSED',
      'The selection cannot be published as it is',
      plan.held.map(each => each.message).join('\n\n')
    )
  )
}
