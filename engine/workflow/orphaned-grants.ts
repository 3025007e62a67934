import { type Diagnostic, warning } from '../model/diagnostic.ts'
import { openJournal } from './open-vault.ts'
import type { Surroundings } from './surroundings.ts'

/** Grants that a process asked for and did not live to store. Call `forget` once that was said. */
export async function orphanedGrants(
  around: Surroundings
): Promise<{ readonly diagnostics: readonly Diagnostic[]; readonly forget: () => Promise<void> }> {
  const journal = await openJournal(around)
  const left = await journal.leftOver()
  const diagnostics = left.map(({ grant }) =>
    warning(
      'GRANT_MAYBE_ORPHANED',
      'A grant may be left at the service',
      `An authorization of ${grant.linkName} in ${grant.environment} by ${grant.by} was cut off at ${grant.at}, right when ${grant.service} was asked for it. If it does not show in status, remove it in the account settings there and authorize again:\n    tieline authorize ${grant.linkName} -e ${grant.environment}`
    )
  )
  return {
    diagnostics,
    forget: async () => {
      for (const { forget } of left) await forget()
    }
  }
}
