/** What a command really does, as the kernel sees it (strace), and what of it nobody allowed. */
import { readFileSync } from 'node:fs'
import { basename, join, sep } from 'node:path'
import { type RunResult, run, temporaryFolder } from './assert.ts'

/** One call to the kernel that succeeded. */
export interface SystemCall {
  /** File name of the program that made it: `node`, `git`. */
  readonly program: string
  readonly name: string
  /** As strace prints them. */
  readonly args: string
  /** What was opened or started, without links in it; null where the call names no file. */
  readonly path: string | null
}

export interface Traced extends RunResult {
  readonly calls: readonly SystemCall[]
}

const changing =
  /^(rename|unlink|rmdir|mkdir|mknod|link|symlink|chmod|chown|truncate|utime|setxattr|removexattr|fallocate)/
const traced = '%file,%network,%process,io_uring_setup,ftruncate,fchmod,fchown'

/** Runs a command to its end under strace, its children and threads included. */
export async function trace(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> }
): Promise<Traced> {
  const log = join(temporaryFolder(), 'trace')
  const flags = ['--seccomp-bpf', '-f', '-qq', '-y', '-s', '8192', '-e', `trace=${traced}`]
  const result = await run('strace', [...flags, '-o', log, command, ...args], {
    ...options,
    timeout: 60_000
  })
  const calls = readCalls(readFileSync(log, 'utf8'))
  // A run that strace saw nothing of would violate nothing.
  if (!calls.some(each => each.name === 'execve')) throw new Error(`No trace:\n${result.stderr}`)
  return { ...result, calls }
}

/** Lines look like `123 openat(AT_FDCWD</there>, "a", O_RDONLY) = 3</there/a>`, cut in two where a thread came between. */
function readCalls(text: string): readonly SystemCall[] {
  const begun = new Map<string, string>()
  const programs = new Map<string, string>()
  const calls: SystemCall[] = []
  for (const line of text.split('\n')) {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)
    const isCut = rest.endsWith('<unfinished ...>')
    const whole = resumed === null ? rest : `${begun.get(pid) ?? ''}${resumed[1] ?? ''}`
    if (isCut) begun.set(pid, whole.slice(0, -'<unfinished ...>'.length))
    const match = /^(\w+)\((.*)\) += (\d+|0x[0-9a-f]+)(?:<(.*)>)?$/.exec(whole)
    if (isCut || match === null) continue

    const [, name = '', args = '', returned = '', opened] = match
    const named = /"((?:[^"\\]|\\.)*)"/.exec(args)?.[1] ?? null
    const program = programs.get(pid) ?? '?'
    if (name === 'execve' && named !== null) programs.set(pid, basename(named))
    // What a child did may stand before its parent's line.
    const isBirth = /^(clone3?|v?fork)$/.test(name) && !programs.has(returned)
    if (isBirth) programs.set(returned, program)
    calls.push({ program, name, args, path: opened ?? named })
  }
  return calls
}

export interface Allowance {
  /** What may be opened: the file itself, or all that is in the folder. */
  readonly path: string | RegExp
  /** Only this program may; any, if left out. */
  readonly program?: string
  readonly why: string
}

export interface Rules {
  readonly workspace: string
  /** Relative to the workspace: what must not be opened there, nor anything in it, by anything but the named program. */
  readonly closed: readonly { readonly path: string; readonly but?: string }[]
  /** Outside the workspace. */
  readonly allowed: readonly Allowance[]
  readonly programs: readonly string[]
}

/** Everything in the trace that the rules do not allow, as sentences. Nothing may be changed, wherever it is. */
export function violations({ calls }: Traced, rules: Rules): readonly string[] {
  const found = calls.flatMap(call => {
    const wrong = wrongWith(call, rules)
    return wrong === null ? [] : [`${call.program}: ${wrong}`]
  })
  return [...new Set(found)]
}

function wrongWith({ program, name, args, path }: SystemCall, rules: Rules): string | null {
  if (name === 'execve' || name === 'execveat') {
    return rules.programs.includes(path ?? '') ? null : `starts ${path}`
  }
  // How Node gives a child its standard streams: a pair without a name, that nobody else can reach.
  if (name === 'socketpair' && args.startsWith('AF_UNIX')) return null
  if (/^(socket|socketpair|connect|bind|listen|accept4?|sendto|sendmsg|recvfrom)$/.test(name)) {
    return `opens a socket: ${name}(${args.slice(0, 80)})`
  }
  if (name === 'io_uring_setup') return 'can act without being seen (io_uring)'
  if (changing.test(name) || /^(ftruncate|fchmod|fchown)/.test(name)) {
    return `changes a file: ${name}(${args.slice(0, 120)})`
  }
  if (!/^(open|openat|openat2|creat|open_by_handle_at)$/.test(name)) return null
  if (/O_(WRONLY|RDWR|CREAT|TRUNC)/.test(args) && path !== '/dev/null') return `writes ${path}`
  return mayOpen(path ?? '?', program, rules) ? null : `opens ${path}`
}

function mayOpen(path: string, program: string, rules: Rules): boolean {
  if (!isIn(path, rules.workspace)) {
    return rules.allowed.some(
      each => (each.program ?? program) === program && covers(each.path, path)
    )
  }
  return rules.closed.every(
    each => each.but === program || !isIn(path, join(rules.workspace, each.path))
  )
}

function covers(allowed: string | RegExp, path: string): boolean {
  return typeof allowed === 'string' ? isIn(path, allowed) : allowed.test(path)
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep)
}
