import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { problem, Refusal } from '../model/diagnostic.ts'
import type { SecretResolver } from '../model/ports.ts'
import { forbiddenVariable } from '../model/references.ts'
import type { Surroundings } from './surroundings.ts'

/** Reads what references point to, at the moment a provider is spoken to. Errors name the reference, never what it holds. */
export function referenceResolver({ variables, folder }: Surroundings): SecretResolver {
  return async reference => {
    const value = readReference(reference, variables, folder)
    if (value !== undefined && value !== '') return value
    throw new Refusal(
      problem(
        'REFERENCE_MISSING',
        'A reference leads to nothing',
        `${reference} ${hint(reference)}`
      )
    )
  }
}

function readReference(
  reference: string,
  variables: Surroundings['variables'],
  folder: string
): string | undefined {
  const [kind, ...rest] = reference.split(':')
  const name = rest.join(':')
  if (kind === 'env') return forbiddenVariable(name) ? undefined : variables[name]
  if (kind !== 'file') return undefined
  const path = resolve(folder, name)
  // A final line break belongs to the file, not to the secret.
  return existsSync(path) ? readFileSync(path, 'utf8').replace(/\r?\n$/, '') : undefined
}

function hint(reference: string): string {
  if (reference.startsWith('env:')) {
    const name = reference.slice('env:'.length)
    return forbiddenVariable(name)
      ? 'may not be read: that variable belongs to other programs.'
      : `is needed now, and the variable is not set. Set it and try again:\n    export ${name}=...`
  }
  if (reference.startsWith('file:'))
    return 'is needed now, and there is no such file, or it is empty.'
  return 'is needed now, and this vault holds no such value. Use env:NAME or file:PATH.'
}
