import { hasErrors, problem, Refusal } from '../model/diagnostic.ts'
import type { Slot } from '../model/generated/types.ts'
import type {
  SurgeryConversation,
  SurgeryPreview,
  SurgeryRequest
} from '../workflow/state-surgery.ts'
import { readLine } from './conversation.ts'
import type { CommandContext } from './globals.ts'
import { showDiagnostics, showJson } from './show.ts'

export interface SurgeryFlags {
  readonly autoApprove?: boolean
  readonly dryRun?: boolean
}

/** So many writes are told where nobody says how many. */
const usualLimit = 20

export async function unlockCommand(
  { around, terminal, format }: CommandContext,
  id: string
): Promise<number> {
  const { unlockWorkflow } = await import('../workflow/state.ts')
  await unlockWorkflow(around, id)
  if (format === 'json') await showJson(terminal, { formatVersion: 1, unlocked: id })
  else terminal.out(`Lock ${id} is ended.\n`)
  return 0
}

/** Exit codes: 0 sound, or mended; 1 something needs a person. */
export async function verifyCommand({ around, terminal, format }: CommandContext): Promise<number> {
  const { verifyWorkflow } = await import('../workflow/state.ts')
  const diagnostics = await verifyWorkflow(around)
  if (format === 'json') await showJson(terminal, { diagnostics })
  else {
    await showDiagnostics(terminal, diagnostics)
    if (diagnostics.length === 0) terminal.out('State and vault agree.\n')
  }
  return hasErrors(diagnostics) ? 1 : 0
}

export async function acceptCommand(
  { around, terminal, format }: CommandContext,
  slot: Slot
): Promise<number> {
  const { acceptWorkflow } = await import('../workflow/state.ts')
  const { serial, digest } = await acceptWorkflow(around, slot)
  if (format === 'json')
    await showJson(terminal, { formatVersion: 1, document: slot, serial, digest })
  else terminal.out(`The ${slot} state is accepted as it is, at serial ${serial}.\n`)
  return 0
}

/** Exit codes: 0 done, 1 something that was to be shown cannot be read. */
export async function stateListCommand(
  { around, terminal, format }: CommandContext,
  slot: Slot | undefined
): Promise<number> {
  const [{ stateListWorkflow }, { reportStateList }] = await Promise.all([
    import('../workflow/state-list.ts'),
    import('../report/report-state.ts')
  ])
  const { list, problems } = await stateListWorkflow(around, slot)
  if (format === 'json') {
    await showJson(terminal, problems.length === 0 ? list : { ...list, diagnostics: problems })
  } else {
    await showDiagnostics(terminal, problems)
    const isBare = problems.length > 0 && list.documents.every(each => each.serial === 0)
    const isWhole = slot === undefined && list.documents.some(each => each.document === 'dev')
    if (!isBare) terminal.out(reportStateList(list, terminal.style, { isWhole }))
  }
  return problems.length === 0 ? 0 : 1
}

export async function stateShowCommand(
  { around, terminal, format }: CommandContext,
  name: string,
  slot: Slot
): Promise<number> {
  const [{ stateShowWorkflow }, { reportEntry }] = await Promise.all([
    import('../workflow/state-show.ts'),
    import('../report/report-state.ts')
  ])
  const shown = await stateShowWorkflow(around, name, slot)
  if (format === 'json') await showJson(terminal, { formatVersion: 1, ...shown })
  else terminal.out(reportEntry(shown, terminal.style))
  return 0
}

export async function stateHistoryCommand(
  { around, terminal, format }: CommandContext,
  slot: Slot | undefined,
  limit: number | undefined
): Promise<number> {
  const [{ stateHistoryWorkflow }, { reportHistory }] = await Promise.all([
    import('../workflow/state-history.ts'),
    import('../report/report-history.ts')
  ])
  const isJson = format === 'json'
  const history = await stateHistoryWorkflow(around, slot, limit ?? (isJson ? null : usualLimit))
  if (isJson) await showJson(terminal, history)
  else {
    await showDiagnostics(terminal, history.diagnostics)
    terminal.out(reportHistory(history, terminal.style))
  }
  return hasErrors(history.diagnostics) ? 1 : 0
}

/** Exit codes: 0 done, 1 not. */
export async function surgeryCommand(
  context: CommandContext,
  request: SurgeryRequest,
  flags: SurgeryFlags
): Promise<number> {
  const { terminal, format } = context
  const { surgeryWorkflow } = await import('../workflow/state-surgery.ts')
  let shown: SurgeryPreview | null = null
  const conversation: SurgeryConversation = {
    confirm: async preview => {
      shown = preview
      if (format === 'text') {
        const { reportSurgery } = await import('../report/report-surgery.ts')
        terminal.out(reportSurgery(preview, terminal.style))
      }
      if (flags.dryRun === true) return false
      return flags.autoApprove === true || confirmed(context, preview)
    }
  }
  const done = await surgeryWorkflow(context.around, request, conversation)
  const isDry = flags.dryRun === true
  if (format === 'json') {
    await showJson(terminal, {
      formatVersion: 1,
      dryRun: isDry,
      ...(shown === null ? {} : toDocument(shown))
    })
  } else if (done === null) terminal.err('Nothing was changed.\n')
  else {
    const { green, symbols } = terminal.style
    terminal.out(`\n${green(symbols.done)} ${toldWrites(done)}\n`)
  }
  return done === null && !isDry ? 1 : 0
}

/** The next plan is what would be, so it is told without what makes a plan that can be applied. */
function toDocument({ next, ...preview }: SurgeryPreview): object {
  if (next === null) return { ...preview, next }
  const { environment, changes, held, authorizations, summary } = next
  return { ...preview, next: { environment, changes, held, authorizations, summary } }
}

function toldWrites({ writes }: SurgeryPreview): string {
  const last = writes.at(-1)
  if (last === undefined) return 'Nothing was to be changed.'
  return `Written as serial ${last.to} of ${last.document}. To take it back: tieline state undo ${last.to} -e ${last.document}`
}

async function confirmed(
  { terminal, format }: CommandContext,
  { operation }: SurgeryPreview
): Promise<boolean> {
  // Without the change on the screen there is nothing to say yes to.
  if (!terminal.interactive || format === 'json') {
    throw new Refusal(
      problem(
        'APPROVAL_NEEDED',
        'Nobody can be asked',
        `${format === 'json' ? 'What would change is not shown with --format json' : 'This is no terminal'}, so it cannot be confirmed. Look at it first, and then approve it:\n    tieline ${operation} --dry-run\n    tieline ${operation} --auto-approve`
      )
    )
  }
  const answer = await readLine(terminal, '\nWrite this to state? Only "yes" does: ')
  return answer?.trim() === 'yes'
}
