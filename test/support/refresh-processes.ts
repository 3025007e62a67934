/** Processes that ask for the same credential at the same time. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import type { LeaseTimes } from '../../engine/vault/lease-holder.ts'
import { temporaryFolder } from './assert.ts'

/**
 * Where a holder can be caught: it has the lease; what it is about to send is marked; the new credential is being written; it is
 * written, and the lease not yet ended.
 */
export type Pause = 'claimed' | 'marked' | 'writing' | 'stored'

export interface Work {
  readonly folder: string
  readonly origin: string
  readonly id: string
  readonly callers: number
  readonly pauseAt?: Pause
  readonly times?: LeaseTimes
}

export interface Asking {
  readonly process: ChildProcess
  /** Lets it begin. */
  readonly go: () => void
  /** Resolves once it has said this line. Rejects if it ends before, or after half a minute. */
  readonly says: (line: string) => Promise<void>
  /** What its callers got, once it has ended. Rejects if it does not end within the time (ms). */
  readonly ends: (withinMs?: number) => Promise<Results>
}

export interface Results {
  /** `generation token` of each caller that got one. */
  readonly got: readonly string[]
  /** `CODE "detail"` of the others. */
  readonly refused: readonly string[]
  /** What went wrong in a way that nobody planned for. */
  readonly errors: string
}

let built: string | undefined

/** In few files, so that many of them start quickly. */
function workerFile(): string {
  if (built !== undefined) return built
  const outdir = temporaryFolder()
  buildSync({
    entryPoints: [join(import.meta.dirname, 'refresh-worker.ts')],
    outdir,
    outExtension: { '.js': '.mjs' },
    splitting: true,
    minify: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['@napi-rs/keyring'],
    banner: {
      js: "import{createRequire as r$}from'node:module';const require=r$(import.meta.url);"
    },
    logLevel: 'error'
  })
  built = join(outdir, 'refresh-worker.mjs')
  return built
}

const children: ChildProcess[] = []

/** Starts one; it waits for `go`. */
export function startAsking(work: Work): Asking {
  const child = spawn(process.execPath, [workerFile(), JSON.stringify(work)], {
    stdio: ['pipe', 'pipe', 'pipe']
  })
  if (children.length === 0) process.once('exit', () => children.map(each => each.kill('SIGKILL')))
  children.push(child)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk
  })
  child.stdin.on('error', () => {})
  const closed = new Promise<void>(resolve => child.on('close', () => resolve()))

  const says = (line: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const missing = (): void => reject(new Error(`It never said "${line}": ${stdout}${stderr}`))
      const timer = setTimeout(missing, 30_000)
      const look = (): void => {
        if (!stdout.split('\n').includes(line)) return
        clearTimeout(timer)
        resolve()
      }
      child.stdout.on('data', look)
      closed.then(() => {
        look()
        clearTimeout(timer)
        missing()
      })
      look()
    })

  return {
    process: child,
    go: () => child.stdin.end('go\n'),
    says,
    ends: async (withinMs = 30_000) => {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`It hangs: ${stdout}${stderr}`)), withinMs)
      })
      await Promise.race([closed, late])
      clearTimeout(timer)
      const lines = stdout.split('\n')
      const after = (word: string): readonly string[] =>
        lines.filter(line => line.startsWith(`${word} `)).map(line => line.slice(word.length + 1))
      return { got: after('got'), refused: after('refused'), errors: stderr }
    }
  }
}

/** Starts several at the same time, once all of them are there. */
export async function startAll(number: number, work: Work): Promise<readonly Asking[]> {
  const all = Array.from({ length: number }, () => startAsking(work))
  await Promise.all(all.map(each => each.says('ready')))
  for (const each of all) each.go()
  return all
}

/** Of all of them together. */
export async function resultsOf(all: readonly Asking[], withinMs?: number): Promise<Results> {
  const results = await Promise.all(all.map(each => each.ends(withinMs)))
  return {
    got: results.flatMap(each => each.got),
    refused: results.flatMap(each => each.refused),
    errors: results.map(each => each.errors).join('')
  }
}
