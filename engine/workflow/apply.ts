import { endAuthorization } from '../apply/end-authorization.ts'
import { mendRecords } from '../apply/mend-records.ts'
import { type Diagnostic, problem, Refusal, warning } from '../model/diagnostic.ts'
import type { DueAuthorization, OwnEnvironment, Plan, Selection } from '../model/generated/types.ts'
import type { Vault } from '../model/ports.ts'
import { contentAfter, differs } from '../plan/content-after.ts'
import { actorOf } from './actor.ts'
import {
  type AuthorizeScene,
  authorizeGroup,
  type Conversation,
  orphanedGrants,
  targetIn
} from './authorize.ts'
import { checkBranch } from './check-branch.ts'
import { commitOf } from './commit-of.ts'
import { brokenPromise } from './compare-plans.ts'
import { openVault } from './open-vault.ts'
import { soundDocuments } from './open-workspace.ts'
import { openScene, type Planned, planOne, type Scene, versionOf } from './plan.ts'
import { referenceResolver } from './resolve-references.ts'
import type { Surroundings } from './surroundings.ts'

export interface ApplyRequest {
  readonly environment: OwnEnvironment
  readonly selection: Selection
  /** A saved plan: what is applied must still be this. */
  readonly promised: Plan | null
  readonly note: string | null
  /** Whether people are led through the authorizations that are due. */
  readonly authorize: boolean
  readonly signal: AbortSignal
}

/** One thing that apply did, in its order. */
export interface Step {
  readonly what: string
  readonly outcome: 'done' | 'failed' | 'not-run'
  readonly detail: string | null
}

export interface ApplyResult {
  readonly environment: OwnEnvironment
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
  if (request.environment !== 'dev') await checkBranch(around, opened.workspace.settings)
  const vault = await vaultIfAny(around, opened)
  const { scene, found } = await mended(opened, vault, around)
  const planned = await replan(scene, request)
  if (!(await conversation.confirm(planned, scene.diagnostics))) return null
  if (planned.refused) throw refusedPlan(planned)

  const steps: Step[] = []
  const { plan } = planned
  const writes = planned.asks && needsWrite(planned)
  if (writes) {
    const what = describeWrite(plan)
    await conversation.step(what, () => writeDefinitions(around, scene, planned, request, actor))
    steps.push({ what, outcome: 'done', detail: null })
  }
  // Users authorize for themselves, at first use: nothing that apply could do or leave to do.
  const due = plan.authorizations.filter(
    each => each.action !== 'keep' && each.action !== 'inherit' && each.level === 'administrator'
  )
  const asked = due.filter(each => each.action !== 'revoke')
  const pending: DueAuthorization[] = []
  const failed = new Set<string>()
  if (due.length > 0 && (request.authorize || due.length > asked.length)) {
    const acting: AuthorizeScene = {
      around,
      actor,
      state: scene.state,
      documents: await soundDocuments(scene.state),
      resolver: planned.resolver,
      vault: vault ?? (await openVault(around, scene.workspace.settings)),
      secrets: referenceResolver(around)
    }
    for (const each of due) {
      const step = await runDue(acting, plan.environment, each, request, conversation, failed)
      if (step !== null) steps.push(step)
      if (step?.outcome !== 'done' && each.action !== 'revoke') pending.push(each)
    }
  } else {
    pending.push(...asked)
  }
  return { environment: plan.environment, steps, pending, diagnostics: found }
}

/** Plans on what is there now; a saved plan has to come out the same. */
async function replan(
  scene: Scene,
  { environment, selection, promised }: ApplyRequest
): Promise<Planned> {
  const serial = promised?.basedOn.find(each => each.document === 'dev')?.serial
  const options = serial === undefined ? {} : { serial: serial + 1 }
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
    commit: planned.plan.environment === 'stage' ? await commitOf(around.folder) : null
  }
  await scene.state.withLock(`apply ${planned.plan.environment}`, async writer => {
    const documents = await writer.read()
    const fresh = await replan({ ...scene, documents }, { ...request, promised: planned.plan })
    const version = versionOf(fresh, about)
    const versionDigest = version === null ? null : await writer.writeVersion(version)
    const accompanying = { ...fresh.accompanying, versionDigest }
    const content = contentAfter(fresh.plan, documents, accompanying, fresh.resolver.needOf)
    if (differs(content, documents)) await writer.write(content)
  })
}

function needsWrite({ plan, documents, accompanying, resolver }: Planned): boolean {
  return differs(contentAfter(plan, documents, accompanying, resolver.needOf), documents)
}

function describeWrite({ environment, changes, version }: Plan): string {
  const count = `${changes.length} ${changes.length === 1 ? 'change' : 'changes'}`
  const to = version.to === null ? '' : `, version ${version.to}`
  return `record ${count} in ${environment}${to}`
}

async function runDue(
  scene: AuthorizeScene,
  environment: OwnEnvironment,
  due: DueAuthorization,
  request: ApplyRequest,
  conversation: ApplyConversation,
  failed: Set<string>
): Promise<Step | null> {
  if (due.action === 'revoke') return endUnneeded(scene, due, conversation, failed)
  if (!request.authorize) {
    failed.add(due.id)
    return null
  }
  const what = `authorize ${due.connection} in ${due.slot}`
  if (request.signal.aborted) {
    failed.add(due.id)
    return { what, outcome: 'not-run', detail: null }
  }
  try {
    const current = { ...scene, documents: await soundDocuments(scene.state) }
    const target = targetIn(current, due.connection, environment)
    const options = {
      user: undefined,
      method: 'browser',
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

/** Nothing is revoked before its replacement is stored. */
async function endUnneeded(
  scene: AuthorizeScene,
  due: DueAuthorization,
  conversation: ApplyConversation,
  failed: ReadonlySet<string>
): Promise<Step> {
  const what = `revoke ${due.connection} in ${due.slot}`
  if (due.credential === null || failed.has(due.id)) {
    return { what, outcome: 'not-run', detail: 'Its replacement is not there yet.' }
  }
  const { credential } = due
  const ports = { state: scene.state, vault: scene.vault, clock: scene.around.clock }
  await conversation.step(what, () => endAuthorization(due.slot, credential, scene.actor, ports))
  return {
    what,
    outcome: 'done',
    detail:
      'Dropped here. The service was not told: remove the app in the account settings there if the grant shall end too.'
  }
}

/** A vault only where there may be credentials to mend: most applies need no key. */
async function vaultIfAny(around: Surroundings, { workspace }: Scene): Promise<Vault | null> {
  const vault = await openVault(around, workspace.settings)
  return (await vault.commitment()) === null ? null : vault
}

async function mended(
  scene: Scene,
  vault: Vault | null,
  around: Surroundings
): Promise<{ readonly scene: Scene; readonly found: readonly Diagnostic[] }> {
  const found = [...(await orphanedGrants(around))]
  if (vault === null) return { scene, found }
  try {
    const added = await mendRecords(scene.documents, { state: scene.state, vault })
    if (added === 0) return { scene, found }
    found.push(
      warning(
        'RECORDS_MENDED',
        'An authorization was recorded late',
        `${added} stored ${added === 1 ? 'credential had' : 'credentials had'} no record, because a run was cut off. ${added === 1 ? 'It is' : 'They are'} recorded now.`
      )
    )
    return { scene: { ...scene, documents: await soundDocuments(scene.state) }, found }
  } catch (error) {
    // Definitions can be applied by somebody who cannot open the vault.
    if (!(error instanceof Refusal) || error.diagnostics.some(each => each.code === 'STATE_LOCKED'))
      throw error
    return {
      scene,
      found: [
        ...found,
        ...error.diagnostics.map(each => ({ ...each, severity: 'warning' as const }))
      ]
    }
  }
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
