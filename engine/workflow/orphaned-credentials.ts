import { type Diagnostic, warning } from '../model/diagnostic.ts'
import { type Documents, isClient, slotsIn } from '../model/documents.ts'
import type { CredentialFile } from '../model/generated/types.ts'

const shownAtMost = 10

/**
 * What the vault holds for installations of clients that state does not have, so that nothing uses it and nobody ends it: the client's
 * document was lost, or the client was removed where its credentials could not be. `folder` is the vault's, as people name it.
 */
export function orphanedCredentials(
  documents: Documents,
  files: readonly CredentialFile[],
  folder: string
): readonly Diagnostic[] {
  const known = new Set(slotsIn(documents))
  const lost = files.filter(each => isClient(each.slot) && !known.has(each.slot))
  const orphaned = [...new Map(lost.map(each => [each.id, each])).values()]
  if (orphaned.length === 0) return []
  const count = orphaned.length
  const one = count === 1
  const lines = orphaned
    .slice(0, shownAtMost)
    .map(
      ({ id, facts }) =>
        `${facts.basis.connector}, as ${facts.account.name}, authorized by ${facts.by}:\n    rm ${folder}/${id}.*`
    )
  const more = count > shownAtMost ? `\n\n${count - shownAtMost} more are not shown.` : ''
  return [
    warning(
      'ORPHANED_CREDENTIALS',
      'The vault holds credentials of clients that state does not have',
      `${count} ${one ? 'credential belongs' : 'credentials belong'} to an installation that no state document stands for, so nothing uses ${one ? 'it' : 'them'} and nothing ends ${one ? 'it' : 'them'}. ` +
        'If the document was lost, take back what was committed and verify again:\n    git log --diff-filter=D -- state/clients\n\n' +
        `If the client is gone for good, end ${one ? 'it' : 'each'} in the account settings at the service, and then delete it here.\n\n${lines.join('\n\n')}${more}`
    )
  ]
}
