/**
 * Glewlwyd: an OAuth2 and OpenID Connect server written in C, with several instances of its own plugins, each with other habits.
 * Set up by its administration API over an SQLite file.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose'
import { run, temporaryFolder } from './assert.ts'
import { type Browse, newBrowser } from './foreign-browser.ts'
import { configurationOf, habits, registration } from './foreign-glewlwyd-setup.ts'
import { freePort, needsProgram, startProgram } from './foreign-program.ts'

/**
 * - `main`: OpenID Connect; a refresh token serves once, and the chain dies if one is used twice
 * - `brief`: like main, but access tokens live for three seconds
 * - `lasting`: like brief, but a refresh token stays, and no answer names a new one
 * - `strict`: takes pushed requests only, wants a nonce in each DPoP proof, signs with ES256; access tokens live for four seconds
 * - `plain`: the server's older OAuth2 plugin, which knows nothing of OpenID Connect and wants HTTP Basic
 */
export type Habit = 'main' | 'brief' | 'lasting' | 'strict' | 'plain'

export interface Glewlwyd {
  readonly origin: string
  /** Where an instance has its endpoints: `<base>/auth`, `<base>/token`. It is the issuer as well. */
  readonly base: (habit: Habit) => string
  readonly clients: Readonly<Record<ClientName, GlewlwydClient>>
  /** The one port that redirects may name: it compares them as texts. */
  readonly redirectPort: number
  /** The private half of the key that client `signed` has registered: PKCS#8 PEM, for ES256. */
  readonly signingKey: string
  readonly person: Person
  /** How many refresh tokens of the person are alive, as their profile page tells. */
  readonly liveGrants: (habit: Habit) => Promise<number>
  /** Ends all of them, as the person could there. */
  readonly endGrants: (habit: Habit) => Promise<void>
  /** Whether the server takes a token of a client for good (RFC 7662). */
  readonly isActive: (habit: Habit, token: string, client?: ClientName) => Promise<boolean>
  /** The claims of an access token, checked against the server's keys, as an API would. Rejects if it is not good. */
  readonly verify: (habit: Habit, token: string) => Promise<JWTPayload>
  readonly stop: () => Promise<void>
}

export interface GlewlwydClient {
  readonly id: string
  readonly secret: string
}

/**
 * - `app`: everything that a person authorizes; may ask for read and write
 * - `robot`: client credentials; has scope read only
 * - `signed`: names itself by an assertion; code and client credentials
 * - `odd`: like app, with a secret that HTTP Basic must encode
 */
export type ClientName = 'app' | 'robot' | 'signed' | 'odd'

export interface Person {
  readonly username: string
  readonly password: string
}

const packages = 'dbconfig-sqlite3 glewlwyd'
const tables = '/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3'

export async function startGlewlwyd(): Promise<Glewlwyd> {
  for (const command of ['glewlwyd', 'sqlite3']) needsProgram(command, packages)
  const folder = temporaryFolder()
  const [port, redirectPort] = [await freePort(), await freePort()]
  const origin = `http://127.0.0.1:${port}`
  const database = join(folder, 'glewlwyd.db')
  const made = await run('sqlite3', [database], {
    // One transaction: else each statement waits for the disk.
    input: `BEGIN;\n${readFileSync(tables, 'utf8')}\nCOMMIT;\n`
  })
  if (made.code !== 0) throw new Error(made.stderr)
  const configuration = join(folder, 'glewlwyd.conf')
  writeFileSync(configuration, configurationOf(port, origin, database))
  const { stop } = await startProgram({
    command: 'glewlwyd',
    packages,
    args: [`--config-file=${configuration}`],
    folder,
    isReady: async () => (await fetch(`${origin}/config/`)).ok
  })
  const base = (habit: Habit): string => `${origin}/api/${habit}`
  // Where a person sees their refresh tokens.
  const ownTokens = (habit: Habit): string =>
    `${base(habit)}${habit === 'plain' ? '/profile' : ''}/token`
  const person = { username: 'ana', password: randomBytes(12).toString('base64url') }
  const keys = {
    rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ecdsa: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    client: generateKeyPairSync('ec', { namedCurve: 'P-256' })
  }
  const administrator = await logIn(origin, { username: 'admin', password: 'password' })
  const send = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await administrator(`${origin}/api${path}`, { method, json: body })
    if (answer.status === 200) return answer.body === '' ? null : JSON.parse(answer.body)
    throw new Error(`Glewlwyd answered ${answer.status} to ${method} ${path}: ${answer.body}`)
  }
  await send('PUT', '/user/admin', { password: randomBytes(12).toString('base64url') })
  for (const name of ['read', 'write']) {
    await send('POST', '/scope/', { name, display_name: name, password_required: true, scheme: {} })
  }
  const scope = ['openid', 'read', 'write', 'g_profile']
  await send('POST', '/user/', { ...person, name: 'Ana', email: 'ana@example.com', scope })
  for (const [habit, parameters] of Object.entries(habits(keys))) {
    const module = habit === 'plain' ? 'oauth2-glewlwyd' : 'oidc'
    await send('POST', '/mod/plugin/', {
      module,
      name: habit,
      display_name: habit,
      enabled: true,
      parameters: { iss: `${origin}/api/${habit}`, ...parameters }
    })
  }
  const clients = {
    app: { id: 'app', secret: randomBytes(18).toString('base64url') },
    robot: { id: 'robot', secret: randomBytes(18).toString('base64url') },
    signed: { id: 'signed', secret: '' },
    odd: { id: 'odd', secret: `+ %/:${randomBytes(12).toString('base64url')}` }
  }
  for (const client of Object.values(clients)) {
    await send('POST', '/client/', registration(client, redirectPort, keys.client.publicKey))
  }
  return {
    origin,
    base,
    clients,
    redirectPort,
    signingKey: keys.client.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    person,
    liveGrants: async habit =>
      (await grantsIn(ownTokens(habit), await logIn(origin, person))).length,
    endGrants: async habit => endGrants(ownTokens(habit), await logIn(origin, person)),
    verify: async (habit, token) => {
      const keys = createRemoteJWKSet(new URL(`${base(habit)}/jwks`))
      return (await jwtVerify(token, keys, { issuer: base(habit) })).payload
    },
    isActive: (habit, token, client = 'app') => isActive(base(habit), clients[client], token),
    stop
  }
}

/** A browser that is logged in. */
export async function logIn(origin: string, person: Person): Promise<Browse> {
  const browse = newBrowser()
  const { status } = await browse(`${origin}/api/auth/`, { method: 'POST', json: person })
  if (status !== 200) throw new Error(`Glewlwyd does not let ${person.username} in: ${status}`)
  return browse
}

async function endGrants(tokens: string, browse: Browse): Promise<void> {
  for (const hash of await grantsIn(tokens, browse)) {
    const address = `${tokens}/${encodeURIComponent(hash)}`
    const { status } = await browse(address, { method: 'DELETE' })
    if (status !== 200) throw new Error(`Glewlwyd did not end a refresh token: ${status}`)
  }
}

async function grantsIn(tokens: string, browse: Browse): Promise<readonly string[]> {
  const { body } = await browse(`${tokens}?limit=100`)
  const rows = JSON.parse(body) as readonly RefreshTokenRow[]
  return rows.filter(({ enabled }) => enabled).map(row => row.token_hash)
}

async function isActive(
  base: string,
  { id, secret }: GlewlwydClient,
  token: string
): Promise<boolean> {
  const response = await fetch(`${base}/introspect`, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ token })
  })
  if (!response.ok) throw new Error(`Glewlwyd answered ${response.status} to an introspection`)
  return ((await response.json()) as { readonly active: boolean }).active
}

interface RefreshTokenRow {
  readonly token_hash: string
  readonly enabled: boolean
}
