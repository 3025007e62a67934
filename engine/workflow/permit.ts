import { problem, Refusal } from '../model/diagnostic.ts'
import { type ClientEnvironment, clientOf, isClient } from '../model/documents.ts'
import type { ClientSpec, Environment, LinkName, Slot } from '../model/generated/types.ts'
import {
  type Action,
  type ClientRole,
  clientRolesFor,
  type Role,
  rolesFor
} from '../model/roles.ts'
import type { Settings } from '../model/specs.ts'

/** The actor's role in our own team; null for somebody who is no member of it. A one-person workspace has no members. */
export function roleOf({ members }: Settings, actor: string | null): Role | null {
  if (members === undefined) return 'super-admin'
  if (actor === null || !Object.hasOwn(members, actor)) return null
  return members[actor]?.role ?? null
}

/** The client that an installation belongs to, also while a rename of it is still to be applied. */
export function clientSpecOf(
  { clients }: Pick<Settings, 'clients'>,
  environment: ClientEnvironment
): ClientSpec | undefined {
  const name = clientOf(environment)
  return clients.get(name) ?? [...clients.values()].find(each => each.previously === name)
}

/** The actor's role at a client; null for somebody who is none of its members. */
export function clientRoleOf(
  settings: Settings,
  environment: ClientEnvironment,
  actor: string | null
): ClientRole | null {
  const { members = {} } = clientSpecOf(settings, environment) ?? {}
  if (actor === null || !Object.hasOwn(members, actor)) return null
  return members[actor]?.role ?? null
}

/** The clients that name the actor among their members. */
export function clientsOfActor({ clients }: Settings, actor: string): readonly LinkName[] {
  return [...clients].flatMap(([linkName, { members = {} }]) =>
    Object.hasOwn(members, actor) ? [linkName] : []
  )
}

/**
 * Whether the actor's role allows the action. What is a client's is its own members' to do; alone in a workspace, a person also acts
 * for clients that name no members.
 */
export function isPermitted(settings: Settings, actor: string | null, action: Action): boolean {
  const role = roleOf(settings, actor)
  if (role !== null && rolesFor(action).includes(role) && !isGuest(settings, actor)) return true
  const client = clientIn(action)
  if (client === null) return false
  const clientRole = clientRoleOf(settings, client, actor)
  if (clientRole !== null) return clientRolesFor(action).includes(clientRole)
  const isAlone = settings.members === undefined && !isGuest(settings, actor)
  return isAlone && !hasMembers(settings, client) && clientRolesFor(action).includes('admin')
}

/**
 * Whether somebody is a member of clients and of nothing else. Alone, a person is everything; but who acts as a member of a client is
 * that, and sees and does there only.
 */
export function isGuest(settings: Settings, actor: string | null): boolean {
  if (actor === null || clientsOfActor(settings, actor).length === 0) return false
  return settings.members === undefined || roleOf(settings, actor) === null
}

/** Whether anybody is named who acts in a slot: in ours, or in a client's. */
export function hasMembers(settings: Settings, slot: Slot): boolean {
  if (!isClient(slot)) return settings.members !== undefined
  return Object.keys(clientSpecOf(settings, slot)?.members ?? {}).length > 0
}

/** Whether an environment is for some and not for others: alone, a person needs no role, but where a client has people of its own. */
export function hasRoles(settings: Settings, environment: Environment): boolean {
  return settings.members !== undefined || hasMembers(settings, environment)
}

/** The installation that an action is about; null where it is about none. */
function clientIn(action: Action): ClientEnvironment | null {
  const where = placeOf(action)
  return where !== null && isClient(where) ? where : null
}

function placeOf(action: Action): Slot | Environment | null {
  switch (action.kind) {
    case 'apply':
    case 'look':
    case 'authorize':
    case 'refresh-status':
      return action.environment
    case 'read':
    case 'revoke':
    case 'manage-vault':
      return action.slot
    case 'repair-state':
      return null
  }
}

/**
 * Throws a Refusal, before anything was done, unless the actor's role allows the action: it names the roles that may, and those
 * members who have one. Roles prevent mistakes: whoever can write tieline.yaml can change them.
 */
export function permit(settings: Settings, actor: string, action: Action): void {
  if (isPermitted(settings, actor, action)) return
  const client = clientIn(action)
  const role = isGuest(settings, actor) ? null : roleOf(settings, actor)
  const clientRole = client === null ? null : clientRoleOf(settings, client, actor)
  if (role === null && clientRole === null)
    throw new Refusal(unknownMember(settings, actor, action))
  const standing = [
    ...(role === null ? [] : [`${article(role)} here`]),
    ...(clientRole === null || client === null ? [] : [`${article(clientRole)} of ${client}`])
  ].join(' and ')
  throw new Refusal(
    problem(
      'ROLE_REFUSED',
      'Your role may not do this',
      `${actor} is ${standing}. To ${wordsOf(action)}, ${neededRoles(action)}${whoHas(settings, action)} Nothing was done.`
    )
  )
}

function unknownMember(settings: Settings, actor: string, action: Action) {
  const own = clientsOfActor(settings, actor)
  const client = clientIn(action)
  if (own.length > 0) {
    const names = own.map(each => `client/${each}`).join(', ')
    return problem(
      'ROLE_REFUSED',
      'Your role may not do this',
      `${actor} is a member of ${names}, and acts and sees there only. To ${wordsOf(action)}, ${neededRoles(action)} Nothing was done.`
    )
  }
  const file = client === null ? 'tieline.yaml' : `clients/${clientOf(client)}.yaml`
  return problem(
    'MEMBER_UNKNOWN',
    'You are not a member of this workspace',
    `${file} does not name ${actor} among its members, so nothing was done. To ${wordsOf(action)}, ${neededRoles(action)} ` +
      'Say who you are with --as EMAIL, or have yourself added under "members".'
  )
}

function neededRoles(action: Action): string {
  const client = clientIn(action)
  const own = rolesFor(action).map(article)
  const theirs =
    client === null ? [] : clientRolesFor(action).map(role => `${article(role)} of ${client}`)
  const may = [...own, ...theirs]
  return may.length === 0 ? 'one must be that user.' : `one must be ${listed(may)}.`
}

function listed(words: readonly string[]): string {
  const [last = '', ...before] = words.toReversed()
  return before.length === 0 ? last : `${before.toReversed().join(', ')} or ${last}`
}

function whoHas(settings: Settings, action: Action): string {
  const client = clientIn(action)
  const own = Object.entries(settings.members ?? {}).flatMap(([name, { role }]) =>
    rolesFor(action).includes(role) ? [name] : []
  )
  const { members = {} } = (client === null ? undefined : clientSpecOf(settings, client)) ?? {}
  const theirs = Object.entries(members).flatMap(([name, { role }]) =>
    clientRolesFor(action).includes(role) ? [name] : []
  )
  const names = [...own, ...theirs]
  if (rolesFor(action).length === 0 && clientRolesFor(action).length === 0) return ''
  return names.length === 0
    ? ' No member has such a role.'
    : ` That is ${names.slice(0, 5).join(', ')}${names.length > 5 ? ' and others' : ''}.`
}

function wordsOf(action: Action): string {
  switch (action.kind) {
    case 'apply':
      return applyWords(action.environment)
    case 'look':
      return `see what is authorized in ${action.environment}`
    case 'authorize':
      return action.level === 'logged-in-user'
        ? `authorize in ${action.environment} as that user`
        : `authorize in ${action.environment} for everyone`
    case 'read':
      return `read the credentials of ${action.slot}`
    case 'revoke':
      return `revoke authorizations of ${action.slot}`
    case 'refresh-status':
      return 'record what the services say'
    case 'manage-vault':
      return 'change who can read the vault'
    case 'repair-state':
      return 'repair the state'
  }
}

function applyWords(environment: Environment): string {
  if (isClient(environment)) return `install or upgrade ${environment}`
  return { dev: 'apply to dev', stage: 'publish to stage', prod: 'deploy to prod' }[environment]
}

function article(role: Role): string {
  return `${role === 'admin' ? 'an' : 'a'} ${role.replace('-', ' ')}`
}
