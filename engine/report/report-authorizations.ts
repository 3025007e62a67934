import { clientOf, isClient } from '../model/documents.ts'
import type { DueAuthorization, Environment, Level, Slot } from '../model/generated/types.ts'
import { enumerated, indented, paintWords, spaced } from './layout.ts'
import type { Style } from './style.ts'
import {
  authorizeCommand,
  counted,
  memberCommand,
  people,
  reasonWords,
  revokeCommand,
  slotWords,
  whoWords
} from './words.ts'

/**
 * The to-do list under a heading: what to authorize where, why, who may do it, and the command. Empty if nothing is due.
 * `environments` are one of ours, or the clients that the list is for: theirs is told by the role that has to do it.
 */
export function reportAuthorizations(
  heading: string,
  due: readonly DueAuthorization[],
  environments: readonly Environment[],
  style: Style,
  /** Ids of the connections that go away. */
  gone: ReadonlySet<string> = new Set()
): readonly string[] {
  if (due.length === 0) return []
  const whose = whoseWords(environments)
  const list = { all: due, environments, style, who: commonWho(due, whose), gone }
  const title = list.who === null ? heading : `${heading}, by ${list.who}`
  if (whose === null) return section(title, due, list)

  const asked = due.filter(isAsked)
  return spaced([
    section(title, ofLevel(asked, 'administrator'), list),
    section(
      `${heading}, by each user of ${whose} at first use`,
      ofLevel(asked, 'logged-in-user'),
      list
    ),
    section(
      'Nobody is asked',
      due.filter(each => !isAsked(each)),
      list
    )
  ])
}

/** What ends when clients are removed: how much it is, what it was for, and who can end it at the services as well. */
export function reportEnding(
  due: readonly DueAuthorization[],
  environments: readonly Environment[],
  style: Style
): readonly string[] {
  const isOne = environments.length === 1
  const whose = (isOne ? whoseWords(environments) : null) ?? `these ${environments.length} clients`
  const ended = due.filter(each => each.action === 'revoke')
  const byAdmins = ofLevel(ended, 'administrator').length * environments.length
  const byUsers = ofLevel(ended, 'logged-in-user').reduce((sum, each) => sum + (each.users ?? 0), 0)
  const some = (count: number, noun: string) =>
    count === 0 ? [] : [`${count} by ${isOne ? 'its' : 'their'} ${noun}`]
  const much = enumerated([...some(byAdmins, 'admins'), ...some(byUsers, 'users')])
  if (ended.length === 0) return [`Nothing that ${whose} authorized is left to revoke.`]
  const list = { all: ended, environments, style, who: null, gone: new Set<string>() }
  return spaced([
    section(
      `Everything that ${whose} authorized${much === '' ? '' : ` (${much})`} is revoked`,
      // Why, and how to end it at the services, is said once for all.
      ended.map(each => ({ ...each, reasons: [] })),
      { ...list, isToldOnce: true }
    ),
    removalLines(ended, list)
  ])
}

/** Whoever applies deletes what is sealed to a client's own people, and cannot tell the services. */
function removalLines(
  ended: readonly DueAuthorization[],
  { environments, style }: List
): readonly string[] {
  const [first, ...others] = environments
  if (first === undefined || !isClient(first)) return []
  const isOne = others.length === 0
  const whom = isOne ? clientOf(first) : 'the client'
  const file = isOne ? `clients/${clientOf(first)}.yaml` : 'its file'
  // Its file is gone from the specs: alone in the workspace, nobody can say any more whether it had people of its own.
  const isSure = ended.some(each => each.who.length > 0)
  const start = isSure ? 'The services are' : `If ${whom} had members of its own, the services are`
  const words = `${start} told only if a member of ${whom} revokes it before this is applied, while ${file} still names them:`
  const commands = new Set(
    ended.map(each => revokeCommand(each.connection, environments, each.level))
  )
  const shown = [...commands].slice(0, mostCommands)
  const left = commands.size - shown.length
  return [
    ...indented(words, style.width, 0, 2),
    ...shown.map(each => `    ${style.cyan(each)}`),
    ...(left === 0 ? [] : [`    and ${left} more`])
  ]
}

const mostCommands = 4

interface List {
  readonly all: readonly DueAuthorization[]
  readonly environments: readonly Environment[]
  readonly style: Style
  /** Said once, in the heading, if it is the same for all that administrators have to do. */
  readonly who: string | null
  /** Ids of the connections that go away. */
  readonly gone: ReadonlySet<string>
  /** Whether it is said for the whole list how to end things at the services. */
  readonly isToldOnce?: boolean
}

/** The client whose own members authorize; null where it is up to us. */
function whoseWords([first, ...others]: readonly Environment[]): string | null {
  if (first === undefined || !isClient(first)) return null
  return others.length === 0 ? clientOf(first) : 'each client'
}

function isAsked({ action }: DueAuthorization): boolean {
  return action === 'authorize' || action === 'reauthorize'
}

function ofLevel(due: readonly DueAuthorization[], level: Level): readonly DueAuthorization[] {
  return due.filter(each => each.level === level)
}

function commonWho(due: readonly DueAuthorization[], whose: string | null): string | null {
  const asked = ofLevel(due.filter(isAsked), 'administrator')
  const [first, ...others] = new Set(asked.map(each => whoWords(each.who, whose)))
  return others.length > 0 ? null : (first ?? null)
}

function section(title: string, due: readonly DueAuthorization[], list: List): readonly string[] {
  if (due.length === 0) return []
  const { style } = list
  return [
    ...indented(paintWords(`${title}:`, style.bold), style.width, 0, 2),
    ...due.flatMap(each => dueLines(each, list))
  ]
}

function dueLines(due: DueAuthorization, list: List): readonly string[] {
  const { symbols, red, dim } = list.style
  switch (due.action) {
    case 'authorize':
    case 'reauthorize':
      return toDo(due, list)
    case 'inherit':
      return oneLine(due, list, symbols.same, inheritWords(due))
    case 'keep':
      return oneLine(due, list, symbols.same, keepWords(due)).map(dim)
    case 'revoke':
      return [
        ...oneLine(due, list, red(symbols.delete), revokeWords(due, list.all)),
        ...atServiceLines(due, list)
      ]
  }
}

function toDo(due: DueAuthorization, list: List): readonly string[] {
  const { environments, style } = list
  const whose = whoseWords(environments)
  const isNew = due.action === 'authorize'
  const symbol = isNew ? style.green(style.symbols.add) : style.yellow(style.symbols.modify)
  const title = `${symbol} authorize ${style.bold(due.connection)}${isNew ? '' : ' again'} in ${placeWords(due.slot, list)}`
  const words = [dueWords(due, whose), whose === null ? '' : againWords(due)].filter(Boolean)
  return [
    ...indented([words.length === 0 ? title : `${title}:`, ...words].join(' '), style.width, 2, 6),
    ...byWords(due, list, whose).flatMap(line => indented(line, style.width, 6)),
    `        ${style.cyan(commandOf(due, list, whose))}`
  ]
}

/** Who does it, where the heading does not say so. */
function byWords(due: DueAuthorization, { who }: List, whose: string | null): readonly string[] {
  if (due.level === 'logged-in-user') {
    return whose === null ? ['each user authorizes at first use:'] : []
  }
  const own = whoWords(due.who, whose)
  return own === null || own === who ? [] : [`by ${own}:`]
}

function commandOf(due: DueAuthorization, list: List, whose: string | null): string {
  const { connection } = due
  const { environments } = list
  const [first] = environments
  const isAlone = due.who.length === 0
  return (whose === null || isAlone) && first !== undefined
    ? authorizeCommand(connection, first)
    : memberCommand(connection, environments)
}

function placeWords(slot: Slot, { environments }: List): string {
  return environments.length > 1 ? 'each of them' : slotWords(slot)
}

function dueWords(due: DueAuthorization, whose: string | null): string {
  return [
    ...due.reasons.map(reasonWords),
    ...(due.action === 'reauthorize' ? scopeWords(due) : []),
    ...(whose === null ? usersWords(due) : [])
  ].join('; ')
}

/** People of a client who had authorized it already. */
function againWords({ users }: DueAuthorization): string {
  if (users === null || users === 0) return ''
  const [have, consent] = users === 1 ? ['has', 'consents'] : ['have', 'consent']
  return `(${people(users)} ${have} authorized it before and ${consent} again)`
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
    each => each.id === due.id && each.level === due.level && isAsked(each)
  )
  const after = isReplaced ? ['ends after its replacement'] : []
  return [...due.reasons.map(reasonWords), ...usersWords(due), ...after].join('; ')
}

/**
 * What a client's people authorized is sealed to its admins: whoever applies deletes it, and ends it at the service only with such a
 * key. Alone with a client that names nobody, one has that.
 */
function atServiceLines(due: DueAuthorization, list: List): readonly string[] {
  const { environments, style, gone } = list
  const whose = whoseWords(environments)
  if (whose === null || list.isToldOnce === true || due.who.length === 0) return []
  if (!gone.has(due.id)) {
    return indented(
      `at the service it ends only where ${whose} removes it, in the settings of its own account`,
      style.width,
      6
    )
  }
  const who = `${due.level === 'administrator' ? '' : 'each user or '}an admin of ${whose}`
  return [
    ...indented(
      `at the service it ends only if ${who} ends it before this is applied:`,
      style.width,
      6
    ),
    `        ${style.cyan(revokeCommand(due.connection, environments, due.level))}`
  ]
}

function oneLine(
  { connection, slot, action }: DueAuthorization,
  list: List,
  symbol: string,
  words: string
): readonly string[] {
  const { style } = list
  const verb = action === 'revoke' ? 'revoke ' : ''
  const place = action === 'inherit' ? '' : ` in ${placeWords(slot, list)}`
  const title = `${symbol} ${verb}${style.bold(connection)}${place}`
  return indented(words === '' ? title : `${title}: ${words}`, style.width, 2, 6)
}
