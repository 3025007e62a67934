import type { Credential } from '../model/credential.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import { digestOfText } from '../model/digest.ts'
import type { CredentialFile } from '../model/generated/types.ts'
import { validateCredentialFile } from '../model/generated/validators/credential.js'
import { isSameMac, stableText } from './derive-keys.ts'
import {
  isNewer,
  isObject,
  isTextList,
  isTextOrNull,
  isTexts,
  jsonText,
  parsed
} from './json-shape.ts'
import { numberedName, numberIn } from './numbered-files.ts'
import type { OpenKeys } from './open-keys.ts'
import { seal } from './seal.ts'
import { vaultProblem, whatWasAuthorized } from './vault-problem.ts'

export type Read<T> = { readonly value: T } | { readonly problem: Diagnostic }

/** What is sealed in a deposit. */
export interface Deposit {
  readonly credential: Credential
  readonly switchAccount: boolean
  readonly by: string
}

type Clear = Omit<CredentialFile, 'sealed' | 'proof'>

/** What a name inside the vault's folder says; null for other files. */
export function parseName(
  name: string
): { readonly id: string; readonly part: number | 'deposit' | 'gone' } | null {
  const [id = '', ...rest] = [name.slice(0, 36), name.slice(37)]
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) || name[36] !== '.') return null
  const [end = ''] = rest
  const part = end === 'gone' ? end : end === 'deposit.json' ? 'deposit' : numberIn(end)
  return part === null ? null : { id, part }
}

export function recordName({ id, generation }: Pick<Credential, 'id' | 'generation'>): string {
  return numberedName(id, generation)
}

export function depositName(id: string): string {
  return `${id}.deposit.json`
}

/** The tombstone: no later write passes it. */
export function goneName(id: string): string {
  return `${id}.gone`
}

/** The text of a record that a reader vouches for: what plan and status may read, and the whole of it sealed. */
export async function adoptedText(
  vault: string,
  credential: Credential,
  keys: OpenKeys
): Promise<string> {
  const sealed = await seal(JSON.stringify(credential), [keys.recipient])
  const file = {
    ...clearOf(vault, credential),
    sealed,
    proof: { kind: 'adopted', mac: '' }
  } as const
  const mac = keys.mac('credential', provenOf(file))
  return jsonText({ ...file, proof: { kind: 'adopted', mac } })
}

/** `sign` makes the depositor's proof; null where there is none. */
export async function depositText(
  vault: string,
  deposit: Deposit,
  recipient: string,
  sign: ((proven: unknown) => string) | null
): Promise<string> {
  const sealed = await seal(JSON.stringify(deposit), [recipient])
  const proof = { kind: 'deposit', by: deposit.by, mac: null } as const
  const file = { ...clearOf(vault, deposit.credential), sealed, proof }
  return jsonText({ ...file, proof: { ...proof, mac: sign?.(provenOf(file)) ?? null } })
}

/** The readable part. `name` is the file's inside the vault; the vault's id is null where nobody knows it. */
export function readCredentialFile(
  name: string,
  vault: string | null,
  text: string
): Read<CredentialFile> {
  const value = parsed(text)
  if (isNewer(value)) return { problem: vaultProblem.newer(name) }
  if (!validateCredentialFile(value)) return { problem: vaultProblem.damaged(name) }
  const expected = value.proof.kind === 'deposit' ? depositName(value.id) : recordName(value)
  // A whole file of another name, or of another vault, was put in its place.
  const isInPlace = expected === name && (vault === null || value.vault === vault)
  return isInPlace ? { value } : { problem: vaultProblem.tampered(name) }
}

/** Which of these keys vouch for a record; undefined if none does. */
export function keysOfAdopted(
  file: CredentialFile,
  opened: readonly OpenKeys[]
): OpenKeys | undefined {
  const { proof } = file
  if (proof.kind !== 'adopted') return undefined
  return opened.find(keys => isSameMac(proof.mac, keys.mac('credential', provenOf(file))))
}

/** Which of these keys find a deposit to come from the owner of this member key; undefined if none does. */
export function keysOfDeposit(
  file: CredentialFile,
  member: string,
  opened: readonly OpenKeys[]
): OpenKeys | undefined {
  const { proof } = file
  if (proof.kind !== 'deposit' || proof.mac === null) return undefined
  const { mac } = proof
  return opened.find(keys => {
    try {
      return isSameMac(mac, keys.depositMac(member, 'credential', provenOf(file)))
    } catch {
      // What stands in tieline.yaml is no key that can be used.
      return false
    }
  })
}

/** The sealed part of a record, after a comparison with the readable one. */
export async function openAdopted(file: CredentialFile, keys: OpenKeys): Promise<Read<Credential>> {
  const opened = await openSealed(file, recordName(file), keys)
  if ('problem' in opened) return opened
  return compared(file, recordName(file), opened.value)
}

/** The same of a deposit. */
export async function openDeposit(file: CredentialFile, keys: OpenKeys): Promise<Read<Deposit>> {
  const name = depositName(file.id)
  const opened = await openSealed(file, name, keys)
  if ('problem' in opened) return opened
  const { value } = opened
  const isWhole =
    isObject(value) && typeof value.switchAccount === 'boolean' && typeof value.by === 'string'
  if (!isWhole || file.proof.kind !== 'deposit') return { problem: vaultProblem.damaged(name) }
  const { credential, switchAccount, by } = value
  if (by !== file.proof.by) return { problem: vaultProblem.tampered(name) }
  const found = compared(file, name, credential)
  return 'problem' in found
    ? found
    : { value: { credential: found.value, switchAccount: switchAccount === true, by } }
}

async function openSealed(
  file: CredentialFile,
  name: string,
  keys: OpenKeys
): Promise<Read<unknown>> {
  const opened = await keys.unseal(file.sealed)
  if (opened === 'damaged') return { problem: vaultProblem.damaged(name) }
  if (opened === 'wrong key') return { problem: vaultProblem.keyWrong(whatWasAuthorized(file)) }
  return { value: parsed(opened.text) }
}

function compared(file: CredentialFile, name: string, value: unknown): Read<Credential> {
  if (isNewer(value)) return { problem: vaultProblem.newer(name) }
  if (!isCredential(file.vault, value)) return { problem: vaultProblem.damaged(name) }
  const { sealed, proof, ...clear } = file
  const isSame = stableText(clear) === stableText(clearOf(file.vault, value))
  return isSame ? { value: frozen(value) } : { problem: vaultProblem.tampered(name) }
}

function clearOf(vault: string, credential: Credential): Clear {
  const { formatVersion, id, slot, connection, user, generation, record, dead, secret } = credential
  return {
    formatVersion,
    vault,
    id,
    slot,
    connection,
    user,
    generation,
    facts: record,
    expiresAt: secret.kind === 'oauth2' ? secret.expiresAt : null,
    refreshable: secret.kind === 'oauth2' && secret.refreshToken !== null,
    dead
  }
}

/** All of a file but the proof itself; the sealed part by its digest. */
function provenOf({ proof, sealed, ...clear }: CredentialFile): unknown {
  const by = proof.kind === 'deposit' ? { kind: proof.kind, by: proof.by } : { kind: proof.kind }
  return { ...clear, sealed: digestOfText(sealed), proof: by }
}

function isCredential(vault: string, value: unknown): value is Credential {
  if (!isObject(value)) return false
  const { record, clientId, secret, ...clear } = value
  return (
    isTextOrNull(clientId) &&
    isObject(secret) &&
    isSecret(secret) &&
    // What both parts have in common has one schema.
    validateCredentialFile({
      ...clear,
      vault,
      facts: record,
      expiresAt: null,
      refreshable: false,
      sealed: '',
      proof: { kind: 'deposit', by: '', mac: null }
    })
  )
}

function isSecret(secret: Readonly<Record<string, unknown>>): boolean {
  if (secret.kind === 'fields') return isTexts(secret.fields)
  return (
    secret.kind === 'oauth2' &&
    typeof secret.accessToken === 'string' &&
    isTextOrNull(secret.refreshToken) &&
    typeof secret.obtainedAt === 'string' &&
    isTextOrNull(secret.expiresAt) &&
    (secret.lifetime === null || typeof secret.lifetime === 'number') &&
    isTextList(secret.scopes) &&
    isTexts(secret.learnt) &&
    isTextOrNull(secret.dpopKey)
  )
}

/** It is given out again as long as its file does not change. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const each of Object.values(value)) frozen(each)
    Object.freeze(value)
  }
  return value
}
