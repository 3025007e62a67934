import type { Diagnostic, Place } from '../model/diagnostic.ts'
import type { ClientSpec, ConnectionSpec, OAuthClient } from '../model/generated/types.ts'
import { forbiddenFile, forbiddenVariable } from '../model/references.ts'
import type { Located } from '../model/specs.ts'
import { escapePointer } from './index-places.ts'
import { specProblem } from './spec-summaries.ts'

/**
 * A spec may not name variables and files that hold other credentials than its own: it would hand them to a provider. `apart` are
 * the folders that tieline keeps for itself.
 */
export function checkConnectionReferences(
  located: Located<ConnectionSpec>,
  apart: readonly string[]
): readonly Diagnostic[] {
  const { client, environments = {} } = located.spec
  return [
    ...checkClient(client, '/client', located, apart),
    ...Object.entries(environments).flatMap(([name, part]) =>
      checkClient(part?.client, `/environments/${name}/client`, located, apart)
    )
  ]
}

/** The same for what a client sets. */
export function checkClientReferences(
  located: Located<ClientSpec>,
  apart: readonly string[]
): readonly Diagnostic[] {
  return Object.entries(located.spec.connections ?? {}).flatMap(([name, part]) =>
    checkClient(part.client, `/connections/${escapePointer(name)}/client`, located, apart)
  )
}

function checkClient(
  client: OAuthClient | undefined,
  pointer: string,
  located: Located<unknown>,
  apart: readonly string[]
): readonly Diagnostic[] {
  return Object.entries(client ?? {}).flatMap(([key, value]) => {
    const reference = String(value)
    const at = located.place(`${pointer}/${key}`)
    if (reference.startsWith('env:')) return checkVariable(reference.slice('env:'.length), at)
    if (reference.startsWith('file:')) return checkFile(reference.slice('file:'.length), apart, at)
    return []
  })
}

function checkVariable(name: string, at: Place): readonly Diagnostic[] {
  if (!forbiddenVariable(name)) return []
  const detail =
    `${name} belongs to tieline, to this machine, or to a cloud, a forge or a database. A spec that could name it could send it to a provider. ` +
    'Put the client registration into a variable of its own and name that.'
  return [specProblem('REFERENCE_FORBIDDEN', detail, at)]
}

function checkFile(path: string, apart: readonly string[], at: Place): readonly Diagnostic[] {
  if (!forbiddenFile(path, apart)) return []
  const detail =
    'A spec that could name any file could send a key of this machine to a provider. So file: names files of the workspace alone, relative to it, ' +
    'such as file:secrets/crm: nothing outside, nothing of state or vault, and nothing whose name or folder begins with a dot. ' +
    'Put the value there and have git ignore it, or use env:NAME or vault:NAME.'
  return [specProblem('REFERENCE_FILE_FORBIDDEN', detail, at)]
}
