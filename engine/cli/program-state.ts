import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Slot } from '../model/generated/types.ts'
import type { SurgeryFlags } from './command-state.ts'
import { parseSlot } from './environment-option.ts'
import type { ProgramTools } from './program-run-time.ts'

interface DocumentFlags {
  readonly env?: Slot
}

/** The commands that look at state, and mend it. */
export function addStateCommands(program: Command, tools: ProgramTools): void {
  const { addCommand, environmentOf, run } = tools
  const state = addCommand(
    program,
    'state',
    'look at state, and mend it',
    'tieline state history --limit 5'
  )
  const commands = () => import('./command-state.ts')
  /** As environmentOf, but state has a document for what is shared as well. */
  const slotOf = ({ env }: DocumentFlags): Slot =>
    env === 'shared' ? env : environmentOf(env === undefined ? {} : { env })

  addCommand(
    state,
    'list',
    'list what is recorded, and what is authorized',
    'tieline state list -e stage'
  )
    .addOption(documentOption('which document (else all)'))
    .action((flags: DocumentFlags, command: Command) =>
      run(command, async context => (await commands()).stateListCommand(context, flags.env))
    )

  addCommand(
    state,
    'show',
    'show one recorded connection, component or authorization',
    'tieline state show connection/salesforce -e prod'
  )
    .argument('<name>', 'connection/NAME, component/NAME, authorization/ID, or a link name')
    .addOption(documentOption('which document (else TIELINE_ENV, else dev)'))
    .action((name: string, flags: DocumentFlags, command: Command) =>
      run(command, async context =>
        (await commands()).stateShowCommand(context, name, slotOf(flags))
      )
    )

  addCommand(
    state,
    'history',
    'tell who wrote what and when, the newest first',
    'tieline state history -e prod --limit 5'
  )
    .addOption(documentOption('which document (else all)'))
    .option('--limit <n>', 'how many writes (else 20; with --format json all)', parseCount)
    .action((flags: DocumentFlags & { readonly limit?: number }, command: Command) =>
      run(command, async context =>
        (await commands()).stateHistoryCommand(context, flags.env, flags.limit)
      )
    )

  changing(
    addCommand(
      state,
      'mv',
      'give a recorded connection, component or client another link name',
      'tieline state mv sfdc salesforce'
    )
      .argument('<from>', 'connection/NAME, component/NAME, client/NAME, or a link name of dev')
      .argument('<to>', 'the new link name')
      .addOption(documentOption('dev, the only one that gives names'))
  ).action((from: string, to: string, flags: DocumentFlags & SurgeryFlags, command: Command) =>
    run(command, async context =>
      (await commands()).surgeryCommand(
        context,
        { kind: 'mv', from, to, environment: flags.env },
        flags
      )
    )
  )

  changing(
    addCommand(
      state,
      'rm',
      'forget a recorded connection or component, or a record without a credential',
      'tieline state rm component/lead_form -e stage'
    )
      .argument('<name>', 'connection/NAME, component/NAME, authorization/ID, or a link name')
      .addOption(documentOption('which document (else TIELINE_ENV, else dev)'))
  ).action((name: string, flags: DocumentFlags & SurgeryFlags, command: Command) =>
    run(command, async context =>
      (await commands()).surgeryCommand(context, { kind: 'rm', name, slot: slotOf(flags) }, flags)
    )
  )

  changing(
    addCommand(state, 'undo', 'take back what mv, rm or undo wrote', 'tieline state undo 7 -e dev')
      .argument('[serial]', 'of the write (else the newest that can be taken back)', parseCount)
      .addOption(documentOption('which document (else TIELINE_ENV, else dev)'))
  ).action((serial: number | undefined, flags: DocumentFlags & SurgeryFlags, command: Command) =>
    run(command, async context =>
      (await commands()).surgeryCommand(
        context,
        { kind: 'undo', serial: serial ?? null, slot: slotOf(flags) },
        flags
      )
    )
  )

  addCommand(state, 'unlock', 'end a lock whose holder is gone', 'tieline state unlock 3f2c...')
    .argument('<id>', 'id of the lock, as STATE_LOCKED tells it')
    .action((id: string, _: unknown, command: Command) =>
      run(command, async context => (await commands()).unlockCommand(context, id))
    )

  addCommand(
    state,
    'verify',
    'compare state and vault, mend what a cut-off run left, and say what is wrong',
    'tieline state verify --accept -e dev'
  )
    .option('--accept', 'take a document as it is that was edited by hand')
    .addOption(documentOption('with --accept: which document').default('dev' as Slot))
    .action((flags: { readonly accept?: boolean; readonly env: Slot }, command: Command) =>
      run(command, async context => {
        const { acceptCommand, verifyCommand } = await commands()
        return flags.accept === true ? acceptCommand(context, flags.env) : verifyCommand(context)
      })
    )
}

function documentOption(description: string): Option {
  return new Option('-e, --env <document>', description).argParser(parseSlot)
}

function changing(command: Command): Command {
  return command
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--auto-approve', 'change it without asking')
}

function parseCount(value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value)
  throw new InvalidArgumentError('It is a number from 1.')
}
