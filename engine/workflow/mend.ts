import { mendRecords } from '../apply/mend-records.ts'
import { type Diagnostic, Refusal, warning } from '../model/diagnostic.ts'
import { type Documents, environments } from '../model/documents.ts'
import type { Slot } from '../model/generated/types.ts'
import type { StateStore, Vault } from '../model/ports.ts'
import type { KnownConnectors } from '../model/specs.ts'
import { afterConsent } from './after-consent.ts'
import { soundDocuments } from './open-workspace.ts'

export interface Mended {
  readonly documents: Documents
  readonly diagnostics: readonly Diagnostic[]
}

/** Records what runs stored that were cut off. What cannot be opened is said, and stops nobody. */
export async function mendState(
  documents: Documents,
  state: StateStore,
  vault: Vault,
  known: KnownConnectors
): Promise<Mended> {
  try {
    if ((await vault.commitment()) === null) return { documents, diagnostics: [] }
    const added = await mendRecords(documents, { state, vault }, (now, credential) =>
      // In the shared slot nobody can tell any more in which environment it was given.
      afterConsent(known, environments.filter(isSlot(credential.slot)))(now, credential)
    )
    if (added === 0) return { documents, diagnostics: [] }
    return { documents: await soundDocuments(state), diagnostics: [recordedLate(added)] }
  } catch (error) {
    if (!(error instanceof Refusal) || error.diagnostics.some(each => each.code === 'STATE_LOCKED'))
      throw error
    const diagnostics = error.diagnostics.map(each => ({ ...each, severity: 'warning' as const }))
    return { documents, diagnostics }
  }
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
