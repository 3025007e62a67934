/** The temporary folder of a demo: a workspace, and a home of its own, so that nobody's real key or configuration is touched. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Place {
  /** Holds everything else. */
  readonly folder: string
  /** Where the commands run. */
  readonly workspace: string
  /** What the commands find in their environment, without the variables that the specs refer to. */
  readonly variables: NodeJS.ProcessEnv
  /** What a command gets that opens the person's own browser: the browser needs the person's real home. */
  readonly variablesWithBrowser: NodeJS.ProcessEnv
  readonly remove: () => void
}

/** What programs need to start at all, and to print for this terminal. */
const passedOn = [
  'PATH',
  'Path',
  'SystemRoot',
  'TMPDIR',
  'TEMP',
  'TMP',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TERM'
]

export function makePlace(): Place {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tieline-demo-')))
  const workspace = join(folder, 'field-service')
  const home = join(folder, 'home')
  const config = join(home, '.config')
  for (const each of [workspace, config]) mkdirSync(each, { recursive: true })
  const { env } = process
  const few = Object.fromEntries(
    passedOn.flatMap(name => (env[name] === undefined ? [] : [[name, env[name]]]))
  )
  return {
    folder,
    workspace,
    variables: {
      ...few,
      HOME: home,
      USERPROFILE: home,
      XDG_CONFIG_HOME: config,
      GIT_CONFIG_NOSYSTEM: '1'
    },
    variablesWithBrowser: {
      ...Object.fromEntries(Object.entries(env).filter(([name]) => !/^(TIELINE|GIT)_/.test(name))),
      TIELINE_IDENTITY: join(config, 'tieline', 'identity')
    },
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Puts the addresses where the services really listen into the specs. */
export function setOrigins(workspace: string, origins: ReadonlyMap<string, string>): void {
  for (const folder of ['connections', 'connectors']) {
    for (const name of readdirSync(join(workspace, folder))) {
      editFile(join(workspace, folder, name), text =>
        text.replace(/http:\/\/localhost:\d+/g, named => origins.get(named) ?? named)
      )
    }
  }
}

export function editFile(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, 'utf8')))
}
