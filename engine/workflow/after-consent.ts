import type { AfterConsent } from '../apply/record-consent.ts'
import { neighboursOf } from '../model/documents.ts'
import type { Environment } from '../model/generated/types.ts'
import type { KnownConnectors } from '../model/specs.ts'
import { servingConsent } from '../plan/content-after.ts'
import { usedRecord, visibleRecords } from '../plan/used-record.ts'
import { poolsOf, resolverFor } from './open-workspace.ts'

/**
 * What environments use once a consent is recorded: those that it was given in take the one that fits best by now; others only
 * where none served them or theirs was replaced, and from then on they keep it, whatever is consented elsewhere.
 */
export function afterConsent(
  known: KnownConnectors,
  givenIn: readonly Environment[]
): AfterConsent {
  return (documents, { connection: id, slot }) => {
    // Definitions may have changed while a person was away, and brought connectors of their own.
    const { needOf } = resolverFor(known, poolsOf(documents))
    return neighboursOf(slot).flatMap(environment => {
      const document = documents[environment] ?? null
      const connection = Object.values(document?.connections ?? {}).find(each => each.id === id)
      if (document === null || connection?.level !== 'administrator') return []
      const remembered = document.serving[id]
      const need = needOf(connection, environment)
      const used = usedRecord(need, visibleRecords(documents, environment), remembered)
      if (used?.credential === remembered && !givenIn.includes(environment)) return []
      return servingConsent(environment, documents, connection, needOf) ?? []
    })
  }
}
