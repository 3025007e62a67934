import { execFile } from 'node:child_process'
import { problem, Refusal } from '../model/diagnostic.ts'
import { carefulOptions, gitEnvironment } from '../spec/careful-git.ts'
import type { Surroundings } from './surroundings.ts'

/** In whose name a command runs: `--as`, else TIELINE_ACTOR, else git's user.email. Throws a Refusal if nobody says. */
export async function actorOf(around: Surroundings): Promise<string> {
  const named = await knownActor(around)
  if (named !== null) return named
  throw new Refusal(
    problem(
      'ACTOR_UNKNOWN',
      'Nobody says who you are',
      'State records who did what. Say it with --as EMAIL or TIELINE_ACTOR, or tell git:\n    git config user.email you@example.com'
    )
  )
}

/** The same, or null if nobody says. */
export async function knownActor(around: Surroundings): Promise<string | null> {
  const named = around.actor ?? around.variables.TIELINE_ACTOR ?? (await gitEmail(around.folder))
  return named !== null && /^[^\p{C}\s]{1,320}$/u.test(named) ? named : null
}

async function gitEmail(folder: string): Promise<string | null> {
  const answer = await git(folder, ['config', 'user.email'])
  return answer === null || answer.trim() === '' ? null : answer.trim()
}

/** The output of git, or null where it fails or is not installed. Nothing that a repository configures is run. */
export function git(folder: string, args: readonly string[]): Promise<string | null> {
  return new Promise(resolve => {
    execFile(
      'git',
      ['-C', folder, ...carefulOptions, ...args],
      { timeout: 10_000, maxBuffer: 16 * 1024 * 1024, env: gitEnvironment(folder, null) },
      (error, stdout) => resolve(error === null ? stdout : null)
    )
  })
}
