import type { StateStore } from '../model/ports.ts'

/** The same state, whose lock and history say that this was run, whichever part of it writes. */
export function runAs<S extends StateStore>(state: S, operation: string): S {
  const withLock: StateStore['withLock'] = (_, work) => state.withLock(operation, work)
  return { ...state, withLock }
}
