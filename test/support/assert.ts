/** What uvu/assert lacks, and what tests of files and commands need. */
import { spawn } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Assertion } from 'uvu/assert'

/** A part of the message, a pattern for it, or a check of the error itself. */
export type ErrorMatcher = string | RegExp | ((error: Error) => boolean)

/** Expects `call` to reject with an Error that matches, and returns that error for further checks. */
export async function rejects(
  call: () => Promise<unknown>,
  matcher: ErrorMatcher = ''
): Promise<Error> {
  const error = await call().then(
    () => fail('Expected the promise to reject', undefined, matcher),
    (thrown: unknown) => thrown
  )
  if (error instanceof Assertion) throw error
  if (!(error instanceof Error)) return fail('Expected an Error', error, matcher)
  if (!matches(error, matcher)) {
    return fail(`Expected another error than: ${error.message}`, error.message, matcher)
  }
  return error
}

function matches(error: Error, matcher: ErrorMatcher): boolean {
  if (typeof matcher === 'string') return error.message.includes(matcher)
  return matcher instanceof RegExp ? matcher.test(error.message) : matcher(error)
}

function fail(message: string, actual: unknown, expects: unknown): never {
  throw new Assertion({ message, operator: 'not rejects', actual, expects })
}

/** A fresh folder, removed when the process exits. Its path has no symbolic links in it. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tieline-test-')))
  if (folders.length === 0) process.once('exit', removeFolders)
  folders.push(folder)
  return folder
}

const folders: string[] = []

function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
}

export interface RunOptions {
  readonly cwd?: string
  /** Laid over this process's variables; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** What the command reads from stdin, which is empty otherwise. */
  readonly input?: string
  /** Milliseconds, 30 000 if not given. */
  readonly timeout?: number
}

export interface RunResult {
  /** As in a shell: 128 plus the number of the signal, if one ended the command. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end. Rejects if it cannot start, or if it was killed at the time limit. */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {}
): Promise<RunResult> {
  const { cwd, env, input = '', timeout = 30_000 } = options
  // Not in a group of its own: so test/run.mjs can end it together with the test file.
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe']
  })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.stdin.on('error', () => {}) // a command that does not read all its input is no failure
  child.stdin.end(input)

  return new Promise((resolve, reject) => {
    const killTimer = setTimeout(() => {
      child.kill('SIGKILL')
      // Something it started may hold the pipes, so its end is not waited for.
      const said = `${Buffer.concat(stdout)}${Buffer.concat(stderr)}`
      reject(new Error(`Killed after ${timeout} ms: ${command} ${args.join(' ')}\n${said}`))
    }, timeout)
    child.on('error', error => {
      clearTimeout(killTimer)
      reject(error)
    })
    child.on('close', (code, signal) => {
      clearTimeout(killTimer)
      resolve({
        code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]),
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString()
      })
    })
  })
}
