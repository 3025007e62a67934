/** Runs the built command line in workspaces of its own: `npm run build` must have been run. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type RunOptions, type RunResult, run, temporaryFolder } from './assert.ts'

export const repository = resolve(import.meta.dirname, '../..')
export const mainFile = join(repository, 'dist/cli/main.js')

type Variables = Readonly<Record<string, string | undefined>>

/** A workspace, and a home folder that nobody else has. */
export interface Machine {
  /** The workspace: the current folder of every run. */
  readonly folder: string
  readonly home: string
  readonly tieline: (args: readonly string[], options?: RunOptions) => Promise<RunResult>
  readonly start: (args: readonly string[], env?: Variables) => Running
}

/** `files` are laid into the workspace: path to text. */
export function aMachine(files: Files = {}): Machine {
  if (!existsSync(mainFile)) throw new Error('Build first: npm run build')
  const root = temporaryFolder()
  const [folder, home] = [join(root, 'work'), join(root, 'home')]
  mkdirSync(folder)
  mkdirSync(home)
  writeFiles(folder, files)
  return {
    folder,
    home,
    tieline: (args, options = {}) =>
      run(process.execPath, [mainFile, ...args], {
        cwd: folder,
        ...options,
        env: { ...cleanEnvironment(home), ...options.env }
      }),
    start: (args, env = {}) => startRunning(args, folder, { ...cleanEnvironment(home), ...env })
  }
}

export type Files = Readonly<Record<string, string | Uint8Array>>

export function writeFiles(folder: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
}

/** Nothing of this process's own variables but the PATH, and somebody who acts. Fit for `run`. */
export function cleanEnvironment(home: string): Variables {
  return {
    ...Object.fromEntries(Object.keys(process.env).map(name => [name, undefined])),
    PATH: process.env.PATH,
    HOME: home,
    TIELINE_ACTOR: 'ana@example.com'
  }
}

/** A command that is spoken with while it runs. */
export interface Running {
  readonly pid: number
  /** Resolves with the match as soon as what was said on stderr matches; rejects if the command ends before. */
  readonly says: (pattern: RegExp) => Promise<RegExpExecArray>
  readonly write: (line: string) => void
  readonly interrupt: () => void
  readonly ends: Promise<RunResult>
}

function startRunning(args: readonly string[], cwd: string, env: Variables): Running {
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [mainFile, ...args], {
    cwd,
    env: Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)),
    stdio: ['pipe', 'pipe', 'pipe']
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin.on('error', () => {})
  const killTimer = setTimeout(() => child.kill('SIGKILL'), 30_000)
  const ends = new Promise<RunResult>((settle, reject) => {
    child.on('error', reject)
    child.on('close', code => {
      clearTimeout(killTimer)
      settle({ code: code ?? 137, stdout, stderr })
    })
  })
  return {
    pid: child.pid ?? 0,
    says: pattern =>
      new Promise((settle, reject) => {
        const check = (): void => {
          const match = pattern.exec(stderr)
          if (match !== null) settle(match)
        }
        check()
        child.stderr.on('data', check)
        child.on('close', () => reject(new Error(`It never said ${pattern}, but:\n${stderr}`)))
      }),
    write: line => child.stdin.write(`${line}\n`),
    interrupt: () => child.kill('SIGINT'),
    ends
  }
}
