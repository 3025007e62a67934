import type { Diagnostic } from '../model/diagnostic.ts'
import type { ClientSpec, ConnectionSpec, OAuthClient } from '../model/generated/types.ts'
import { forbiddenVariable } from '../model/references.ts'
import type { Located } from '../model/specs.ts'
import { escapePointer } from './index-places.ts'
import { specProblem } from './spec-summaries.ts'

/** A spec may not name variables that hold other credentials than its own: it would hand them to a provider. */
export function checkConnectionReferences(located: Located<ConnectionSpec>): readonly Diagnostic[] {
  const { client, environments = {} } = located.spec
  return [
    ...checkClient(client, '/client', located),
    ...Object.entries(environments).flatMap(([name, part]) =>
      checkClient(part?.client, `/environments/${name}/client`, located)
    )
  ]
}

/** The same for what a client sets. */
export function checkClientReferences(located: Located<ClientSpec>): readonly Diagnostic[] {
  return Object.entries(located.spec.connections ?? {}).flatMap(([name, part]) =>
    checkClient(part.client, `/connections/${escapePointer(name)}/client`, located)
  )
}

function checkClient(
  client: OAuthClient | undefined,
  pointer: string,
  located: Located<unknown>
): readonly Diagnostic[] {
  return Object.entries(client ?? {}).flatMap(([key, value]) => {
    const name = typeof value === 'string' && value.startsWith('env:') ? value.slice(4) : ''
    if (!forbiddenVariable(name)) return []
    const detail =
      `${name} belongs to tieline, to this machine, or to a cloud, a forge or a database. A spec that could name it could send it to a provider. ` +
      'Put the client registration into a variable of its own and name that.'
    return [specProblem('REFERENCE_FORBIDDEN', detail, located.place(`${pointer}/${key}`))]
  })
}
