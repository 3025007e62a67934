import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Surroundings } from '../workflow/surroundings.ts'
import type { Format } from './show.ts'
import { openTerminal, type Terminal } from './terminal.ts'

/** The flags that every command has. */
export interface GlobalFlags {
  readonly directory?: string
  readonly as?: string
  readonly format?: Format
  readonly color?: boolean
  readonly quiet?: boolean
}

export interface CommandContext {
  readonly around: Surroundings
  readonly terminal: Terminal
  readonly format: Format
}

export const packageFolder = fileURLToPath(new URL('../..', import.meta.url))

export async function contextOf(flags: GlobalFlags): Promise<CommandContext> {
  const env = { ...process.env }
  // For us alone: no git, no browser that we start gets to see it.
  delete process.env.TIELINE_IDENTITY
  const config = env.XDG_CONFIG_HOME || join(homedir(), '.config')
  return {
    around: {
      folder: resolve(flags.directory ?? '.'),
      variables: env,
      configFolder: join(config, 'tieline'),
      packageFolder,
      clock: { now: () => new Date() },
      actor: flags.as
    },
    terminal: await openTerminal({ color: flags.color !== false, quiet: flags.quiet === true }),
    format: flags.format ?? 'text'
  }
}
