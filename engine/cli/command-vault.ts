import { problem, Refusal } from '../model/diagnostic.ts'
import type { Environment, Slot } from '../model/generated/types.ts'
import type { VaultConversation, VaultResult } from '../workflow/vault.ts'
import { readLine } from './conversation.ts'
import type { CommandContext } from './globals.ts'
import { showDiagnostics, showJson } from './show.ts'
import type { Terminal } from './terminal.ts'

export interface ReaderFlags {
  /** Fingerprints that were compared before. */
  readonly expect?: readonly string[]
  readonly autoApprove?: boolean
}

export interface InitFlags extends ReaderFlags {
  readonly replace?: boolean
  readonly keychain?: boolean
}

/** Exit codes: 0 done, 1 not. */
export async function vaultKeyCommand({
  around,
  terminal,
  format
}: CommandContext): Promise<number> {
  const { vaultKeyWorkflow } = await import('../workflow/vault.ts')
  const result = await vaultKeyWorkflow(around)
  if (format === 'json') await showJson(terminal, { formatVersion: 1, ...result })
  else terminal.out(`${result.key}\n${result.fingerprint}\n`)
  return 0
}

/** Exit codes: 0 done, or nothing to do; 1 not. */
export async function vaultRecipientsCommand(
  context: CommandContext,
  flags: ReaderFlags
): Promise<number> {
  const { recipientsWorkflow } = await import('../workflow/vault.ts')
  const conversation = conversationOf(context, flags, asActor(context, 'tieline vault recipients'))
  return shown(context, await recipientsWorkflow(context.around, flags.expect ?? [], conversation))
}

/** Exit codes: 0 done, 1 not. */
export async function vaultRotateCommand(
  context: CommandContext,
  slots: readonly Slot[],
  flags: ReaderFlags
): Promise<number> {
  const { rotateWorkflow } = await import('../workflow/vault.ts')
  const conversation = conversationOf(context, flags, asActor(context, 'tieline vault rotate'))
  return shown(context, await rotateWorkflow(context.around, slots, conversation))
}

/** Exit codes: 0 done, 1 not. */
export async function vaultInitCommand(context: CommandContext, flags: InitFlags): Promise<number> {
  const { keychainWorkflow, vaultInitWorkflow } = await import('../workflow/vault.ts')
  if (flags.keychain === true) {
    await keychainWorkflow(context.around)
    context.terminal.err('Your key is in the keychain now.\n')
  }
  const options = { replace: flags.replace === true, expected: flags.expect ?? [] }
  const command = options.replace
    ? `tieline vault init --replace --auto-approve`
    : 'tieline vault init'
  const conversation = conversationOf(context, flags, asActor(context, command))
  return shown(context, await vaultInitWorkflow(context.around, options, conversation))
}

/** Exit codes: 0 stored, 1 not. */
export async function vaultSetCommand(
  { around, terminal, format }: CommandContext,
  name: string,
  connection: string,
  environment: Environment
): Promise<number> {
  const { setValueWorkflow } = await import('../workflow/vault.ts')
  const { slot } = await setValueWorkflow(around, { name, connection, environment }, () =>
    readValue(terminal, name)
  )
  if (format === 'json') await showJson(terminal, { formatVersion: 1, name, connection, slot })
  else {
    const { green, symbols } = terminal.style
    terminal.out(`${green(symbols.done)} vault:${name} is set for ${connection} in ${slot}\n`)
  }
  return 0
}

async function shown(context: CommandContext, result: VaultResult | null): Promise<number> {
  const { terminal, format } = context
  if (result === null) {
    terminal.err('Nothing was changed.\n')
    return 1
  }
  if (format === 'json') {
    await showJson(terminal, { formatVersion: 1, ...result })
    return 0
  }
  await showDiagnostics(terminal, result.diagnostics)
  const { reportReaders } = await import('../report/report-vault.ts')
  if (result.movedTo !== null) terminal.out(`The former vault is in ${result.movedTo}\n\n`)
  terminal.out(reportReaders(result.changes, terminal.style, 'done'))
  return 0
}

/** Without a terminal only what was said on the command line counts: a fingerprint for each key that is new. */
function conversationOf(
  { terminal, format }: CommandContext,
  flags: ReaderFlags,
  command: string
): VaultConversation {
  return {
    show: async changes => {
      if (format === 'json' || !terminal.interactive) return
      const { reportReaders } = await import('../report/report-vault.ts')
      terminal.err(`${reportReaders(changes, terminal.errStyle, 'planned')}\n`)
    },
    areReaders: async asked => {
      const { enumerated, joined, prose } = await import('../report/layout.ts')
      const readings = asked.map(({ reader, slots }) => ({
        fingerprint: reader.fingerprint,
        what: `${reader.name ?? 'A key'} would read ${enumerated(slots)}`
      }))
      if (!terminal.interactive || format === 'json')
        throw unconfirmed(readings, flags.expect ?? [], command)
      for (const { fingerprint, what } of readings) {
        const question = `${what}. Compare with what its owner sees in "tieline vault key":\n\n    ${fingerprint}\n`
        terminal.err(`${joined(prose(question, terminal.errStyle, 0))}\n`)
        const answer = await readLine(terminal, 'Is it the same? Only "yes" goes on: ')
        if (answer?.trim() !== 'yes') return false
      }
      return true
    },
    confirm: async question => {
      if (flags.autoApprove === true) return true
      if (!terminal.interactive || format === 'json') throw approvalNeeded()
      terminal.err(`${question}\n`)
      return (await readLine(terminal, 'Only "yes" goes on: '))?.trim() === 'yes'
    }
  }
}

/** The command, run by the same person again. */
function asActor({ around: { actor } }: CommandContext, command: string): string {
  return actor === undefined ? command : `${command} --as ${actor}`
}

/** Hidden from whoever looks on; piped in, it is everything up to the end without the final line break. */
async function readValue(terminal: Terminal, name: string): Promise<string> {
  if (terminal.interactive) {
    const { isCancel, password } = await import('@clack/prompts')
    const answer = await password({ message: `Value of vault:${name}`, output: process.stderr })
    return isCancel(answer) ? '' : answer
  }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of process.stdin) {
    size += chunk.length
    if (size > 64 * 1024) throw new Refusal(tooLarge())
    chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}

/** One command for all of them, with those that were said already: it would be refused again for want of the others. */
function unconfirmed(
  readings: readonly { readonly fingerprint: string; readonly what: string }[],
  said: readonly string[],
  command: string
): Refusal {
  const earlier = said.filter(each => /^[0-9a-f][0-9a-f ]*$/i.test(each))
  const flags = [...earlier, ...readings.map(each => each.fingerprint)].map(
    each => ` --expect "${each}"`
  )
  const seen = readings.map(({ what, fingerprint }) => `${what}:\n    ${fingerprint}\n`)
  return new Refusal(
    problem(
      'RECIPIENT_UNCONFIRMED',
      'A new reader was not confirmed',
      `${seen.join('')}Nobody can be asked here, and nothing was changed. Compare with what the owner of each key sees in "tieline vault key", then say so:\n    ${command}${flags.join('')}`
    )
  )
}

function approvalNeeded(): Refusal {
  return new Refusal(
    problem(
      'APPROVAL_NEEDED',
      'Nobody can be asked',
      'This is no terminal, so it cannot be confirmed. Approve it on the command line:\n    tieline vault init --replace --auto-approve'
    )
  )
}

function tooLarge() {
  return problem('VALUE_TOO_LARGE', 'The value is too large', 'A value has at most 64 KiB.')
}
