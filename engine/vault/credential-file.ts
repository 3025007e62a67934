import type { Credential } from '../model/credential.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import type { CredentialFile } from '../model/generated/types.ts'
import { validateCredentialFile } from '../model/generated/validators/credential.js'
import type { Identity } from './person-identity.ts'
import { seal, unseal } from './seal.ts'
import { vaultProblem } from './vault-problem.ts'

type Read<T> = { readonly value: T } | { readonly problem: Diagnostic }

/** The text of a credential's file: what plan and status may read, and the whole of it sealed. */
export async function writeCredential(credential: Credential, recipient: string): Promise<string> {
  const { formatVersion, id, slot, connection, user, generation, record, secret } = credential
  const file: CredentialFile = {
    formatVersion,
    id,
    slot,
    connection,
    user,
    generation,
    facts: record,
    expiresAt: secret.kind === 'oauth2' ? secret.expiresAt : null,
    refreshable: secret.kind === 'oauth2' && secret.refreshToken !== null,
    sealed: await seal(JSON.stringify(credential), recipient)
  }
  return `${JSON.stringify(file, null, 2)}\n`
}

/** The readable part. `name` is the file's, which must be the credential's id. */
export function readCredentialFile(name: string, text: string): Read<CredentialFile> {
  const value = parsed(text)
  if (isNewer(value)) return { problem: vaultProblem.newer(name) }
  if (!validateCredentialFile(value)) return { problem: vaultProblem.damaged(name) }
  return `${value.id}.json` === name ? { value } : { problem: vaultProblem.tampered(name) }
}

/** The sealed part, after a comparison with the readable one. */
export async function openCredential(
  file: CredentialFile,
  identity: Identity
): Promise<Read<Credential>> {
  const name = `${file.id}.json`
  const opened = await unseal(file.sealed, identity.secretKey())
  if (opened === 'damaged') return { problem: vaultProblem.damaged(name) }
  if (opened === 'wrong key') return { problem: vaultProblem.keyWrong(name) }
  const value = parsed(opened.text)
  if (isNewer(value)) return { problem: vaultProblem.newer(name) }
  if (!isCredential(value)) return { problem: vaultProblem.damaged(name) }
  return isSame(file, value) ? { value } : { problem: vaultProblem.tampered(name) }
}

function isSame(file: CredentialFile, credential: Credential): boolean {
  return (
    file.id === credential.id &&
    file.slot === credential.slot &&
    file.connection === credential.connection &&
    file.user === credential.user &&
    file.generation === credential.generation
  )
}

function isCredential(value: unknown): value is Credential {
  if (!isObject(value)) return false
  const { record, clientId, secret, ...clear } = value
  return (
    // What both parts have in common has one schema.
    validateCredentialFile({
      ...clear,
      facts: record,
      expiresAt: null,
      refreshable: false,
      sealed: ''
    }) &&
    isTextOrNull(clientId) &&
    isObject(secret) &&
    isSecret(secret)
  )
}

function isSecret(secret: Readonly<Record<string, unknown>>): boolean {
  if (secret.kind === 'fields') return isTexts(secret.fields)
  return (
    secret.kind === 'oauth2' &&
    typeof secret.accessToken === 'string' &&
    isTextOrNull(secret.refreshToken) &&
    isTextOrNull(secret.expiresAt) &&
    (secret.lifetime === null || typeof secret.lifetime === 'number') &&
    isTexts(secret.learnt)
  )
}

function isTexts(value: unknown): boolean {
  return isObject(value) && Object.values(value).every(each => typeof each === 'string')
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string'
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isNewer(value: unknown): boolean {
  return isObject(value) && typeof value.formatVersion === 'number' && value.formatVersion > 1
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
