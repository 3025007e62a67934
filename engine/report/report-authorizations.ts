import type { DueAuthorization, OwnEnvironment } from '../model/generated/types.ts'
import { indented } from './layout.ts'
import type { Style } from './style.ts'
import { authorizeCommand, counted, reasonWords, slotWords, whoWords } from './words.ts'

/** The to-do list under a heading: what to authorize where, why, who may do it, and the command. Empty if nothing is due. */
export function reportAuthorizations(
  heading: string,
  due: readonly DueAuthorization[],
  environment: OwnEnvironment,
  style: Style
): readonly string[] {
  if (due.length === 0) return []
  const who = commonWho(due)
  const title = who === null ? `${heading}:` : `${heading}, by ${who}:`
  return [
    style.bold(title),
    ...due.flatMap(each => dueLines(each, { all: due, environment, style, who }))
  ]
}

interface List {
  readonly all: readonly DueAuthorization[]
  readonly environment: OwnEnvironment
  readonly style: Style
  /** Said once, in the heading, if it is the same for all that administrators have to do. */
  readonly who: string | null
}

function commonWho(due: readonly DueAuthorization[]): string | null {
  const asked = due.filter(
    each =>
      each.level === 'administrator' &&
      (each.action === 'authorize' || each.action === 'reauthorize')
  )
  const [first, ...others] = new Set(asked.map(each => whoWords(each.who)))
  return others.length > 0 ? null : (first ?? null)
}

function dueLines(due: DueAuthorization, list: List): readonly string[] {
  const { all, style } = list
  switch (due.action) {
    case 'authorize':
    case 'reauthorize':
      return toDo(due, list)
    case 'inherit':
      return oneLine(due, style, style.symbols.same, inheritWords(due))
    case 'keep':
      return oneLine(due, style, style.symbols.same, keepWords(due)).map(style.dim)
    case 'revoke':
      return oneLine(due, style, style.red(style.symbols.delete), revokeWords(due, all))
  }
}

function toDo(due: DueAuthorization, { environment, style, who }: List): readonly string[] {
  const isNew = due.action === 'authorize'
  const symbol = isNew ? style.green(style.symbols.add) : style.yellow(style.symbols.modify)
  const title = `${symbol} authorize ${style.bold(due.connection)}${isNew ? '' : ' again'} in ${slotWords(due.slot)}`
  const words = dueWords(due)
  const own = whoWords(due.who)
  const each = due.level === 'logged-in-user' ? ['each user authorizes at first use:'] : []
  const by = own === null || own === who || each.length > 0 ? [] : [`by ${own}:`]
  return [
    ...indented(words === '' ? title : `${title}: ${words}`, style.width, 2, 6),
    ...[...by, ...each].flatMap(line => sentence(line, style)),
    `        ${style.cyan(authorizeCommand(due.connection, environment))}`
  ]
}

function sentence(text: string, style: Style): readonly string[] {
  return text === '' ? [] : indented(text, style.width, 6)
}

function dueWords(due: DueAuthorization): string {
  return [
    ...due.reasons.map(reasonWords),
    ...(due.action === 'reauthorize' ? scopeWords(due) : []),
    ...usersWords(due)
  ].join('; ')
}

function usersWords({ users }: DueAuthorization): readonly string[] {
  return users === null || users === 0 ? [] : [`concerns ${counted(users, 'user')}`]
}

/** Scopes that come and go beside what the reasons tell. */
function scopeWords({ reasons, addedScopes, removedScopes }: DueAuthorization): readonly string[] {
  const isTold = reasons.some(reason => reason.code === 'SCOPES_ADDED')
  return [
    ...(isTold || addedScopes.length === 0 ? [] : [`adds ${addedScopes.join(', ')}`]),
    ...(removedScopes.length === 0 ? [] : [`drops ${removedScopes.join(', ')}`])
  ]
}

function inheritWords({ reasons }: DueAuthorization): string {
  const others = reasons.filter(({ code }) => code !== 'COVERED_BY_SHARED')
  const covered = 'the shared authorization covers it, nobody is asked'
  return [covered, ...others.map(reasonWords)].join('; ')
}

function keepWords(due: DueAuthorization): string {
  const why = [...due.reasons.map(reasonWords), ...scopeWords(due)]
  return why.length === 0 ? 'stays authorized' : `stays authorized: ${why.join('; ')}`
}

function revokeWords(due: DueAuthorization, all: readonly DueAuthorization[]): string {
  const isReplaced = all.some(
    ({ id, action, level }) =>
      id === due.id && level === due.level && (action === 'authorize' || action === 'reauthorize')
  )
  const after = isReplaced ? ['ends after its replacement'] : []
  return [...due.reasons.map(reasonWords), ...usersWords(due), ...after].join('; ')
}

function oneLine(
  { connection, slot, action }: DueAuthorization,
  style: Style,
  symbol: string,
  words: string
): readonly string[] {
  const verb = action === 'revoke' ? 'revoke ' : ''
  const place = action === 'inherit' ? '' : ` in ${slotWords(slot)}`
  const title = `${symbol} ${verb}${style.bold(connection)}${place}`
  return indented(words === '' ? title : `${title}: ${words}`, style.width, 2, 6)
}
