/** A service, a vault with a credential that has run out, and processes that ask for it. */
import type { Credential } from '../../engine/model/credential.ts'
import { anOAuthTarget } from '../oauth/a-target.ts'
import { temporaryFolder } from './assert.ts'
import { type Asking, type Pause, startAsking, type Work } from './refresh-processes.ts'
import {
  type RefreshServer,
  type RefreshServerOptions,
  startRefreshServer
} from './refresh-server.ts'
import { expiredSecret, storeIn, vaultIn } from './refresh-vault.ts'

/** In each process, of each scene. */
export const callers = 8

export interface Scene {
  readonly server: RefreshServer
  readonly work: Work
  readonly inVault: () => Promise<Credential | null>
}

export async function withScene(
  options: RefreshServerOptions,
  play: (scene: Scene) => Promise<void>
): Promise<void> {
  const server = await startRefreshServer(options)
  try {
    const folder = temporaryFolder()
    const target = anOAuthTarget(server.origin)
    const { id } = await storeIn(folder, target, expiredSecret())
    const work = { folder, origin: server.origin, id, callers }
    await play({ server, work, inVault: () => vaultIn(folder).open(id) })
  } finally {
    await server.close()
  }
}

/** A holder that has come to a point, and others that wait for it. */
export async function caught(
  work: Work,
  others: number,
  pauseAt: Pause | undefined,
  isThere: (holder: Asking) => Promise<void>
): Promise<{ readonly holder: Asking; readonly others: readonly Asking[] }> {
  const holder = startAsking({ ...work, ...(pauseAt === undefined ? {} : { pauseAt }) })
  const waiting = Array.from({ length: others }, () => startAsking(work))
  await Promise.all([holder, ...waiting].map(each => each.says('ready')))
  holder.go()
  await isThere(holder)
  for (const each of waiting) each.go()
  await new Promise(resolve => setTimeout(resolve, 300))
  return { holder, others: waiting }
}

/** Resolves when the service was asked for the given time, and keeps the answer until `answer` is called. */
export function held(number: number): {
  readonly isAsked: Promise<void>
  readonly answer: () => void
  readonly beforeAnswer: (number: number) => Promise<void> | undefined
} {
  let arrived = (): void => {}
  let answer = (): void => {}
  const isAsked = new Promise<void>(resolve => {
    arrived = resolve
  })
  const answered = new Promise<void>(resolve => {
    answer = resolve
  })
  return {
    isAsked,
    answer: () => answer(),
    beforeAnswer: each => {
      if (each !== number) return undefined
      arrived()
      return answered
    }
  }
}
