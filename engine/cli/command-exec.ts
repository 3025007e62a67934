import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { problem, Refusal } from '../model/diagnostic.ts'
import type { Environment } from '../model/generated/types.ts'
import { execWorkflow } from '../workflow/exec.ts'
import type { CommandContext } from './globals.ts'
import { showDiagnostics } from './show.ts'

export interface ExecWords {
  readonly connections: readonly string[]
  /** The program and its arguments. */
  readonly program: readonly string[]
}

/**
 * Runs a program whose variables hold credentials. Exit codes: that of the program, 128 plus the signal's number where one ended it;
 * 1 if it was not started.
 */
export async function execCommand(
  { around, terminal }: CommandContext,
  { connections, program }: ExecWords,
  environment: Environment,
  flags: { readonly user?: string }
): Promise<number> {
  const [file, ...args] = program
  if (file === undefined || connections.length === 0) throw nothingToRun(file === undefined)
  const request = { connections, environment, user: flags.user }
  const { variables, diagnostics } = await execWorkflow(around, request)
  await showDiagnostics(terminal, diagnostics)
  return runProgram(file, args, variables)
}

/** What others may send us to end the program, or to talk to it. */
const passedOn = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGWINCH'] as const

function runProgram(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>
): Promise<number> {
  return new Promise((settle, fail) => {
    const child = spawn(file, args, { env, stdio: 'inherit' })
    const forget = passedOn.map(signal => {
      const pass = (): void => {
        if (!fromTerminal(signal)) child.kill(signal)
      }
      process.on(signal, pass)
      return () => process.off(signal, pass)
    })
    const end = (): void => {
      for (const each of forget) each()
    }
    child.once('error', (error: NodeJS.ErrnoException) => {
      end()
      fail(notStarted(file, error.code))
    })
    child.once('exit', (code, signal) => {
      end()
      settle(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
    })
  })
}

/** A terminal tells the program itself; told again, many would end at once instead of tidying up. */
function fromTerminal(signal: (typeof passedOn)[number]): boolean {
  return process.stdin.isTTY === true && ['SIGINT', 'SIGQUIT', 'SIGWINCH'].includes(signal)
}

function nothingToRun(isProgramMissing: boolean): Refusal {
  const what = isProgramMissing ? 'The program to run is missing.' : 'No connection is named.'
  return new Refusal(
    problem(
      'USAGE',
      'The command line is not understood',
      `${what} Link names come first, then -- and the program:\n    tieline exec CONNECTION -- PROGRAM ARGUMENTS`
    )
  )
}

function notStarted(file: string, code: string | undefined): Refusal {
  const why =
    code === 'ENOENT'
      ? 'There is no such program.'
      : code === 'EACCES'
        ? 'It is not a program, or may not be run.'
        : `The system says ${code ?? 'no'}.`
  return new Refusal(
    problem('PROGRAM_NOT_STARTED', 'The program could not be started', `${file}: ${why}`)
  )
}
