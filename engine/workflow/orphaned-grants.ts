import { type Diagnostic, warning } from '../model/diagnostic.ts'
import type { Environment } from '../model/generated/types.ts'
import type { RequestedGrant } from '../model/ports.ts'
import type { Settings } from '../model/specs.ts'
import { openJournal } from './open-vault.ts'
import { sightOf } from './sight.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * Grants that a process asked for and did not live to store. Call `forget` once that was said. With `viewer`, those of environments
 * that they see nothing of are left for somebody else.
 */
export async function orphanedGrants(
  around: Surroundings,
  viewer?: { readonly settings: Settings; readonly actor: string }
): Promise<{ readonly diagnostics: readonly Diagnostic[]; readonly forget: () => Promise<void> }> {
  const journal = await openJournal(around)
  const left = (await journal.leftOver()).filter(({ grant }) => isFor(grant, viewer))
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

/** Whoever asked for a grant is told of it in any case. */
function isFor(
  { environment, by }: RequestedGrant,
  viewer: Parameters<typeof orphanedGrants>[1]
): boolean {
  if (viewer === undefined || by === viewer.actor) return true
  return sightOf(viewer.settings, environment as Environment, viewer.actor) === 'all'
}
