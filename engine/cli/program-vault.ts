import { Argument, type Command } from 'commander'
import type { Environment, Slot } from '../model/generated/types.ts'
import type { InitFlags, ReaderFlags } from './command-vault.ts'
import { parseSlot } from './environment-option.ts'
import type { ProgramTools } from './program-run-time.ts'

/** The commands that manage who can read credentials. */
export function addVaultCommands(program: Command, tools: ProgramTools): void {
  const { addCommand, environmentOption, environmentOf, collect, run } = tools
  const vault = addCommand(
    program,
    'vault',
    'manage who can read credentials',
    'tieline vault recipients'
  )
  addCommand(
    vault,
    'key',
    'show the public half of your own key, and its fingerprint',
    'tieline vault key'
  ).action((_: unknown, command: Command) =>
    run(command, async context => (await import('./command-vault.ts')).vaultKeyCommand(context))
  )

  confirming(
    addCommand(vault, 'init', 'make the keys of a new vault', 'tieline vault init').option(
      '--replace',
      'move the vault that is there aside and begin anew'
    )
  )
    .option('--keychain', 'move your own key into the keychain of the operating system')
    .option('--auto-approve', 'replace without asking')
    .action((flags: InitFlags, command: Command) =>
      run(command, async context =>
        (await import('./command-vault.ts')).vaultInitCommand(context, flags)
      )
    )

  confirming(
    addCommand(
      vault,
      'recipients',
      'bring the readers of each slot in line with tieline.yaml and clients/',
      'tieline vault recipients --expect "3f2c 91ab ..."'
    )
  ).action((flags: ReaderFlags, command: Command) =>
    run(command, async context =>
      (await import('./command-vault.ts')).vaultRecipientsCommand(context, flags)
    )
  )

  addCommand(vault, 'rotate', 'make new keys for the same readers', 'tieline vault rotate prod')
    .addArgument(
      new Argument(
        '[slot...]',
        'shared, dev, stage, prod or client/<name>; all where left out'
      ).argParser(collectSlots)
    )
    .action((slots: readonly Slot[] | undefined, _: unknown, command: Command) =>
      run(command, async context =>
        (await import('./command-vault.ts')).vaultRotateCommand(context, slots ?? [], {})
      )
    )

  addCommand(
    vault,
    'set',
    'seal a value that a spec refers to as vault:NAME',
    'tieline vault set salesforce_secret --for salesforce -e prod < secret.txt'
  )
    .argument('<name>', 'what the reference calls it')
    .requiredOption('--for <connection>', 'the connection that may use it, and no other')
    .addOption(environmentOption())
    .action(
      (
        name: string,
        flags: { readonly for: string; readonly env?: Environment },
        command: Command
      ) =>
        run(command, async context =>
          (await import('./command-vault.ts')).vaultSetCommand(
            context,
            name,
            flags.for,
            environmentOf(flags)
          )
        )
    )

  function confirming(command: Command): Command {
    return command.option(
      '--expect <fingerprint>',
      'a new key that was compared with its owner before (repeatable)',
      collect,
      []
    )
  }
}

function collectSlots(value: string, before: readonly Slot[] = []): readonly Slot[] {
  return [...before, parseSlot(value)]
}
