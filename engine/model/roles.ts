import type { Level, OwnEnvironment, Who } from './generated/types.ts'

/** The roles that may give an authorization, from the most to the least powerful. */
export function whoMayAuthorize(level: Level, environment: OwnEnvironment): readonly Who[] {
  if (environment !== 'prod') return ['super-admin', 'developer']
  return level === 'administrator' ? ['super-admin', 'admin', 'developer'] : ['each-user']
}
