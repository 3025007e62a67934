import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import { digestOf } from '../model/digest.ts'
import type { Documents } from '../model/documents.ts'
import type { Plan, Slot, State, UndoField } from '../model/generated/types.ts'
import type { WriteAbout } from '../model/ports.ts'
import { actorOf } from './actor.ts'
import { openState, openWorkspace } from './open-workspace.ts'
import { permit } from './permit.ts'
import { everything, planOne } from './plan.ts'
import {
  type PlannedSurgery,
  planSurgery,
  type SurgeryRequest,
  type SurgeryScene,
  type SurgeryWhat
} from './plan-surgery.ts'
import type { Surroundings } from './surroundings.ts'

export type { SurgeryRequest, SurgeryWhat }

export interface SurgeryWrite {
  readonly document: Slot
  /** The name of the document so far, if that is another one. */
  readonly movedFrom: Slot | null
  readonly lineage: string
  /** Serial before, and after. */
  readonly from: number
  readonly to: number
  readonly fields: readonly UndoField[]
}

export interface SurgeryPreview {
  readonly operation: string
  readonly what: SurgeryWhat
  readonly writes: readonly SurgeryWrite[]
  /** What the next plan of the environment would be; null where none can be made now. */
  readonly next: Plan | null
}

export interface SurgeryConversation {
  /** Shows what would be done, and asks. false leaves everything as it is. */
  readonly confirm: (preview: SurgeryPreview) => Promise<boolean>
}

/**
 * Moves or removes something in state by hand, or takes that back: shown, confirmed, written as what was shown, and told by the
 * history with what takes it back. Gives what was done; null if the person said no. Throws a Refusal where it may not or cannot be.
 */
export async function surgeryWorkflow(
  around: Surroundings,
  request: SurgeryRequest,
  conversation: SurgeryConversation
): Promise<SurgeryPreview | null> {
  const workspace = await openWorkspace(around)
  const { settings } = workspace
  const actor = await actorOf(around)
  permit(settings, actor, { kind: 'repair-state' })
  const state = openState(around, settings, actor)
  const { documents, problems } = await state.read()
  if (problems.length > 0) throw new Refusal(...problems)
  const scene = { around, workspace, settings, state, actor }
  const planned = await planSurgery(scene, documents, request)
  const preview = await previewOf(scene, documents, planned)
  if (!(await conversation.confirm(preview))) return null
  await state.withLock(planned.operation, async writer => {
    const now = await planSurgery(scene, await writer.read(), request)
    if (keyOf(now) !== keyOf(planned)) throw new Refusal(movedOn())
    for (const { before, surgery } of now.writes) {
      const { environment } = surgery.content
      const moved: WriteAbout =
        environment === before.environment ? {} : { movedFrom: before.environment }
      await writer.write(surgery.content, { ...moved, undo: surgery.undo })
    }
  })
  return preview
}

/** What was shown and what is about to be written are the same, and stand on the same documents. */
function keyOf({ operation, what, writes }: PlannedSurgery): string {
  return digestOf({
    operation,
    what,
    writes: writes.map(({ before, surgery }) => ({ before: before.digest, ...surgery }))
  })
}

async function previewOf(
  scene: SurgeryScene,
  documents: Documents,
  { operation, what, writes }: PlannedSurgery
): Promise<SurgeryPreview> {
  return {
    operation,
    what,
    writes: writes.map(({ before, surgery }) => {
      const { environment } = surgery.content
      return {
        document: environment,
        movedFrom: environment === before.environment ? null : before.environment,
        lineage: before.lineage,
        from: before.serial,
        to: before.serial + 1,
        fields: surgery.undo
      }
    }),
    next: await nextPlan(scene, documents, writes)
  }
}

/** What planning would say afterwards of the environment that is written last; null where specs or state allow no plan. */
async function nextPlan(
  { workspace, state }: SurgeryScene,
  documents: Documents,
  writes: PlannedSurgery['writes']
): Promise<Plan | null> {
  const environment = writes.at(-1)?.surgery.content.environment
  if (environment === undefined || environment === 'shared' || workspace.specs === null) return null
  try {
    const scene = { workspace, state, documents: asWritten(documents, writes), diagnostics: [] }
    return (await planOne(scene, environment, everything)).plan
  } catch (error) {
    if (error instanceof Refusal) return null
    throw error
  }
}

function asWritten(documents: Documents, writes: PlannedSurgery['writes']): Documents {
  let after: Readonly<Partial<Record<Slot, State | null>>> = documents
  for (const { before, surgery } of writes) {
    const { [before.environment]: _, ...others } = after
    const { content } = surgery
    const written = { ...before, ...content, serial: before.serial + 1 }
    after = { ...others, [content.environment]: written }
  }
  return after as Documents
}

function movedOn(): Diagnostic {
  return problem(
    'SURGERY_STALE',
    'State moved on meanwhile',
    'Somebody wrote state while this was being confirmed, so it would no longer be what was shown. Nothing was changed. Run the command again and look at it anew.'
  )
}
