import { readdirSync, realpathSync } from 'node:fs'
import { join, posix } from 'node:path'
import { type Diagnostic, Refusal } from '../model/diagnostic.ts'
import { type Documents, isClient, ownSlots } from '../model/documents.ts'
import type { Slot, State } from '../model/generated/types.ts'
import type { StateStore } from '../model/ports.ts'
import type { Settings } from '../model/specs.ts'
import { unreadableProblem } from '../state/check-document.ts'
import { documentNames } from '../state/document-names.ts'
import { documentReader } from '../state/document-reader.ts'
import { whatIsWrongWithFolder } from '../state/read-plain-file.ts'
import { soundDocuments } from './open-workspace.ts'
import { remembered, stampOf } from './remembered.ts'
import type { Surroundings } from './surroundings.ts'

/** Some documents; the others are as if there were none. */
export interface SomeDocuments {
  readonly documents: Documents
  /** What cannot be read reads as null. */
  readonly problems: ReadonlyMap<Slot, Diagnostic>
}

/**
 * Reads some documents and no others: with hundreds of clients, all of them take a second. Throws a Refusal if the folder of state cannot
 * be read.
 */
export function readDocuments(
  { folder }: Pick<Surroundings, 'folder'>,
  settings: Pick<Settings, 'state'>,
  slots: readonly Slot[]
): SomeDocuments {
  const root = realpathSync(folder)
  const states = stateFolder(settings)
  const wrong = whatIsWrongWithFolder(root, join(root, states))
  if (wrong !== null) throw new Refusal(unreadableProblem(wrong, states))
  const reader = documentReader(root, documentNames(states))
  const problems = new Map<Slot, Diagnostic>()
  const documents: Partial<Record<Slot, State>> = {}
  for (const slot of new Set(slots)) {
    const found = reader.readSlot(slot)
    if (found === null) continue
    if (found.problem !== null) problems.set(slot, found.problem)
    else if (found.state !== null) documents[slot] = found.state
  }
  const { shared = null, dev = null, stage = null, prod = null, ...others } = documents
  const clients = Object.entries(others).filter(([slot]) => isClient(slot as Slot))
  return { documents: { ...Object.fromEntries(clients), shared, dev, stage, prod }, problems }
}

/**
 * All documents as they are at each call, and read again only when one of their files changed: the vault asks for them with every slot
 * that it looks at. Throws a Refusal where one cannot be read.
 */
export function latestDocuments(
  { folder }: Pick<Surroundings, 'folder'>,
  settings: Pick<Settings, 'state'>,
  state: StateStore
): () => Promise<Documents> {
  const { clients, ofSlot } = documentNames(stateFolder(settings))
  const own = ownSlots.map(slot => join(folder, ofSlot(slot)))
  const stamp = (): string => {
    const names = namesIn(join(folder, clients)).map(name => join(folder, clients, name))
    return [...own, ...names].map(path => `${path} ${stampOf(path)}`).join('\n')
  }
  const latest = remembered(stamp, () => soundDocuments(state))
  return () => latest(undefined)
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Relative to the workspace, as diagnostics name it. */
export function stateFile(settings: Pick<Settings, 'state'>, slot: Slot): string {
  return documentNames(stateFolder(settings)).ofSlot(slot)
}

function stateFolder({ state = 'file:state' }: Pick<Settings, 'state'>): string {
  return posix.join(state.slice('file:'.length).replaceAll('\\', '/'), '.')
}
