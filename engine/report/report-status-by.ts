import type { PersonalAuthorization, PersonalState, StatusBy } from '../model/generated/types.ts'
import { indented, joined, spaced } from './layout.ts'
import { cleaned } from './strip-control.ts'
import type { Paint, Style } from './style.ts'
import { dayOf, slotWords } from './words.ts'

const groups: readonly (readonly [PersonalState, string])[] = [
  ['in-use', 'In use: when somebody else authorizes these, what was given before ends'],
  ['own', 'Their own'],
  ['unused', 'Not used any more'],
  ['ended', 'Ended already']
]

/** All that one person authorized, by what is to be done with it on the day they leave, with the commands. */
export function reportStatusBy(status: StatusBy, style: Style): string {
  const { by, authorizations } = cleaned(status)
  if (authorizations.length === 0) return `${by} has authorized nothing that is still known.\n`
  return joined(
    spaced([
      [`What ${style.bold(by)} authorized`],
      ...groups.map(([state, title]) => {
        const own = authorizations.filter(each => each.state === state)
        const heading = indented(`${title}:`, style.width, 0).map(style.bold)
        return own.length === 0 ? [] : [...heading, ...own.flatMap(each => lines(each, by, style))]
      })
    ])
  )
}

function lines(each: PersonalAuthorization, person: string, style: Style): readonly string[] {
  const { connection, slot, account, user, at, environments, adopted, ended, by } = each
  const { symbol, paint } = lookOf(each.state, style)
  const facts = [
    account.name,
    ...(user === null || user === person ? [] : [`for ${user}`]),
    ...(by === person ? [] : [`by ${by}`]),
    dayOf(at),
    ...(each.state === 'in-use' ? [`used by ${environments.join(', ')}`] : []),
    ...(adopted === false ? ['not adopted yet'] : []),
    ...(adopted === null && ended === null ? ['credential not here'] : []),
    ...(ended === null ? [] : [`${endWords(ended.cause)} ${dayOf(ended.at)}`])
  ]
  const title = `${paint(symbol)} ${style.bold(connection)} in ${slotWords(slot)}: ${facts.join(', ')}`
  return [
    ...indented(title, style.width, 2, 4),
    ...each.commands.map(command => `      ${style.cyan(command)}`)
  ]
}

function endWords(cause: NonNullable<PersonalAuthorization['ended']>['cause']): string {
  switch (cause) {
    case 'expired':
      return 'expired, found'
    case 'revoked':
      return 'revoked'
    case 'scopes-lost':
      return 'lost scopes, found'
    case 'grant-gone':
      return 'ended by the service, found'
    case 'interrupted-refresh':
      return 'lost in a refresh that was cut off, found'
  }
}

function lookOf(
  state: PersonalState,
  { symbols, green, yellow, dim }: Style
): { readonly symbol: string; readonly paint: Paint } {
  switch (state) {
    case 'in-use':
      return { symbol: symbols.done, paint: green }
    case 'own':
      return { symbol: symbols.done, paint: yellow }
    case 'unused':
      return { symbol: symbols.waiting, paint: yellow }
    case 'ended':
      return { symbol: symbols.failed, paint: dim }
  }
}
