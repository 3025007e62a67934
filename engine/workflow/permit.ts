import { problem, Refusal } from '../model/diagnostic.ts'
import type { WorkspaceSpec } from '../model/generated/types.ts'
import { type Action, type Role, rolesFor } from '../model/roles.ts'

/** The actor's role. In a one-person workspace, which names no members, that is super admin; null for a stranger. */
export function roleOf({ members }: WorkspaceSpec, actor: string | null): Role | null {
  if (members === undefined) return 'super-admin'
  if (actor === null || !Object.hasOwn(members, actor)) return null
  return members[actor]?.role ?? null
}

/** Whether the actor's role allows the action. */
export function isPermitted(
  settings: WorkspaceSpec,
  actor: string | null,
  action: Action
): boolean {
  const role = roleOf(settings, actor)
  return role !== null && rolesFor(action).includes(role)
}

/**
 * Throws a Refusal, before anything was done, unless the actor's role allows the action: it names the roles that may, and those
 * members who have one. Roles prevent mistakes: whoever can write tieline.yaml can change them.
 */
export function permit(settings: WorkspaceSpec, actor: string, action: Action): void {
  if (isPermitted(settings, actor, action)) return
  const role = roleOf(settings, actor)
  const may = rolesFor(action)
  if (role === null) {
    throw new Refusal(
      problem(
        'MEMBER_UNKNOWN',
        'You are not a member of this workspace',
        `tieline.yaml does not name ${actor} among its members, so nothing was done. To ${wordsOf(action)}, ${neededRoles(may)} ` +
          'Say who you are with --as EMAIL, or have yourself added under "members".'
      )
    )
  }
  throw new Refusal(
    problem(
      'ROLE_REFUSED',
      'Your role may not do this',
      `${actor} is ${article(role)} here. To ${wordsOf(action)}, ${neededRoles(may)}${whoHas(settings, may)} Nothing was done.`
    )
  )
}

function neededRoles(may: readonly Role[]): string {
  return may.length === 0
    ? 'one must be that user.'
    : `one must be ${may.map(article).join(' or ')}.`
}

function whoHas({ members = {} }: WorkspaceSpec, may: readonly Role[]): string {
  const names = Object.entries(members).flatMap(([name, { role }]) =>
    may.includes(role) ? [name] : []
  )
  if (may.length === 0) return ''
  return names.length === 0
    ? ' No member has such a role.'
    : ` That is ${names.slice(0, 5).join(', ')}${names.length > 5 ? ' and others' : ''}.`
}

function wordsOf(action: Action): string {
  switch (action.kind) {
    case 'apply':
      return { dev: 'apply to dev', stage: 'publish to stage', prod: 'deploy to prod' }[
        action.environment
      ]
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

function article(role: Role): string {
  return `${role === 'admin' ? 'an' : 'a'} ${role.replace('-', ' ')}`
}
