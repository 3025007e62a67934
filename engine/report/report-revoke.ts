import type { Account, Environment, Slot } from '../model/generated/types.ts'
import { enumerated, indented, joined, prose } from './layout.ts'
import { cleaned } from './strip-control.ts'
import type { Style } from './style.ts'
import { slotWords } from './words.ts'

/** What was ended, and whether the service knows. */
export interface RevokeReport {
  readonly connection: string
  readonly revoked: readonly {
    readonly slot: Slot
    readonly user: string | null
    readonly account: Account
    /** Those that ran on it. */
    readonly environments: readonly Environment[]
    readonly service: 'ended' | 'refused' | 'not-asked'
    /** What the person should know of the service's side; null if there is nothing. */
    readonly said: string | null
  }[]
}

/** A line for each authorization that ended, and below it what is left to do at the service. */
export function reportRevoke(report: RevokeReport, style: Style): string {
  const { connection, revoked } = cleaned(report, 'said')
  return joined(
    revoked.flatMap(({ slot, user, account, environments, service, said }) => {
      const { symbols, green, yellow, bold } = style
      const symbol = service === 'ended' ? green(symbols.done) : yellow(symbols.attention)
      const whose = user === null ? account.name : `${account.name} of ${user}`
      const where = service === 'ended' ? 'here and at the service' : 'here'
      const line = `${symbol} ${bold(connection)} in ${slotWords(slot)} as ${whose} is ended ${where}`
      const idle = environments.length === 0 ? '' : `: ${enumerated(environments)} waits`
      const waits = environments.length > 1 ? idle.replace(/waits$/, 'wait') : idle
      return [
        ...indented(`${line}${waits}`, style.width, 0, 2),
        ...(said === null ? [] : prose(said, style, 4))
      ]
    })
  )
}
