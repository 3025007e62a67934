import fc from 'fast-check'
import type {
  Change,
  Connection,
  DueAuthorization,
  Plan
} from '../../engine/model/generated/types.ts'

/** A digest that starts with these digits. */
export function digestFrom(start: string): string {
  return `sha256:${start.padEnd(64, '0')}`
}

/** A valid plan of dev without anything in it. */
export function aPlan(overrides: Partial<Plan> = {}): Plan {
  return {
    formatVersion: 1,
    environment: 'dev',
    renamedFrom: null,
    source: { environment: 'tree', serial: null, definitions: digestFrom('ab') },
    basedOn: [{ document: 'dev', lineage: null, serial: 0, digest: null }],
    inputs: digestFrom('cd'),
    selection: { components: [], connections: [], withReferences: false, version: null },
    version: { from: null, to: null, pinned: false },
    changes: [],
    held: [],
    authorizations: [],
    diagnostics: [],
    summary: aSummary(),
    ...overrides
  }
}

/** A plan of a client that runs what prod runs, with nothing to do. */
export function aClientPlan(linkName: string, overrides: Partial<Plan> = {}): Plan {
  return aPlan({
    environment: `client/${linkName}`,
    source: { environment: 'prod', serial: 4, definitions: digestFrom('ab') },
    version: { from: 4, to: 4, pinned: false },
    ...overrides
  })
}

export function aSummary(overrides: Partial<Plan['summary']> = {}): Plan['summary'] {
  return {
    add: 0,
    modify: 0,
    delete: 0,
    rename: 0,
    carry: 0,
    held: 0,
    authorize: 0,
    reauthorize: 0,
    inherit: 0,
    revoke: 0,
    ...overrides
  }
}

export function aChange(overrides: Partial<Change> = {}): Change {
  return {
    subject: 'connection',
    linkName: 'salesforce',
    from: null,
    id: 'salesforce.1',
    action: 'modify',
    fields: [],
    because: [{ code: 'CHANGED' }],
    ...overrides
  }
}

export function aDue(overrides: Partial<DueAuthorization> = {}): DueAuthorization {
  return {
    connection: 'salesforce',
    id: 'salesforce.1',
    level: 'administrator',
    slot: 'dev',
    action: 'authorize',
    credential: null,
    reasons: [{ code: 'NEVER_AUTHORIZED' }],
    addedScopes: [],
    removedScopes: [],
    who: ['super-admin', 'developer'],
    users: null,
    ...overrides
  }
}

/** Every leaf of a new connection, as a plan lists them. */
export function addedFields(overrides: Partial<Connection> = {}): Change['fields'] {
  const leaves: Readonly<Record<string, unknown>> = {
    '/allScopes': false,
    '/auth': 'oauth2',
    '/authorization': 'separate',
    '/client/id': 'env:SALESFORCE_CLIENT_ID',
    '/client/secret': 'env:SALESFORCE_CLIENT_SECRET',
    '/connector': 'salesforce',
    '/connectorDigest': null,
    '/environments/dev/client': null,
    '/environments/dev/origin': null,
    '/environments/dev/parameters/domain': 'test',
    '/id': 'salesforce.1',
    '/level': 'administrator',
    '/name': 'Salesforce Connection',
    '/parameters/domain': 'login',
    '/protect': false,
    '/scopes': ['api', 'refresh_token'],
    ...Object.fromEntries(Object.entries(overrides).map(([key, value]) => [`/${key}`, value]))
  }
  return Object.entries(leaves).map(([path, after]) => ({ path, before: null, after }))
}

/** What no text for a terminal may hold, but for the line feed. */
export const control = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u

/** Texts that try to get escape sequences, control characters and lines of their own onto a terminal. */
export const hostileText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.string({ maxLength: 12 }),
      fc.constantFrom(
        '\u001b[31m',
        '\u001b[2J',
        '\u001b]0;title\u0007',
        '\u001b]8;;http://x.example\u001b\\',
        '\u001b',
        '\u009b2K',
        '\u009d',
        '\u0090',
        '\u0007',
        '\r',
        '\n',
        '\n    rm -rf x',
        '\nNo changes.\n',
        '\u202e',
        '\u2066',
        '\u2028',
        '\u0000',
        '\ud800',
        '  ',
        '東京',
        'e\u0301'
      )
    ),
    { maxLength: 6 }
  )
  .map(parts => parts.join(''))
