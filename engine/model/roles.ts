import { isClient } from './documents.ts'
import type { ClientSpec, Environment, Level, Slot, Who, WorkspaceSpec } from './generated/types.ts'

export type Role = NonNullable<WorkspaceSpec['members']>[string]['role']

/** The role of a member of a client, who acts on that client's installation alone. */
export type ClientRole = NonNullable<ClientSpec['members']>[string]['role']

/** What a command is about to do. */
export type Action =
  | { readonly kind: 'apply'; readonly environment: Environment }
  /** Seeing what is planned and what is authorized. */
  | { readonly kind: 'look'; readonly environment: Environment }
  | {
      readonly kind: 'authorize'
      readonly level: Level
      readonly environment: Environment
      /** logged-in-user: whether it is the actor's own. */
      readonly isOwn: boolean
    }
  | { readonly kind: 'read'; readonly slot: Slot }
  /** Ending somebody's authorization. */
  | {
      readonly kind: 'revoke'
      readonly level: Level
      readonly slot: Slot
      readonly isOwn: boolean
    }
  /** Recording what a provider says. */
  | { readonly kind: 'refresh-status'; readonly environment: Environment }
  /** The keys and readers of a slot; of the whole vault where none is named. */
  | { readonly kind: 'manage-vault'; readonly slot: Slot | null }
  /** Ending somebody's lock, accepting a state that was edited by hand. */
  | { readonly kind: 'repair-state' }

const everyone: readonly Role[] = ['super-admin', 'admin', 'developer', 'user']

/** Our own roles that may, from the most to the least powerful. What a client's members may, `clientRolesFor` says. */
export function rolesFor(action: Action): readonly Role[] {
  switch (action.kind) {
    case 'apply':
      return action.environment === 'prod' || isClient(action.environment)
        ? ['super-admin', 'admin']
        : ['super-admin', 'developer']
    case 'look':
      return isClient(action.environment) ? ['super-admin', 'admin', 'developer'] : everyone
    case 'authorize':
      return rolesToAuthorize(action)
    case 'read':
      return readersOf(action.slot)
    case 'revoke':
      if (isClient(action.slot)) return []
      if (action.isOwn) return everyone
      return action.slot === 'prod' || action.slot === 'shared'
        ? ['super-admin', 'admin']
        : ['super-admin', 'developer']
    case 'refresh-status':
      return isClient(action.environment) ? [] : ['super-admin', 'admin', 'developer']
    case 'repair-state':
      return ['super-admin', 'admin', 'developer']
    case 'manage-vault':
      return ['super-admin']
  }
}

/**
 * The roles of a client's own members that may act on its installation. They see and authorize what is theirs; installing and upgrading
 * is not for them.
 */
export function clientRolesFor(action: Action): readonly ClientRole[] {
  switch (action.kind) {
    case 'look':
      return isClient(action.environment) ? ['admin', 'user'] : []
    case 'authorize':
      if (!isClient(action.environment)) return []
      if (action.level === 'administrator') return ['admin']
      return action.isOwn ? ['admin', 'user'] : []
    case 'read':
      return isClient(action.slot) ? ['admin'] : []
    case 'revoke':
      if (!isClient(action.slot)) return []
      return action.isOwn ? ['admin', 'user'] : ['admin']
    case 'refresh-status':
      return isClient(action.environment) ? ['admin'] : []
    case 'manage-vault':
      return action.slot !== null && isClient(action.slot) ? ['admin'] : []
    case 'apply':
    case 'repair-state':
      return []
  }
}

function rolesToAuthorize({
  level,
  environment,
  isOwn
}: Extract<Action, { kind: 'authorize' }>): readonly Role[] {
  if (isClient(environment)) return []
  if (environment !== 'prod') return ['super-admin', 'developer']
  if (level === 'administrator') return ['super-admin', 'admin', 'developer']
  // Nobody signs in for somebody else.
  return isOwn ? everyone : []
}

/** Our own roles whose members a slot's private key is sealed to; a client's is sealed to its own admins. */
export function readersOf(slot: Slot): readonly Role[] {
  if (isClient(slot)) return []
  switch (slot) {
    case 'dev':
    case 'stage':
      return ['super-admin', 'developer']
    case 'prod':
      return ['super-admin', 'admin']
    case 'shared':
      return ['super-admin', 'admin', 'developer']
  }
}

/** The roles that may give an authorization, as a plan says it; of a client, those of its own members. */
export function whoMayAuthorize(level: Level, environment: Environment): readonly Who[] {
  if (isClient(environment)) return level === 'administrator' ? ['admin'] : ['each-user']
  if (environment !== 'prod') return ['super-admin', 'developer']
  return level === 'administrator' ? ['super-admin', 'admin', 'developer'] : ['each-user']
}
