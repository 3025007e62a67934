import { isDeepStrictEqual } from 'node:util'
import type { Credential } from '../model/credential.ts'
import { Refusal } from '../model/diagnostic.ts'
import {
  clientsIn,
  type Documents,
  environments,
  environmentsIn,
  isClient,
  isOwn,
  neighboursOf
} from '../model/documents.ts'
import type {
  Basis,
  ClientReferences,
  Connection,
  Environment,
  Slot
} from '../model/generated/types.ts'
import type { Target } from '../model/target.ts'
import type { AuthorizeScene } from './authorize-scene.ts'
import { poolsOf, resolverFor } from './open-workspace.ts'

/**
 * The connection as it was when this was authorized: where a definition of today or of before stands on the very same basis, or would
 * with the parameters, the client and the origin that the sealed record names. Nothing else says where the token may be sent; null
 * if there is none.
 */
export function formerTarget(
  { known }: Pick<AuthorizeScene, 'known'>,
  { connection: id, record, slot }: Credential,
  sources: readonly Documents[]
): Target | null {
  const resolver = resolverFor(known, sources.flatMap(poolsOf))
  const definitions = definitionsOf(sources, slot, id)
  const clients = clientsNamed(sources, record.basis)
  const former = definitions.flatMap(each =>
    asItWas(each.connection, each.environment, record.basis, clients).map(connection => ({
      ...each,
      connection
    }))
  )
  for (const { linkName, connection, environment } of [...definitions, ...former]) {
    const target = orNull(() => resolver.targetOf(linkName, connection, environment))
    // Whatever it is asked with is looked up for the slot that it is in.
    if (target !== null && isDeepStrictEqual(target.need.basis, record.basis))
      return { ...target, need: { ...target.need, slot } }
  }
  return null
}

interface Definition {
  readonly linkName: string
  readonly connection: Connection
  readonly environment: Environment
}

/** Those of the slot's own environment first. */
function definitionsOf(
  sources: readonly Documents[],
  slot: Slot,
  id: string
): readonly Definition[] {
  const lineage = sources.flatMap(each => each[slot]?.lineage ?? [])[0]
  const inItsSlot = (environment: Environment) => slot === 'shared' || slot === environment
  return sources.flatMap(documents =>
    namesIn(documents, slot, lineage)
      .toSorted((a, b) => Number(inItsSlot(b)) - Number(inItsSlot(a)))
      .flatMap(environment =>
        Object.entries(documents[environment]?.connections ?? {})
          .filter(([, connection]) => connection.id === id)
          .map(([linkName, connection]) => ({ linkName, connection, environment }))
      )
  )
}

/** The environments of a slot. A client may have had another name. */
function namesIn(
  documents: Documents,
  slot: Slot,
  lineage: string | undefined
): readonly Environment[] {
  if (!isClient(slot) || documents[slot] !== undefined) return neighboursOf(slot)
  return clientsIn(documents).filter(each => documents[each]?.lineage === lineage)
}

/** The references of the client that the record names, as any connection has them: they tell where its secret is. */
function clientsNamed(
  sources: readonly Documents[],
  { clientId }: Basis
): readonly (ClientReferences | null)[] {
  if (clientId === null) return [null]
  const all = sources.flatMap(documents =>
    environmentsIn(documents).flatMap(environment =>
      Object.values(documents[environment]?.connections ?? {}).flatMap(each => [
        each.client,
        ...environments.map(name => each.environments[name]?.client ?? null)
      ])
    )
  )
  return all.filter(each => each?.id === clientId).slice(0, 1)
}

/** A definition with what the record stands on put back; whether it comes to the same basis is for the caller to see. */
function asItWas(
  connection: Connection,
  environment: Environment,
  basis: Basis,
  clients: readonly (ClientReferences | null)[]
): readonly Connection[] {
  if (connection.connector !== basis.connector) return []
  const over = isOwn(environment) ? connection.environments[environment] : undefined
  const parameters = { ...connection.parameters, ...over?.parameters, ...basis.parameters }
  const [only, ...others] = basis.origins
  const origins = [null, ...(only !== undefined && others.length === 0 ? [only] : [])]
  return clients.flatMap(client =>
    origins.map((origin): Connection => {
      const was = { ...connection, auth: basis.auth, parameters, client, environments: {} }
      if (origin === null || !isOwn(environment)) return was
      return { ...was, environments: { [environment]: { parameters: {}, client, origin } } }
    })
  )
}

/** A connector may have lost what it was authorized with, and then the definition says nothing. */
function orNull<T>(resolve: () => T): T | null {
  try {
    return resolve()
  } catch (error) {
    if (error instanceof Refusal) return null
    throw error
  }
}
