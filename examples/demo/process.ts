/** Child processes that end when they should: at their time limit, and when the demo is interrupted. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { DemoFailure, Interrupted } from './failure.ts'

export interface ProcessOptions {
  readonly folder: string
  /** All that the process gets to see. */
  readonly variables: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  /** Milliseconds; 60 seconds if not given. */
  readonly limitMs?: number
  /** Whether keyboard and standard error are those of the person at the terminal. */
  readonly withPerson?: boolean
  /** Told what standard error holds so far, whenever there is more. */
  readonly onTalk?: (soFar: string) => void
}

export interface Ended {
  /** As in a shell: 128 plus the number of the signal, if one ended it. */
  readonly code: number
  /** Standard output. */
  readonly result: string
  /** Standard error. */
  readonly talk: string
}

/** Runs a program to its end. Throws a DemoFailure if it cannot start or takes too long, Interrupted if the demo was. */
export function runProcess(
  command: string,
  args: readonly string[],
  { folder, variables, signal, limitMs = 60_000, withPerson = false, onTalk }: ProcessOptions
): Promise<Ended> {
  if (signal.aborted) return Promise.reject(new Interrupted())
  const child = spawn(command, args, {
    cwd: folder,
    env: variables,
    stdio: withPerson ? ['inherit', 'pipe', 'inherit'] : ['ignore', 'pipe', 'pipe']
  })
  let result = ''
  let talk = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    result += chunk
  })
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    talk += chunk
    onTalk?.(talk)
  })

  return new Promise((resolve, reject) => {
    let isLate = false
    let killTimer: NodeJS.Timeout | undefined
    const end = () => {
      child.kill('SIGTERM')
      killTimer ??= setTimeout(() => child.kill('SIGKILL'), 3000)
    }
    const limitTimer = setTimeout(() => {
      isLate = true
      end()
    }, limitMs)
    signal.addEventListener('abort', end)
    const settle = () => {
      clearTimeout(limitTimer)
      clearTimeout(killTimer)
      signal.removeEventListener('abort', end)
    }
    child.on('error', error => {
      settle()
      reject(new DemoFailure(`It cannot be started (${error.message}). Is ${command} installed?`))
    })
    child.on('close', (code, endedBy) => {
      settle()
      if (signal.aborted) return reject(new Interrupted())
      if (isLate) {
        return reject(new DemoFailure(`It did not end within ${limitMs / 1000} seconds.\n${talk}`))
      }
      resolve({ code: code ?? 128 + (endedBy ? constants.signals[endedBy] : 0), result, talk })
    })
  })
}
