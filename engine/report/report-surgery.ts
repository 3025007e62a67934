import type { Environment, Plan, Slot, Subject, UndoField } from '../model/generated/types.ts'
import { enumerated, indented, joined, prose, spaced } from './layout.ts'
import { reportSummary } from './report-plan.ts'
import { valueLines } from './report-state.ts'
import { cleaned } from './strip-control.ts'
import type { Style } from './style.ts'
import { counted } from './words.ts'

/** What is to be done to state by hand. */
export interface SurgeryReport {
  readonly what: SurgeryWords
  readonly writes: readonly {
    readonly document: Slot
    readonly movedFrom: Slot | null
    readonly from: number
    readonly to: number
    readonly fields: readonly UndoField[]
  }[]
  /** The next plan of the environment; null where none can be made now. */
  readonly next: Plan | null
}

export type SurgeryWords =
  | {
      readonly kind: 'rename' | 'adopt'
      readonly subject: Subject
      readonly from: string
      readonly to: string
      readonly id: string
      readonly rewritten: readonly string[]
    }
  | {
      readonly kind: 'rename-client'
      readonly from: string
      readonly to: string
      readonly hasSpec: boolean
    }
  | {
      readonly kind: 'forget'
      readonly subject: Subject
      readonly linkName: string
      readonly environment: Slot
      readonly live: number
    }
  | {
      readonly kind: 'drop-record'
      readonly credential: string
      readonly connection: string
      readonly account: string
      readonly slot: Slot
      readonly isLive: boolean
    }
  | {
      readonly kind: 'undo'
      readonly serial: number
      readonly operation: string
      readonly by: string
      readonly at: string
    }

/** What would be written to which document, what that means, and what the next plan would be. */
export function reportSurgery(given: SurgeryReport, style: Style): string {
  const { what, writes } = cleaned({ what: given.what, writes: given.writes })
  return joined(
    spaced([
      ...writes.map(each => [
        `${style.bold(`${each.movedFrom ?? each.document} state`)}  ${style.dim(`serial ${each.from} ${style.symbols.arrow} ${each.to}`)}`,
        ...writtenLines(each.fields, what.kind, style)
      ]),
      prose(sentences(what).join(' '), style, 0),
      nextLines(given.next, style)
    ])
  )
}

/** What only tieline reads: who looks at an undo sees it as well. */
const bookkeeping = /^\/(?:retired|given)\//

/** An entry that goes under one name and comes under another one is told once. */
function writtenLines(
  fields: readonly UndoField[],
  kind: SurgeryWords['kind'],
  style: Style
): readonly string[] {
  const shown = kind === 'undo' ? fields : fields.filter(({ path }) => !bookkeeping.test(path))
  const came = shown.filter(each => each.before === null)
  const renames = new Map(
    shown.flatMap(field => {
      const same = came.find(each => field.after === null && isSameEntry(field, each))
      return same === undefined ? [] : [[field, same] as const]
    })
  )
  const told = new Set(renames.values())
  return shown.flatMap(field => {
    if (told.has(field)) return []
    const renamed = renames.get(field)
    if (renamed === undefined) return fieldLines(field, style)
    const { cyan, symbols } = style
    const text = `${cyan(symbols.rename)} ${labelOf(field.path)} ${symbols.arrow} ${labelOf(renamed.path)}`
    return indented(text, style.width, 2, 6)
  })
}

function isSameEntry(gone: UndoField, came: UndoField): boolean {
  const poolOf = ({ path }: UndoField): string => path.slice(0, path.lastIndexOf('/'))
  return (
    isBranch(gone.before) &&
    poolOf(gone) === poolOf(came) &&
    JSON.stringify(gone.before) === JSON.stringify(came.after)
  )
}

function labelOf(path: string): string {
  return path
    .split('/')
    .slice(1)
    .map(each => each.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.')
}

function fieldLines({ path, before, after }: UndoField, style: Style): readonly string[] {
  const { symbols, green, red, yellow } = style
  const label = labelOf(path)
  if (after === null) {
    const value = isBranch(before) ? '' : `  ${textOf(before)}`
    return indented(`${red(symbols.delete)} ${label}${value}`, style.width, 2, 6)
  }
  if (before === null) {
    return isBranch(after)
      ? [`  ${green(symbols.add)} ${label}`, ...valueLines(after, 6)]
      : indented(`${green(symbols.add)} ${label}  ${textOf(after)}`, style.width, 2, 6)
  }
  const change = `${red(textOf(before))} ${symbols.arrow} ${green(textOf(after))}`
  return indented(`${yellow(symbols.modify)} ${label}  ${change}`, style.width, 2, 6)
}

function isBranch(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '(none)' : value.map(textOf).join(', ')
  if (value === null) return '(none)'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function sentences(what: SurgeryWords): readonly string[] {
  switch (what.kind) {
    case 'rename':
      return [
        `The ${what.subject} ${what.from} is called ${what.to} from here on. It stays the same thing (${what.id}) with its ${belongings(what.subject)}; stage and prod get the name when it is published.`,
        ...(what.rewritten.length === 0
          ? []
          : [`References are rewritten in ${enumerated(what.rewritten)}.`]),
        'The specs are not touched: call it the same there.'
      ]
    case 'adopt':
      return [
        `The ${what.subject} ${what.to} goes on as what was ${what.from} (${what.id}), with its ${belongings(what.subject)}, where it was recorded as something new. The next publish renames it in stage and prod.`
      ]
    case 'rename-client':
      return [
        `The installation client/${what.from} goes on as client/${what.to}, with its authorizations and history.`,
        ...(what.hasSpec
          ? []
          : [
              `There is no clients/${what.to}.yaml yet: rename the file as well, or the next plan removes the installation.`
            ])
      ]
    case 'forget':
      return [
        `The record of ${what.environment} forgets the ${what.subject} ${what.linkName}. Nothing is ended at any service, and no credential is deleted.`,
        ...(what.live === 0
          ? []
          : [
              `${what.live === 1 ? 'Its authorization stays' : `Its ${counted(what.live, 'authorization')} stay`} recorded: the next plan says what becomes of ${what.live === 1 ? 'it' : 'them'}.`
            ])
      ]
    case 'drop-record':
      return [
        `The record that ${what.connection} was authorized with ${what.account} goes: its credential is not in this vault.`,
        ...(what.isLive
          ? [
              'Nothing is ended at the service: if the grant still exists there, remove it in the account settings.'
            ]
          : [])
      ]
    case 'undo':
      return [
        `This takes back serial ${what.serial}, "${what.operation}", by ${what.by} at ${what.at}. It can be taken back in turn.`
      ]
  }
}

/** What goes on under a new name. */
function belongings(subject: Subject): string {
  return subject === 'connection' ? 'authorizations and history' : 'history'
}

function nextLines(next: Plan | null, style: Style): readonly string[] {
  if (next === null) return []
  const { environment } = next
  const summary = reportSummary(next, style).trimEnd()
  return [
    `The next plan of ${environment} would then be:`,
    ...(summary === '' ? ['No changes.'] : summary.split('\n')).map(line => `  ${line}`),
    ...prose(`    tieline plan -e ${nameOf(environment)}`, style, 0)
  ]
}

function nameOf(environment: Environment): string {
  return /^[a-z0-9_/]+$/.test(environment) ? environment : 'ENV'
}
