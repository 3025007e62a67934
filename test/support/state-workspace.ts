import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import * as assert from 'uvu/assert'
import { Refusal } from '../../engine/model/diagnostic.ts'
import type { Slot } from '../../engine/model/generated/types.ts'
import { type FileState, openFileState } from '../../engine/state/open-file-state.ts'
import { rejects, temporaryFolder } from './assert.ts'

/** Expects a Refusal with exactly these codes, and returns it for further checks. */
export async function refuses(call: () => Promise<unknown>, ...codes: string[]): Promise<Refusal> {
  const error = await rejects(call)
  if (!(error instanceof Refusal)) throw error
  assert.equal(
    error.diagnostics.map(each => each.code),
    codes
  )
  return error
}

/** The time that every store below has. */
export const now = new Date('2026-03-04T12:00:00.000Z')

export function storeIn(folder: string, actor = 'ana@example.com'): FileState {
  return openFileState(folder, 'state', '.tieline/locks', { actor, clock: { now: () => now } })
}

/** Names of all that is in a folder that does not have to exist. */
export function filesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : []
}

/** Expects a history that tells every write of a document, and nothing else. */
export async function checkHistory(folder: string, slot: Slot, serial: number): Promise<void> {
  const { entries, problems } = await storeIn(folder).history(slot)
  assert.equal(problems, [])
  assert.equal(
    entries.map(each => each.serial),
    Array.from({ length: serial }, (_, index) => index + 1)
  )
}

/** What was run at each write of a document, the oldest first. */
export async function operationsOf(folder: string, slot: Slot): Promise<readonly string[]> {
  const { entries } = await storeIn(folder).history(slot)
  return entries.map(each => each.operation)
}

export interface Worker {
  readonly child: ChildProcess
  readonly pid: number
  /** Resolves as soon as the worker has said the word, rejects if it ends before. */
  readonly says: (word: string) => Promise<void>
  /** All that it said; code null if it was killed. */
  readonly ends: Promise<{ readonly code: number | null; readonly said: string }>
  readonly kill: () => Promise<void>
}

let bundle: string | undefined

/** The worker as one file of plain JavaScript, since many are started. */
export function workerFile(): string {
  if (bundle !== undefined) return bundle
  bundle = join(temporaryFolder(), 'state-worker.mjs')
  buildSync({
    entryPoints: [join(import.meta.dirname, 'state-worker.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error'
  })
  return bundle
}

export function startWorker(folder: string, command: string, number = 1): Worker {
  return startCommand(process.execPath, [workerFile(), folder, command, String(number)])
}

/** Starts whatever ends up being a worker. */
export function startCommand(command: string, args: readonly string[]): Worker {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk
  })
  const ends = new Promise<{ code: number | null; said: string }>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => resolve({ code, said }))
  })
  const says = (word: string) =>
    new Promise<void>((resolve, reject) => {
      const check = () => {
        if (said.split('\n').includes(word)) resolve()
      }
      child.stdout.on('data', check)
      child.on('close', () => reject(new Error(`The worker never said ${word}, but: ${said}`)))
      check()
    })
  const kill = async () => {
    child.kill('SIGKILL')
    await ends
  }
  return { child, pid: child.pid ?? 0, says, ends, kill }
}

/**
 * Checks that no two processes were inside at once: who is inside leaves before the next one enters, unless it was killed there.
 * Returns how often somebody entered.
 */
export function checkMarks(folder: string, killed: ReadonlySet<number>): number {
  const lines = readFileSync(join(folder, 'marks'), 'utf8').trimEnd().split('\n')
  let inside: number | null = null
  let entered = 0
  for (const line of lines) {
    const [mark, pid] = [line.split(' ')[0], Number(line.split(' ')[1])]
    if (mark === 'enter') {
      const isFree = inside === null || killed.has(inside)
      assert.ok(isFree, `${pid} entered while ${inside} was inside`)
      inside = pid
      entered++
    } else {
      assert.is(inside, pid, `${pid} left while ${inside} was inside`)
      inside = null
    }
  }
  return entered
}
