import type { Place } from '../authorize/choose-method.ts'
import { Refusal } from '../model/diagnostic.ts'
import type { DoctorCheck } from '../model/generated/types.ts'
import type { Workspace } from './open-workspace.ts'
import type { Surroundings } from './surroundings.ts'

/** What all checks work with. */
export interface Doctor {
  readonly around: Surroundings
  /** null outside of a workspace, or where tieline.yaml is broken. */
  readonly workspace: Workspace | null
  /** null if nobody says who acts. */
  readonly actor: string | null
  readonly place: Place
}

export function check(
  id: string,
  outcome: DoctorCheck['outcome'],
  summary: string,
  detail: string | null = null
): DoctorCheck {
  return { id, outcome, summary, detail }
}

/** A refusal as a check that failed; whatever else is thrown goes on. */
export async function orRefused(
  id: string,
  work: () => Promise<readonly DoctorCheck[]>
): Promise<readonly DoctorCheck[]> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return error.diagnostics.map(({ summary, detail }) =>
      check(id, 'failed', `${summary}.`, detail)
    )
  }
}

/** The code of a system error, for people who look it up; else nothing. */
export function systemCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? ` (${code})` : ''
}
