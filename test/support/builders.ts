import { digestOf } from '../../engine/model/digest.ts'
import { emptyContent, isOwn, type StateContent, slotOf } from '../../engine/model/documents.ts'
import type {
  AuthorizationRecord,
  Component,
  Connection,
  Environment,
  Slot,
  State
} from '../../engine/model/generated/types.ts'
import type { Need } from '../../engine/model/target.ts'

/** A sound connection, so that a case shows only what matters to it. */
export function aConnection(overrides: Partial<Connection> = {}): Connection {
  return {
    id: 'salesforce.1',
    name: 'Salesforce Connection',
    connector: 'salesforce',
    connectorDigest: null,
    auth: 'oauth2',
    level: 'administrator',
    authorization: 'separate',
    allScopes: false,
    scopes: ['api'],
    parameters: {},
    client: { id: 'env:CLIENT_ID', secret: 'env:CLIENT_SECRET' },
    environments: {},
    protect: false,
    ...overrides
  }
}

export function aComponent(overrides: Partial<Component> = {}): Component {
  return {
    id: 'form.1',
    name: 'form',
    kind: 'form',
    uses: [],
    depends: [],
    source: null,
    ...overrides
  }
}

export function aState(environment: Slot, content: Partial<StateContent> = {}): State {
  const whole = {
    ...emptyContent(environment),
    ...content,
    formatVersion: 1 as const,
    lineage: '11111111-1111-4111-8111-111111111111',
    serial: 1
  }
  return { ...whole, digest: digestOf(whole) }
}

/** What a connection needs, without any connector: its origin is made from the connector's id. */
export function plainNeed(connection: Connection, environment: Environment): Need {
  const override = isOwn(environment) ? connection.environments[environment] : undefined
  return {
    connection: connection.id,
    level: connection.level,
    slot: slotOf(connection, environment),
    basis: {
      connector: connection.connector,
      auth: connection.auth,
      origins: [override?.origin ?? `https://${connection.connector}.example`],
      parameters: { ...connection.parameters, ...override?.parameters },
      clientId: (override?.client ?? connection.client)?.id ?? null
    },
    scopes: connection.scopes
  }
}

/** A live record that serves a connection in an environment, unless overridden. */
export function aRecord(
  connection: Connection,
  environment: Environment,
  overrides: Partial<AuthorizationRecord> = {}
): AuthorizationRecord {
  const need = plainNeed(connection, environment)
  return {
    connection: connection.id,
    level: connection.level,
    basis: need.basis,
    asked: need.scopes,
    granted: need.scopes,
    account: { id: '1', name: 'ops@example.com' },
    by: 'ana@example.com',
    at: '2026-01-01T00:00:00.000Z',
    ended: null,
    ...overrides
  }
}
