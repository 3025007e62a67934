import type { Level, OwnEnvironment, Slot, Who, WorkspaceSpec } from './generated/types.ts'

export type Role = NonNullable<WorkspaceSpec['members']>[string]['role']

/** What a command is about to do. */
export type Action =
  | { readonly kind: 'apply'; readonly environment: OwnEnvironment }
  | {
      readonly kind: 'authorize'
      readonly level: Level
      readonly environment: OwnEnvironment
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
  | { readonly kind: 'refresh-status' }
  /** The vault's keys and readers. */
  | { readonly kind: 'manage-vault' }
  /** Ending somebody's lock, accepting a state that was edited by hand. */
  | { readonly kind: 'repair-state' }

const everyone: readonly Role[] = ['super-admin', 'admin', 'developer', 'user']

/** The roles that may, from the most to the least powerful. */
export function rolesFor(action: Action): readonly Role[] {
  switch (action.kind) {
    case 'apply':
      return action.environment === 'prod' ? ['super-admin', 'admin'] : ['super-admin', 'developer']
    case 'authorize':
      return rolesToAuthorize(action)
    case 'read':
      return readersOf(action.slot)
    case 'revoke':
      if (action.isOwn) return everyone
      return action.slot === 'prod' || action.slot === 'shared'
        ? ['super-admin', 'admin']
        : ['super-admin', 'developer']
    case 'refresh-status':
    case 'repair-state':
      return ['super-admin', 'admin', 'developer']
    case 'manage-vault':
      return ['super-admin']
  }
}

function rolesToAuthorize({
  level,
  environment,
  isOwn
}: Extract<Action, { kind: 'authorize' }>): readonly Role[] {
  if (environment !== 'prod') return ['super-admin', 'developer']
  if (level === 'administrator') return ['super-admin', 'admin', 'developer']
  // Nobody signs in for somebody else.
  return isOwn ? everyone : []
}

/** The roles whose members a slot's private key is sealed to. */
export function readersOf(slot: Slot): readonly Role[] {
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

/** The roles that may give an authorization, as a plan says it. */
export function whoMayAuthorize(level: Level, environment: OwnEnvironment): readonly Who[] {
  if (environment !== 'prod') return ['super-admin', 'developer']
  return level === 'administrator' ? ['super-admin', 'admin', 'developer'] : ['each-user']
}
