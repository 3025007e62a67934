import {
  type ClientEnvironment,
  clientEnvironment,
  clientOf,
  isClient
} from '../model/documents.ts'
import type { Slot } from '../model/generated/types.ts'

const slotPattern = /^(?:shared|dev|stage|prod|client\/[a-z][a-z0-9_]{0,49})$/

export function isSlot(text: string): text is Slot {
  return slotPattern.test(text)
}

/** Where the documents stand, relative to the workspace, with forward slashes. What is no slot and no version never becomes a path. */
export interface DocumentNames {
  /** The folder of all state. */
  readonly folder: string
  readonly clients: string
  readonly versions: string
  readonly clientHistories: string
  /** All folders in which a writer makes files. */
  readonly folders: readonly string[]
  readonly ofSlot: (slot: Slot) => string
  readonly ofVersion: (number: number) => string
  readonly ofHistory: (slot: Slot) => string
}

export function documentNames(folder: string): DocumentNames {
  const clients = `${folder}/clients`
  const versions = `${folder}/versions`
  const histories = `${folder}/history`
  const clientHistories = `${histories}/clients`
  return {
    folder,
    clients,
    versions,
    clientHistories,
    folders: [folder, clients, versions, histories, clientHistories],
    ofSlot: slot => `${inFolder(slot, folder, clients)}.json`,
    ofVersion: number => {
      if (!Number.isSafeInteger(number) || number < 1)
        throw new Error('Not the number of a version')
      return `${versions}/${number}.json`
    },
    ofHistory: slot => `${inFolder(slot, histories, clientHistories)}.jsonl`
  }
}

function inFolder(slot: Slot, own: string, clients: string): string {
  if (!isSlot(slot)) throw new Error('Not the name of an environment')
  return isClient(slot) ? `${clients}/${clientOf(slot)}` : `${own}/${slot}`
}

/** The client whose document or history a file is; null for what others have put there. */
export function clientOfFile(name: string, ending: '.json' | '.jsonl'): ClientEnvironment | null {
  if (!name.endsWith(ending)) return null
  const slot = clientEnvironment(name.slice(0, -ending.length))
  return isSlot(slot) ? slot : null
}

/** The version whose file it is; null for what others have put there. */
export function versionOfFile(name: string): number | null {
  const number = /^([1-9][0-9]{0,14})\.json$/.exec(name)?.[1]
  return number === undefined ? null : Number(number)
}
