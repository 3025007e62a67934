/** The command line inside this process: a year is some hundred commands, and to load the program anew takes longer than all they do. */
import type { RunResult } from './assert.ts'

export interface HereOptions {
  /** The workspace. */
  readonly cwd: string
  /** All variables that there are. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Told what was said so far on either stream, whenever something is. */
  readonly listen?: (said: string) => void
}

let isBusy = false

/** Runs one command as main.js would, on streams that are kept. One at a time: variables and current folder are the process's. */
export async function runHere(
  args: readonly string[],
  { cwd, env, listen }: HereOptions
): Promise<RunResult> {
  if (isBusy) throw new Error(`Another command is running: ${args.join(' ')}`)
  isBusy = true
  const { runProgram } = await import('../../engine/cli/program.ts')
  const said = { stdout: '', stderr: '' }
  const restore = [
    ...(['stdout', 'stderr'] as const).map(name =>
      replaceWrite(name, text => {
        said[name] += text
        listen?.(said.stdout + said.stderr)
      })
    ),
    withoutTerminal(),
    withoutConsole(),
    keepSignals(),
    replaceVariables(env),
    changeFolder(cwd)
  ]
  try {
    const code = await runProgram(['node', 'tieline', ...args])
    return { code, ...said }
  } finally {
    for (const each of restore.reverse()) each()
    isBusy = false
  }
}

type Restore = () => void

function replaceWrite(name: 'stdout' | 'stderr', take: (text: string) => void): Restore {
  const stream = process[name]
  const { write } = stream
  // Every command would add a listener that stays.
  const listeners = stream.listeners('error')
  stream.write = ((text: string | Uint8Array, ...more: readonly unknown[]) => {
    take(typeof text === 'string' ? text : Buffer.from(text).toString())
    const written = more.find(each => typeof each === 'function')
    if (written !== undefined) queueMicrotask(written as () => void)
    return true
  }) as typeof stream.write
  return () => {
    stream.write = write
    for (const each of stream.listeners('error')) {
      if (!listeners.includes(each)) stream.off('error', each as () => void)
    }
  }
}

/** The services run in this process too, and say on the console that they are no production set-up. */
function withoutConsole(): Restore {
  const { info, warn } = console
  console.info = () => {}
  console.warn = () => {}
  return () => Object.assign(console, { info, warn })
}

/** What a command listens to until its process ends. */
function keepSignals(): Restore {
  const names = ['SIGINT', 'SIGTERM', 'exit'] as const
  const before = names.map(name => process.listeners(name as 'SIGINT'))
  return () => {
    for (const [at, name] of names.entries()) {
      for (const each of process.listeners(name as 'SIGINT')) {
        if (before[at]?.includes(each) !== true) process.off(name, each)
      }
    }
  }
}

/** Whoever runs the tests may sit at one. */
function withoutTerminal(): Restore {
  const streams = [process.stdin, process.stdout, process.stderr]
  const before = streams.map(each => each.isTTY)
  for (const each of streams) each.isTTY = false
  return () => {
    for (const [at, each] of streams.entries()) each.isTTY = before[at] ?? false
  }
}

/** On the object that is there: what the system itself looks up (HOME) changes with it. */
function replaceVariables(env: HereOptions['env']): Restore {
  const before = { ...process.env }
  const become = (variables: HereOptions['env']): void => {
    for (const name of Object.keys(process.env)) delete process.env[name]
    for (const [name, value] of Object.entries(variables)) {
      if (value !== undefined) process.env[name] = value
    }
  }
  become(env)
  return () => become(before)
}

function changeFolder(cwd: string): Restore {
  const before = process.cwd()
  process.chdir(cwd)
  return () => process.chdir(before)
}
