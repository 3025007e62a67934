/** etcd: a key-value store whose older API takes HTTP Basic and tells who a user is. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { temporaryFolder } from './assert.ts'
import { freePort, startProgram } from './foreign-program.ts'

export interface Etcd {
  readonly origin: string
  /** Its one user, who may do everything. */
  readonly user: string
  /** Holds a colon, a space and a letter outside ASCII. */
  readonly password: string
  readonly changePassword: (password: string) => Promise<void>
  readonly stop: () => Promise<void>
}

export async function startEtcd(): Promise<Etcd> {
  const folder = temporaryFolder()
  const [client, peer] = [await freePort(), await freePort()]
  const origin = `http://127.0.0.1:${client}`
  const { stop } = await startProgram({
    command: 'etcd',
    packages: 'etcd-server',
    args: [
      ...['--data-dir', join(folder, 'data'), '--enable-v2=true', '--log-level', 'warn'],
      ...['--listen-client-urls', origin, '--advertise-client-urls', origin],
      ...['--listen-peer-urls', `http://127.0.0.1:${peer}`],
      ...['--initial-advertise-peer-urls', `http://127.0.0.1:${peer}`],
      ...['--initial-cluster', `default=http://127.0.0.1:${peer}`],
      // Alone, it elects itself at once.
      ...['--heartbeat-interval', '20', '--election-timeout', '100']
    ],
    folder,
    isReady: async () => (await fetch(`${origin}/health`)).ok
  })
  const user = 'root'
  let password = `pass:wörd ${randomBytes(12).toString('base64')}`
  const put = async (path: string, body?: unknown): Promise<void> => {
    const basic = Buffer.from(`${user}:${password}`).toString('base64')
    const response = await fetch(`${origin}${path}`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json', Authorization: `Basic ${basic}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
    if (!response.ok) throw new Error(`etcd answered ${response.status} to ${path}`)
  }
  await put('/v2/auth/users/root', { user, password })
  await put('/v2/auth/enable')
  return {
    origin,
    user,
    password,
    changePassword: async next => {
      await put('/v2/auth/users/root', { user, password: next })
      password = next
    },
    stop
  }
}
