import { clientOf, isClient } from '../model/documents.ts'
import type { Slot } from '../model/generated/types.ts'
import { enumerated, indented, joined, prose, spaced } from './layout.ts'
import { cleaned } from './strip-control.ts'
import type { Style } from './style.ts'
import { slotWords } from './words.ts'

/** A key that opens a slot. */
export interface ReaderReport {
  readonly key: string
  readonly fingerprint: string
  /** null for a key that neither tieline.yaml nor the client's file names. */
  readonly name: string | null
}

/** What becomes of the readers of one slot. */
export interface ReaderChangeReport {
  readonly slot: Slot
  readonly action: 'make' | 'add' | 'rotate' | 'keep'
  readonly readers: readonly ReaderReport[]
  readonly added: readonly ReaderReport[]
  readonly removed: readonly ReaderReport[]
  /** What those who go could read. */
  readonly exposed: readonly { readonly connection: string; readonly what: string }[]
}

/** Who reads each slot, what would change, and what those who go have been able to read. */
export function reportReaders(
  changes: readonly ReaderChangeReport[],
  style: Style,
  tense: 'planned' | 'done'
): string {
  if (changes.length === 0) {
    return joined(
      prose('Nobody is to read any slot: no member has a key in tieline.yaml.', style, 0)
    )
  }
  const isQuiet = ({ slot, action }: ReaderChangeReport) => isClient(slot) && action === 'keep'
  const quiet = changes.filter(isQuiet)
  const isFolded = quiet.length > mostQuiet
  const told = isFolded ? changes.filter(each => !isQuiet(each)) : changes
  return joined(
    spaced([
      ...cleaned(told).map(each => slotLines(each, style, tense)),
      isFolded ? [`${quiet.length} clients stay as they are`] : []
    ])
  )
}

/** More clients of which nothing changes are a number. */
const mostQuiet = 3

function slotLines(
  change: ReaderChangeReport,
  style: Style,
  tense: 'planned' | 'done'
): readonly string[] {
  const { slot, action, readers, added, removed, exposed } = change
  const { symbols, bold, green, red, yellow } = style
  const isAdded = (reader: ReaderReport) => added.some(each => each.key === reader.key)
  return [
    `${bold(slotWords(slot))}  ${words[tense][action]}`,
    ...readers.flatMap(reader =>
      indented(
        `${isAdded(reader) ? green(symbols.add) : ' '} ${readerWords(reader, slot)}`,
        style.width,
        2,
        4
      )
    ),
    ...removed.flatMap(reader =>
      indented(`${red(symbols.delete)} ${readerWords(reader, slot)}`, style.width, 2, 4)
    ),
    ...unnamedLines(removed, slot, style, tense),
    ...(exposed.length === 0
      ? []
      : indented(
          `${yellow(symbols.attention)} Whoever goes could read, and may have kept: ${enumerated(
            exposed.map(each => `${each.connection} (${each.what})`)
          )}. New keys do not change that: authorize these again, or change their secrets at the service.`,
          style.width,
          2,
          4
        ))
  ]
}

const words = {
  planned: {
    make: 'will get its first keys, read by',
    add: 'keeps its keys, and will be read by',
    rotate: 'will get new keys, read by',
    keep: 'stays as it is, read by'
  },
  done: {
    make: 'has its first keys, read by',
    add: 'keeps its keys, and is read by',
    rotate: 'has new keys, read by',
    keep: 'stays as it is, read by'
  }
} as const

/** Keys have no owner but the one that a file names: of one that none names any more, nobody can say whose it was. */
function unnamedLines(
  removed: readonly ReaderReport[],
  slot: Slot,
  style: Style,
  tense: 'planned' | 'done'
): readonly string[] {
  const count = removed.filter(each => each.name === null).length
  if (count === 0) return []
  const [it, does, who] =
    count === 1 ? ['it', 'opens', 'the owner'] : ['they', 'open', 'each owner']
  const file = fileOf(slot)
  const words =
    tense === 'done'
      ? `From now on ${it} ${does} nothing new.`
      : `With new keys ${it} ${does} nothing that is sealed from then on. If ${it} shall go on reading, name ${who} in ${file} first.`
  return indented(
    `${style.yellow(style.symbols.attention)} The vault knows keys, not people: ${count === 1 ? 'a key' : 'keys'} that ${file} does not name may be of somebody who left, or from before a member changed theirs. ${words}`,
    style.width,
    2,
    4
  )
}

function fileOf(slot: Slot): string {
  return isClient(slot) ? `clients/${clientOf(slot)}.yaml` : 'tieline.yaml'
}

function readerWords({ name, fingerprint }: ReaderReport, slot: Slot): string {
  const unnamed = `a key that ${fileOf(slot)} does not name, perhaps of somebody who left`
  return `${name ?? unnamed}  ${fingerprint}`
}
