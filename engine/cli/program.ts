import { Argument, Command, CommanderError, Help, InvalidArgumentError, Option } from 'commander'
import { problem, Refusal } from '../model/diagnostic.ts'
import type { Environment } from '../model/generated/types.ts'
import {
  collectEnvironments,
  environmentOf,
  environmentOption,
  parseEnvironment
} from './environment-option.ts'
import { type CommandContext, contextOf, type GlobalFlags } from './globals.ts'
import { addAuthorizationCommands } from './program-authorizations.ts'
import { addBundleCommands } from './program-bundle.ts'
import { addDoctorCommand } from './program-doctor.ts'
import { addRunTimeCommands } from './program-run-time.ts'
import { addStateCommands } from './program-state.ts'
import { addToolCommands } from './program-tools.ts'
import { addVaultCommands } from './program-vault.ts'
import { type Format, showRefusal } from './show.ts'
import { openTerminal } from './terminal.ts'

/** Codes of refusals that a rule is behind: exit code 3 instead of 1. */
const byRule = new Set([
  'PROTECTED',
  'DEV_BEHIND',
  'PUBLISH_REFUSED',
  'BRANCH_REFUSED',
  'UNCOMMITTED_SPECS'
])

type Run = (context: CommandContext) => Promise<number>

/** Parses the command line, runs the command, and returns its exit code. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  let code = 0
  const run = async (command: Command, work: Run): Promise<void> => {
    code = await guarded(command.optsWithGlobals<GlobalFlags>(), work)
  }
  watchOutput()
  const program = buildProgram(run)
  try {
    await program.parseAsync([...argv])
    return code
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    const format = formatIn(argv)
    // Help has been shown instead of a message.
    if (error instanceof CommanderError && error.code === 'commander.help' && format === 'text')
      return 1
    const refusal =
      error instanceof CommanderError ? misused(error, program, argv) : unexpected(error)
    const color = !argv.includes('--no-color')
    await showRefusal(await openTerminal({ color, quiet: false }), format, refusal)
    return 1
  }
}

/**
 * A reader that goes away (`| head`) is no failure, and no reason to stop halfway: the rest is not printed. That a disk is full is
 * one, for a result is lost.
 */
function watchOutput(): void {
  process.stderr.on('error', () => {})
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return
    process.stderr.write(`error: The result could not be printed (${error.code}).\n`)
    process.once('exit', () => {
      process.exitCode ||= 1
    })
  })
}

/** As asked for on a command line that could not be parsed. */
function formatIn(argv: readonly string[]): Format {
  const isJson = argv.some(
    (each, index) => each === '--format=json' || (each === '--format' && argv[index + 1] === 'json')
  )
  return isJson ? 'json' : 'text'
}

function misused(error: CommanderError, program: Command, argv: readonly string[]): Refusal {
  let command = program
  for (const word of argv.slice(2)) {
    command = command.commands.find(each => each.name() === word) ?? command
  }
  const said =
    error.code === 'commander.help'
      ? 'A command is missing.'
      : error.message
          .replace(/^error: /, '')
          // What stands behind = could be a secret.
          .replace(/('-[^=']*)=[^']*'/, "$1'")
          .replace(/\n?\((Did you mean .*)\)$/, '. $1')
  const help = command === program ? 'tieline --help' : `${pathOf(command)} --help`
  const detail = `${said.charAt(0).toUpperCase()}${said.slice(1)}${/[.?]$/.test(said) ? '' : '.'}`
  return new Refusal(
    problem('USAGE', 'The command line is not understood', `${detail} What there is:\n    ${help}`)
  )
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}

async function guarded(flags: GlobalFlags, work: Run): Promise<number> {
  const context = await contextOf(flags)
  try {
    return await work(context)
  } catch (error) {
    const refusal = error instanceof Refusal ? error : unexpected(error)
    await showRefusal(context.terminal, context.format, refusal)
    return refusal.diagnostics.some(each => byRule.has(each.code)) ? 3 : 1
  }
}

/** A mistake of ours or of the machine. The trace is for those who mend it, and may be asked for. */
function unexpected(error: unknown): Refusal {
  const { code, message, stack } = error as Partial<NodeJS.ErrnoException>
  const what = process.env.TIELINE_DEBUG ? (stack ?? String(error)) : (message ?? 'Unknown error')
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) {
    return new Refusal(problem('SYSTEM_ERROR', 'The system refused', `${what}.`))
  }
  return new Refusal(
    problem(
      'INTERNAL_ERROR',
      'tieline failed',
      `${what}\n\nThis is a mistake in tieline. Run it again with TIELINE_DEBUG=1 to see where.`
    )
  )
}

function buildProgram(run: (command: Command, work: Run) => Promise<void>): Command {
  const program = new Command('tieline')
    .description('Connections of an application, as code: plan, publish and authorize them.')
    .option('-C, --directory <dir>', 'folder of the workspace', '.')
    .option('--as <actor>', 'in whose name to act (else TIELINE_ACTOR, else git user.email)')
    .addOption(
      new Option('--format <format>', 'how to print results')
        .choices(['text', 'json'])
        .default('text' satisfies Format)
    )
    .option('--no-color', 'print without colour (as NO_COLOR does)')
    .option('-q, --quiet', 'print results and errors only')
    .helpOption('-h, --help', 'show help')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .addHelpText('after', example('tieline plan -e stage --component lead_form'))
  // Answered in main.ts. As an option of the program it would take --version away from plan and apply.
  const version = new Option('-V, --version', 'print the version')
  program.configureHelp({
    showGlobalOptions: true,
    optionDescription: option => {
      const { defaultValue, defaultValueDescription } = option
      // An empty list is what every repeatable option starts with.
      const isEmpty = Array.isArray(defaultValue) && defaultValueDescription === undefined
      return isEmpty ? option.description : new Help().optionDescription(option)
    },
    // With its arguments, one long command would push all summaries off the screen.
    subcommandTerm: command => command.name(),
    visibleOptions: command => {
      const options = new Help().visibleOptions(command)
      return command === program ? [version, ...options] : options
    }
  })

  addCommand(
    program,
    'init',
    'make a workspace in this folder',
    'tieline init --example field-service'
  )
    .option('--example <name>', 'start from an example, such as field-service')
    .action((flags, command) =>
      run(command, async context =>
        (await import('./commands.ts')).initCommand(context, flags.example)
      )
    )

  addCommand(program, 'validate', 'check all specs', 'tieline validate --format json').action(
    (_, command) =>
      run(command, async context => (await import('./commands.ts')).validateCommand(context))
  )

  selecting(
    addCommand(
      program,
      'plan',
      'show what apply would do, and who would have to authorize what',
      'tieline plan -e stage --connection salesforce --with-references'
    )
      .addOption(environmentOption())
      .option('--all', 'plan the whole road: dev, stage, prod and every client')
      .option('--out <file>', 'save the plan for apply')
      .option('--detailed-exitcode', 'exit with 2 if there is something to do')
      .option('--refresh', 'ask the services first, and record which authorizations have ended')
  ).action((flags, command) =>
    run(command, async context =>
      (await import('./command-plan.ts')).planCommand(context, environmentOf(flags), flags)
    )
  )

  selecting(
    addCommand(program, 'apply', 'apply a plan', 'tieline apply -e dev --auto-approve')
      .addArgument(new Argument('[planfile]', 'a plan saved with plan --out'))
      .addOption(environmentOption())
      .option('--auto-approve', 'apply without asking')
      .option('--no-authorize', 'leave authorizations pending')
      .addOption(
        new Option('--road <env>', 'apply dev, stage, ... up to this environment').argParser(
          parseEnvironment
        )
      )
      .option('-m, --message <note>', 'a note for the version that a publish makes')
  ).action((file, flags, command) =>
    run(command, async context =>
      (await import('./command-apply.ts')).applyCommand(context, environmentOf(flags), file, flags)
    )
  )

  addCommand(
    program,
    'authorize',
    'authorize a connection',
    'tieline authorize twilio -e prod --from key_secret=env:TWILIO_SECRET'
  )
    .argument('<connection>', 'link name of the connection')
    .addOption(
      new Option('-e, --env <env>', 'environment (repeatable: one consent for all)')
        .argParser(collectEnvironments)
        .default([] as Environment[], 'TIELINE_ENV, else dev')
    )
    .option('--user <email>', 'logged-in-user level: whose authorization')
    .addOption(
      new Option('--method <method>', 'how to authorize with OAuth2').choices([
        'browser',
        'paste',
        'device'
      ])
    )
    .addOption(
      new Option('--port <n>', 'port to listen on for the redirect, this time').argParser(parsePort)
    )
    .option(
      '--from <field=reference>',
      'take a field from env:NAME or file:PATH (repeatable)',
      collect,
      []
    )
    .option('--no-browser', 'paste the redirected address by hand')
    .option('--switch-account', 'accept another account than before')
    .action((connection, flags, command) =>
      run(command, async context => {
        const environments = flags.env.length > 0 ? flags.env : [environmentOf({})]
        const { authorizeCommand } = await import('./command-authorize.ts')
        return authorizeCommand(context, connection, environments, flags)
      })
    )

  const tools = { run, addCommand, environmentOption, environmentOf, collect, collectEnvironments }
  addAuthorizationCommands(program, tools)
  addRunTimeCommands(program, tools)
  addVaultCommands(program, tools)
  addBundleCommands(program, tools)
  addToolCommands(program, tools)
  addDoctorCommand(program, tools)

  const connectors = addCommand(
    program,
    'connectors',
    'look at the services there are',
    'tieline connectors show salesforce'
  )
  addCommand(
    connectors,
    'list',
    'list all connectors',
    'tieline connectors list --format json'
  ).action((_, command) =>
    run(command, async context => (await import('./commands.ts')).connectorsListCommand(context))
  )
  addCommand(
    connectors,
    'show',
    'show scopes, parameters and what to register',
    'tieline connectors show zoho_crm'
  )
    .argument('<id>', 'id of the connector')
    .action((id, _, command) =>
      run(command, async context =>
        (await import('./commands.ts')).connectorsShowCommand(context, id)
      )
    )

  addStateCommands(program, tools)
  return program
}

function addCommand(parent: Command, name: string, summary: string, shown: string): Command {
  return parent
    .command(name)
    .description(summary)
    .addHelpText('after', example(shown))
    .showSuggestionAfterError()
    .exitOverride()
}

function example(command: string): string {
  return `\nExample:\n    ${command}`
}

function selecting(command: Command): Command {
  return command
    .option('--component <name>', 'stage: publish this component (repeatable)', collect, [])
    .option('--connection <name>', 'stage: publish this connection (repeatable)', collect, [])
    .option('--with-references', 'stage: take along the components that are missing')
    .addOption(
      new Option('--version <n|latest>', 'prod: run this version and stay at it').argParser(
        parseVersion
      )
    )
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

function parsePort(value: string): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : 0
  if (port >= 1024 && port <= 65_535) return port
  throw new InvalidArgumentError('It is a number from 1024 to 65535.')
}

function parseVersion(value: string): number | 'latest' {
  if (value === 'latest') return value
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value)
  throw new InvalidArgumentError('It is a number from 1, or latest.')
}
