import type { HistoryEntry, State } from '../model/generated/types.ts'
import type { WriteAbout } from '../model/ports.ts'
import { describeChange } from './describe-change.ts'
import { plainText } from './plain-text.ts'

/** The line that a write adds to its document's history. What was typed becomes one plain line each, cut to what the format holds. */
export function historyEntry(
  before: State | null,
  after: State,
  about: WriteAbout,
  run: { readonly by: string; readonly at: string; readonly operation: string }
): HistoryEntry {
  const { note = null, commit = null, undo = null } = about
  return {
    formatVersion: 1,
    document: after.environment,
    lineage: after.lineage,
    serial: after.serial,
    before: before?.digest ?? null,
    digest: after.digest,
    at: run.at,
    by: plainText(run.by, 320),
    operation: plainText(about.operation ?? run.operation, 300),
    version: after.version,
    note: note === null ? null : plainText(note, 1000),
    commit: commit === null ? null : plainText(commit, 100),
    changes: describeChange(before, after),
    undo
  }
}
