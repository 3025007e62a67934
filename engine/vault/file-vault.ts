import { randomUUID } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import type { Credential } from '../model/credential.ts'
import { type Diagnostic, Refusal } from '../model/diagnostic.ts'
import { digestOfText } from '../model/digest.ts'
import type { CredentialFile } from '../model/generated/types.ts'
import type { Vault } from '../model/ports.ts'
import {
  isNewer,
  openCredential,
  parsed,
  readCredentialFile,
  writeCredential
} from './credential-file.ts'
import { createFile, deleteFile, makeFolder, readText, replaceFile } from './durable-file.ts'
import type { IdentitySource } from './person-identity.ts'
import { vaultProblem } from './vault-problem.ts'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const headName = 'vault.json'

/** What vault.json says: which vault this is, and to whom it is sealed. */
interface VaultHead {
  readonly formatVersion: 1
  readonly id: string
  readonly recipient: string
}

/** A vault in a folder (absolute path), made at the first `store`: one file a credential, sealed to one person's key. */
export function openFileVault(folder: string, identity: IdentitySource): Vault {
  const pathOf = (name: string): string => join(folder, name)
  return {
    commitment: async () => {
      const head = await readHead(folder)
      return head === null ? null : { id: head.id, keys: digestOfText(head.recipient) }
    },

    list: async () => {
      const damage = await headProblem(folder)
      const results = await Promise.all(
        (await credentialNames(folder)).map(name => readFile(folder, name))
      )
      const files = results.flatMap(each => (each !== null && 'value' in each ? [each.value] : []))
      const problems = results.flatMap(each =>
        each !== null && 'problem' in each ? [each.problem] : []
      )
      return { files, problems: damage === null ? problems : [damage, ...problems] }
    },

    open: async id => {
      if (!uuid.test(id)) return null
      const damage = await headProblem(folder)
      if (damage?.code === 'VAULT_NEWER') throw new Refusal(damage)
      const name = `${id}.json`
      const file = await readFile(folder, name)
      if (file === null) return null
      const own = await identity.find()
      if (own === null) throw new Refusal(vaultProblem.keyMissing(name))
      return given(await openCredential(given(file), own))
    },

    store: async credential => {
      const { recipient } = await ensureHead(folder, identity)
      await replaceFile(pathOf(nameOf(credential)), await writeCredential(credential, recipient))
    },

    remove: async id => {
      if (uuid.test(id)) await deleteFile(pathOf(`${id}.json`))
    }
  }
}

function nameOf({ id }: Credential): string {
  if (!uuid.test(id)) throw new Error('The id of a credential must be a UUID')
  return `${id}.json`
}

function given<T>(read: { readonly value: T } | { readonly problem: Diagnostic }): T {
  if ('problem' in read) throw new Refusal(read.problem)
  return read.value
}

/** Sorted; left-overs of writes that were cut off and foreign files are passed over. */
async function credentialNames(folder: string): Promise<readonly string[]> {
  const names = await fs.readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  })
  return names.filter(name => name.endsWith('.json') && uuid.test(name.slice(0, -5))).sort()
}

async function readFile(
  folder: string,
  name: string
): Promise<{ readonly value: CredentialFile } | { readonly problem: Diagnostic } | null> {
  try {
    const text = await readText(join(folder, name))
    return text === null ? null : readCredentialFile(name, text)
  } catch {
    return { problem: vaultProblem.damaged(name) }
  }
}

/** Credentials can be read without vault.json, unless it says that the vault is newer. */
async function headProblem(folder: string): Promise<Diagnostic | null> {
  try {
    await readHead(folder)
    return null
  } catch (error) {
    return error instanceof Refusal
      ? (error.diagnostics[0] ?? null)
      : vaultProblem.damaged(headName)
  }
}

/** null if there is no vault yet. Throws a Refusal if it cannot be read. */
async function readHead(folder: string): Promise<VaultHead | null> {
  const text = await readText(join(folder, headName))
  if (text === null) return null
  const head = parsed(text)
  if (isNewer(head)) throw new Refusal(vaultProblem.newer(headName))
  if (!isHead(head)) throw new Refusal(vaultProblem.damaged(headName))
  return head
}

function isHead(value: unknown): value is VaultHead {
  return (
    typeof value === 'object' &&
    value !== null &&
    'formatVersion' in value &&
    value.formatVersion === 1 &&
    'id' in value &&
    typeof value.id === 'string' &&
    uuid.test(value.id) &&
    'recipient' in value &&
    typeof value.recipient === 'string' &&
    /^age1[a-z0-9]{20,2000}$/.test(value.recipient)
  )
}

/** Makes the vault if there is none. Never seals to a key that is not the person's own, whatever the file says. */
async function ensureHead(folder: string, identity: IdentitySource): Promise<VaultHead> {
  const head = (await readHead(folder)) ?? (await makeHead(folder, identity))
  const own = await identity.find()
  if (own === null) throw new Refusal(vaultProblem.keyMissing(headName))
  if (own.recipient !== head.recipient) throw new Refusal(vaultProblem.keyWrong(headName))
  return head
}

async function makeHead(folder: string, identity: IdentitySource): Promise<VaultHead> {
  const { recipient } = await identity.ensure()
  const head: VaultHead = { formatVersion: 1, id: randomUUID(), recipient }
  await makeFolder(folder)
  if (await createFile(join(folder, headName), `${JSON.stringify(head, null, 2)}\n`)) return head
  return (await readHead(folder)) ?? head
}
