import { delimiter, dirname, isAbsolute, relative } from 'node:path'

/** Switch off what a repository's own configuration could have git run. */
export const carefulOptions: readonly string[] = [
  '--no-pager',
  '--no-optional-locks',
  ...[
    'core.fsmonitor=false',
    'core.hooksPath=/dev/null',
    'core.untrackedCache=false',
    'safe.bareRepository=explicit'
  ].flatMap(each => ['-c', each])
]

/**
 * None of our own variables reaches git but those that say where it and the user's own configuration are. A work tree is named where
 * one is known, because the repository's core.worktree could point anywhere. Objects that a partial clone lacks are not fetched, since
 * fetching runs programs that the repository names. `folder` is where git starts.
 */
export function gitEnvironment(folder: string, workTree: string | null): Record<string, string> {
  const { PATH = '', HOME, XDG_CONFIG_HOME } = process.env
  // A relative entry, or one inside the repository, could bring a git of its own.
  const folders = PATH.split(delimiter).filter(
    each => isAbsolute(each) && relative(folder, each).startsWith('..')
  )
  return {
    PATH: folders.length === 0 ? '/usr/bin:/bin' : folders.join(delimiter),
    ...(HOME === undefined ? {} : { HOME }),
    ...(XDG_CONFIG_HOME === undefined ? {} : { XDG_CONFIG_HOME }),
    LC_ALL: 'C',
    ...(workTree === null
      ? {}
      : { GIT_WORK_TREE: workTree, GIT_CEILING_DIRECTORIES: dirname(workTree) }),
    GIT_TERMINAL_PROMPT: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_ALLOW_PROTOCOL: ''
  }
}
