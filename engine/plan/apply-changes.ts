import type { Definitions } from '../model/documents.ts'
import type { Change, Component, Connection } from '../model/generated/types.ts'
import { sortedRecord } from '../model/record.ts'
import { setFields } from './field-changes.ts'

/** The definitions that changes lead to. Says nothing of anything that the changes do not name. */
export function applyChanges(recorded: Definitions, changes: readonly Change[]): Definitions {
  return {
    connections: applyTo<Connection>(
      recorded.connections,
      changes.filter(each => each.subject === 'connection')
    ),
    components: applyTo<Component>(
      recorded.components,
      changes.filter(each => each.subject === 'component')
    )
  }
}

function applyTo<T extends object>(
  recorded: Readonly<Record<string, T>>,
  changes: readonly Change[]
): Readonly<Record<string, T>> {
  const entries = new Map(Object.entries(recorded))
  // First everything leaves its old name, then takes the new one: names may be swapped.
  for (const { action, linkName, from } of changes) {
    if (action === 'delete') entries.delete(linkName)
    if (action === 'rename' && from !== null) entries.delete(from)
  }
  for (const { action, linkName, from, fields } of changes) {
    if (action === 'delete' || action === 'carry') continue
    const before = action === 'add' ? null : (recorded[from ?? linkName] ?? null)
    entries.set(linkName, setFields(before, fields) as T)
  }
  return sortedRecord(entries)
}
