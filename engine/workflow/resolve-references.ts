import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { posix, relative, resolve, sep } from 'node:path'
import { problem, Refusal } from '../model/diagnostic.ts'
import { isClient } from '../model/documents.ts'
import type { SecretResolver, ValueOwner, Vault } from '../model/ports.ts'
import { forbiddenFile, forbiddenVariable } from '../model/references.ts'
import type { Settings } from '../model/specs.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * Reads what references point to, at the moment a provider is spoken to. Errors name the reference, never what it holds.
 */
export function referenceResolver(
  around: Pick<Surroundings, 'variables' | 'folder'>,
  settings: Pick<Settings, 'state' | 'vault'>,
  vault: Pick<Vault, 'value'>
): SecretResolver {
  const apart = [settings.state, settings.vault].flatMap(each =>
    each === undefined ? [] : folderOf(each)
  )
  return async (reference, owner) => {
    const value = await readReference(reference, owner, { ...around, apart }, vault)
    if (value !== null && value !== '' && !isVaultKey(value)) return value
    const why =
      value !== null && isVaultKey(value)
        ? 'may not be read: it holds a key that opens vaults, and no service is to see one.'
        : hint(reference, owner)
    throw new Refusal(
      problem('REFERENCE_MISSING', 'A reference leads to nothing', `${reference} ${why}`)
    )
  }
}

/** As paths below it begin, however it is spelt: file:./vault/ and file:vault are one folder. */
function folderOf(setting: string): string {
  const path = setting.replace(/^file:/, '').replaceAll('\\', '/')
  return posix.normalize(path).replace(/\/$/, '')
}

/** An age identity may lie in the workspace too, where TIELINE_IDENTITY names it. */
function isVaultKey(value: string): boolean {
  return /AGE-SECRET-KEY-/i.test(value)
}

/**
 * Reads a reference that a person gave on the command line: what specs may not name, a file elsewhere, they may. Throws a Refusal
 * (REFERENCE_MISSING).
 */
export async function readGiven(
  { variables, folder }: Pick<Surroundings, 'variables' | 'folder'>,
  reference: string
): Promise<string> {
  const [kind, ...rest] = reference.split(':')
  const name = rest.join(':')
  const path = resolve(folder, name)
  const value =
    kind === 'env'
      ? variables[name]
      : kind === 'file' && existsSync(path)
        ? fileText(path)
        : undefined
  if (value !== undefined && value !== '') return value
  throw new Refusal(
    problem(
      'REFERENCE_MISSING',
      'A reference leads to nothing',
      `${reference} is needed now, and ${kind === 'env' ? 'the variable is not set' : 'there is no such file, or it is empty'}. A field is given as env:NAME or file:PATH.`
    )
  )
}

interface ReferencePlace extends Pick<Surroundings, 'variables' | 'folder'> {
  /** Folders of tieline's own, which no reference may name. */
  readonly apart: readonly string[]
}

async function readReference(
  reference: string,
  owner: ValueOwner,
  { variables, folder, apart }: ReferencePlace,
  vault: Pick<Vault, 'value'>
): Promise<string | null> {
  const [kind, ...rest] = reference.split(':')
  const name = rest.join(':')
  switch (kind) {
    case 'env':
      return forbiddenVariable(name) || !Object.hasOwn(variables, name)
        ? null
        : (variables[name] ?? null)
    case 'file':
      return readFileReference(folder, name, apart)
    case 'vault':
      return vault.value(name, owner)
    default:
      return null
  }
}

/** null where there is none, or where specs may not name it: as it is spelt, and as it is once links are followed. */
function readFileReference(folder: string, name: string, apart: readonly string[]): string | null {
  const path = resolve(folder, name)
  if (forbiddenFile(name, apart) || !existsSync(path)) return null
  const real = relative(realpathSync(folder), realpathSync(path)).split(sep).join('/')
  if (real.split('/')[0] === '..' || forbiddenFile(real, apart)) return null
  return fileText(path)
}

/** A final line break belongs to the file, not to the secret. */
function fileText(path: string): string {
  return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
}

function hint(reference: string, { slot }: ValueOwner): string {
  const name = reference.slice(reference.indexOf(':') + 1)
  if (reference.startsWith('env:')) {
    return forbiddenVariable(name)
      ? 'may not be read: that variable belongs to other programs.'
      : `is needed now, and the variable is not set. Set it and try again:\n    export ${name}=...`
  }
  if (reference.startsWith('file:'))
    return 'is needed now, and there is no such file in this workspace that specs may name, or it is empty.'
  return `is needed now, and the vault holds no such value for this connection. Set it and try again:\n    tieline vault set ${name} --for CONNECTION${isClient(slot) ? ` -e ${slot}` : ''}`
}
