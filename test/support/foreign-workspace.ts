/** A workspace whose connectors were written by hand for servers of Debian's packages, and the command line in it. */
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConnectionStatus, Status } from '../../engine/model/generated/types.ts'
import { type RunResult, temporaryFolder } from './assert.ts'
import { type Files, writeFiles } from './cli-run.ts'
import { programFile, type Running, start } from './scenario-program.ts'

export interface ForeignWorkspace {
  readonly folder: string
  readonly home: string
  readonly write: (files: Files) => void
  readonly tieline: (...args: readonly string[]) => Promise<RunResult>
  /** Standard input stays open. */
  readonly start: (...args: readonly string[]) => Running
  /** Of a command that prints one JSON document. */
  readonly json: (...args: readonly string[]) => Promise<unknown>
  /** What `status` says of a connection in dev. */
  readonly status: (connection: string) => Promise<ConnectionStatus>
  /** Sets a variable of all later commands. */
  readonly set: (name: string, value: string) => void
  /** How many credentials the vault holds. */
  readonly stored: () => number
  /** All of it as it is now, elsewhere. */
  readonly copy: () => ForeignWorkspace
}

const connectors = join(import.meta.dirname, '../foreign/connectors')

/** One of test/foreign/connectors, with the redirect's port filled in. */
export function foreignConnector(id: string, redirectPort = 24680): Files {
  const text = readFileSync(join(connectors, `${id}.yaml`), 'utf8')
  return { [`connectors/${id}.yaml`]: text.replaceAll('24680', String(redirectPort)) }
}

type Variables = Readonly<Record<string, string>>

export function foreignWorkspace(variables: Variables): ForeignWorkspace {
  const root = temporaryFolder()
  for (const name of ['work', 'home']) mkdirSync(join(root, name))
  return workspaceIn(root, variables)
}

/** A workspace with these files, recorded in dev: nothing is authorized yet. */
export async function appliedWorkspace(
  variables: Variables,
  files: Files
): Promise<ForeignWorkspace> {
  const workspace = foreignWorkspace(variables)
  workspace.write(files)
  const { code, stderr } = await workspace.tieline('apply', '--auto-approve', '--no-authorize')
  if (code !== 0) throw new Error(stderr)
  return workspace
}

function workspaceIn(root: string, variables: Variables): ForeignWorkspace {
  const [folder, home] = [join(root, 'work'), join(root, 'home')]
  const own = { ...variables }
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: home,
    NO_COLOR: '1',
    TIELINE_ACTOR: 'ana@example.com',
    GIT_CEILING_DIRECTORIES: root
  }
  const begin = (...args: readonly string[]): Running =>
    start(process.execPath, [programFile(), ...args], { cwd: folder, env: { ...env, ...own } })
  const tieline = (...args: readonly string[]): Promise<RunResult> => {
    const { child, ends } = begin(...args)
    child.stdin?.end()
    return ends
  }
  const json = async (...args: readonly string[]): Promise<unknown> => {
    const { stdout, stderr } = await tieline(...args, '--format', 'json')
    try {
      return JSON.parse(stdout)
    } catch {
      throw new Error(`${args.join(' ')} printed no JSON: ${stdout}${stderr}`)
    }
  }
  return {
    folder,
    home,
    write: files => writeFiles(folder, files),
    tieline,
    start: begin,
    json,
    status: async connection => {
      const { environments } = (await json('status')) as Status
      const found = environments[0]?.connections.find(each => each.connection === connection)
      if (found === undefined) throw new Error(`status knows no connection ${connection}`)
      return found
    },
    set: (name, value) => {
      own[name] = value
    },
    stored: () => listed(join(folder, '.tieline/vault')),
    copy: () => {
      const other = temporaryFolder()
      cpSync(root, other, { recursive: true })
      return workspaceIn(other, own)
    }
  }
}

function listed(folder: string): number {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    return names.filter(name => /(?:^|\/)[0-9a-f-]{36}\.[^/]*json$/.test(name)).length
  } catch {
    return 0
  }
}

/** What `token --headers` printed. */
export function headersIn(text: string): Headers {
  const headers = new Headers()
  for (const line of text.split('\n').filter(each => each !== '')) {
    const colon = line.indexOf(': ')
    headers.append(line.slice(0, colon), line.slice(colon + 2))
  }
  return headers
}
