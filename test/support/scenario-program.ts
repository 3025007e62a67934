/** The program as a process of its own, for tests that start it often, kill it or talk to it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import type { RunResult } from './assert.ts'
import { temporaryFolder } from './assert.ts'

const repository = join(import.meta.dirname, '../..')

let built: string | undefined

/** main.js with everything it imports in few files: it starts in half the time. */
export function programFile(): string {
  if (built !== undefined) return built
  const folder = temporaryFolder()
  const outdir = join(folder, 'dist/cli')
  mkdirSync(outdir, { recursive: true })
  buildSync({
    entryPoints: [join(repository, 'engine/cli/main.ts')],
    outdir,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    // Native, and not needed: whoever has not installed it is asked for no keychain.
    external: ['@napi-rs/keyring'],
    // For packages that are CommonJS.
    banner: {
      js: "import{createRequire as r$}from'node:module';const require=r$(import.meta.url);"
    },
    logLevel: 'error'
  })
  // As the build made them.
  for (const name of ['package.json', 'dist/connectors', 'schemas', 'examples']) {
    symlinkSync(join(repository, name), join(folder, name))
  }
  built = join(outdir, 'main.js')
  return built
}

export interface Running {
  readonly child: ChildProcess
  readonly ends: Promise<RunResult>
  /** Resolves with the first match in what it has said so far on either stream; rejects if it ends before. */
  readonly says: (pattern: RegExp) => Promise<RegExpExecArray>
}

/** Starts a command and listens to it. `input` null leaves its standard input open. */
export function start(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }
): Running {
  const child = spawn(command, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  child.stdin.on('error', () => {})
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk: Buffer) => {
      said[stream] += chunk
    })
  }
  const ends = new Promise<RunResult>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) =>
      resolve({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), ...said })
    )
  })
  const says = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const missing = (why: string) =>
        new Error(`It never said ${pattern} (${why}), but: ${said.stdout}${said.stderr}`)
      const timer = setTimeout(() => reject(missing('within 20 s')), 20_000)
      const look = (): void => {
        const found = pattern.exec(said.stdout + said.stderr)
        if (found === null) return
        clearTimeout(timer)
        resolve(found)
      }
      child.stdout.on('data', look)
      child.stderr.on('data', look)
      child.on('close', () => {
        look()
        clearTimeout(timer)
        reject(missing('it ended'))
      })
      look()
    })
  return { child, ends, says }
}
