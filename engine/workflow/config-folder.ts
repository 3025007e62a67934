import { homedir, userInfo } from 'node:os'
import { isAbsolute, join } from 'node:path'

/**
 * Where a person's own key and settings are. Never below the folder that a command happens to run in, as a HOME that is empty or an
 * XDG_CONFIG_HOME that is relative (which its specification says to ignore) would have it: the key could be committed from there.
 */
export function configFolderOf({ XDG_CONFIG_HOME = '' }: NodeJS.ProcessEnv): string {
  if (isAbsolute(XDG_CONFIG_HOME)) return join(XDG_CONFIG_HOME, 'tieline')
  return join(homeOf(), '.config', 'tieline')
}

/** The root, as containers have it, for a user whom nothing gives a home. */
function homeOf(): string {
  try {
    const home = homedir()
    return isAbsolute(home) ? home : userInfo().homedir
  } catch {
    return '/'
  }
}
