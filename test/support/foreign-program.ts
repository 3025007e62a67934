/** Servers from Debian's packages, each started in a folder of its own and ended by its process id. */
import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'

export interface ForeignProgram {
  readonly command: string
  readonly args: readonly string[]
  /** What has the command, as `apt-get install` wants it. */
  readonly packages: string
  readonly folder: string
  readonly env?: Readonly<Record<string, string>>
  /** Asked until it resolves with true. */
  readonly isReady: () => Promise<boolean>
}

export interface RunningProgram {
  readonly pid: number
  readonly stop: () => Promise<void>
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Throws where the command is not installed: a test that did nothing must not pass. */
export function needsProgram(command: string, packages: string): void {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin']
  if (folders.some(folder => folder !== '' && isExecutable(join(folder, command)))) return
  throw new Error(
    `${command} is not on this machine, and this test needs it. Install it from Debian's packages: ` +
      `apt-get install --no-install-recommends ${packages}`
  )
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Resolves when it answers; rejects with what it printed if it ends before, or needs longer than 20 s. */
export async function startProgram(program: ForeignProgram): Promise<RunningProgram> {
  needsProgram(program.command, program.packages)
  const child = spawn(program.command, program.args, {
    cwd: program.folder,
    // Nothing of ours but the path, and a home where it finds nothing.
    env: { PATH: `${process.env.PATH}:/usr/sbin`, HOME: program.folder, ...program.env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  running.add(child)
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  }
  const ended = new Promise<void>(resolve => {
    child.once('error', () => resolve())
    child.once('exit', () => resolve())
  })
  let isOver = false
  void ended.then(() => {
    isOver = true
    running.delete(child)
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  for (const began = Date.now(); Date.now() - began < 20_000; ) {
    if (isOver) throw new Error(`${program.command} ended at once:\n${printed}`)
    if (await program.isReady().catch(() => false)) return { pid: child.pid ?? 0, stop }
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  await stop()
  throw new Error(`${program.command} did not answer within 20 s:\n${printed}`)
}

/**
 * A port that nobody listens at, for programs that cannot choose one themselves, and for redirects that must be registered with
 * theirs. Outside the range from which systems take ports for connections.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 50; tries++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if (await isFree(port)) return port
  }
  throw new Error('No free port in fifty tries')
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
