import { resolve } from 'node:path'
import { problem, Refusal } from '../model/diagnostic.ts'
import { isEnvironment } from '../model/documents.ts'
import type { Environment } from '../model/generated/types.ts'
import { configFolderOf } from './config-folder.ts'
import type {
  AnyConnections,
  ConnectionsOptions,
  ConnectionTypes,
  OAuth2Connection,
  OpenConnections
} from './connection-types.ts'
import type { Requests } from './request.ts'
import type { RunTime, WorkingRequest } from './run-time.ts'
import type { Surroundings } from './surroundings.ts'
import { asTielineError } from './tieline-error.ts'

/**
 * The connections of the workspace in a folder. Returns at once and reads nothing: what is wrong is told by the first call that needs
 * it. Then tieline.yaml, the state and the credential are read, and again only when they changed; specs never are.
 *
 * `tieline types` writes the type of a workspace's connections. With it a misspelt connection or scope does not compile:
 *
 *     const connections = openConnections<Connections>('.', { env: 'prod' })
 *     const answer = await connections.connection('salesforce').fetch('/query?q=...')
 */
export function openConnections<All extends ConnectionTypes<All> = AnyConnections>(
  folder: string,
  options: ConnectionsOptions & { readonly user: string }
): OpenConnections<All, true>
export function openConnections<All extends ConnectionTypes<All> = AnyConnections>(
  folder: string,
  options?: ConnectionsOptions
): OpenConnections<All>
export function openConnections(
  folder: string,
  options: ConnectionsOptions = {}
): OpenConnections<AnyConnections, boolean> {
  // A later change of the current folder changes nothing.
  const opened = onceLoaded(resolve(folder), options)
  return {
    connection: (linkName, ...own) => openConnection(opened, linkName, own[0]?.user ?? options.user)
  }
}

interface Opened {
  readonly runTime: RunTime
  readonly requests: Requests
}

/** Loads at the first use what it takes, so that a program that only names its connections starts as fast as before. */
function onceLoaded(folder: string, options: ConnectionsOptions): () => Promise<Opened> {
  let opened: Promise<Opened> | null = null
  return () => {
    opened ??= load(folder, options)
    opened.catch(() => {
      opened = null
    })
    return opened
  }
}

async function load(folder: string, options: ConnectionsOptions): Promise<Opened> {
  const environment = environmentOf(options)
  const around = surroundingsOf(folder, options)
  const [{ openRunTime }, { openRequests }] = await Promise.all([
    import('./run-time.ts'),
    import('./request.ts')
  ])
  const actor = options.actor ?? around.variables.TIELINE_ACTOR ?? null
  const runTime = openRunTime(around, { environment, actor })
  return { runTime, requests: openRequests(runTime) }
}

function openConnection(
  open: () => Promise<Opened>,
  connection: string,
  user: string | undefined
): OAuth2Connection {
  const wanted = (scopes: readonly string[] | undefined): WorkingRequest => ({
    connection,
    user,
    scopes
  })
  return {
    token: ({ scopes } = {}) =>
      asTielineError(async () => {
        const { runTime } = await open()
        const { accessTokenOf } = await import('./token.ts')
        return accessTokenOf(await runTime.working(wanted(scopes)))
      }),
    headers: ({ scopes, method, url } = {}) =>
      asTielineError(async () => {
        const { runTime } = await open()
        const { credentialHeaders } = await import('./token.ts')
        const isNamed = method !== undefined && url !== undefined
        const request = isNamed ? { method, url: String(url) } : null
        return credentialHeaders(await runTime.working(wanted(scopes)), request)
      }),
    fetch: (path, { scopes, ...init } = {}) =>
      asTielineError(async () => {
        const { requests } = await open()
        return requests.send(wanted(scopes), path, init)
      })
  }
}

/** A misspelt variable must not lead to another environment than was meant. */
function environmentOf({ env }: ConnectionsOptions): Environment {
  const named = env ?? (process.env.TIELINE_ENV || 'dev')
  if (isEnvironment(named)) return named
  throw new Refusal(
    problem(
      'ENVIRONMENT_UNKNOWN',
      'There is no such environment',
      'TIELINE_ENV, or the option env, names no environment. It is dev, stage, prod or client/ with the link name of a client.'
    )
  )
}

function surroundingsOf(folder: string, { identity, actor }: ConnectionsOptions): Surroundings {
  const { env } = process
  return {
    folder,
    variables: identity === undefined ? env : { ...env, TIELINE_IDENTITY: identity },
    configFolder: configFolderOf(env),
    packageFolder: resolve(import.meta.dirname, '../..'),
    clock: { now: () => new Date() },
    actor
  }
}
