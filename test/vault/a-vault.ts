/** Vaults of one person and of a team, and what outsiders and broken disks do to them. */
import { randomUUID } from 'node:crypto'
import { promises as fs, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Credential } from '../../engine/model/credential.ts'
import type { Slot, VaultCommitment } from '../../engine/model/generated/types.ts'
import type { Vault } from '../../engine/model/ports.ts'
import { openFileVault } from '../../engine/vault/file-vault.ts'
import { type IdentitySource, personIdentity } from '../../engine/vault/person-identity.ts'
import { openVaultKeys, type VaultKeys } from '../../engine/vault/vault-keys.ts'
import { aCredential, anOAuthTarget } from '../oauth/a-target.ts'
import { temporaryFolder } from '../support/assert.ts'

export type Commitments = Partial<Record<Slot, VaultCommitment | null>>

const noKeychain = { read: async () => null, write: async () => {} }

export function aSecret(overrides: Partial<Credential> = {}): Credential {
  return {
    ...aCredential(anOAuthTarget('https://api.example.com'), {
      kind: 'oauth2',
      accessToken: 'canary-access',
      refreshToken: 'canary-refresh',
      obtainedAt: '2026-01-01T00:00:00.000Z',
      expiresAt: '2026-01-01T01:00:00.000Z',
      lifetime: null,
      scopes: ['read'],
      learnt: { api: 'https://eu.example.com' },
      dpopKey: null
    }),
    id: randomUUID(),
    ...overrides
  }
}

/** Somebody's own sign-in. */
export function aSignIn(user: string, overrides: Partial<Credential> = {}): Credential {
  const secret = aSecret({ user, ...overrides })
  return { ...secret, record: { ...secret.record, level: 'logged-in-user', by: user } }
}

export function aPerson(configFolder = join(temporaryFolder(), 'config')): IdentitySource {
  return personIdentity({ variable: undefined, configFolder, keychain: noKeychain })
}

/** The vault of a one-person workspace. What state commits to is in `state`, and empty at first. */
export function aVault() {
  const root = temporaryFolder()
  const folder = join(root, 'workspace', '.tieline', 'vault')
  const configFolder = join(root, 'config')
  const identity = aPerson(configFolder)
  const state: Commitments = {}
  const vaultOf = (person: IdentitySource = identity, commitments: Commitments = state): Vault =>
    openFileVault(folder, {
      identity: person,
      committed: async slot => commitments[slot] ?? null,
      readers: async () => [(await person.ensure()).recipient],
      actor: 'ana@example.com',
      memberKey: () => undefined
    })
  return {
    folder,
    configFolder,
    identity,
    state,
    vaultOf,
    vault: vaultOf(),
    commit: async (slot: Slot) => {
      state[slot] = await vaultOf().commitment(slot)
    },
    pathOf: (id: string, generation = 1) => join(folder, `${id}.${generation}.json`)
  }
}

/** The vault of a team: ana reads all, adam reads prod, dev reads dev; dev and user are members with a key, guest has none. */
export async function aTeam() {
  const root = temporaryFolder()
  const folder = join(root, 'vault')
  const names = ['ana', 'adam', 'dev', 'user', 'guest'] as const
  const identities = Object.fromEntries(
    names.map(name => [name, aPerson(join(root, name))])
  ) as Record<(typeof names)[number], IdentitySource>
  const keys: Record<string, string> = {}
  const members: Record<string, string> = {}
  for (const name of names) {
    keys[name] = (await identities[name].ensure()).recipient
    if (name !== 'guest') members[`${name}@example.com`] = keys[name]
  }
  const state: Commitments = {}
  const shared = {
    committed: async (slot: Slot) => state[slot] ?? null,
    memberKey: (email: string) => members[email]
  }
  const keysAs = (name: (typeof names)[number]): VaultKeys =>
    openVaultKeys(folder, { ...shared, identity: identities[name] })
  const keyOf = (name: string): string => keys[name] ?? ''
  const made = {
    dev: [keyOf('ana'), keyOf('dev')],
    prod: [keyOf('ana'), keyOf('adam')]
  }
  for (const slot of ['dev', 'prod'] as const) {
    state[slot] = await keysAs('ana').make(slot, made[slot])
  }
  return {
    folder,
    state,
    members,
    keyOf,
    keysAs,
    identities,
    configOf: (name: string) => join(root, name),
    vaultAs: (name: (typeof names)[number], actor: string | null = `${name}@example.com`): Vault =>
      openFileVault(folder, { ...shared, identity: identities[name], readers: null, actor })
  }
}

export type Team = Awaited<ReturnType<typeof aTeam>>

/** Changes one file of the vault, as JSON. */
export function edit(
  path: string,
  change:
    | Readonly<Record<string, unknown>>
    | ((file: Record<string, unknown>) => Readonly<Record<string, unknown>>)
): void {
  const file: Record<string, unknown> = JSON.parse(readFileSync(path, 'utf8'))
  const changed = typeof change === 'function' ? change(file) : { ...file, ...change }
  writeFileSync(path, JSON.stringify(changed))
}

/** All files below a folder with their content. */
export function filesIn(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true }).map(String).sort()
  const files = names.filter(name => statSync(join(folder, name)).isFile())
  return Object.fromEntries(files.map(name => [name, readFileSync(join(folder, name), 'utf8')]))
}

const changing = ['link', 'rename', 'unlink', 'rm', 'mkdir', 'open'] as const

/**
 * Runs `work`, whose changes of the disk stop after so many steps, as if it had been killed there. True if it came to its end.
 */
export async function cutOffAfter(steps: number, work: () => Promise<unknown>): Promise<boolean> {
  const real = Object.fromEntries(changing.map(name => [name, fs[name]]))
  let left = steps
  let wasCutOff = false
  for (const name of changing) {
    const call = (...args: unknown[]): unknown => {
      const isChange = name !== 'open' || args[1] === 'wx'
      if (isChange && left-- <= 0) {
        wasCutOff = true
        return Promise.reject(new Error('cut off'))
      }
      return Reflect.apply(real[name] as () => unknown, fs, args)
    }
    Object.assign(fs, { [name]: call })
  }
  try {
    await work()
  } catch (error) {
    if (!wasCutOff) throw error
    // What runs beside the step that failed has to end as well, as it does with a process: nothing of it may write afterwards.
    await new Promise(resolve => setTimeout(resolve, 60))
  } finally {
    Object.assign(fs, real)
  }
  return !wasCutOff
}

/** How many files are opened while `work` runs. */
export async function countOpened(work: () => Promise<unknown>): Promise<number> {
  const { open } = fs
  let count = 0
  Object.assign(fs, {
    open: (...args: Parameters<typeof open>) => {
      count++
      return open(...args)
    }
  })
  try {
    await work()
  } finally {
    Object.assign(fs, { open })
  }
  return count
}
