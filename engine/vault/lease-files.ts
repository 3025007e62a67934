import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import type { RefreshFailure } from '../model/ports.ts'
import { createFile, replaceFile } from './durable-file.ts'

/*
 * Two files an attempt, in a folder of the credential's own:
 *   <generation>-<attempt>.claim    who is at it; created by hard link, so that the disk decides who is next
 *   <generation>-<attempt>.outcome  created before anything is sent, blank: room for what comes of it. Blank for ever if its
 *                                   holder was never heard of again.
 */

/** How an attempt ended. */
export interface Outcome {
  readonly outcome: 'done' | 'failed' | 'rescued'
  /** Attempts before it whose holders were never heard of again. */
  readonly interrupted: number
  /** The last failure so far. */
  readonly failure: RefreshFailure | null
  /** What was got and could not be stored. */
  readonly sealed: string | null
}

/** What the disk tells of the attempts at one generation. */
export interface Attempts {
  /** Number of the newest one; 0 if there is none. */
  readonly newest: number
  /** The last one that ended. */
  readonly ended: { readonly attempt: number; readonly outcome: Outcome } | null
  /** Those that may have sent something and were never heard of again, or of no use. */
  readonly interrupted: number
  /** Whether somebody renews a later generation. */
  readonly isPast: boolean
}

export interface FileOfAttempt {
  readonly generation: number
  readonly attempt: number
}

const names = /^([1-9]\d*)-([1-9]\d*)\.(claim|outcome)$/

export function claimName(generation: number, attempt: number): string {
  return `${generation}-${attempt}.claim`
}

export function outcomeName(generation: number, attempt: number): string {
  return `${generation}-${attempt}.outcome`
}

export async function readAttempts(folder: string, generation: number): Promise<Attempts> {
  const found = await listAttempts(folder)
  const own = found.filter(each => each.generation === generation)
  const sent = await Promise.all(
    own
      .filter(each => each.kind === 'outcome')
      .map(async ({ name, attempt }) => ({
        attempt,
        outcome: await readOutcome(join(folder, name))
      }))
  )
  const ended = sent
    .flatMap(({ attempt, outcome }) => (outcome === null ? [] : [{ attempt, outcome }]))
    .reduce<Attempts['ended']>(
      (last, each) => (each.attempt > (last?.attempt ?? 0) ? each : last),
      null
    )
  // A claim beside what was rescued is made only by who could do nothing with it.
  const isLost = ended?.outcome.outcome === 'rescued'
  const unheard = sent.filter(each => each.outcome === null && each.attempt > (ended?.attempt ?? 0))
  return {
    newest: Math.max(0, ...own.map(each => each.attempt)),
    ended,
    interrupted: (ended?.outcome.interrupted ?? 0) + unheard.length + (isLost ? 1 : 0),
    isPast: found.some(each => each.generation > generation)
  }
}

/** Deletes what no attempt needs any more, and leaves what cannot be deleted now. */
export async function deleteAttempts(
  folder: string,
  isGarbage: (file: FileOfAttempt) => boolean
): Promise<void> {
  for (const each of (await listAttempts(folder)).filter(isGarbage)) {
    await deleteQuietly(join(folder, each.name))
  }
}

/** Where the attempts at a credential are kept, in the vault's folder. */
export function leaseFolder(vaultFolder: string, id: string): string {
  return join(vaultFolder, 'leases', id)
}

/**
 * Deletes what is left of attempts at a credential, unless somebody is at it: that lease may stand for copies of the credential
 * that live on. What cannot be deleted now does no harm.
 */
export async function deleteLeases(vaultFolder: string, id: string): Promise<void> {
  const folder = leaseFolder(vaultFolder, id)
  try {
    if ((await listAttempts(folder)).some(each => each.kind === 'claim')) return
    await fs.rm(folder, { recursive: true, force: true })
  } catch {}
}

async function listAttempts(folder: string) {
  const listed = await fs.readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  })
  return listed.flatMap(name => {
    const [, generation, attempt, kind] = names.exec(name) ?? []
    return kind === undefined
      ? []
      : [{ name, generation: Number(generation), attempt: Number(attempt), kind }]
  })
}

export async function deleteQuietly(path: string): Promise<void> {
  await fs.rm(path, { force: true }).catch(() => {})
}

/** null while there is none: the file is blank, gone again, or was cut off. */
async function readOutcome(path: string): Promise<Outcome | null> {
  try {
    const value: unknown = JSON.parse(await fs.readFile(path, 'utf8'))
    return isOutcome(value) ? value : null
  } catch {
    return null
  }
}

/** Writes an outcome where room was kept free for it, which needs no more of a full disk; makes the file if there is none. */
export async function writeOutcome(path: string, outcome: Outcome): Promise<void> {
  const text = Buffer.from(JSON.stringify(outcome))
  const file = await fs.open(path, 'r+').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  })
  if (file === null) {
    await createFile(path, text.toString())
    return
  }
  try {
    await file.write(text, 0, text.length, 0)
    await file.sync()
    // Blanks behind it do no harm, should it end here.
    await file.truncate(text.length)
  } finally {
    await file.close()
  }
}

/** Puts an outcome in the place of another one. */
export function replaceOutcome(path: string, outcome: Outcome): Promise<void> {
  return replaceFile(path, JSON.stringify(outcome))
}

function isOutcome(value: unknown): value is Outcome {
  if (!isObject(value)) return false
  const { outcome, interrupted, failure, sealed } = value
  return (
    ['done', 'failed', 'rescued'].includes(String(outcome)) &&
    isCount(interrupted) &&
    (failure === null || isFailure(failure)) &&
    (sealed === null || typeof sealed === 'string')
  )
}

function isFailure(value: unknown): boolean {
  return (
    isObject(value) &&
    ['try-again', 'client-wrong', 'broken-answer', 'refused'].includes(String(value.kind)) &&
    typeof value.message === 'string' &&
    typeof value.until === 'string' &&
    isCount(value.times)
  )
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
