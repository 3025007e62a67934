import { type Command, Option } from 'commander'
import type { Environment } from '../model/generated/types.ts'
import type { ProgramTools } from './program-run-time.ts'

export interface AuthorizationTools
  extends Pick<ProgramTools, 'run' | 'addCommand' | 'environmentOption' | 'environmentOf'> {
  readonly collectEnvironments: (
    value: string,
    before: readonly Environment[]
  ) => readonly Environment[]
}

/** The commands that look at authorizations and end them: status and revoke. */
export function addAuthorizationCommands(program: Command, tools: AuthorizationTools): void {
  const { run, addCommand, environmentOption, environmentOf, collectEnvironments } = tools
  addCommand(
    program,
    'status',
    'show how every connection stands',
    'tieline status -e prod --refresh'
  )
    .addOption(
      new Option('-e, --env <env>', 'dev, stage, prod or client/<name> (repeatable)')
        .argParser(collectEnvironments)
        .default([] as Environment[], 'ours; for a member of a client, their own')
    )
    .option('--refresh', 'ask the services first, and record what has ended')
    .option('--by <email>', 'all that one person authorized, for the day they leave')
    .action((flags, command) =>
      run(command, async context =>
        (await import('./command-status.ts')).statusCommand(context, flags.env, flags)
      )
    )
  addCommand(program, 'revoke', 'end an authorization', 'tieline revoke salesforce -e prod')
    .argument('<connection>', 'link name of the connection')
    .addOption(environmentOption())
    .option('--user <email>', 'logged-in-user level: whose authorization (else your own)')
    .option('--auto-approve', 'end a shared one without asking')
    .action((connection, flags, command) =>
      run(command, async context =>
        (await import('./command-revoke.ts')).revokeCommand(
          context,
          connection,
          environmentOf(flags),
          flags
        )
      )
    )
}
