import { type Command, Help, Option } from 'commander'

/** What a command prints beside text and json, which all do. */
const additions = new WeakMap<Command, readonly string[]>()
const guarded = new WeakSet<Command>()

/**
 * Lets `command` print in more formats. `--format` is an option of the whole program, so that it may stand anywhere: it is told here
 * to let through what some command knows, and every other command goes on refusing it.
 */
export function alsoPrints(program: Command, command: Command, more: readonly string[]): void {
  additions.set(command, more)
  guard(program)
  const inherited = command.configureHelp().visibleGlobalOptions
  command.configureHelp({
    ...command.configureHelp(),
    visibleGlobalOptions: shown => {
      const help = new Help()
      help.showGlobalOptions = true
      const options = inherited?.(shown) ?? help.visibleGlobalOptions(shown)
      return options.map(each => (isFormat(each) ? withChoices(each, formatsOf(command)) : each))
    }
  })
}

/** What was asked for; text where nothing was. */
export function formatOf(command: Command): string {
  return String(command.optsWithGlobals().format ?? 'text')
}

function formatsOf(command: Command): readonly string[] {
  return ['text', 'json', ...(additions.get(command) ?? [])]
}

function guard(program: Command): void {
  if (guarded.has(program)) return
  guarded.add(program)
  const option = program.options.find(isFormat)
  if (option === undefined) throw new Error('The program has no option --format')
  option.argParser((value: string) => value)
  program.hook('preAction', (_, command) => {
    const known = formatsOf(command)
    const format = formatOf(command)
    if (known.includes(format)) return
    // As the option itself would refuse it.
    command.error(
      `error: option '${option.flags}' argument '${format}' is invalid. Allowed choices are ${known.join(', ')}.`,
      { code: 'commander.invalidArgument' }
    )
  })
}

function isFormat(option: Option): boolean {
  return option.long === '--format'
}

function withChoices(option: Option, choices: readonly string[]): Option {
  return new Option(option.flags, option.description).choices(choices).default(option.defaultValue)
}
