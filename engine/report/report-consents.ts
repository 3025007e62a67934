import type { Account, Environment, Slot } from '../model/generated/types.ts'
import { enumerated, indented, joined } from './layout.ts'
import { cleaned } from './strip-control.ts'
import type { Style } from './style.ts'
import { slotWords } from './words.ts'

/** What a person just authorized. */
export interface ConsentReport {
  readonly connection: string
  readonly environments: readonly Environment[]
  readonly slots: readonly Slot[]
  readonly user: string | null
  readonly account: Account
  readonly missing: readonly string[]
}

/** One line a consent: what, where, as whom. */
export function reportConsents(consents: readonly ConsentReport[], style: Style): string {
  return joined(
    cleaned(consents).flatMap(({ connection, slots, user, account }) => {
      const where = enumerated(slots.map(slotWords))
      const whose = user === null || user === account.name ? '' : ` for ${user}`
      const line = `${style.green(style.symbols.done)} ${style.bold(connection)} is authorized in ${where}${whose} as ${account.name}`
      return indented(line, style.width, 0, 2)
    })
  )
}
