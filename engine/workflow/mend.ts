import { mendRecords } from '../apply/mend-records.ts'
import { type Diagnostic, Refusal, warning } from '../model/diagnostic.ts'
import { type Documents, environmentsIn, slotsIn } from '../model/documents.ts'
import type { CredentialFile, Slot } from '../model/generated/types.ts'
import { adoptDeposit } from './adopt-deposit.ts'
import { afterConsent } from './after-consent.ts'
import type { AuthorizeScene } from './authorize-scene.ts'
import { endReplaced, openReplaceable } from './end-replaced.ts'
import { soundDocuments } from './open-workspace.ts'

export interface Mended {
  readonly documents: Documents
  readonly diagnostics: readonly Diagnostic[]
}

/** As mendState, and ends at the services what was replaced meanwhile. */
export async function mendAndEnd(scene: AuthorizeScene): Promise<Mended> {
  const { files } = await scene.vault.list()
  const before = await openReplaceable(scene, file => hasRival(file, files))
  const { documents, diagnostics } = await mendState(scene)
  const ended = await endReplaced({ ...scene, documents }, before)
  return { documents, diagnostics: [...diagnostics, ...ended] }
}

/** Whether there is another one for the same use, of which one may replace the other. */
function hasRival(file: CredentialFile, files: readonly CredentialFile[]): boolean {
  const { id, slot, connection, user } = file
  return files.some(
    each =>
      each.id !== id && each.slot === slot && each.connection === connection && each.user === user
  )
}

export type MendScene = Omit<AuthorizeScene, 'leases' | 'secrets' | 'actor'>

/**
 * Adopts what others deposited, where our key opens the slot, and records what runs stored that were cut off. What cannot be opened
 * is said, and stops nobody.
 */
export async function mendState(scene: MendScene): Promise<Mended> {
  const { documents, state, vault, known } = scene
  try {
    await vault.sweep()
    const { files } = await vault.list()
    if (files.length === 0) return { documents, diagnostics: [] }
    const found = await adoptAll(scene, files)
    const added = await mendRecords(documents, { state, vault }, (now, credential) =>
      // In the shared slot nobody can tell any more in which environment it was given.
      afterConsent(known, environmentsIn(now).filter(isSlot(credential.slot)))(now, credential)
    )
    const diagnostics = added === 0 ? found : [...found, recordedLate(added)]
    return { documents: await soundDocuments(state), diagnostics }
  } catch (error) {
    if (!(error instanceof Refusal) || error.diagnostics.some(each => each.code === 'STATE_LOCKED'))
      throw error
    return { documents, diagnostics: error.diagnostics.map(asWarning) }
  }
}

async function adoptAll(
  scene: MendScene,
  files: readonly CredentialFile[]
): Promise<readonly Diagnostic[]> {
  const deposits = files.filter(each => each.proof.kind === 'deposit')
  const found: Diagnostic[] = []
  for (const slot of slotsIn(scene.documents)) {
    const own = deposits.filter(each => each.slot === slot)
    if (own.length === 0 || !(await scene.vault.canRead(slot))) continue
    for (const { id } of own) {
      const adoption = await adoptDeposit(scene, id)
      if (adoption.kind === 'refused') found.push(...adoption.problems.map(asWarning))
    }
  }
  return found
}

function asWarning(diagnostic: Diagnostic): Diagnostic {
  return { ...diagnostic, severity: 'warning' }
}

function isSlot(slot: Slot): (environment: Slot) => boolean {
  return environment => environment === slot
}

function recordedLate(added: number): Diagnostic {
  return warning(
    'RECORDS_MENDED',
    'An authorization was recorded late',
    `${added} stored ${added === 1 ? 'credential had' : 'credentials had'} no record, because a run was cut off. ${added === 1 ? 'It is' : 'They are'} recorded now.`
  )
}
