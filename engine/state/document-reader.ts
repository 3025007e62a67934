import { join } from 'node:path'
import { type Diagnostic, problem, Refusal } from '../model/diagnostic.ts'
import { digestOf } from '../model/digest.ts'
import type { Documents } from '../model/documents.ts'
import type { Digest, Slot, State, Version } from '../model/generated/types.ts'
import { validateVersion } from '../model/generated/validators/version.js'
import {
  type CheckedState,
  checkState,
  conflictLine,
  isNewer,
  newerProblem,
  parseJson,
  schemaErrors,
  unreadableProblem
} from './check-document.ts'
import { readPlainFile, whatIsWrongWithFolder } from './read-plain-file.ts'

const slots: readonly Slot[] = ['dev', 'stage', 'prod', 'shared']

/** Where the documents are, and what they say. Never locks, never writes. */
export interface DocumentReader {
  /** Relative to the workspace, with forward slashes. */
  readonly nameOf: (slot: Slot) => string
  readonly nameOfVersion: (number: number) => string
  /** Null if there is no such document. */
  readonly readSlot: (slot: Slot) => CheckedState | null
  /** As readSlot, but throws a Refusal for a document that has a problem. */
  readonly readSound: (slot: Slot) => State | null
  readonly readAll: () => {
    readonly documents: Documents
    readonly problems: readonly Diagnostic[]
  }
  /** Throws a Refusal (VERSION_DAMAGED, STATE_NEWER) for a file that is no version, or not that one. */
  readonly readVersion: (number: number, digest: Digest) => Version | null
}

/** `root` is the workspace, a path without links; `folder` is relative to it, with forward slashes. */
export function documentReader(root: string, folder: string): DocumentReader {
  const nameOf = (slot: Slot) => `${folder}/${slot}.json`
  const nameOfVersion = (number: number) => `${folder}/versions/${number}.json`

  function readSlot(slot: Slot): CheckedState | null {
    const file = nameOf(slot)
    const found = readPlainFile(root, join(root, file))
    if (found === null) return null
    return found.wrong === null
      ? checkState(found.text, slot, file)
      : { state: null, problem: unreadableProblem(found.wrong, file) }
  }

  function readSound(slot: Slot): State | null {
    const found = readSlot(slot)
    if (found !== null && found.problem !== null) throw new Refusal(found.problem)
    return found?.state ?? null
  }

  function readAll() {
    const wrong = whatIsWrongWithFolder(root, join(root, folder))
    if (wrong !== null) {
      const problems = [unreadableProblem(wrong, folder)]
      return { documents: bySlot(() => null), problems }
    }
    const found = bySlot(readSlot)
    const documents = bySlot(slot =>
      found[slot]?.problem === null ? (found[slot]?.state ?? null) : null
    )
    const problems = slots.flatMap(slot => found[slot]?.problem ?? [])
    return { documents, problems }
  }

  function readVersion(number: number, digest: Digest): Version | null {
    const file = nameOfVersion(number)
    const found = readPlainFile(root, join(root, file))
    if (found === null) return null
    if (found.wrong !== null) throw new Refusal(versionProblem(found.wrong, file))

    const value = conflictLine(found.text) === null ? parseJson(found.text) : undefined
    if (value === undefined)
      throw new Refusal(versionProblem('It is not JSON, or git could not merge it.', file))
    if (versionDigest(value) !== digest) return null
    if (isNewer(value)) throw new Refusal(newerProblem(file))
    if (!validateVersion(value)) {
      throw new Refusal(versionProblem(schemaErrors(validateVersion.errors ?? []), file))
    }
    if (value.version === number) return value
    throw new Refusal(versionProblem(`It is version ${value.version}.`, file))
  }

  return { nameOf, nameOfVersion, readSlot, readSound, readAll, readVersion }
}

function bySlot<T>(each: (slot: Slot) => T): Readonly<Record<Slot, T>> {
  return { dev: each('dev'), stage: each('stage'), prod: each('prod'), shared: each('shared') }
}

function versionDigest(value: unknown): Digest | null {
  try {
    return digestOf(value)
  } catch {
    return null
  }
}

function versionProblem(wrong: string, file: string): Diagnostic {
  return problem(
    'VERSION_DAMAGED',
    'Published version is damaged',
    `${file} is not the version that stage published.\n${wrong}\n\n` +
      `Take back what was committed:\n    git checkout HEAD -- ${file}`,
    { file, line: 1, column: 1 }
  )
}
