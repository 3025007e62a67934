/** A vault in a folder of its own, with a credential that has run out. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Credential } from '../../engine/model/credential.ts'
import type { Clock, Vault } from '../../engine/model/ports.ts'
import type { Target } from '../../engine/model/target.ts'
import type { ValidCredentialOptions } from '../../engine/runtime/valid-credential.ts'
import { openFileVault } from '../../engine/vault/file-vault.ts'
import { personIdentity } from '../../engine/vault/person-identity.ts'
import { openRefreshLeases } from '../../engine/vault/refresh-leases.ts'
import { aCredential, anOAuthSecret, clientResolver } from '../oauth/a-target.ts'
import { firstRefreshToken } from './refresh-server.ts'

export const now: Clock = { now: () => new Date() }

export function vaultIn(folder: string): Vault {
  const identity = personIdentity({ variable: undefined, configFolder: join(folder, 'config') })
  return openFileVault(vaultFolderIn(folder), {
    identity,
    committed: async () => null,
    readers: async () => [(await identity.ensure()).recipient],
    actor: 'ana@example.com',
    memberKey: () => undefined
  })
}

export function vaultFolderIn(folder: string): string {
  return join(folder, 'vault')
}

/** As run time would call it from a process with this folder. */
export function optionsIn(
  folder: string,
  target: Target,
  credential: Credential
): ValidCredentialOptions {
  return {
    credential,
    target,
    vault: vaultIn(folder),
    leases: openRefreshLeases(vaultFolderIn(folder)),
    resolve: clientResolver,
    clock: now
  }
}

/** Tokens of the refresh server, of which the access token has run out. */
export function expiredSecret(overrides: Parameters<typeof anOAuthSecret>[0] = {}) {
  return anOAuthSecret({
    accessToken: 'canary-access-0',
    refreshToken: firstRefreshToken,
    expiresAt: '2026-01-01T01:00:00.000Z',
    lifetime: 3600,
    ...overrides
  })
}

/** Stores a credential under an id of its own. */
export async function storeIn(
  folder: string,
  target: Target,
  secret: Credential['secret'],
  overrides: Partial<Credential> = {}
): Promise<Credential> {
  const credential = { ...aCredential(target, secret), id: randomUUID(), ...overrides }
  await vaultIn(folder).store(credential)
  return credential
}
