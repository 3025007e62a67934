import type { Command, Option } from 'commander'
import type { Environment } from '../model/generated/types.ts'
import type { TypesFlags } from './command-types.ts'
import type { CommandContext } from './globals.ts'

/** What program.ts makes commands with. */
export interface ProgramTools {
  readonly run: (
    command: Command,
    work: (context: CommandContext) => Promise<number>
  ) => Promise<void>
  readonly addCommand: (parent: Command, name: string, summary: string, shown: string) => Command
  readonly environmentOption: () => Option
  /** As the flag says, else TIELINE_ENV, else dev. */
  readonly environmentOf: (flags: { readonly env?: Environment }) => Environment
  readonly collect: (value: string, before: readonly string[]) => readonly string[]
}

/** The commands that applications and their scripts use: token, request, exec and types. */
export function addRunTimeCommands(program: Command, tools: ProgramTools): void {
  addToken(program, tools)
  addRequest(program, tools)
  addExec(program, tools)
  tools
    .addCommand(
      program,
      'types',
      'write TypeScript declarations of the connections',
      'tieline types --out connections.ts'
    )
    .addOption(environmentIn(tools, 'as recorded there; as the specs say where left out'))
    .option('--out <file>', 'write them to this file; standard output where left out')
    .action((flags: TypesFlags, command: Command) =>
      tools.run(command, async context =>
        (await import('./command-types.ts')).typesCommand(context, flags)
      )
    )
}

/** The option under another description: here nothing stands in for it where it is left out. */
function environmentIn({ environmentOption }: ProgramTools, description: string): Option {
  const option = environmentOption()
  option.description = description
  return option
}

function addToken(program: Command, tools: ProgramTools): void {
  const { addCommand, environmentOption, environmentOf, run } = tools
  addCommand(
    program,
    'token',
    'print a valid credential',
    'curl -H "Authorization: Bearer $(tieline token salesforce)" ...'
  )
    .argument('<connection>', 'link name of the connection')
    .addOption(environmentOption())
    .option('--user <email>', 'logged-in-user level: whose credential')
    .option('--headers', 'print the header lines to add to a request')
    .action((connection, flags, command) =>
      run(command, async context =>
        (await import('./command-token.ts')).tokenCommand(
          context,
          connection,
          environmentOf(flags),
          flags
        )
      )
    )
}

function addRequest(program: Command, tools: ProgramTools): void {
  const { addCommand, environmentOption, environmentOf, collect, run } = tools
  addCommand(
    program,
    'request',
    'make a request with the credential of a connection',
    'tieline request salesforce /services/data/v60.0/limits'
  )
    .usage('[options] <connection> [method] <path>')
    .argument('<connection>', 'link name of the connection')
    .argument(
      '<path...>',
      'path below the base address; before it a method, else GET, or POST with --data'
    )
    .addOption(environmentOption())
    .option('--user <email>', 'logged-in-user level: whose credential')
    .option('--header <name:value>', 'a header to send (repeatable)', collect, [])
    .option('--data <text|@file|->', 'a body: a text, a file, or standard input')
    .option('-i, --include', 'print status and headers before the body')
    .action((connection, words, flags, command) =>
      run(command, async context =>
        (await import('./command-request.ts')).requestCommand(
          context,
          connection,
          words,
          environmentOf(flags),
          flags
        )
      )
    )
}

function addExec(program: Command, tools: ProgramTools): void {
  const { addCommand, environmentOption, environmentOf, run } = tools
  addCommand(
    program,
    'exec',
    'run a program with credentials in its variables',
    'tieline exec salesforce -e prod -- node import.js'
  )
    .usage('[options] <connection...> -- <command> [arguments...]')
    .argument('<connection...>', 'link names of connections, then -- and the program to run')
    .addOption(environmentOption())
    .option('--user <email>', 'logged-in-user level: whose credentials')
    .addHelpText('after', variablesHelp)
    .action((words: readonly string[], flags, command) =>
      run(command, async context =>
        (await import('./command-exec.ts')).execCommand(
          context,
          // commander drops the --, and what stands behind it is not ours to read.
          splitAt(words, process.argv),
          environmentOf(flags),
          flags
        )
      )
    )
}

const variablesHelp = `
Variables for each connection, by its link name in capitals:
  TIELINE_<NAME>_TOKEN       the access token (OAuth2)
  TIELINE_<NAME>_HEADER      the header line to add to a request
  TIELINE_<NAME>_QUERY       what to add to its query, where the credential travels there
  TIELINE_<NAME>_BASE_URL    where the API is
  TIELINE_<NAME>_EXPIRES_AT  when the credential ends, where that is known
They hold what is valid at the start, and are not renewed while the program runs.`

function splitAt(
  words: readonly string[],
  argv: readonly string[]
): { readonly connections: readonly string[]; readonly program: readonly string[] } {
  const at = argv.indexOf('--')
  const program = at < 0 ? [] : argv.slice(at + 1)
  return { connections: words.slice(0, words.length - program.length), program }
}
