import { join } from 'node:path'
import { clientsIn } from '../model/documents.ts'
import type { Slot, State } from '../model/generated/types.ts'
import type { DocumentNames } from './document-names.ts'
import type { DocumentReader } from './document-reader.ts'
import { whatIsWrongWithFolder } from './read-plain-file.ts'
import { listQuietly, removeQuietly, temporaryNames } from './write-atomically.ts'

interface Moves {
  readonly isLeftOver: (slot: Slot, clients: readonly State[]) => boolean
  readonly removeDocument: (slot: Slot) => void
}

/**
 * Removes what writers left behind that were cut off: temporary files, and of a client that moved the document and the history under
 * the name that is not in force. Only who holds the lock writes, so that whatever is unfinished then belongs to nobody. Throws a
 * Refusal where a document cannot be removed: it would come back to life with the next write of its name.
 */
export function sweepState(
  root: string,
  names: DocumentNames,
  reader: DocumentReader,
  moves: Moves
): void {
  for (const folder of names.folders) {
    const path = join(root, folder)
    if (whatIsWrongWithFolder(root, path) !== null) continue
    const leftOver = listQuietly(path).filter(name => temporaryNames.test(name))
    for (const name of leftOver) removeQuietly(join(path, name))
  }
  const { clients, problems } = reader.listClients()
  if (problems.length > 0) return
  const alone = reader.listHistories().filter(each => !clients.includes(each))
  if (clients.length < 2 && alone.length === 0) return

  const { documents, leftOver } = reader.readAll()
  const sound = clientsIn(documents).flatMap(each => documents[each] ?? [])
  const dropped = alone.filter(each => moves.isLeftOver(each, sound))
  for (const each of [...leftOver, ...dropped]) moves.removeDocument(each)
}
