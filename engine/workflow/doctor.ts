import type { Place } from '../authorize/choose-method.ts'
import { Refusal } from '../model/diagnostic.ts'
import type { DoctorCheck, DoctorReport } from '../model/generated/types.ts'
import { knownActor } from './actor.ts'
import { check, type Doctor } from './doctor-check.ts'
import { machineChecks } from './doctor-machine.ts'
import { onlineChecks } from './doctor-online.ts'
import { keyChecks } from './doctor-person.ts'
import { stateChecks } from './doctor-state.ts'
import { vaultChecks } from './doctor-vault.ts'
import { openWorkspace, type Workspace } from './open-workspace.ts'
import type { Surroundings } from './surroundings.ts'

export interface DoctorRequest {
  /** Where the command runs. */
  readonly place: Place
  /** Whether the services of the recorded connections are asked for an answer. */
  readonly online: boolean
}

/**
 * Looks at the set-up, and says in plain words what there is and what to do. Changes nothing, but for a file that it makes and takes
 * away again; runs no program but git; asks no service but with `online`. Tells no secret and no value of a variable.
 */
export async function doctorWorkflow(
  around: Surroundings,
  { place, online }: DoctorRequest
): Promise<DoctorReport> {
  const { workspace, found } = await workspaceCheck(around)
  const actor = await knownActor(around)
  const doctor: Doctor = { around, workspace, actor, place }
  const checks = [
    ...(await machineChecks(doctor)),
    ...found,
    ...(await keyChecks(doctor)),
    ...(await stateChecks(doctor)),
    ...(await vaultChecks(doctor)),
    ...(online ? await onlineChecks(doctor) : [])
  ]
  return { formatVersion: 1, checks }
}

async function workspaceCheck(
  around: Surroundings
): Promise<{ readonly workspace: Workspace | null; readonly found: readonly DoctorCheck[] }> {
  try {
    const workspace = await openWorkspace(around)
    const errors = workspace.diagnostics.filter(each => each.severity === 'error').length
    const found =
      errors === 0
        ? check('workspace', 'ok', `The specs of "${workspace.settings.app.name}" are sound.`)
        : check(
            'workspace',
            'failed',
            `The specs have ${errors === 1 ? 'an error' : `${errors} errors`}.`,
            'tieline.yaml itself can be read. What is wrong:\n    tieline validate'
          )
    return { workspace, found: [found] }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (error.diagnostics.some(each => each.code === 'NO_WORKSPACE')) {
      const none = check(
        'workspace',
        'skipped',
        'This folder is no workspace.',
        'So nothing of a workspace was looked at. Name its folder with -C DIR, or make one here:\n    tieline init'
      )
      return { workspace: null, found: [none] }
    }
    const gitFailed = error.diagnostics.find(each => each.code === 'GIT_FAILED')
    if (gitFailed !== undefined) {
      const unread = check(
        'workspace',
        'failed',
        'Git cannot be asked what it ignores.',
        gitFailed.detail
      )
      return { workspace: null, found: [unread] }
    }
    const broken = check(
      'workspace',
      'failed',
      'tieline.yaml cannot be read.',
      'So nothing else of the workspace was looked at. What is wrong:\n    tieline validate'
    )
    return { workspace: null, found: [broken] }
  }
}
