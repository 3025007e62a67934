/** Runs the built command line inside this process: most of a run's time is its start, and some tests run hundreds. */
import type { EventEmitter } from 'node:events'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { RunResult } from './assert.ts'
import { cleanEnvironment, type Machine, mainFile } from './cli-run.ts'

type Variables = Readonly<Record<string, string | undefined>>

interface Program {
  readonly runProgram: (argv: readonly string[]) => Promise<number>
}

let last: Promise<unknown> = Promise.resolve()

/**
 * What a command says and its exit code, as if it were a process of its own: with the folder and the variables of the machine. Only
 * for commands that read no standard input and hand theirs to no other program. One runs at a time.
 */
export function runInside(
  machine: Machine,
  args: readonly string[],
  env: Variables = {}
): Promise<RunResult> {
  const run = last.then(async () => {
    const path = join(dirname(mainFile), 'program.js')
    if (!existsSync(path)) throw new Error('Build first: npm run build')
    const { runProgram }: Program = await import(pathToFileURL(path).href)
    return asProcess(machine, [process.execPath, mainFile, ...args], env, runProgram)
  })
  last = run.catch(() => {})
  return run
}

async function asProcess(
  { folder, home }: Machine,
  argv: readonly string[],
  env: Variables,
  work: Program['runProgram']
): Promise<RunResult> {
  const before = { variables: { ...process.env }, folder: process.cwd(), argv: process.argv }
  const listeners = listenersNow()
  const [stdout, stderr] = [caught(process.stdout), caught(process.stderr)]
  try {
    setVariables({ ...cleanEnvironment(home), ...env })
    process.chdir(folder)
    process.argv = [...argv]
    const code = await work(argv)
    return { code, stdout: stdout.text(), stderr: stderr.text() }
  } finally {
    for (const each of [stdout, stderr]) each.release()
    setVariables(before.variables)
    process.chdir(before.folder)
    process.argv = before.argv
    removeOthers(listeners)
  }
}

/** In place, for what asks the system itself. */
function setVariables(variables: Variables): void {
  for (const name of Object.keys(process.env)) delete process.env[name]
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined) process.env[name] = value
  }
}

function caught(stream: NodeJS.WriteStream): {
  readonly text: () => string
  readonly release: () => void
} {
  const parts: Buffer[] = []
  const write = stream.write
  stream.write = (part: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
    parts.push(Buffer.from(part as string))
    const done = rest.find(each => typeof each === 'function')
    if (done !== undefined) queueMicrotask(done as () => void)
    return true
  }
  return {
    text: () => Buffer.concat(parts).toString('utf8'),
    release: () => {
      stream.write = write
    }
  }
}

const watched: readonly (readonly [EventEmitter, string])[] = [
  [process, 'SIGINT'],
  [process, 'SIGTERM'],
  [process, 'exit'],
  [process.stdout, 'error'],
  [process.stderr, 'error']
]

type Listener = (...args: unknown[]) => void

/** What a process would take with it when it ends. */
function listenersNow(): readonly ReadonlySet<unknown>[] {
  return watched.map(([emitter, event]) => new Set<unknown>(emitter.listeners(event)))
}

function removeOthers(before: readonly ReadonlySet<unknown>[]): void {
  for (const [index, [emitter, event]] of watched.entries()) {
    for (const each of emitter.rawListeners(event)) {
      const listener = (each as { readonly listener?: unknown }).listener ?? each
      if (before[index]?.has(listener) !== true) emitter.removeListener(event, each as Listener)
    }
  }
}
