import { type Diagnostic, note } from '../model/diagnostic.ts'
import { digestOf } from '../model/digest.ts'
import type { Documents } from '../model/documents.ts'
import { environments } from '../model/documents.ts'
import type { OwnEnvironment, Selection, Version } from '../model/generated/types.ts'
import { asIfApplied } from '../plan/as-if-applied.ts'
import { clientsToPlan } from './client-view.ts'
import { soundSpecs } from './open-workspace.ts'
import { everything, type Planned, type PlanResult, planOne, versionOf } from './plan.ts'
import { openScene, resolveScene, type Scene } from './plan-scene.ts'
import { permitAll } from './sight.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * Plans the whole road: dev from the tree, stage as if dev were applied, prod as if stage were, every client as if prod were. The
 * selection acts on the plan of stage.
 */
export async function planRoad(around: Surroundings, selection: Selection): Promise<PlanResult> {
  const scene = await openScene(around)
  await permitAll(around, scene.workspace.settings, 'dev')
  const own = await planOwn(scene, selection)
  const clients = await planClients(scene, own)
  const diagnostics = [...scene.diagnostics, ...own.notes, ...clients.notes]
  return {
    plans: [...own.plans, ...clients.plans],
    diagnostics,
    texts: scene.workspace.textsOf(diagnostics)
  }
}

interface Road {
  readonly plans: readonly Planned[]
  readonly notes: readonly Diagnostic[]
  /** As if everything before were applied. */
  readonly documents: Documents
  readonly expected: ReadonlyMap<number, Version>
}

async function planOwn(scene: Scene, selection: Selection): Promise<Road> {
  const plans: Planned[] = []
  const notes: Diagnostic[] = []
  const expected = new Map<number, Version>()
  let documents = scene.documents
  for (const environment of environments) {
    const missing = nothingFor(environment, documents)
    if (missing !== null) {
      notes.push(missing)
      break
    }
    const chosen = environment === 'stage' ? { ...selection, version: null } : everything
    const planned = await planOne({ ...scene, documents }, environment, chosen, {
      readFrom: scene.documents,
      expected,
      asIfDevWereApplied: true
    })
    plans.push(planned)
    const { plan, accompanying, resolver } = planned
    const version =
      environment === 'stage'
        ? versionOf(planned, { by: '', at: '', note: null, commit: null })
        : null
    if (version !== null) expected.set(version.version, version)
    documents = asIfApplied(
      plan,
      documents,
      { ...accompanying, versionDigest: version === null ? null : digestOf(version) },
      resolver.needOf
    )
  }
  return { plans, notes, documents, expected }
}

function nothingFor(environment: OwnEnvironment, { dev, stage }: Documents): Diagnostic | null {
  if (environment === 'stage' && dev?.source == null) {
    return note(
      'NOTHING_RECORDED',
      'dev has nothing to publish',
      'The specs hold no connection and no component yet, so there is no plan for stage and prod.'
    )
  }
  if (environment === 'prod' && stage?.version == null) {
    return note(
      'NOTHING_PUBLISHED',
      'prod has nothing to run',
      'stage has no version yet, so there is no plan for prod.'
    )
  }
  return null
}

/** Clients stand apart from each other, so that one plan does not change what the next one starts from. */
async function planClients(
  scene: Scene,
  { documents, expected }: Road
): Promise<Pick<Road, 'plans' | 'notes'>> {
  const specs = soundSpecs(scene.workspace).clients
  const clients = clientsToPlan(specs, documents)
  if (clients.length === 0) return { plans: [], notes: [] }
  if (documents.prod?.version == null) return { plans: [], notes: [nothingDeployed] }
  const resolved = resolveScene({ ...scene, documents }, (documents.dev?.serial ?? 0) + 1)
  const options = { readFrom: scene.documents, expected, asIfDevWereApplied: true, resolved }
  const plans: Planned[] = []
  let [now, left] = [documents, clients]
  for (let [environment] = left; environment !== undefined; [environment] = left) {
    const planned = await planOne({ ...scene, documents: now }, environment, everything, options)
    plans.push(planned)
    left = left.slice(1)
    if (planned.plan.renamedFrom === null) continue
    // Its former name is free from here on for another client, which may be one that moves in turn.
    now = planned.documents
    const done = plans.map(each => each.plan.environment)
    left = clientsToPlan(specs, now).filter(each => !done.includes(each))
  }
  return { plans, notes: [] }
}

const nothingDeployed = note(
  'NOTHING_DEPLOYED',
  'Clients have nothing to install',
  'prod runs no version yet, so there is no plan for clients.'
)
