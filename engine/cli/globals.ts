import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { configFolderOf } from '../workflow/config-folder.ts'
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
  return {
    around: {
      folder: resolve(flags.directory ?? '.'),
      variables: env,
      configFolder: configFolderOf(env),
      packageFolder,
      clock: { now: () => new Date() },
      actor: flags.as
    },
    terminal: await openTerminal({ color: flags.color !== false, quiet: flags.quiet === true }),
    format: flags.format ?? 'text'
  }
}
