/** The words for every code that a plan can hold. Each switch is checked to be complete by its return type. */
import type {
  Because,
  ChangeAction,
  Environment,
  HeldCode,
  Level,
  Plan,
  Reason,
  Slot,
  Who
} from '../model/generated/types.ts'
import { enumerated } from './layout.ts'

/** Of more names than this, the rest is counted; but where that would be one, it is named too. */
export const mostNames = 5

/** Why something is part of the plan; null where its place in the plan says it all. */
export function becauseWords(
  because: Because,
  source: Plan['source']['environment']
): string | null {
  switch (because.code) {
    case 'DECLARED':
    case 'CHANGED':
    case 'RENAMED':
      return null
    case 'REMOVED':
      return source === 'tree' ? 'removed from the specs' : `removed in ${source}`
    case 'SELECTED':
      return 'selected'
    case 'LAST_REFERENCE_GONE':
      return 'nothing references it any more'
    case 'REFERENCES_CHANGED_CONNECTION':
      return usesWords([because.connection])
    case 'USED_BY_SELECTED':
      return `used by ${because.component}`
    case 'DEPENDED_ON':
      return `${because.component} depends on it`
    case 'DEPENDENCY_GONE':
      return `depends on ${because.component}, which goes away`
    case 'NAME_TAKEN_OVER':
      return `${because.subject} ${because.linkName} takes over its name`
    case 'NEW_VERSION':
      return `new in version ${because.version}`
  }
}

/** All the reasons on one line; '' for none. */
export function allBecauseWords(
  because: readonly Because[],
  action: ChangeAction,
  source: Plan['source']['environment']
): string {
  const used = because.flatMap(each => ('connection' in each ? [each.connection] : []))
  const uses = used.length === 0 ? [] : [usesWords(used)]
  const words = because
    .filter(each => !('connection' in each))
    .flatMap(each => becauseWords(each, source) ?? [])
  const all = [...uses, ...words].join('; ')
  if (action !== 'carry') return all
  return all === '' ? 'goes along' : `goes along: ${all}`
}

function usesWords(connections: readonly string[]): string {
  return `uses ${enumerated(connections)}, which ${connections.length === 1 ? 'changes' : 'change'}`
}

export function heldWords(code: HeldCode): string {
  switch (code) {
    case 'UNREFERENCED':
      return 'no component references it'
    case 'NEEDS_COMPONENTS':
      return 'cannot go without components that are not selected:'
    case 'STILL_REFERENCED':
      return 'is deleted once these no longer use it:'
  }
}

/** Why an authorization is due. */
export function reasonWords(reason: Reason): string {
  switch (reason.code) {
    case 'NEVER_AUTHORIZED':
      return 'not authorized yet'
    case 'SCOPES_ADDED':
      return `adds ${reason.scopes.join(', ')}`
    case 'SCOPES_LOST':
      return 'the service took scopes back'
    case 'EXPIRED':
      return 'the authorization expired'
    case 'REVOKED':
      return 'the authorization was revoked'
    case 'COVERED_BY_SHARED':
      return 'the shared authorization covers it'
    case 'NOT_NEEDED':
      return 'not needed any more'
    case 'NARROWER_THAN_GRANTED':
      return 'asks for less than was granted'
    case 'PARAMETERS_CHANGED':
      return `${enumerated(reason.parameters)} ${reason.parameters.length > 1 ? 'change' : 'changes'}`
    case 'ORIGIN_CHANGED':
      return `the addresses change from ${enumerated(reason.from)} to ${enumerated(reason.to)}`
    case 'CONNECTOR_CHANGED':
      return `the connector changes${fromTo(reason)}`
    case 'AUTH_CHANGED':
      return `the way to authorize changes${fromTo(reason)}`
    case 'CLIENT_CHANGED':
      return `the OAuth2 client changes${fromTo(reason)}`
    case 'LEVEL_CHANGED':
      return `the level changes${fromTo(reason)}`
    case 'SLOT_CHANGED':
      return `the authorization moves${fromTo(reason)}`
  }
}

function fromTo({
  from,
  to
}: {
  readonly from: string | null
  readonly to: string | null
}): string {
  const parts = [
    from === null ? '' : ` from ${shortDigest(from)}`,
    to === null ? '' : ` to ${shortDigest(to)}`
  ]
  return parts.join('')
}

/** Who may do it; null where each user does it for themselves. `whose` is the client whose members they are. */
export function whoWords(who: readonly Who[], whose: string | null = null): string | null {
  const roles = who.flatMap(each => roleWords(each) ?? [])
  if (roles.length === 0) return null
  return enumerated(roles, 'or') + (whose === null ? '' : ` of ${whose}`)
}

function roleWords(who: Who): string | null {
  switch (who) {
    case 'super-admin':
      return 'a super admin'
    case 'admin':
      return 'an admin'
    case 'developer':
      return 'a developer'
    case 'user':
      return 'a user'
    case 'each-user':
      return null
  }
}

/** Where an authorization holds. */
export function slotWords(slot: Slot): string {
  return slot === 'shared' ? 'shared (dev, stage and prod)' : slot
}

/** What a person types to authorize. A name that is no link name is quoted, so that a shell takes it as one word. */
export function authorizeCommand(connection: string, environment: Environment): string {
  return `tieline authorize ${shellWord(connection)} -e ${shellWord(environment)}`
}

/** The same for a member of a client, as others type it; `NAME` stands for each of several clients. */
export function memberCommand(connection: string, clients: readonly Environment[]): string {
  const [first = 'client/NAME', ...others] = clients
  return `${authorizeCommand(connection, others.length > 0 ? 'client/NAME' : first)} --as EMAIL`
}

/** What a member of a client types to end what they authorized: that of an admin for all, or of one user. */
export function revokeCommand(
  connection: string,
  clients: readonly Environment[],
  level: Level
): string {
  const [first = 'client/NAME', ...others] = clients
  const client = others.length > 0 ? 'client/NAME' : first
  const whose = level === 'administrator' ? '' : ' --user EMAIL'
  return `tieline revoke ${shellWord(connection)} -e ${shellWord(client)}${whose} --as EMAIL`
}

function shellWord(text: string): string {
  return /^[a-zA-Z0-9_/]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/** Names as far as a reader follows; the rest is counted. */
export function namesWords(names: readonly string[]): string {
  if (names.length <= mostNames + 1) return enumerated(names)
  return `${names.slice(0, mostNames).join(', ')} and ${names.length - mostNames} others`
}

/** The day of a time in UTC; any other text as it is. */
export function dayOf(time: string): string {
  return time.replace(/^(\d{4}-\d\d-\d\d)T\S+Z$/, '$1')
}

/** A digest as people compare them: its first six digits. Any other text stays as it is. */
export function shortDigest(text: string): string {
  return /^sha256:[0-9a-f]{64}$/.test(text) ? text.slice(0, 'sha256:'.length + 6) : text
}

/** `1 error`, `2 errors`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** `1 person`, `2 people`. */
export function people(count: number): string {
  return count === 1 ? '1 person' : `${count} people`
}
