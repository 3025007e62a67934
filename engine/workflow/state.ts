import type { Diagnostic } from '../model/diagnostic.ts'
import type { Slot, State } from '../model/generated/types.ts'
import { actorOf } from './actor.ts'
import { openState, openWorkspace } from './open-workspace.ts'
import { permit } from './permit.ts'
import type { Surroundings } from './surroundings.ts'

/** Ends a lock whose holder cannot be asked any more. Throws a Refusal if there is none with this id. */
export async function unlockWorkflow(around: Surroundings, id: string): Promise<void> {
  const { settings } = await openWorkspace(around)
  const actor = await actorOf(around)
  permit(settings, actor, { kind: 'repair-state' })
  await openState(around, settings, actor).unlock(id)
}

/** Takes a state document as it is, though its digest does not fit. Throws a Refusal if there is nothing to accept. */
export async function acceptWorkflow(around: Surroundings, slot: Slot): Promise<State> {
  const { settings } = await openWorkspace(around)
  const actor = await actorOf(around)
  permit(settings, actor, { kind: 'repair-state' })
  return openState(around, settings, actor).accept(slot)
}

/** See state-verify.ts: what needs the vault is loaded by those alone who verify. */
export async function verifyWorkflow(around: Surroundings): Promise<readonly Diagnostic[]> {
  const { verify } = await import('./state-verify.ts')
  return verify(around)
}
