import { type Diagnostic, problem } from '../model/diagnostic.ts'
import type { Slot, State } from '../model/generated/types.ts'
import type { DocumentNames } from './document-names.ts'

export interface MovedClients {
  /** The document that goes on is complete under another name, and this one is what a move left behind that was cut off. */
  readonly leftOver: readonly Slot[]
  /** Documents that share a lineage though none of them goes on from the other. */
  readonly twice: readonly (readonly State[])[]
}

/**
 * Sorts out documents of clients with the same lineage. `goesOn` says whether the history of one has replaced the other: an older
 * serial alone proves nothing, since two branches may have moved a client and written to it.
 */
export function findMoved(
  states: readonly State[],
  goesOn: (newer: State, older: State) => boolean
): MovedClients {
  const byLineage = new Map<string, State[]>()
  for (const each of states) {
    byLineage.set(each.lineage, [...(byLineage.get(each.lineage) ?? []), each])
  }
  const groups = [...byLineage.values()].filter(each => each.length > 1)
  const found = groups.map(group => {
    const newest = group.reduce((a, b) => (b.serial > a.serial ? b : a))
    const others = group.filter(each => each !== newest)
    // Whoever writes next deletes what a move left behind, so that the moved document is never further on than by one write.
    const isMoved = others.every(each => each.serial === newest.serial - 1 && goesOn(newest, each))
    return isMoved
      ? { leftOver: others.map(each => each.environment), twice: [] }
      : { leftOver: [], twice: [group] }
  })
  return {
    leftOver: found.flatMap(each => each.leftOver),
    twice: found.flatMap(each => each.twice)
  }
}

export function twiceProblem(group: readonly State[], names: DocumentNames): Diagnostic {
  const files = group.map(each => `${names.ofSlot(each.environment)} (serial ${each.serial})`)
  const { environment } = group[0] ?? { environment: 'shared' as const }
  return problem(
    'LINEAGE_TWICE',
    'Two state documents are the same installation',
    `${files.join(' and ')} have the same lineage: a client was renamed on one branch and written to on another. Both would ` +
      'say what one installation has, and use the same credentials.\n\n' +
      `Take all of ${names.folder}/ from one side of the merge, HEAD^ or HEAD^2 (HEAD or MERGE_HEAD while it is not committed):\n` +
      `    git checkout --no-overlay HEAD^ -- ${names.folder}\n\n` +
      'Then see what is left to do:\n    tieline plan --all',
    { file: names.ofSlot(environment), line: 1, column: 1 }
  )
}
